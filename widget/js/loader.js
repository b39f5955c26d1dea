// The wasm, started once for the whole page, and what happens when it traps.

import { Widget, initSync } from "./glue.js";
import wasm from "./wasm.js";

/** A login that did not come about: a stable `code`, a sentence for developers, and the `cause`, what the browser threw. */
export class LoginError extends Error {
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "LoginError";
    this.code = code;
  }
}

/**
 * What the browser says of asking this computer: a promise of its `PermissionStatus`, or of nothing. It thinks about that for some 20 ms,
 * which it does while the wasm comes to life.
 */
export let permission;
let starting;
let started;
let trapped;
/** Called when the wasm traps: nothing of it can be trusted any more, and its handles are not even freed. */
export const watchers = new Set();

/** Gives the class of the handle. A failure is forgotten, so that it may be tried again; but not a trap. */
export async function load() {
  if (trapped) throw trapped;
  if (!started) await (starting ??= start().finally(() => (starting = undefined)));
  return Widget;
}

async function start() {
  // Each browser throws at the names that it does not know.
  const ask = (name) => navigator.permissions.query({ name });
  permission = Promise.resolve("loopback-network").then(ask).catch(() => ask("local-network-access")).catch(() => {});
  const bytes = await Promise.resolve().then(wasm).catch((cause) => {
    throw new LoginError(navigator.onLine ? "service_unreachable" : "offline", "the widget's wasm cannot be fetched", cause);
  });
  // At once takes a quarter of the time; some browsers want so much code to be compiled elsewhere.
  const compiled = Promise.resolve(bytes).then((bytes) => new WebAssembly.Module(bytes));
  started = initSync({ module: await compiled.catch(() => WebAssembly.compile(bytes)) });
  addEventListener("error", ({ error }) => look(error));
  addEventListener("unhandledrejection", ({ reason }) => look(reason));
}

/** Something was thrown in the page. Asked later: what a listener of the page's throws is told while the wasm still runs. */
function look(cause) {
  setTimeout(() => {
    try {
      if (trapped || !Widget.crashed()) return;
    } catch {} // It does not even answer.
    trapped = new LoginError("crashed", "the widget's wasm trapped", cause);
    for (const told of watchers) told(trapped);
  });
}
