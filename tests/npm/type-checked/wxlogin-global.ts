// What the classic script in Tencent's style leaves behind. Each `@ts-expect-error` is a mistake that the types must catch.

import "weixin-login/wxlogin.global";

const obj = new WxLogin({ id: "login_container", appid: "wxbdc5610cc59c1631", redirect_uri: "https://shop.example.com/" });
obj.destroy();
new window.WxLogin({ id: "login_container", appid: "wxbdc5610cc59c1631", redirect_uri: "/", onReady: (isReady) => isReady });
// @ts-expect-error the appid is needed
new WxLogin({ id: "login_container", redirect_uri: "https://shop.example.com/" });
