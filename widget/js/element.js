// The class of <weixin-login>: loads the wasm once and lazily, holds its handle while the element is in a page, and leaves the
// link inside it to the person where that does not come or does not run. Everything else is Rust. Safe to import where there is
// no window.

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

/** Each is a property as well, in camelCase. */
const ATTRIBUTES = [
  "service", "client-id", "display", "result", "return-to", "page", "lang", "theme", "no-fast-login", "no-frame",
  "code-challenge", "nonce", "state", "attempt",
];
const BOOLEANS = ["no-fast-login", "no-frame"];
/** What may change without touching the login. */
const DRESS = ["lang", "theme"];

/** So long after a wasm that did not come it is asked for again, in milliseconds; then as long as the last. */
const AGAIN_AFTER = [1_000, 5_000, 30_000];

let loading;
let sheet;
let script = "";
/** What the wasm threw when it trapped: nothing of it can be trusted any more. */
let trapped;
const mounted = new Set();

/** The glue, started once for the whole page. A failure is forgotten, so that it may be tried again. */
async function load() {
  loading ??= (async () => {
    const bytes = await Promise.resolve().then(wasm).catch((cause) => {
      const code = navigator.onLine ? "service_unreachable" : "offline";
      throw new LoginError(code, "the widget's wasm cannot be fetched", cause);
    });
    initSync({ module: await WebAssembly.compile(bytes) });
    addEventListener("error", (event) => look(event.error));
    addEventListener("unhandledrejection", (event) => look(event.reason));
  })().catch((cause) => {
    loading = undefined;
    throw cause;
  });
  await loading;
}

/** Something was thrown in the page. Asked later, since what a listener of the page's throws is told while the wasm still runs. */
function look(cause) {
  setTimeout(() => {
    if (trapped || !Widget.crashed()) return;
    trapped = new LoginError("crashed", "the widget's wasm trapped", cause);
    for (const fail of [...mounted]) fail(trapped);
  });
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
 * @event {CustomEvent<{reason: string}>} weixin-login-close - The dialog has gone.
 * @event {CustomEvent<{respondWith: Function}>} weixin-login-renew - A code's login is renewed, and needs a fresh challenge.
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
  /** Somebody waits for the dialog. */
  #opening = false;
  #attempts = 0;
  #again;
  #fail = (error) => {
    // A handle that trapped is not even freed.
    this.#widget = undefined;
    this.#root.replaceChildren(this.#slot);
    this.#giveUp(error);
  };

  connectedCallback() {
    if (!this.#root) {
      // What was set before the element was known stands in the way of the class's own.
      for (const name of ATTRIBUTES.map(property)) {
        if (!Object.hasOwn(this, name)) continue;
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
      sheet ??= styleSheet();
      this.#root = this.attachShadow({ mode: "open" });
      if (sheet) this.#root.adoptedStyleSheets = [sheet];
      this.#slot = this.#root.appendChild(document.createElement("slot"));
    }
    this.#mount();
  }

  /** An element that is moved as a whole stays what it is. */
  connectedMoveCallback() {}

  disconnectedCallback() {
    // One that is taken out and put in is back before this runs, and keeps its login.
    queueMicrotask(() => {
      if (!this.isConnected) this.#unmount();
    });
  }

  attributeChangedCallback(name, _, value) {
    // A policy takes the nonce out of the attribute, and leaves it in the property.
    if (!this.#widget || (name === "nonce" && value === "")) return;
    // Several attributes that change together are one change; a language or a theme costs no login.
    if (!this.#change) queueMicrotask(() => this.#changed());
    this.#change = DRESS.includes(name) ? (this.#change ?? "dress") : "login";
  }

  #changed() {
    const change = this.#change;
    this.#change = undefined;
    if (!change || !this.#widget) return;
    if (change === "dress") {
      this.#widget.dress();
    } else {
      this.#unmount();
      this.#mount();
    }
  }

  #unmount() {
    clearTimeout(this.#again);
    mounted.delete(this.#fail);
    if (this.#widget) this.#widget.free();
    else if (this.#opening) this.#tell("close", { reason: "removed" });
    this.#opening = false;
    this.#widget = undefined;
    if (this.#slot) this.#slot.hidden = false;
  }

  /** With `display="button"`: opens the dialog. */
  async open() {
    this.#changed();
    this.#opening = true;
    await this.#mount();
    // An attribute that was set while the wasm was on its way.
    this.#changed();
    await this.#mount();
    if (this.#widget) this.#opening = false;
    this.#widget?.open();
  }

  async #mount() {
    if (this.#widget || !this.isConnected) return;
    try {
      if (trapped) throw trapped;
      await load();
      // Removed, or mounted by another call, while the wasm was on its way.
      if (this.#widget || !this.isConnected) return;
      if (!sheet) throw new Error("no constructable style sheets");
      this.#widget = new Widget(this, this.#root, script);
    } catch (cause) {
      this.#giveUp(cause);
      return;
    }
    clearTimeout(this.#again);
    this.#attempts = 0;
    mounted.add(this.#fail);
    this.#slot.hidden = true;
    this.removeAttribute("data-unsupported");
    this.#widget.start();
  }

  /** The link inside is all there is. What was not to be had may be there later. */
  #giveUp(cause) {
    if (!this.isConnected) return;
    this.#slot.hidden = false;
    this.setAttribute("data-unsupported", "");
    const unsupported = "WebAssembly does not run here: an old browser, or a policy without 'wasm-unsafe-eval'";
    const error = cause instanceof LoginError ? cause : new LoginError("unsupported", unsupported, cause);
    if (["offline", "service_unreachable"].includes(error.code)) {
      clearTimeout(this.#again);
      const again = () => {
        removeEventListener("online", again);
        clearTimeout(this.#again);
        this.#mount();
      };
      this.#again = setTimeout(again, AGAIN_AFTER[this.#attempts++] ?? AGAIN_AFTER.at(-1));
      addEventListener("online", again);
    }
    this.#tell("error", { code: error.code, message: error.message, cause: error.cause });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`weixin-login-${name}`, { bubbles: true, composed: true, detail }));
  }

  get nonce() {
    return super.nonce ?? "";
  }

  /** The attribute's own property does not touch the attribute. */
  set nonce(value) {
    super.nonce = value ?? "";
    this.attributeChangedCallback("nonce");
  }
}

function property(attribute) {
  return attribute.replace(/-./g, ([, letter]) => letter.toUpperCase());
}

for (const name of ATTRIBUTES) {
  // These two are every element's.
  if (["lang", "nonce"].includes(name)) continue;
  const boolean = BOOLEANS.includes(name);
  Object.defineProperty(WeixinLoginElement.prototype, property(name), {
    configurable: true,
    enumerable: true,
    get() {
      const value = this.getAttribute(name);
      return boolean ? value !== null && value !== "false" : (value ?? "");
    },
    set(value) {
      if (value === undefined || value === null || value === false) this.removeAttribute(name);
      else this.setAttribute(name, value === true ? "" : String(value));
    },
  });
}

/**
 * For the files that the login service serves itself: their place tells where the service is.
 *
 * @param {string} address
 */
export function servedFrom(address) {
  script = address;
}

/**
 * Defines `<weixin-login>`, once for each name. Does nothing where there is no window.
 *
 * @param {string} [name]
 */
export function defineElement(name = "weixin-login") {
  const elements = globalThis.customElements;
  // A class has one name: every other one gets a class of its own.
  if (elements && !elements.get(name)) elements.define(name, class extends WeixinLoginElement {});
}
