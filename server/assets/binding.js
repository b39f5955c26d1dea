// The page that asks for a contact, in a frame of the page that began the login: brings the token with every form, puts what the service
// answers in the form's place, and tells the page around it how far it is. Only that page can frame this one, and only its exact origin is
// told. Nothing is loaded anew, so that no form is sent twice, and what was entered outlives a network that is lost.
(() => {
  "use strict";
  // A window of its own is nobody's frame: the service refuses it by Sec-Fetch-Dest, and this does for browsers without it.
  if (parent === window) return;
  const { origin, path, failed, again } = document.currentScript.dataset;
  const token = window.name;
  // Whoever comes into this frame after us finds nothing.
  window.name = "";
  let asking = false;

  const ask = async (address, body) => {
    // A second press, while the first is answered.
    if (asking) return;
    asking = true;
    main().setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { method: "POST", headers: { "Weixin-Login-Binding": token }, body });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const told = page.getElementById("told");
      const message = JSON.parse(told.dataset.message);
      told.remove();
      main().replaceWith(page.querySelector("main"));
      document.title = page.title;
      parent.postMessage(message, origin);
      // Taken from nobody: the page around this one gives it.
      if (document.hasFocus()) focus();
    } catch {
      // Not reached, or not understood: what was entered stays.
      say();
    }
    main().removeAttribute("aria-busy");
    asking = false;
  };

  const main = () => document.querySelector("main");
  const focus = () => (main().querySelector("[autofocus]") ?? main().querySelector("button"))?.focus();

  const say = () => {
    const wrong = document.getElementById("wrong") ?? document.createElement("p");
    wrong.id = wrong.className = "wrong";
    wrong.setAttribute("role", "alert");
    wrong.textContent = failed;
    if (main().querySelector("form")) return main().querySelector("form").before(wrong);
    const button = document.createElement("button");
    button.className = "button wide";
    button.textContent = again;
    button.addEventListener("click", show);
    main().replaceChildren(wrong, button);
  };

  const show = () => ask(`${path}/frame`);
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(event.target));
    // Not by FormData's second parameter, which is younger than some browsers here.
    if (event.submitter?.name) fields.set(event.submitter.name, event.submitter.value);
    ask(event.target.action, fields);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("a")) return;
    event.preventDefault();
    ask(`${path}/frame?change`);
  });
  addEventListener("focus", focus, { once: true });
  show();
})();
