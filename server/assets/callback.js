// The callback page inside WeChat's frame: posts WeChat's answer to the service, and the service's answer to the page that
// started this attempt. Only that page can frame this one, and only its exact origin is told.
(async () => {
  "use strict";
  // A window of its own is nobody's frame: the service refuses it by Sec-Fetch-Dest, and this does for browsers without it.
  if (parent === window) return;
  const { origin, iss, callback } = document.currentScript.dataset;
  const query = new URLSearchParams(location.search);
  const state = query.get("state") ?? "";
  const code = query.get("code");
  // A code that stays in an address stays in the history.
  history.replaceState(null, "", location.pathname);

  const tell = (message) => parent.postMessage({ type: "weixin-login", state, iss, ...message }, origin);
  try {
    const answer = await fetch(callback, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(code ? { code, state } : { state }),
    });
    tell(await answer.json());
  } catch {
    tell({ error: "temporarily_unavailable", error_description: "the service cannot be reached" });
  }
})();
