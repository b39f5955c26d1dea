// The wasm, started once for the whole page, and what happens when it traps.

import { Widget, initSync } from "./glue.js";
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

let loading;
let trapped;
/** What is to be told of a trap. */
const failures = new Set();

/** Gives the class of the handle. A failure is forgotten, so that it may be tried again; but not a trap. */
export async function load() {
  if (trapped) throw trapped;
  loading ??= start().finally(() => (loading = undefined));
  await loading;
  return Widget;
}

let started;

async function start() {
  if (started) return;
  const bytes = await Promise.resolve().then(wasm).catch((cause) => {
    const code = navigator.onLine ? "service_unreachable" : "offline";
    throw new LoginError(code, "the widget's wasm cannot be fetched", cause);
  });
  started = initSync({ module: await compile(bytes) });
  addEventListener("error", ({ error }) => look(error));
  addEventListener("unhandledrejection", ({ reason }) => look(reason));
}

/** At once takes a quarter of the time; some browsers want so much code to be compiled elsewhere. */
function compile(bytes) {
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    return WebAssembly.compile(bytes);
  }
}

/** Something was thrown in the page. Asked later: what a listener of the page's throws is told while the wasm still runs. */
function look(cause) {
  setTimeout(() => {
    if (trapped || !hasTrapped()) return;
    trapped = new LoginError("crashed", "the widget's wasm trapped", cause);
    for (const fail of failures) fail(trapped);
  });
}

function hasTrapped() {
  try {
    return Widget.crashed();
  } catch {
    return true;
  }
}

/** Has `fail` told when the wasm traps; nothing of it can be trusted any more, and its handles are not even freed. */
export const watch = (fail) => failures.add(fail);
export const unwatch = (fail) => failures.delete(fail);
