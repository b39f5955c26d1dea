// The help page of a phone outside WeChat: copies the link. Without this script the field is there to copy from.
(() => {
  "use strict";
  const button = document.querySelector("button[data-copied]");
  const link = document.querySelector("input.link");
  link.addEventListener("focus", () => link.select());
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(link.value);
    button.textContent = button.dataset.copied;
  });
})();
