import { WxLogin } from "weixin-login/wxlogin";

window.WxLogin = WxLogin;
