// What a page loads as /widget/weixin-login.js: everything of the class, and the element is defined.
//
// What a build makes of this folder and of ../js, always with wasm-bindgen's glue (`--target web`) as ./glue.js beside them:
//   weixin-login.js    this file, an ES module with the wasm inside as Latin-1: wasm-latin1.js in the place of wasm.js
//   npm `.`            npm.js, with the wasm inside as base64, which every bundler leaves as it is: wasm-inlined.js; index.cjs for
//                      tools that are older than `exports`
//   npm `./slim`       npm.js, and the wasm as a file beside it, which the glue names
//   npm `./embed`      embed.js, one classic script (iife) in ASCII, with the wasm inside as base64
// with their types in ../typings. `./wxlogin` and `./wxlogin.global` are of ../wxlogin, and have no wasm.

import { defineElement, servedFrom } from "./element.js";
import { told } from "./told.js";

export { WeixinLoginElement, defineElement } from "./element.js";
export { LoginError } from "./loader.js";
export { login } from "./login.js";

servedFrom(import.meta.url, told);
defineElement();
