// Express with express-openid-connect, which makes /login, /callback and /logout itself.
import express from "express";
import openid from "express-openid-connect";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SITE, SESSION_SECRET, PORT } = process.env;

const app = express();
app.use(
  openid.auth({
    issuerBaseURL: ISSUER,
    baseURL: SITE,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: SESSION_SECRET,
    authorizationParams: { response_type: "code", scope: "openid profile offline_access" },
    authRequired: false,
    // Without it a logout stays within the site: the service would log the person in again without asking.
    idpLogout: true,
  }),
);

app.get("/", async (req, res) => {
  if (!req.oidc.isAuthenticated()) return res.status(401).json({});
  if (req.oidc.accessToken.isExpired()) await req.oidc.accessToken.refresh();
  const { sub, nickname, picture } = await req.oidc.fetchUserInfo();
  res.json({ sub, nickname, picture });
});

app.get("/refresh", openid.requiresAuth(), async (req, res) => {
  await req.oidc.accessToken.refresh();
  res.json(await req.oidc.fetchUserInfo());
});

const listening = app.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: listening.address().port })));
