const person = document.querySelector("#person");

addEventListener("weixin-login-success", ({ detail }) => {
  person.textContent = detail.nickname;
});

document.querySelector("#sign-in").addEventListener("click", () => {
  weixinLogin.login({ service: "/weixin", clientId: "shop" }).catch(({ code }) => {
    person.textContent = code;
  });
});
