// Express with passport-wechat, for a website app or a service account.
import express from "express";
import session from "express-session";
import passport from "passport";
import WechatStrategy from "passport-wechat";

const { APPID, SECRET, KIND, SITE, PORT } = process.env;
const website = KIND === "website";

passport.use(
  new WechatStrategy(
    {
      appID: APPID,
      appSecret: SECRET,
      client: website ? "web" : "wechat",
      scope: website ? "snsapi_login" : "snsapi_userinfo",
      callbackURL: `${SITE}/callback`,
      state: "passport",
    },
    (accessToken, refreshToken, profile, expiresIn, done) => done(null, profile),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: "test", resave: false, saveUninitialized: false }));
// The library is from the days when this line was needed.
app.use(passport.initialize());
app.use(passport.session());
app.get("/login", passport.authenticate("wechat"));
app.get("/callback", passport.authenticate("wechat", { successRedirect: "/", failWithError: true }));
app.get("/", (req, res) => {
  if (!req.user) return res.status(401).json({});
  const { openid, unionid, nickname, headimgurl } = req.user;
  res.json({ openid, unionid, nickname, headimgurl });
});

const listening = app.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: listening.address().port })));
