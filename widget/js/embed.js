// One classic script for pages without modules: defines the element, and gives `weixinLogin.login()`.

import { LoginError, defineElement, login, servedFrom } from "./element.js";

servedFrom(globalThis.document?.currentScript?.src ?? "");
defineElement();
globalThis.weixinLogin = { login, LoginError };
