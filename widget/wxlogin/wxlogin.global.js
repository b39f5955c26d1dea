// The same as one classic script, for pages that load Tencent's wxLogin.js by <script src> and then say `new WxLogin({…})`.

import { WxLogin } from "./wxlogin.js";

globalThis.WxLogin = WxLogin;
