// What `import … from "weixin-login"` gives. Nothing happens by the import alone: the element is defined when the site says so.

export { LoginError, WeixinLoginElement, defineElement } from "./element.js";
export { login } from "./login.js";
