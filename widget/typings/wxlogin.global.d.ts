import type { WxLogin as WxLoginClass } from "./wxlogin.js";

declare global {
  /** What the classic script leaves behind. */
  var WxLogin: typeof WxLoginClass;
}
