// Better Auth with its generic OAuth plug-in, under Express.
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import { genericOAuth } from "better-auth/plugins";
import express from "express";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SITE, SESSION_SECRET, PORT } = process.env;

const auth = betterAuth({
  baseURL: SITE,
  secret: SESSION_SECRET,
  // A site gives its own database here.
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  plugins: [
    genericOAuth({
      config: [
        {
          providerId: "weixin",
          discoveryUrl: `${ISSUER}/.well-known/openid-configuration`,
          clientId: CLIENT_ID,
          clientSecret: CLIENT_SECRET,
          scopes: ["openid", "profile", "offline_access"],
          // Better Auth refuses who has no email (`email_not_found`). This one reaches nobody: never send to it, never link by it.
          mapProfileToUser: ({ sub, nickname, picture }) => ({
            email: `${sub}@weixin.invalid`,
            name: nickname ?? "",
            image: picture,
          }),
          // A nickname and an avatar change.
          overrideUserInfo: true,
        },
      ],
    }),
  ],
});

const app = express();
app.all("/api/auth/{*path}", toNodeHandler(auth));

app.get("/login", async (req, res) => {
  const { headers, response } = await auth.api.signInSocial({
    body: { provider: "weixin", callbackURL: "/" },
    headers: fromNodeHeaders(req.headers),
    returnHeaders: true,
  });
  for (const cookie of headers.getSetCookie()) res.append("Set-Cookie", cookie);
  res.redirect(response.url);
});

async function accountOf(headers) {
  const accounts = await auth.api.listUserAccounts({ headers });
  return accounts.find(({ providerId }) => providerId === "weixin");
}

app.get("/", async (req, res) => {
  const headers = fromNodeHeaders(req.headers);
  const session = await auth.api.getSession({ headers });
  if (!session) return res.status(401).json({});
  const { accountId: sub } = await accountOf(headers);
  res.json({ sub, nickname: session.user.name, picture: session.user.image });
});

app.get("/refresh", async (req, res) => {
  const headers = fromNodeHeaders(req.headers);
  const { id: accountId } = await accountOf(headers);
  await auth.api.refreshToken({ body: { accountId }, headers });
  const { data } = await auth.api.accountInfo({ query: { accountId }, headers });
  res.json(data);
});

app.get("/logout", async (req, res) => {
  const { headers, response } = await auth.api.signOut({
    body: { callbackURL: "/" },
    headers: fromNodeHeaders(req.headers),
    returnHeaders: true,
  });
  for (const cookie of headers.getSetCookie()) res.append("Set-Cookie", cookie);
  res.redirect(response.url ?? "/");
});

const listening = app.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: listening.address().port })));
