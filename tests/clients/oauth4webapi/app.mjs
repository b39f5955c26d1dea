// Express with oauth4webapi. A site behind https leaves out `insecure` and sets `cookie.secure`.
import express from "express";
import session from "express-session";
import * as oauth from "oauth4webapi";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SITE, SESSION_SECRET, PORT } = process.env;

const insecure = { [oauth.allowInsecureRequests]: ISSUER.startsWith("http:") };
const issuer = new URL(ISSUER);
const weixin = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
const client = { client_id: CLIENT_ID };
const secret = oauth.ClientSecretPost(CLIENT_SECRET);

const app = express();
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false, cookie: { sameSite: "lax" } }));

app.get("/login", async (req, res) => {
  const login = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
  };
  req.session.login = login;
  const query = new URLSearchParams({
    client_id: CLIENT_ID,
    redirect_uri: `${SITE}/callback`,
    response_type: "code",
    scope: "openid profile offline_access",
    code_challenge: await oauth.calculatePKCECodeChallenge(login.verifier),
    code_challenge_method: "S256",
    state: login.state,
    nonce: login.nonce,
  });
  res.redirect(`${weixin.authorization_endpoint}?${query}`);
});

// Oauth4webapi checks the claims of an ID token from the token endpoint; its signature too, once it is asked.
async function tokensOf(answer, process, expected) {
  const tokens = await process(weixin, client, answer, expected);
  await oauth.validateApplicationLevelSignature(weixin, answer, insecure);
  return tokens;
}

async function personOf(tokens) {
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const answer = await oauth.userInfoRequest(weixin, client, tokens.access_token, insecure);
  const { nickname, picture } = await oauth.processUserInfoResponse(weixin, client, sub, answer);
  return { sub, nickname, picture };
}

app.get("/callback", async (req, res) => {
  const { login } = req.session;
  if (!login) return res.redirect("/login");
  const answered = oauth.validateAuthResponse(weixin, client, new URL(req.originalUrl, SITE), login.state);
  const tokens = await tokensOf(
    await oauth.authorizationCodeGrantRequest(
      weixin, client, secret, answered, `${SITE}/callback`, login.verifier, insecure,
    ),
    oauth.processAuthorizationCodeResponse,
    { expectedNonce: login.nonce, requireIdToken: true },
  );
  const person = await personOf(tokens);
  // A session of its own for who has logged in: an older one's cookie is worth nothing here.
  await new Promise((done, failed) => req.session.regenerate((error) => (error ? failed(error) : done())));
  Object.assign(req.session, { person, idToken: tokens.id_token, refreshToken: tokens.refresh_token });
  res.redirect("/");
});

app.get("/", (req, res) => (req.session.person ? res.json(req.session.person) : res.status(401).json({})));

app.get("/refresh", async (req, res) => {
  const tokens = await tokensOf(
    await oauth.refreshTokenGrantRequest(weixin, client, secret, req.session.refreshToken, insecure),
    oauth.processRefreshTokenResponse,
  );
  Object.assign(req.session, { idToken: tokens.id_token, refreshToken: tokens.refresh_token });
  res.json(await personOf(tokens));
});

app.get("/logout", (req, res) => {
  const query = new URLSearchParams({ id_token_hint: req.session.idToken, post_logout_redirect_uri: `${SITE}/` });
  req.session.destroy(() => res.redirect(`${weixin.end_session_endpoint}?${query}`));
});

const listening = app.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: listening.address().port })));
