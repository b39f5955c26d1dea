// Shows the phases that the address asks for. The list of them is the widget's own.

import start, { Exhibit, address } from "./glue.js";

const asked = new URLSearchParams(location.search);
const lang = asked.get("lang") ?? "zh-CN";
const theme = asked.get("theme") ?? "light";

await start({ module_or_path: address() });
const names = Exhibit.names();
const phases = asked.get("phase")?.split(",") ?? names;
document.documentElement.lang = lang;
document.documentElement.dir = asked.get("dir") ?? "ltr";
document.body.classList.toggle("dark", theme === "dark");
// A page whose own style would spoil the panel, if it came in.
document.body.classList.toggle("hostile", asked.has("hostile"));
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
globalThis.names = names;
document.title = "ready";
