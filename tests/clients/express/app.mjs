// Express with openid-client. A site behind https leaves out `allowInsecureRequests` and sets `cookie.secure`.
import express from "express";
import session from "express-session";
import * as oidc from "openid-client";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SITE, SESSION_SECRET, PORT } = process.env;

const weixin = await oidc.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, {
  execute: ISSUER.startsWith("http:") ? [oidc.allowInsecureRequests] : [],
});

const app = express();
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false, cookie: { sameSite: "lax" } }));

app.get("/login", async (req, res) => {
  const login = {
    verifier: oidc.randomPKCECodeVerifier(),
    state: oidc.randomState(),
    nonce: oidc.randomNonce(),
  };
  req.session.login = login;
  res.redirect(
    oidc.buildAuthorizationUrl(weixin, {
      redirect_uri: `${SITE}/callback`,
      scope: "openid profile offline_access",
      code_challenge: await oidc.calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: "S256",
      state: login.state,
      nonce: login.nonce,
    }).href,
  );
});

app.get("/callback", async (req, res) => {
  const { login } = req.session;
  if (!login) return res.redirect("/login");
  const tokens = await oidc.authorizationCodeGrant(weixin, new URL(req.originalUrl, SITE), {
    pkceCodeVerifier: login.verifier,
    expectedState: login.state,
    expectedNonce: login.nonce,
    idTokenExpected: true,
  });
  const { sub, sid } = tokens.claims();
  const { nickname, picture } = await oidc.fetchUserInfo(weixin, tokens.access_token, sub);
  // A session of its own for who has logged in: an older one's cookie is worth nothing here.
  await new Promise((done, failed) => req.session.regenerate((error) => (error ? failed(error) : done())));
  Object.assign(req.session, {
    person: { sub, sid, nickname, picture },
    idToken: tokens.id_token,
    refreshToken: tokens.refresh_token,
  });
  res.redirect("/");
});

app.get("/", (req, res) => (req.session.person ? res.json(req.session.person) : res.status(401).json({})));

app.get("/refresh", async (req, res) => {
  const tokens = await oidc.refreshTokenGrant(weixin, req.session.refreshToken);
  Object.assign(req.session, { idToken: tokens.id_token, refreshToken: tokens.refresh_token });
  const { sub } = tokens.claims();
  res.json(await oidc.fetchUserInfo(weixin, tokens.access_token, sub));
});

app.get("/logout", (req, res) => {
  const { idToken } = req.session;
  req.session.destroy(() =>
    res.redirect(
      oidc.buildEndSessionUrl(weixin, { id_token_hint: idToken, post_logout_redirect_uri: `${SITE}/` }).href,
    ),
  );
});

const listening = app.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: listening.address().port })));
