// A drop-in for `new WxLogin({…})` of Tencent's wxLogin.js: the same options, the same frame, and what that script lacks: values
// are encoded, messages are believed from WeChat's own page only, the frame may offer fast login, and all of it can be taken
// away again. It talks to WeChat alone; the code still goes to your own redirect_uri.

const OPEN_URL = "https://open.weixin.qq.com";
const PERMISSIONS = ["loopback-network", "local-network-access"];

export class WxLogin {
  #frame;
  #heard;
  #ended = false;

  constructor(options) {
    const place = document.getElementById(options.id);
    if (!place) throw new TypeError(`WxLogin: there is no element with the id ${options.id}`);
    const openUrl = options.open_url ?? OPEN_URL;
    // Now, while there is somebody to hear of it.
    const readable = { ...options, redirect_uri: decoded("redirect_uri", options), href: decoded("href", options) };
    const frame = document.createElement("iframe");
    frame.width = "300";
    frame.height = "400";
    frame.title = options.lang === "en" ? "WeChat login QR code" : "微信登录二维码";
    frame.style.border = "0";
    frame.scrolling = "no";
    this.#frame = frame;
    this.#heard = (event) => {
      if (event.source !== frame.contentWindow || event.origin !== new URL(openUrl).origin) return;
      const status = statusOf(event.data);
      if (status === "wxReady") tell("ready", options.onReady, true);
      if (status === "wxQRcodeReady") tell("qrcode-ready", options.onQRcodeReady);
    };
    const tell = (name, callback, ...values) => {
      frame.dispatchEvent(new CustomEvent(`wxlogin-${name}`, { bubbles: true, composed: true }));
      if (typeof callback === "function") callback(...values);
    };
    addEventListener("message", this.#heard);
    place.replaceChildren(frame);
    this.#load(openUrl, readable);
  }

  /** Takes the frame away and listens no longer. */
  destroy() {
    this.#ended = true;
    removeEventListener("message", this.#heard);
    this.#frame.remove();
  }

  async #load(openUrl, options) {
    const wanted = isOn(options.fast_login, true);
    // A frame that may ask this computer asks as it loads: not where that makes the browser ask the person.
    const fastLogin = wanted && (await mayAsk());
    if (this.#ended) return;
    if (fastLogin) this.#frame.allow = "loopback-network; local-network-access";
    // The page takes the whole window to redirect_uri, without the person having touched it: browsers allow that to a frame only
    // by the last word.
    if (options.self_redirect !== true) this.#frame.sandbox = "allow-scripts allow-same-origin allow-top-navigation";
    this.#frame.src = address(openUrl, { ...options, fast_login: fastLogin });
  }
}

/**
 * The page's address, parameters in the order that Tencent's script uses. protocol/src/qrconnect.rs says the same in Rust;
 * tests/npm holds the two together.
 */
function address(openUrl, options) {
  const selfRedirect = [true, false].includes(options.self_redirect) ? String(options.self_redirect) : "default";
  const parameters = [
    ["appid", options.appid],
    ["scope", options.scope ?? "snsapi_login"],
    ["redirect_uri", options.redirect_uri],
    ["state", options.state ?? ""],
    ["login_type", "jssdk"],
    ["self_redirect", selfRedirect],
    ["styletype", options.styletype ?? ""],
    ["sizetype", options.sizetype ?? ""],
    ["bgcolor", options.bgcolor ?? ""],
    ["rst", options.rst ?? ""],
  ];
  if (options.style) parameters.push(["style", options.style]);
  if (options.href) parameters.push(["href", options.href]);
  if (options.lang === "en") parameters.push(["lang", "en"]);
  if (isOn(options.stylelite, false)) parameters.push(["stylelite", "1"]);
  if (!options.fast_login) parameters.push(["fast_login", "0"]);
  if (options.color_scheme) parameters.push(["color_scheme", options.color_scheme]);
  const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  return `${openUrl}/connect/qrconnect?${query}`;
}

/** Tencent's script wants addresses encoded by the caller; here they may be either. */
function decoded(name, options) {
  const address = options[name];
  try {
    const plain = /^(https?|data)%3a/i.test(address) ? decodeURIComponent(address) : address;
    // Half a character cannot be encoded either.
    encodeURIComponent(plain);
    return plain;
  } catch {
    throw new TypeError(`WxLogin: ${name} is not well encoded: ${address}. Give it plain, or all of it by encodeURIComponent.`);
  }
}

function isOn(option, otherwise) {
  return option === undefined ? otherwise : ![false, 0, "0", "false"].includes(option);
}

/** The page posts JSON as text. */
function statusOf(data) {
  try {
    const message = JSON.parse(data);
    return message?.type === "status" ? message.status : undefined;
  } catch {
    return undefined;
  }
}

async function mayAsk() {
  // Such a page is in the loopback space itself, whatever the query says.
  if (/^(localhost$|127\.|\[::1\]$)|\.localhost$/.test(location.hostname)) return true;
  for (const name of PERMISSIONS) {
    try {
      return (await navigator.permissions.query({ name })).state === "granted";
    } catch {
      // Another name, or a browser that has no such permission.
    }
  }
  return isSecureContext;
}

export default WxLogin;
