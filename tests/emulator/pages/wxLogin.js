// An emulator's own text in the place of Tencent's wxLogin.js: the same options, the same frame. This is not WeChat.
(function (window, document) {
  "use strict";
  var OPEN_URL = "https://open.weixin.qq.com";
  var ORIGIN = new URL(OPEN_URL).origin;

  // Values stand in the address as the site gives them: redirect_uri and href come encoded.
  function WxLogin(options) {
    var redirect = options.self_redirect === true ? "true" : options.self_redirect === false ? "false" : "default";
    var parts = [
      "appid=" + options.appid,
      "scope=" + options.scope,
      "redirect_uri=" + options.redirect_uri,
      "state=" + (options.state === undefined ? "" : options.state),
      "login_type=jssdk",
      "self_redirect=" + redirect,
      "styletype=" + (options.styletype || ""),
      "sizetype=" + (options.sizetype || ""),
      "bgcolor=" + (options.bgcolor || ""),
      "rst=" + (options.rst || ""),
    ];
    if (options.style) parts.push("style=" + options.style);
    if (options.href) parts.push("href=" + options.href);
    if (options.lang === "en") parts.push("lang=en");
    if (options.stylelite) parts.push("stylelite=1");
    if (options.fast_login === 0 || options.fast_login === false) parts.push("fast_login=0");
    if (options.color_scheme) parts.push("color_scheme=" + options.color_scheme);

    var frame = document.createElement("iframe");
    frame.src = OPEN_URL + "/connect/qrconnect?" + parts.join("&");
    frame.setAttribute("frameborder", "0");
    frame.setAttribute("allowtransparency", "true");
    frame.setAttribute("scrolling", "no");
    frame.setAttribute("allow", "local-network-access; loopback-network; local-network");
    if (redirect !== "true") frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-top-navigation");
    frame.width = "300px";
    frame.height = "400px";

    window.addEventListener("message", function (event) {
      if (event.origin !== ORIGIN || event.source !== frame.contentWindow) return;
      var told;
      try { told = JSON.parse(event.data); } catch (error) { return; }
      if (!told || told.type !== "status") return;
      if (told.status === "wxReady" && typeof options.onReady === "function") options.onReady(true);
      if (told.status === "wxQRcodeReady" && typeof options.onQRcodeReady === "function") options.onQRcodeReady();
    });
    var place = document.getElementById(options.id);
    place.innerHTML = "";
    place.appendChild(frame);
  }

  window.WxLogin = WxLogin;
})(window, document);
