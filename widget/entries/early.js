// The way to WeChat, before the frame with the QR code is there: while the wasm starts and the service is asked, a frame that nobody
// sees opens the connection that the other one then finds. <link rel=preconnect> does not do it: Chromium keeps the connections of
// another site's frames apart from those of the page.

/** What every host has, or says in few words that it has not. */
const SMALL = "/robots.txt";

/** Milliseconds that the page's own answer took. Where it was there sooner, there is no way that is worth the work of a frame. */
const FAR = 40;

/**
 * Where an element of the page will show WeChat's frame at once.
 *
 * @param {string} script where this script came from: its answer tells where WeChat is, as a Server-Timing
 */
export function openWay(script) {
  const { document, navigator, performance } = globalThis;
  // Nothing begins in a page that nobody sees: one of thirty that a browser restores, or one that it makes ready in advance.
  if (!document || document.hidden) return;
  if (!document.querySelector("weixin-login:not([no-frame], [display=button], [attempt])")) return;
  // A phone cannot scan itself.
  if (/Mobile|Android|MicroMessenger/.test(navigator.userAgent)) return;
  const [page] = performance.getEntriesByType("navigation");
  if (!(page?.responseStart - page?.requestStart > FAR)) return;
  const [answer] = performance.getEntriesByName(script);
  const weixin = answer?.serverTiming?.find(({ name }) => name === "weixin")?.description;
  if (!weixin) return;
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "");
  frame.hidden = true;
  frame.onload = () => frame.remove();
  frame.src = weixin + SMALL;
  // A frame holds back the page's own load event for as long as its host is slow.
  const open = () => document.documentElement.append(frame);
  if (document.readyState === "complete") open();
  else addEventListener("load", open, { once: true });
}
