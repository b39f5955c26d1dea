// What a page loads as /widget/weixin-login.js: everything of element.js, and the element is defined.
//
// What a build makes of this folder, always with wasm-bindgen's glue (`--target web`) as ./glue.js beside these files:
//   weixin-login.js    this file, an ES module; the wasm is a file beside it, which the glue names
//   npm `.`            npm.js, with the wasm inlined: wasm-inlined.js in the place of wasm.js
//   npm `./slim`       npm.js, and the wasm as a file beside it
//   npm `./embed`      embed.js, one classic script (iife) with the wasm inlined
//   npm `./wxlogin`    wxlogin.js, as it is
// with index.d.ts for the first two of npm's, embed.d.ts and wxlogin.d.ts for the others.

import { defineElement, servedFrom } from "./element.js";

export { LoginError, WeixinLoginElement, defineElement } from "./element.js";
export { login } from "./login.js";

servedFrom(import.meta.url);
defineElement();
