// Auth.js with its generic OpenID Connect provider.
import { Auth, skipCSRFCheck } from "@auth/core";
import { getToken } from "@auth/core/jwt";
import { ExpressAuth, getSession } from "@auth/express";
import express from "express";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SITE, SESSION_SECRET, PORT } = process.env;

const metadata = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();

// A refresh token changes at each use. Null ends the login here: the grant is gone.
async function refresh(token) {
  const answer = await fetch(metadata.token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: token.refreshToken,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
    }),
  });
  return answer.ok ? keep(token, await answer.json()) : null;
}

const keep = (token, tokens) => ({
  ...token,
  refreshToken: tokens.refresh_token,
  idToken: tokens.id_token,
  until: Math.floor(Date.now() / 1000) + tokens.expires_in,
});

const config = {
  basePath: "/auth",
  secret: SESSION_SECRET,
  trustHost: true,
  providers: [
    {
      id: "weixin",
      name: "WeChat",
      type: "oidc",
      issuer: ISSUER,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      checks: ["pkce", "state", "nonce"],
      authorization: { params: { scope: "openid profile offline_access" } },
      // The ID token says who; the nickname and the avatar are at /userinfo.
      idToken: false,
      profile: (person) => ({ id: person.sub, name: person.nickname, image: person.picture }),
    },
  ],
  callbacks: {
    jwt({ token, account, trigger }) {
      // Auth.js makes an id of its own for each login; `sub` is the one to keep.
      if (account) return keep({ ...token, sub: account.providerAccountId }, account);
      // Only an update (`POST /auth/session`, `update()` in the page) is sure to send its cookie, and with it the new refresh token.
      return trigger === "update" ? refresh(token) : token;
    },
    session: ({ session, token }) => ({ ...session, until: token.until, user: { ...session.user, sub: token.sub } }),
  },
};

const app = express();
app.set("trust proxy", true);
app.use("/auth", ExpressAuth(config));

app.get("/", async (req, res) => {
  const session = await getSession(req, config);
  if (!session) return res.status(401).json({});
  const { sub, name, image } = session.user;
  res.json({ sub, nickname: name, picture: image });
});

// Auth.js's own sign-out stays within the site: the service would log the person in again without asking.
app.get("/logout", async (req, res) => {
  const { cookie = "" } = req.headers;
  const secureCookie = SITE.startsWith("https:");
  const token = await getToken({ req: { headers: { cookie } }, secret: SESSION_SECRET, secureCookie });
  const signOut = new Request(`${SITE}/auth/signout`, { method: "POST", headers: { cookie } });
  const signedOut = await Auth(signOut, { ...config, skipCSRFCheck });
  for (const taken of signedOut.headers.getSetCookie()) res.append("Set-Cookie", taken);
  const hint = token?.idToken ? { id_token_hint: token.idToken } : {};
  const query = new URLSearchParams({ ...hint, post_logout_redirect_uri: `${SITE}/` });
  res.redirect(303, `${metadata.end_session_endpoint}?${query}`);
});

const listening = app.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: listening.address().port })));
