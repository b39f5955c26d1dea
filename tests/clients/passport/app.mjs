// Express with passport-openidconnect. A site behind https sets `cookie.secure`.
import express from "express";
import session from "express-session";
import passport from "passport";
import OpenIDConnectStrategy from "passport-openidconnect";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SITE, SESSION_SECRET, PORT } = process.env;

passport.use(
  new OpenIDConnectStrategy(
    {
      issuer: ISSUER,
      authorizationURL: `${ISSUER}/authorize`,
      tokenURL: `${ISSUER}/token`,
      userInfoURL: `${ISSUER}/userinfo`,
      clientID: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      callbackURL: `${SITE}/callback`,
      scope: "profile",
      nonce: true,
    },
    // With all nine parameters it asks /userinfo; its own profile has no picture. The ID token says who.
    (issuer, uiProfile, { id: sub }, context, idToken, accessToken, refreshToken, params, verified) => {
      const { sub: told, nickname, picture } = uiProfile._json;
      if (told !== sub) return verified(new Error("/userinfo is of somebody else"));
      verified(null, { person: { sub, nickname, picture }, idToken });
    },
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false, cookie: { sameSite: "lax" } }));
app.use(passport.session());

app.get("/login", passport.authenticate("openidconnect"));

// `failWithError`: a login that was refused is answered, and not begun again for ever.
app.get("/callback", passport.authenticate("openidconnect", { successRedirect: "/", failWithError: true }));

app.get("/", (req, res) => (req.user ? res.json(req.user.person) : res.status(401).json({})));

// Passport's logout stays within the site: the service would log the person in again without asking.
app.get("/logout", (req, res, next) => {
  const hint = req.user ? { id_token_hint: req.user.idToken } : {};
  const query = new URLSearchParams({ ...hint, post_logout_redirect_uri: `${SITE}/` });
  req.logout((error) => (error ? next(error) : res.redirect(`${ISSUER}/logout?${query}`)));
});

const listening = app.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: listening.address().port })));
