// What the widget's Rust asks of the browser: elements, calls, timers, events. It decides nothing; what comes of it is told to
// `heard(what, number, text, value)`, where `what` is a word that Rust gave with the question.

const SVG = "http://www.w3.org/2000/svg";
/** No answer that is waited for is larger. What sends more is not who we think it is. */
const BODY_LIMIT = 64 * 1024;
/** The longest time that a browser waits; with a longer one it would ring at once. */
const LONGEST = 0x7fffffff;
/** Each browser throws at the names that it does not know. */
const PERMISSIONS = ["loopback-network", "local-network-access"];

export class Browser {
  #host;
  #root;
  #heard;
  #window;
  #document;
  #parts;
  #frames = new Map();
  #timers = {};
  #verifiers = {};
  #verifier;
  #detail = {};
  #focused;
  /** What ends with the element, with the login, and with a question to this computer. */
  #mounted = new AbortController();
  #login = new AbortController();
  #asking = new AbortController();

  constructor(host, root, heard) {
    this.#host = host;
    this.#root = root;
    this.#heard = heard;
    this.#document = root.ownerDocument;
    this.#window = this.#document.defaultView;
    this.#parts = [root];
  }

  // What is seen. An element is named by its number.

  /** The only form of style that a strict style-src lets pass. The first sheet is the class's own. */
  style(css) {
    const sheet = new this.#window.CSSStyleSheet();
    sheet.replaceSync(css);
    this.#root.adoptedStyleSheets = [...this.#root.adoptedStyleSheets.slice(0, 1), sheet];
  }

  /** Makes a line of the table after the other: `depth|tag|classes|press|attributes`. Classes are parts as well. */
  build(first, parent, table) {
    const above = [this.#parts[parent]];
    for (const line of table.trim().split("\n")) {
      const [depth, tag, classes, press, attributes] = line.split("|");
      const element = this.#make(tag, classes);
      if (tag === "button") element.type = "button";
      if (press) element.dataset.press = press;
      for (const pair of attributes ? attributes.split(" ") : []) element.setAttribute(...pair.split("="));
      above[depth].append(element);
      this.#parts[first++] = above[+depth + 1] = element;
    }
  }

  /** By createElement, since a page may demand Trusted Types. */
  #make(tag, classes) {
    const document = this.#document;
    const element = /svg|path/.test(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
    if (classes) {
      element.setAttribute("class", classes);
      element.setAttribute("part", classes);
    }
    return element;
  }

  set(part, name, value) {
    const element = this.#parts[part];
    // Nothing is drawn again that stays the same. What is not built is not set.
    if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
  }

  hide(part, hidden) {
    this.#parts[part].toggleAttribute("hidden", hidden);
  }

  /** A live region says what is written, however often. */
  put(part, text) {
    const element = this.#parts[part];
    if (element && element.textContent !== text) element.textContent = text;
  }

  /** A picture over the drawn one, which is seen until it has come, and where it never comes. */
  picture(part, address) {
    const place = this.#parts[part];
    if (place.firstElementChild?.src === address) return;
    place.textContent = "";
    if (!address) return;
    const picture = { alt: "", referrerPolicy: "no-referrer", src: address };
    place.append(Object.assign(this.#make("img", "picture"), picture));
  }

  remove(part) {
    this.#parts[part]?.remove();
  }

  focus(part) {
    this.#parts[part]?.focus();
  }

  /** Before and after the panel changes: a focus on what is gone goes to what came in its place, not to the top of the page. */
  before(part) {
    const { activeElement } = this.#root;
    this.#focused = this.#parts[part].contains(activeElement) ? activeElement : undefined;
  }

  after(part) {
    const panel = this.#parts[part];
    if (!this.#focused?.closest("[hidden]")) return;
    (panel.querySelector(".place:not([hidden]) .button:not([hidden])") ?? panel).focus();
  }

  /** Without a modal dialog the panel still stands in the page. */
  modal(part, closed) {
    const dialog = this.#parts[part];
    dialog.addEventListener("close", () => this.#heard(closed));
    try {
      dialog.showModal();
    } catch {
      dialog.open = true;
    }
  }

  load(parent, number, title, sandbox, allow, address) {
    const frame = this.#make("iframe");
    const attributes = { title, part: "frame", sandbox, allow, src: address };
    for (const name in attributes) frame.setAttribute(name, attributes[name]);
    this.#parts[parent].append(frame);
    this.#frames.set(number, frame);
  }

  /** A frame that is moved in the page loads again: it steps back where it is. */
  stepBack(number) {
    const frame = this.#frames.get(number);
    frame.className = "former";
    frame.inert = true;
    frame.setAttribute("aria-hidden", "true");
  }

  unload(number) {
    this.#frames.get(number)?.remove();
    this.#frames.delete(number);
  }

  // What is heard.

  /** Hears presses until the element is left. */
  presses(pressed) {
    const heard = ({ target }) => {
      const at = target.closest("[data-press]");
      // A press on the dialog itself is one beside the panel, on the backdrop.
      if (at && (at === target || at.localName === "button")) this.#heard(pressed, 0, at.dataset.press);
    };
    this.#root.addEventListener("click", heard, { signal: this.#mounted.signal });
  }

  /** A login begins, and hears the page. A message counts when it comes from a frame of ours. */
  begin(message, online, returned, visible) {
    const { signal } = (this.#login = new AbortController());
    const on = (target, name, heard) => target.addEventListener(name, heard, { signal });
    on(this.#window, "message", ({ source, origin, data }) => {
      for (const [number, frame] of this.#frames) {
        if (source && frame.contentWindow === source) this.#heard(message, number, origin, data);
      }
    });
    on(this.#window, "online", () => this.#heard(online));
    on(this.#window, "pageshow", (event) => event.persisted && this.#heard(returned));
    on(this.#document, "visibilitychange", () => this.#heard(visible, +!this.#document.hidden));
  }

  /** It ends, with all that it has under way. */
  end() {
    this.#login.abort();
    this.hangUp();
    for (const what in this.#timers) clearTimeout(this.#timers[what]);
    for (const number of this.#frames.keys()) this.unload(number);
  }

  /** The element is left. */
  leave() {
    this.end();
    this.#mounted.abort();
  }

  /** Rings once after `delay` milliseconds, or never with less than none. */
  wake(what, delay) {
    clearTimeout(this.#timers[what]);
    if (delay >= 0) this.#timers[what] = setTimeout(() => this.#heard(what), Math.min(delay, LONGEST));
  }

  // What is called.

  /** POSTs JSON, and tells whether the answer is good, and its text; or what the browser threw. */
  async post(what, number, asks, address, body, secret, credentials, limit) {
    const owner = (asks ? this.#asking : this.#login).signal;
    const request = new AbortController();
    const abort = () => request.abort();
    owner.addEventListener("abort", abort);
    const timer = setTimeout(abort, limit);
    let answer;
    try {
      const headers = { "Content-Type": "application/json" };
      if (secret) headers["Weixin-Login-Secret"] = secret;
      const response = await fetch(address, {
        method: "POST",
        headers,
        body,
        credentials,
        cache: "no-store",
        // A login's values go where they were sent, and nowhere else.
        redirect: "error",
        signal: request.signal,
      });
      answer = [await read(response), response.ok];
    } catch (cause) {
      answer = [undefined, cause];
    }
    clearTimeout(timer);
    owner.removeEventListener("abort", abort);
    if (!owner.aborted) this.#heard(what, number, ...answer);
  }

  /** Drops every question to this computer, and stops listening to a scene. */
  hangUp() {
    this.#asking.abort();
    this.#asking = new AbortController();
  }

  /** Tells a word of another module's, until such questions are dropped. */
  teller(what, number) {
    return (word) => this.#heard(what, number, word);
  }

  asking() {
    return this.#asking.signal;
  }

  /** Tells the permission to ask this computer, now and whenever it changes. */
  async permission(what) {
    const { signal } = this.#login;
    let status;
    for (const name of PERMISSIONS) {
      status ??= await this.#window.navigator.permissions?.query({ name }).catch(() => {});
    }
    if (signal.aborted) return;
    const tell = () => this.#heard(what, 0, status?.state);
    status?.addEventListener("change", tell, { signal });
    tell();
  }

  /** PKCE's pair (RFC 7636): tells the challenge, and keeps the verifier here; or tells what the browser threw. */
  async challenge(what) {
    const { signal } = this.#login;
    let challenge, cause;
    try {
      const { crypto } = this.#window;
      this.#verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(this.#verifier));
      challenge = base64url(new Uint8Array(digest));
    } catch (thrown) {
      cause = thrown;
    }
    if (!signal.aborted) this.#heard(what, 0, challenge, cause);
  }

  /** The last verifier is this attempt's. */
  keepVerifier(id) {
    this.#verifiers[id] = this.#verifier;
  }

  verifier(id) {
    return this.#verifiers[id] ?? "";
  }

  // What the page says, and is told.

  attribute(name) {
    return this.#host.getAttribute(name) ?? undefined;
  }

  about(name) {
    const { location, navigator, isSecureContext } = this.#window;
    const link = this.#host.querySelector("a[href]")?.href;
    return {
      language: this.#host.closest("[lang]")?.getAttribute("lang") || navigator.language,
      agent: navigator.userAgent,
      origin: location.origin,
      hostname: location.hostname,
      path: location.pathname + location.search,
      // That of an SVG's is no text.
      link: typeof link === "string" ? link : undefined,
      secure: isSecureContext ? "" : undefined,
      online: navigator.onLine ? "" : undefined,
    }[name];
  }

  origin(address) {
    try {
      return new URL(address).origin;
    } catch {}
  }

  measure(name) {
    return this.#window[name];
  }

  go(address) {
    this.#window.location.assign(address);
  }

  reload() {
    this.#window.location.reload();
  }

  /** A refusal has nowhere to go: what was to be copied is told in words as well. */
  copy(text) {
    this.#window.navigator.clipboard?.writeText(text).catch(() => {});
  }

  /** One more member of what is told next. */
  detail(name, value) {
    if (value !== undefined) this.#detail[name] = value;
  }

  tell(name) {
    const detail = this.#detail;
    this.#detail = {};
    this.#host.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
  }
}

/** The answer's text, as long as it is no longer than it may be. */
async function read(response) {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  let left = BODY_LIMIT;
  let text = "";
  for (let chunk; reader && !(chunk = await reader.read()).done; ) {
    left -= chunk.value.length;
    if (left < 0) {
      reader.cancel();
      throw "the answer is larger than 64 kB";
    }
    // A character may be cut in two by the end of a chunk.
    text += decoder.decode(chunk.value, { stream: true });
  }
  return text;
}

function base64url(bytes) {
  const letters = { "+": "-", "/": "_", "=": "" };
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (letter) => letters[letter]);
}
