import { defineElement } from "./weixin-login/slim.js";

defineElement();
document.querySelector("weixin-login").addEventListener("weixin-login-success", ({ detail }) => {
  document.querySelector("#person").textContent = detail.nickname;
});
