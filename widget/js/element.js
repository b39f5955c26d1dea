// The class of <weixin-login>: loads the wasm once and lazily, holds its handle while the element is in a page, and leaves the
// link inside it to the person where wasm does not run. Everything else is Rust. Safe to import where there is no window.

import { Widget, initSync } from "./glue.js";
import styles from "./styles.js";
import wasm from "./wasm.js";

/** A login that did not come about. */
export class LoginError extends Error {
  /**
   * @param {string} code a stable word
   * @param {string} message a sentence for developers
   * @param {unknown} [cause] what the browser threw
   */
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "LoginError";
    this.code = code;
  }
}

const ATTRIBUTES = [
  "service", "client-id", "display", "result", "return-to", "lang", "theme", "no-fast-login", "no-frame",
  "code-challenge", "nonce", "state", "attempt",
];

const DRESS = ["lang", "theme"];

let loading;
let sheet;
let script = "";

/** The glue, started once for the whole page. A failure is forgotten, so that a later element tries again. */
function load() {
  loading ??= Promise.resolve()
    .then(wasm)
    .then((bytes) => WebAssembly.compile(bytes))
    .then((module) => initSync({ module }))
    .catch((cause) => {
      loading = undefined;
      throw cause;
    });
  return loading;
}

// Where there is no window there is no HTMLElement either: the class is made all the same, and never used.
const Base = globalThis.HTMLElement ?? class {};

/**
 * WeChat login in a page.
 *
 * @slot - A link to the login on a page of its own, for browsers and policies that cannot run the widget.
 * @event {CustomEvent<{phase: string}>} weixin-login-phase - The login has come to another phase.
 * @event {CustomEvent} weixin-login-success - The person is logged in: `{result: "session", nickname, picture}`, or
 *   `{result: "code", code, state, iss}` for the site's backend.
 * @event {CustomEvent<{code: string, message: string, cause?: unknown}>} weixin-login-error - There is no login, and why.
 * @csspart panel - The whole panel.
 * @csspart header - Its head: mark, title, site.
 * @csspart title - The heading.
 * @csspart site - The site's name.
 * @csspart body - The middle.
 * @csspart footer - Below: notes and offers.
 * @csspart card - Fast login.
 * @csspart avatar - An avatar.
 * @csspart nickname - The person's name on the card.
 * @csspart subtitle - The heading of a notice.
 * @csspart hint - A sentence below a heading.
 * @csspart note - A word about what happened before.
 * @csspart code - The code of an error.
 * @csspart button - Every button.
 * @csspart primary - The one that goes on.
 * @csspart second - The one beside it.
 * @csspart quiet - The ones that lead elsewhere.
 * @csspart frame - WeChat's page with the QR code.
 * @csspart trigger - With display="button": the button.
 * @csspart dialog - With display="button": the dialog.
 * @csspart close - The dialog's close button.
 * @cssprop --weixin-login-width - 320px
 * @cssprop --weixin-login-accent - Buttons and links; 4.5:1 against the background is yours to keep.
 * @cssprop --weixin-login-on-accent - Text on it.
 * @cssprop --weixin-login-background - The panel.
 * @cssprop --weixin-login-text - Text.
 * @cssprop --weixin-login-muted - Quieter text.
 * @cssprop --weixin-login-border - Lines.
 * @cssprop --weixin-login-soft - Quiet surfaces.
 * @cssprop --weixin-login-warning - Notes.
 * @cssprop --weixin-login-radius - The panel's corners, 16px.
 * @cssprop --weixin-login-button-radius - The buttons' corners, 10px.
 * @cssprop --weixin-login-font - Font family.
 */
export class WeixinLoginElement extends Base {
  static observedAttributes = ATTRIBUTES;

  #root;
  #slot;
  #widget;
  #change;

  connectedCallback() {
    if (!this.#root) {
      sheet ??= styleSheet();
      this.#root = this.attachShadow({ mode: "open" });
      if (sheet) this.#root.adoptedStyleSheets = [sheet];
      this.#slot = this.#root.appendChild(document.createElement("slot"));
    }
    this.#mount();
  }

  disconnectedCallback() {
    // An element that is only moved is back before this runs, and keeps its login.
    queueMicrotask(() => {
      if (!this.isConnected) this.#unmount();
    });
  }

  attributeChangedCallback(name) {
    if (!this.#widget) return;
    // Several attributes that change together are one change; a language or a theme costs no login.
    if (!this.#change) queueMicrotask(() => this.#changed());
    this.#change = DRESS.includes(name) ? (this.#change ?? "dress") : "login";
  }

  #changed() {
    const change = this.#change;
    this.#change = undefined;
    if (!this.#widget) return;
    if (change === "dress") {
      this.#widget.dress();
    } else {
      this.#unmount();
      this.#mount();
    }
  }

  #unmount() {
    this.#widget?.free();
    this.#widget = undefined;
    if (this.#slot) this.#slot.hidden = false;
  }

  /** With `display="button"`: opens the dialog. */
  async open() {
    await this.#mount();
    this.#widget?.open();
  }

  async #mount() {
    if (this.#widget) return;
    try {
      await load();
      // Removed, or mounted by another call, while the wasm was on its way.
      if (this.#widget || !this.isConnected) return;
      if (!sheet) throw new Error("no constructable style sheets");
      this.#slot.hidden = true;
      this.#widget = new Widget(this, this.#root, script, (...news) => this.#widget?.heard(...news));
      this.removeAttribute("data-unsupported");
    } catch (cause) {
      if (!this.isConnected) return;
      this.#slot.hidden = false;
      this.setAttribute("data-unsupported", "");
      const message = "WebAssembly does not run here: an old browser, or a policy without 'wasm-unsafe-eval'";
      const detail = { code: "unsupported", message, cause };
      this.dispatchEvent(new CustomEvent("weixin-login-error", { bubbles: true, composed: true, detail }));
    }
  }
}

/**
 * For the files that the login service serves itself: their place tells where the service is.
 *
 * @param {string} address
 */
export function servedFrom(address) {
  script = address;
}

/** The only form of style that a strict style-src lets pass. */
function styleSheet() {
  try {
    const made = new CSSStyleSheet();
    made.replaceSync(styles);
    return made;
  } catch {
    return undefined;
  }
}

/**
 * Defines `<weixin-login>`, once. Does nothing where there is no window.
 *
 * @param {string} [name]
 */
export function defineElement(name = "weixin-login") {
  const elements = globalThis.customElements;
  if (elements && !elements.get(name)) elements.define(name, WeixinLoginElement);
}

/**
 * Opens the login in a dialog. Resolves with what `weixin-login-success` carries; rejects with a {@link LoginError}.
 *
 * @param {object} options as the element's attributes, in camelCase: `{service, clientId, result, lang, …}`
 */
export function login(options = {}) {
  return new Promise((resolve, reject) => {
    if (!globalThis.document) {
      reject(new LoginError("unsupported", "there is no window to log in in"));
      return;
    }
    defineElement();
    const element = document.createElement("weixin-login");
    for (const [name, value] of Object.entries(options)) {
      if (value === undefined || value === null || value === false) continue;
      const attribute = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      element.setAttribute(attribute, value === true ? "" : String(value));
    }
    element.setAttribute("display", "button");
    // Only the dialog is to be seen, and that is in the top layer.
    element.style.cssText = "position:fixed;inset:0 auto auto 0;inline-size:0;block-size:0;min-block-size:0;overflow:hidden";

    const before = document.activeElement;
    let problem = new LoginError("cancelled", "the dialog was closed");
    const settle = (how, what) => {
      element.remove();
      before?.focus?.();
      how(what);
    };
    const error = ({ code, message, cause }) => new LoginError(code, message, cause);
    element.addEventListener("weixin-login-success", (event) => settle(resolve, event.detail));
    element.addEventListener("weixin-login-error", (event) => {
      problem = error(event.detail);
      // Without a dialog there is nobody to close it.
      if (!element.shadowRoot?.querySelector("dialog")) settle(reject, problem);
    });
    element.addEventListener("weixin-login-phase", (event) => {
      // A problem that the person has left behind is not why the dialog is closed in the end.
      if (!["error", "denied", "expired"].includes(event.detail.phase)) {
        problem = new LoginError("cancelled", "the dialog was closed");
      }
    });
    document.body.append(element);
    element.open().then(() => {
      element.shadowRoot?.querySelector("dialog")?.addEventListener("close", () => {
        if (element.isConnected) settle(reject, problem);
      });
    });
  });
}
