// The element, its events and login(), as a page without a framework writes them. Each `@ts-expect-error` is a mistake that the
// types must catch.

import { defineElement, login, LoginError } from "weixin-login";
import type { CloseReason, Fresh, LoginErrorCode, LoginResult, Phase, WeixinLoginElement } from "weixin-login/slim";

defineElement();

const element: WeixinLoginElement = document.createElement("weixin-login");
const found: WeixinLoginElement | null = document.querySelector("weixin-login");
found?.open().then(() => {});

element.addEventListener("weixin-login-phase", (event) => {
  const phase: Phase = event.detail.phase;
  // @ts-expect-error no such phase
  if (phase === "almost") return;
});
element.addEventListener("weixin-login-success", ({ detail }) => {
  if (detail.result === "session") {
    const nickname: string = detail.nickname;
    const picture: string | undefined = detail.picture;
    // @ts-expect-error a session carries no code
    return [nickname, picture, detail.code];
  }
  const code: string = detail.code;
  const iss: string = detail.iss;
  return [code, iss, detail.state];
});
element.addEventListener("weixin-login-error", ({ detail }) => {
  const code: LoginErrorCode = detail.code;
  const message: string = detail.message;
  const ours = detail.code === "wrong_address" || detail.code === "callback_intercepted" || detail.code === "crashed";
  return [code, message, detail.cause, ours];
});
element.addEventListener("weixin-login-close", ({ detail }) => {
  const reason: CloseReason = detail.reason;
  // @ts-expect-error no such reason
  return reason === "bored";
});
declare function fresh(): Promise<Fresh>;
element.addEventListener("weixin-login-renew", (event) => event.respondWith(fresh()));
element.addEventListener("weixin-login-renew", (event) => {
  event.respondWith({ codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", state: "b1" });
  // @ts-expect-error an attempt needs its challenge
  event.respondWith({ nonce: "n", state: "b1" });
});
// Attributes are properties.
element.service = "/weixin";
element.clientId = "shop";
element.result = "code";
element.nonce = "n-0S6_WzA2Mj";
element.state = null;
element.page = "/login";
element.noFrame = true;
element.noFastLogin = undefined;
const challenge: string = element.codeChallenge;
// @ts-expect-error no such display
element.display = "popup";
// @ts-expect-error off is false, or the attribute taken away
element.noFrame = "false";
// Bubbled to the page.
addEventListener("weixin-login-success", ({ detail }) => detail.result);
document.addEventListener("weixin-login-error", ({ detail }) => detail.code);
// The element has all other events too.
element.addEventListener("click", (event) => event.clientX);

async function button(): Promise<LoginResult | undefined> {
  try {
    const page = "/weixin/login?return_to=%2F";
    return await login({ service: "/weixin", clientId: "shop", lang: "en", theme: "dark", noFastLogin: true, page });
  } catch (error) {
    if (error instanceof LoginError && error.code === "cancelled") return undefined;
    throw error;
  }
}
button();

// What comes follows what was asked for.
login({ clientId: "shop", result: "session" }).then(({ nickname }) => nickname.length);
login({ clientId: "shop", result: "code", codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" }).then(({ code }) => code.length);
login({ clientId: "shop", result: "code", codeChallenge: challenge, nonce: "n", state: "a1", renew: fresh });
// @ts-expect-error renewing gives what the next attempt begins with
login({ clientId: "shop", result: "code", codeChallenge: challenge, renew: async () => "a challenge" });
// @ts-expect-error a session carries no code
login({ clientId: "shop", result: "session" }).then(({ code }) => code);

// @ts-expect-error the client is needed
login({ service: "/weixin" });
// @ts-expect-error no such result
login({ clientId: "shop", result: "token" });
// @ts-expect-error no such option
login({ clientId: "shop", no_frame: true });
