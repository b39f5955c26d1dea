// Tells the service what a sample of people see of the widget, phase by phase: an operator finds out where they stop. A word goes along,
// and nothing of anybody. `data-share` is the share of page loads that tell, 0.1 where a page does not say.
(() => {
  "use strict";
  const { src, dataset } = document.currentScript;
  if (Math.random() >= (dataset.share ?? 0.1)) return;
  const phases = new URL("../phases", src);
  addEventListener("weixin-login-phase", ({ detail }) => navigator.sendBeacon(phases, detail.phase));
})();
