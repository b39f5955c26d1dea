// The class of <weixin-login>: holds the wasm's handle while the element is in a page, and leaves the link inside it to the person
// where the wasm does not come or does not run. Everything else is Rust. Safe to import where there is no window.

import { LoginError, load, permission, watchers } from "./loader.js";
import styles from "./styles.js";

/** Each is a property as well, in camelCase. */
const ATTRIBUTES = [
  "service", "client-id", "display", "result", "return-to", "page", "lang", "theme", "no-fast-login", "no-frame",
  "code-challenge", "nonce", "state", "attempt",
];
const BOOLEANS = ["no-fast-login", "no-frame"];
/** What may change without touching the login. */
const DRESS = ["lang", "theme"];
const property = (attribute) => attribute.replace(/-./g, ([, letter]) => letter.toUpperCase());
/** A wasm that did not come is asked for again after a second, and after twice as long each time: not longer than this. */
const LONGEST_PAUSE = 60_000;

/** The only form of style that a strict style-src lets pass. Some browsers are too old for it. */
const sheet = globalThis.CSSStyleSheet?.prototype.replaceSync && new CSSStyleSheet();
sheet?.replaceSync(styles);
let script = "";
let draft;

// Where there is no window there is no HTMLElement either: the class is made all the same, and never used.
const Base = globalThis.HTMLElement ?? class {};

/** WeChat login in a page: ../typings/index.d.ts says all of it. */
export class WeixinLoginElement extends Base {
  static observedAttributes = ATTRIBUTES;

  #root;
  #slot;
  #widget;
  #change;
  /** Somebody waits for the dialog. */
  #opening = false;
  #failures = 0;
  #again = new AbortController();
  #trapped = (error) => {
    this.#widget = undefined;
    this.#root.replaceChildren(this.#slot);
    this.#giveUp(error);
  };

  connectedCallback() {
    if (!this.#root) {
      // What was set before the element was known stands in the way of the class's own.
      for (const name of ATTRIBUTES.map(property).filter((name) => Object.hasOwn(this, name))) {
        const { value } = Object.getOwnPropertyDescriptor(this, name);
        Reflect.deleteProperty(this, name);
        Reflect.set(this, name, value);
      }
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
    queueMicrotask(() => this.isConnected || this.#unmount());
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
    if (change === "dress") this.#widget?.dress();
    if (change !== "login" || !this.#widget) return;
    this.#unmount();
    this.#mount();
  }

  #unmount() {
    this.#again.abort();
    watchers.delete(this.#trapped);
    if (this.#opening) this.#tell("close", { reason: "removed" });
    this.#opening = false;
    this.#widget?.free();
    this.#widget = undefined;
    if (this.#slot) this.#slot.hidden = false;
  }

  /** With `display="button"`: opens the dialog. */
  async open() {
    this.#changed();
    this.#opening = !this.#widget;
    await this.#mount();
    this.#opening = false;
    this.#widget?.open();
  }

  async #mount() {
    if (this.#widget || !this.isConnected) return;
    this.#again.abort();
    try {
      const Widget = await load();
      // Removed, or mounted by another call, while the wasm was on its way.
      if (this.#widget || !this.isConnected) return;
      if (!sheet) throw new Error("no constructable style sheets");
      this.#widget = new Widget(this, this.#root, script, draft?.(script), permission);
    } catch (cause) {
      return this.#giveUp(cause);
    }
    this.#failures = 0;
    watchers.add(this.#trapped);
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
      const { signal } = (this.#again = new AbortController());
      setTimeout(() => signal.aborted || this.#mount(), Math.min(1_000 * 2 ** this.#failures++, LONGEST_PAUSE));
      addEventListener("online", () => this.#mount(), { signal });
    }
    this.#tell("error", { code: error.code, message: error.message, cause: error.cause });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`weixin-login-${name}`, { bubbles: true, composed: true, detail }));
  }

  get nonce() {
    return super.nonce;
  }

  /** Every element has this property, and it does not touch the attribute. */
  set nonce(value) {
    super.nonce = value ?? "";
    this.attributeChangedCallback("nonce");
  }
}

for (const name of ATTRIBUTES.filter((name) => !["lang", "nonce"].includes(name))) {
  const isBoolean = BOOLEANS.includes(name);
  Object.defineProperty(WeixinLoginElement.prototype, property(name), {
    configurable: true, enumerable: true,
    get() {
      const value = this.getAttribute(name);
      return isBoolean ? (value ?? "false") !== "false" : (value ?? "");
    },
    set(value) {
      if ((value ?? false) === false) this.removeAttribute(name);
      else this.setAttribute(name, value === true ? "" : String(value));
    },
  });
}

/** For the files that the login service serves itself: their place tells where the service is, and `told` gives what their answer tells. */
export function servedFrom(address, told) {
  script = address;
  draft = told;
}

let named = false;

/** Defines `<weixin-login>`, or another name, once. Does nothing where there is no window. */
export function defineElement(name = "weixin-login") {
  const elements = globalThis.customElements;
  if (!elements || elements.get(name)) return;
  // A class has one name: each other one gets a class of its own.
  elements.define(name, named ? class extends WeixinLoginElement {} : WeixinLoginElement);
  named = true;
}
