// Express with node-easywechat's official account, for a website app or a service account.
import express from "express";
import session from "express-session";
import easywechat from "node-easywechat";

const { APPID, SECRET, KIND, SITE, PORT } = process.env;

const scopes = [KIND === "website" ? "snsapi_login" : "snsapi_userinfo"];
const weixin = new easywechat.OfficialAccount({ app_id: APPID, secret: SECRET, oauth: { scopes, redirect_url: `${SITE}/callback` } });

const app = express();
app.use(session({ secret: "test", resave: false, saveUninitialized: false }));

app.get("/login", (req, res) => res.redirect(weixin.getOAuth().redirect()));

app.get("/callback", async (req, res) => {
  req.session.person = (await weixin.getOAuth().userFromCode(req.query.code)).getRaw();
  res.redirect("/");
});

app.get("/", (req, res) => {
  if (!req.session.person) return res.status(401).json({});
  const { openid, unionid, nickname, headimgurl } = req.session.person;
  res.json({ openid, unionid, nickname, headimgurl });
});

const listening = app.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: listening.address().port })));
