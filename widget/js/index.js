// What a page loads as /widget/weixin-login.js: everything of element.js, and the element is defined.
//
// What the build provides beside these files: `glue.js`, wasm-bindgen's glue for `--target web`, which finds its wasm by
// an address relative to itself; and, where the wasm is inlined, a `wasm.js` in the place of the one here.

import { defineElement } from "./element.js";

export { LoginError, WeixinLoginElement, defineElement, login } from "./element.js";

defineElement();
