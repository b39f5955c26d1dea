import { WxLogin } from "./weixin-login/wxlogin.js";

globalThis.WxLogin = WxLogin;
