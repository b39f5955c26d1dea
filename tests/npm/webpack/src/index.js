import { LoginError, login } from "weixin-login/slim";

document.querySelector("#sign-in").addEventListener("click", async () => {
  const person = document.querySelector("#person");
  try {
    const { nickname } = await login({ service: "/weixin", clientId: "shop" });
    person.textContent = nickname;
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
    person.textContent = error.code;
  }
});
