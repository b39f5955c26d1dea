// What `import … from "weixin-login"` gives. Nothing happens by the import alone: the element is defined when the site says so.

export { WeixinLoginElement, defineElement } from "./element.js";
export { LoginError } from "./loader.js";
export { login } from "./login.js";
