// The demo shop: three languages, who is signed in, and a list of what the login element says.
//
// Who is signed in is asked of the login service (GET /weixin/session); the element's event only says that it is time to ask.

import { languages, teas, text } from "./text.js";

const all = (selector) => document.querySelectorAll(selector);

// Languages

let language = storedLanguage() ?? languageOf(navigator.language.toLowerCase());

function storedLanguage() {
  const wanted = new URLSearchParams(location.search).get("lang") ?? kept((storage) => storage.getItem("language"));
  return languages.find((known) => known === wanted);
}

/** A browser's word for Chinese: written in full in these places, or where it says so. */
function languageOf(tag) {
  if (!tag.startsWith("zh")) return "en";
  return /-(tw|hk|mo|hant)\b/.test(tag) ? "zh-TW" : "zh-CN";
}

/** A browser may be told to keep nothing, and throws then: the language is the page's alone. */
function kept(use) {
  try {
    return use(localStorage);
  } catch {
    return null;
  }
}

function say(key) {
  return text[language][key];
}

function showLanguage() {
  document.documentElement.lang = language;
  for (const element of all("[data-text]")) element.textContent = say(element.dataset.text);
  for (const element of all("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  for (const element of all("[data-language]")) {
    element.setAttribute("aria-pressed", String(element.dataset.language === language));
  }
  for (const element of all("weixin-login")) element.setAttribute("lang", language);
  showTeas();
  showSession();
}

for (const button of all("[data-language]")) {
  button.addEventListener("click", () => {
    language = button.dataset.language;
    kept((storage) => storage.setItem("language", language));
    showLanguage();
  });
}

// Teas and orders

function showTeas() {
  document.querySelector("#teas")?.replaceChildren(
    ...teas.map((tea) => {
      const [name, taste] = tea[language];
      const picture = made("img", { src: `images/${tea.picture}.svg`, alt: "", width: 240, height: 200 });
      return made("li", {}, picture, made("h3", {}, name), made("p", {}, taste), made("p", { className: "price" }, `¥ ${tea.price}`));
    }),
  );
}

/** An order has a tea's name in two languages; of a tea that is on the shelf the third one is known too. */
function nameOf(ordered) {
  const tea = teas.find((tea) => tea["zh-CN"][0] === ordered.zh);
  return tea?.[language][0] ?? ordered[language === "en" ? "en" : "zh"];
}

async function showOrders() {
  const list = document.querySelector("#orders");
  if (!list) return;
  const answer = await fetch("/api/orders").catch(() => null);
  if (!answer?.ok) {
    list.replaceChildren(made("li", {}, say("noOrders")));
    return;
  }
  const { orders } = await answer.json();
  list.replaceChildren(
    ...orders.map((order) =>
      made(
        "li",
        {},
        made("span", { className: "number" }, order.number),
        made("span", {}, nameOf(order.tea)),
        made("span", { className: "amount" }, `${order.grams} ${say("grams")}`),
      ),
    ),
  );
}

// Who is signed in: a person, null for nobody, undefined while that is not known

let person;
let serviceIsAway = false;

async function askSession() {
  const answer = await fetch("/weixin/session", { headers: { accept: "application/json" } }).catch(() => null);
  serviceIsAway = answer === null || (answer.status !== 200 && answer.status !== 401);
  person = answer?.status === 200 ? await answer.json() : null;
  showSession();
}

function showSession() {
  const state = person ? "in" : "out";
  for (const element of all("[data-signed]")) {
    element.hidden = element.dataset.signed === "unknown" ? !serviceIsAway : element.dataset.signed !== state;
  }
  if (!person) return;
  for (const element of all("[data-session=nickname]")) element.textContent = person.nickname || say("noNickname");
  for (const element of all("[data-session=picture]")) {
    element.onerror = () => element.setAttribute("src", "images/person.svg");
    if (person.picture) element.src = person.picture;
  }
  showOrders();
}

for (const button of all("[data-action=sign-out]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    const answer = await fetch("/weixin/session", { method: "DELETE" }).catch(() => null);
    button.disabled = false;
    if (!answer?.ok) list({ name: "DELETE /weixin/session", said: say("signOutFailed") });
    await askSession();
  });
}

// What the element says

const LISTED = 50;

function list({ name, said }) {
  const events = document.querySelector("#events");
  const now = new Date();
  const time = made("time", { dateTime: now.toISOString() }, now.toLocaleTimeString(language, { hour12: false }));
  events.prepend(made("li", {}, time, made("code", {}, name), made("span", { className: "said" }, said)));
  while (events.children.length > LISTED) events.lastElementChild.remove();
  document.querySelector("#no-events").hidden = true;
}

addEventListener("weixin-login-phase", (event) => list({ name: event.type, said: event.detail.phase }));
addEventListener("weixin-login-error", (event) => {
  const { code, message } = event.detail;
  list({ name: event.type, said: `${code}: ${message}` });
});
addEventListener("weixin-login-success", async (event) => {
  list({ name: event.type, said: JSON.stringify(event.detail) });
  await askSession();
});

function made(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

showLanguage();
askSession();
// A page that comes back from the browser's memory shows who was signed in then.
addEventListener("pageshow", (event) => event.persisted && askSession());
