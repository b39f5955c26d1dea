// Better Auth's own WeChat provider, under Express.
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import express from "express";

const { APPID, SECRET, SITE, PORT } = process.env;

const auth = betterAuth({
  baseURL: SITE,
  secret: "onlyForTheseTests0123456789abcdef",
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  socialProviders: { wechat: { clientId: APPID, clientSecret: SECRET } },
});

const app = express();
app.all("/api/auth/{*path}", toNodeHandler(auth));

app.get("/login", async (req, res) => {
  const { headers, response } = await auth.api.signInSocial({
    body: { provider: "wechat", callbackURL: "/" },
    headers: fromNodeHeaders(req.headers),
    returnHeaders: true,
  });
  for (const cookie of headers.getSetCookie()) res.append("Set-Cookie", cookie);
  res.redirect(response.url);
});

async function accountOf(headers) {
  const accounts = await auth.api.listUserAccounts({ headers });
  return accounts.find(({ providerId }) => providerId === "wechat");
}

app.get("/", async (req, res) => {
  const headers = fromNodeHeaders(req.headers);
  const session = await auth.api.getSession({ headers });
  if (!session) return res.status(401).json({});
  const { accountId: unionid } = await accountOf(headers);
  res.json({ unionid, nickname: session.user.name, headimgurl: session.user.image });
});

app.get("/refresh", async (req, res) => {
  const headers = fromNodeHeaders(req.headers);
  const { id: accountId } = await accountOf(headers);
  const { accessToken } = await auth.api.refreshToken({ body: { accountId }, headers });
  res.json({ refreshed: Boolean(accessToken) });
});

const listening = app.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: listening.address().port })));
