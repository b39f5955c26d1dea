// Auth.js' own WeChat provider in both of its kinds, in the version that AUTH_CORE names.
import { createServer } from "node:http";

const { APPID, SECRET, KIND, SITE, PORT, AUTH_CORE } = process.env;
const { Auth, skipCSRFCheck } = await import(AUTH_CORE);
const { default: WeChat } = await import(`${AUTH_CORE}/providers/wechat`);

const config = {
  basePath: "/auth",
  secret: "onlyForTheseTests0123456789abcdef",
  trustHost: true,
  skipCSRFCheck,
  providers: [
    WeChat({ clientId: APPID, clientSecret: SECRET, platformType: KIND === "website" ? "WebsiteApp" : "OfficialAccount" }),
  ],
  callbacks: {
    jwt: ({ token, profile }) => (profile ? { person: profile } : token),
    session: ({ token }) => token.person,
  },
};

async function answer(request) {
  const { url, headers, method } = request;
  const path = new URL(url, SITE).pathname;
  if (path === "/login") {
    const body = new URLSearchParams({ callbackUrl: `${SITE}/` });
    return Auth(new Request(`${SITE}/auth/signin/wechat`, { method: "POST", headers: { cookie: headers.cookie ?? "" }, body }), config);
  }
  if (path !== "/") return Auth(new Request(SITE + url, { method, headers }), config);
  const session = await Auth(new Request(`${SITE}/auth/session`, { headers: { cookie: headers.cookie ?? "" } }), config);
  const person = await session.json();
  if (!person) return Response.json({}, { status: 401 });
  const { openid, unionid, nickname, headimgurl } = person;
  return Response.json({ openid, unionid, nickname, headimgurl });
}

const server = createServer(async (request, response) => {
  const { status, headers, body } = await answer(request);
  response.writeHead(status, { ...Object.fromEntries(headers), "set-cookie": headers.getSetCookie() });
  for await (const piece of body ?? []) response.write(piece);
  response.end();
});
server.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: server.address().port })));
