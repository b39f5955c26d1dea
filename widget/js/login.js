// `login()`: the element in a dialog, as a promise. One login goes on at a time, and it always settles.

import { defineElement } from "./element.js";
import { LoginError } from "./loader.js";

let flight;
/** Brings the flight's dialog back, where the person has closed it while the service finishes. */
let show;

/**
 * Opens the login in a dialog. Resolves with what `weixin-login-success` carries; rejects with a {@link LoginError}. While it goes
 * on, a second call gives the same promise, and shows the dialog again.
 *
 * @param {object} options as the element's properties, and `renew`, which gives a promise of `{codeChallenge, nonce, state}`
 */
export function login(options = {}) {
  show?.();
  return (flight ??= open(options).finally(() => (flight = show = undefined)));
}

async function open({ renew, ...options }) {
  if (!globalThis.document) throw new LoginError("unsupported", "there is no window to log in in");
  defineElement();
  const element = Object.assign(document.createElement("weixin-login"), options, { display: "button" });
  // Only the dialog is to be seen, and that is in the top layer.
  element.style.cssText = "position:fixed;inset:0 auto auto 0;inline-size:0;block-size:0;min-block-size:0;overflow:hidden";

  const before = document.activeElement;
  const cancelled = new LoginError("cancelled", "the dialog was closed");
  try {
    return await new Promise((resolve, reject) => {
      let problem = cancelled;
      let isOpen;
      const on = (name, heard) => element.addEventListener(`weixin-login-${name}`, ({ detail }) => heard(detail));
      on("success", resolve);
      on("error", ({ code, message, cause }) => {
        problem = new LoginError(code, message, cause);
        // Without a dialog there is nobody to close it.
        if (!isOpen || !element.shadowRoot?.querySelector("dialog")) reject(problem);
      });
      // A problem that the person has left behind is not why the dialog is closed in the end.
      on("phase", ({ phase }) => ["error", "denied", "expired"].includes(phase) || (problem = cancelled));
      on("close", ({ reason }) => {
        isOpen = false;
        // While the service has the last word, success or an error follows.
        if (reason !== "finishing") reject(problem);
      });
      element.addEventListener("weixin-login-renew", (event) => renew && event.respondWith(renew()));
      document.body.append(element);
      show = () => {
        isOpen = true;
        element.open();
      };
      show();
    });
  } finally {
    element.remove();
    before?.focus?.();
  }
}
