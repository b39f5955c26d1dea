// All options of Tencent's script. Each `@ts-expect-error` is a mistake that the types must catch.

import WxLoginDefault, { WxLogin, type WxLoginOptions } from "weixin-login/wxlogin";

const options: WxLoginOptions = {
  self_redirect: true,
  id: "login_container",
  appid: "wxbdc5610cc59c1631",
  scope: "snsapi_login",
  redirect_uri: encodeURIComponent("https://shop.example.com/callback?a=1"),
  state: "3d6be0a4035d839573b04816624a415e",
  style: "black",
  href: "data:text/css;base64,LmltcG93ZXJCb3ggLnRpdGxlIHsgZGlzcGxheTogbm9uZSB9",
  lang: "cn",
  stylelite: 1,
  fast_login: 0,
  color_scheme: "auto",
  onReady: (isReady) => isReady === true,
  onQRcodeReady: () => {},
};
const login: WxLogin = new WxLogin(options);
login.destroy();
new WxLoginDefault(options).destroy();

addEventListener("wxlogin-ready", (event) => event.target);

// @ts-expect-error the appid is needed
new WxLogin({ id: "login_container", redirect_uri: "https://shop.example.com/" });
