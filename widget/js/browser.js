// What the widget's Rust asks of the browser: elements, calls, timers, events. It decides nothing; what comes of it is told to
// `heard(what, number, text, value)`, where `what` is a number that Rust gave with the question.
//
// Rust calls most of it through one door, `act(verb, a, b, text, more)`: a door for each would weigh more than what is behind
// it. Public methods therefore take two numbers and two texts, and leave those that they do not need.

const SECRET_HEADER = "Weixin-Login-Secret";
const SVG = "http://www.w3.org/2000/svg";
/** No answer that is waited for is larger. What sends more is not who we think it is. */
const BODY_LIMIT = 64 * 1024;
/** Each browser throws at the names that it does not know. */
const PERMISSIONS = ["loopback-network", "local-network-access"];

/** A scene's words that nothing comes after. */
const LAST = ["approved", "denied", "expired"];
/** A stream says something at once; one that does not is held back somewhere. */
const SILENT_AFTER = 5_000;
const SILENT_STREAMS = 2;
const AGAIN_AFTER = 1_500;

export class Browser {
  #host;
  #root;
  #heard;
  #window;
  #document;
  #parts;
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

  act(verb, a, b, text, more) {
    this[verb](a, b, text, more);
  }

  ask(verb, text) {
    return this[verb](text) ?? undefined;
  }

  // What is seen. An element is named by its number.

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

  set(part, _, name, value) {
    const element = this.#parts[part];
    // Nothing is drawn again that stays the same. What is not built is not set.
    if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
  }

  hide(part, hidden) {
    this.#parts[part].toggleAttribute("hidden", hidden);
  }

  /** A live region says what is written, however often. */
  put(part, _, text) {
    const element = this.#parts[part];
    if (element && element.textContent !== text) element.textContent = text;
  }

  /** A picture over the drawn one, which is seen until it has come, and where it never comes. */
  picture(part, _, address) {
    const place = this.#parts[part];
    if ((place.firstElementChild?.src ?? "") === address) return;
    place.textContent = "";
    if (!address) return;
    const picture = { alt: "", referrerPolicy: "no-referrer", src: address };
    place.append(Object.assign(this.#make("img", "picture"), picture));
  }

  remove(part) {
    // A dialog that is taken out says so, too.
    this.#parts[part]?.close?.();
    this.#parts[part]?.remove();
    delete this.#parts[part];
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

  /** An element that is not in the page yet. */
  make(part, _, tag) {
    this.#parts[part] = this.#make(tag);
  }

  append(part, parent) {
    this.#parts[parent].append(this.#parts[part]);
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

  /** A login begins, and hears the page: `first` and the three numbers after it. A message counts from a frame of ours. */
  begin(first) {
    const { signal } = (this.#login = new AbortController());
    const on = (target, name, heard) => target.addEventListener(name, heard, { signal });
    on(this.#window, "message", ({ source, origin, data }) => {
      const part = this.#parts.findIndex((part) => source && part?.contentWindow === source);
      if (part > 0) this.#heard(first, part, origin, data);
    });
    on(this.#window, "online", () => this.#heard(first + 1));
    on(this.#window, "pageshow", (event) => event.persisted && this.#heard(first + 2));
    on(this.#document, "visibilitychange", () => this.#heard(first + 3, +!this.#document.hidden));
  }

  /** It ends, with all that it has under way. */
  end() {
    this.#login.abort();
    this.hangUp();
    for (const what in this.#timers) clearTimeout(this.#timers[what]);
  }

  /** The element is left. */
  leave() {
    this.end();
    this.#mounted.abort();
  }

  /** Rings once after `delay` milliseconds, or never with less than none. */
  wake(what, delay) {
    clearTimeout(this.#timers[what]);
    if (delay >= 0) this.#timers[what] = setTimeout(() => this.#heard(what), delay);
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
      if (secret) headers[SECRET_HEADER] = secret;
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

  /** Listens to a scene, until such questions are dropped. */
  hear(what, number, address, secret) {
    hear(address, secret, (word) => this.#heard(what, number, word), this.#asking.signal);
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
  keepVerifier(_, __, id) {
    this.#verifiers[id] = this.#verifier;
  }

  verifier(id) {
    return this.#verifiers[id];
  }

  // What the page says, and is told.

  attribute(name) {
    return this.#host.getAttribute(name);
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

  go(_, __, address) {
    this.#window.location.assign(address);
  }

  reload() {
    this.#window.location.reload();
  }

  /** A refusal has nowhere to go: what was to be copied is told in words as well. */
  copy(_, __, text) {
    this.#window.navigator.clipboard?.writeText(text).catch(() => {});
  }

  /** One more member of what is told next. */
  detail(_, __, name, value) {
    this.#detail[name] = value;
  }

  tell(_, __, name) {
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

/**
 * Hears how far a scene has come: server-sent events, read by fetch, since an EventSource sends no header of ours. Where streams
 * are cut or held back on the way, it asks again and again instead.
 *
 * Tells each new event's word to `news`, until the last one or until it is stopped.
 */
async function hear(address, secret, news, stopped) {
  let id;
  let word;
  let silent = 0;
  const tell = (next) => {
    if (next !== word && !stopped.aborted) news((word = next));
    return LAST.includes(next);
  };
  while (!stopped.aborted) {
    const streams = silent < SILENT_STREAMS;
    const request = new AbortController();
    const abort = () => request.abort();
    stopped.addEventListener("abort", abort);
    const limit = setTimeout(abort, SILENT_AFTER);
    try {
      const headers = { Accept: streams ? "text/event-stream" : "application/json" };
      if (secret) headers[SECRET_HEADER] = secret;
      if (streams && id) headers["Last-Event-ID"] = id;
      const answer = await fetch(address, {
        headers,
        signal: request.signal,
        cache: "no-store",
        credentials: secret ? "omit" : "same-origin",
        redirect: "error",
      });
      // A scene that the service does not know is over.
      if (answer.status === 400 && tell("expired")) return;
      if (answer.ok && !streams) {
        if (tell((await answer.json()).event)) return;
      } else if (answer.ok) {
        silent++;
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        for (let chunk; !(chunk = await reader.read()).done; ) {
          clearTimeout(limit);
          silent = 0;
          const events = (text + chunk.value).split("\n\n");
          text = events.pop();
          for (const event of events) {
            id = /^id: (.*)$/m.exec(event)?.[1] ?? id;
            const next = /^event: (.*)$/m.exec(event)?.[1];
            if (next && tell(next)) return;
          }
        }
      }
    } catch {
      // Cut, held back, or offline: it is asked once more.
      if (streams && request.signal.aborted) silent++;
    } finally {
      clearTimeout(limit);
      stopped.removeEventListener("abort", abort);
    }
    if (!stopped.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
  }
}
