// Auth.js with its generic OpenID Connect provider. In Next.js the same `providers` stand in `auth.ts`.
import express from "express";
import { ExpressAuth, getSession } from "@auth/express";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SESSION_SECRET, PORT } = process.env;

const config = {
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
      authorization: { params: { scope: "openid profile" } },
      // The ID token says who; the nickname and the avatar are at /userinfo.
      idToken: false,
      profile: (person) => ({ id: person.sub, name: person.nickname, image: person.picture }),
    },
  ],
  callbacks: {
    // Auth.js makes an id of its own for each login; `sub` is the one to keep.
    jwt: ({ token, account }) => (account ? { ...token, sub: account.providerAccountId } : token),
    session: ({ session, token }) => ({ ...session, user: { ...session.user, sub: token.sub } }),
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

const listening = app.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: listening.address().port })));
