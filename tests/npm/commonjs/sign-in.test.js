const { LoginError, WeixinLoginElement, defineElement, login } = require("weixin-login");
const { WxLogin } = require("weixin-login/wxlogin");

test("is there, and harmless where there is no window", async () => {
  defineElement();
  expect(typeof WeixinLoginElement).toBe("function");
  expect(typeof WxLogin).toBe("function");
  await expect(login({ clientId: "shop" })).rejects.toBeInstanceOf(LoginError);
});
