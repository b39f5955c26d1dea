// Each entry, as TypeScript finds it with `moduleResolution: node10`.

import { login, type SessionResult } from "weixin-login";
import { defineElement } from "weixin-login/slim";
import "weixin-login/embed";
import { WxLogin } from "weixin-login/wxlogin";
import "weixin-login/wxlogin.global";

defineElement();
export const result: Promise<SessionResult> = login({ clientId: "shop", result: "session" });
export const embedded: Promise<SessionResult> = weixinLogin.login({ clientId: "shop", result: "session" });
export const frame: WxLogin = new window.WxLogin({ id: "login_container", appid: "wx", redirect_uri: "/" });
