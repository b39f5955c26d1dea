document.querySelector("main").append(
  Object.assign(document.createElement("weixin-login"), {
    service: "/weixin",
    clientId: "shop",
    result: "code",
    codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    nonce: "n-0S6_WzA2Mj",
    state: "a7",
  }),
);
