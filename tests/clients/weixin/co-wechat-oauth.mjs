// Express with co-wechat-oauth, and the page of a site that shows Tencent's own script.
import { randomUUID } from "node:crypto";
import express from "express";
import session from "express-session";
import OAuth from "co-wechat-oauth";

const { APPID, SECRET, KIND, SITE, PORT } = process.env;
const weixin = new OAuth(APPID, SECRET);

const app = express();
app.use(session({ secret: "test", resave: false, saveUninitialized: false }));

app.get("/login", (req, res) => {
  const state = (req.session.state = randomUUID());
  res.redirect(
    KIND === "website"
      ? weixin.getAuthorizeURLForWebsite(`${SITE}/callback`, state)
      : weixin.getAuthorizeURL(`${SITE}/callback`, state, "snsapi_userinfo"),
  );
});

app.get("/callback", async (req, res) => {
  if (!req.session.state || req.query.state !== req.session.state) return res.status(403).json({});
  const { data } = await weixin.getAccessToken(req.query.code);
  req.session.openid = data.openid;
  res.redirect("/");
});

app.get("/", async (req, res) => {
  if (!req.session.openid) return res.status(401).json({});
  const { openid, unionid, nickname, headimgurl } = await weixin.getUser({ openid: req.session.openid, lang: "zh_CN" });
  res.json({ openid, unionid, nickname, headimgurl });
});

app.get("/refresh", async (req, res) => {
  const { refresh_token } = await weixin.getToken(req.session.openid);
  const { data } = await weixin.refreshAccessToken(refresh_token);
  res.json({ openid: data.openid });
});

app.get("/page", (req, res) => {
  const state = (req.session.state = randomUUID());
  const settings = { self_redirect: false, id: "login_container", appid: APPID, scope: "snsapi_login", state };
  res.send(`<!doctype html><html lang="zh"><meta charset="utf-8"><title>登录</title>
<div id="login_container"></div>
<script src="https://res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js"></script>
<script>new WxLogin({ ...${JSON.stringify(settings)}, redirect_uri: encodeURIComponent(${JSON.stringify(`${SITE}/callback`)}) });</script>`);
});

const listening = app.listen(PORT, "127.0.0.1", () => console.log(JSON.stringify({ listen: listening.address().port })));
