// A site with a WeChat login of its own, in ten lines of Express.
import express from "express";

export function site({ open, api, appid, secret }) {
  const app = express();
  const origin = (req) => `${req.protocol}://${req.get("host")}`;
  app.get("/login", (req, res) => {
    const redirect_uri = `${origin(req)}/callback`;
    res.redirect(`${open}/connect/qrconnect?${new URLSearchParams({ appid, redirect_uri, response_type: "code", scope: "snsapi_login", state: "s" })}`);
  });
  app.get("/callback", async (req, res) => {
    const ask = async (path, query) => (await fetch(`${api}/sns/${path}?${new URLSearchParams(query)}`)).json();
    const tokens = await ask("oauth2/access_token", { appid, secret, code: req.query.code, grant_type: "authorization_code" });
    if (tokens.errcode) return res.status(502).send(`WeChat says ${tokens.errcode}`);
    res.send((await ask("userinfo", tokens)).nickname);
  });
  return app;
}
