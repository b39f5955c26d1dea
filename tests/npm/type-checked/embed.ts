// What the classic script leaves behind. Each `@ts-expect-error` is a mistake that the types must catch.

import "weixin-login/embed";

weixinLogin.login({ service: "/weixin", clientId: "shop" }).then((result) => result.result);
try {
} catch (error) {
  if (error instanceof window.weixinLogin.LoginError) error.code satisfies string;
}
// @ts-expect-error only login and LoginError are there
weixinLogin.defineElement();
