// Shows the phases that the address asks for.

import start, { Exhibit, address } from "./glue.js";

const PHASES = [
  "loading", "card", "card-unnamed", "card-hostile", "confirming", "confirming-asking", "finishing", "qr", "qr-ask", "qr-asking", "qr-offer",
  "qr-refused", "qr-hostile", "qr-silent", "scene", "scene-scanned", "page", "inside-weixin", "phone", "expired", "denied", "success", "error-offline",
  "phone-copied", "error-setup", "error-busy", "error-unsupported",
];

const asked = new URLSearchParams(location.search);
const lang = asked.get("lang") ?? "zh-CN";
const theme = asked.get("theme") ?? "light";
const phases = asked.get("phase")?.split(",") ?? PHASES;

await start({ module_or_path: address() });
document.documentElement.lang = lang;
document.body.classList.toggle("dark", theme === "dark");
// Dropped exhibits would leave the page.
globalThis.exhibits = phases.map((phase) => {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = phase;
  const root = document.createElement("div");
  figure.append(caption, root);
  document.querySelector("main").append(figure);
  const frame = new URL(`weixin.html?theme=${theme}`, location.href).href;
  return new Exhibit(root.attachShadow({ mode: "open" }), phase, lang, theme, frame);
});
document.title = "ready";
