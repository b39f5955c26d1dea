// One classic script for pages without modules: defines the element, and gives `weixinLogin.login()`.

import { defineElement, servedFrom } from "./element.js";
import { LoginError } from "./loader.js";
import { login } from "./login.js";
import { told } from "./told.js";

servedFrom(globalThis.document?.currentScript?.src ?? "", told);
defineElement();
globalThis.weixinLogin = { login, LoginError };
