// What `import … from "weixin-login"` gives. Nothing happens by the import alone: the element is defined when the site says so.

export { LoginError, WeixinLoginElement, defineElement, login } from "./element.js";
