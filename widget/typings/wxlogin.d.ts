/** The options of Tencent's `new WxLogin({…})`. */
export interface WxLoginOptions {
  /** The id of the element that the frame is put in. What is in there is replaced. */
  id: string;
  /** The website app. */
  appid: string;
  /** `snsapi_login`, the only scope of a website app. */
  scope?: string;
  /** Where the code goes: on the app's callback domain, without a fragment. Encoded or not: both are understood. */
  redirect_uri: string;
  /** Letters and digits only, 128 at most: WeChat strips what else is in it. Made and checked by your server. */
  state?: string;
  /** Whether the frame itself goes to redirect_uri; otherwise the top page does. */
  self_redirect?: boolean;
  /** `black` or `white`. */
  style?: "black" | "white";
  /** A style sheet's https or data: address. Encoded or not. */
  href?: string;
  /** `en` for English. */
  lang?: "cn" | "en";
  /** The new look, at least 220 × 220. */
  stylelite?: boolean | 0 | 1;
  /** Off with 0. On by default, and then offered where it does not make the browser ask the person. */
  fast_login?: boolean | 0 | 1;
  /** WeChat's page in light or dark. */
  color_scheme?: "auto" | "light" | "dark";
  /** WeChat's page is there; called with `true`. Also the event `wxlogin-ready`. */
  onReady?: (isReady: boolean) => void;
  /** The QR code can be scanned. Also the event `wxlogin-qrcode-ready`. */
  onQRcodeReady?: () => void;
  /** An emulator's address, in place of `https://open.weixin.qq.com`. */
  open_url?: string;
}

declare global {
  // Of the frame; they bubble.
  interface GlobalEventHandlersEventMap {
    "wxlogin-ready": CustomEvent<null>;
    "wxlogin-qrcode-ready": CustomEvent<null>;
  }
}

/** A drop-in for Tencent's wxLogin.js: the QR page in a frame of 300 × 400. */
export class WxLogin {
  constructor(options: WxLoginOptions);
  /** Takes the frame away and listens no longer. */
  destroy(): void;
}

export default WxLogin;
