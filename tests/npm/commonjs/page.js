const { defineElement, login } = require("weixin-login");

defineElement();
document.querySelector("#sign-in").addEventListener("click", async () => {
  const { nickname } = await login({ service: "/weixin", clientId: "shop" });
  document.querySelector("#person").textContent = nickname;
});
