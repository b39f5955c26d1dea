// What WeChat's own page does: it draws, polls, tells its parent two words, and goes away with the code.
(function () {
  "use strict";
  var context = JSON.parse(document.getElementById("context").textContent);
  var uuid = context.uuid;
  var framed = window.parent !== window;
  var image = document.querySelector(".qrcode");
  var gone = false;
  var paused = null;

  function show(id, visible) {
    document.getElementById(id).hidden = !visible;
  }

  function tellParent(status) {
    if (framed) window.parent.postMessage(JSON.stringify({ type: "status", status: status }), "*");
  }

  function go(address) {
    gone = true;
    // "default" means the top page for every site outside qq.com, and there is no other site here.
    if (framed && context.self_redirect === "true") window.location.href = address;
    else window.top.location.href = address;
  }

  function answered(code) {
    var address = context.redirect_uri;
    var query = (code ? "code=" + code + "&" : "") + "state=" + context.state;
    go(address + (address.indexOf("?") > -1 ? "&" : "?") + query);
  }

  function tip(id) {
    ["wx_default_tip", "wx_after_scan", "wx_after_cancel"].forEach(function (one) { show(one, one === id); });
  }

  // As a script, so that no CORS is needed between the two hosts.
  function poll(last) {
    if (gone) return;
    var polled = uuid;
    var script = document.createElement("script");
    script.src = context.long_poll + "/connect/l/qrconnect?uuid=" + polled + (last ? "&last=" + last : "") + "&_=" + Date.now();
    script.onerror = function () { next(5000, last); };
    script.onload = function () {
      var status = window.wx_errcode;
      var code = window.wx_code;
      if (polled !== uuid || gone) { script.remove(); return; }
      if (status === 405) { script.remove(); answered(code); }
      else if (status === 404) { tip("wx_after_scan"); showScan(); next(0, 404); }
      else if (status === 403) { tip("wx_after_cancel"); next(2000, 403); }
      else if (status === 402) { script.remove(); expire(); }
      else if (status === 500) window.location.reload();
      // Nobody looks at the QR code while the card stands before it: the poll goes on when it is shown again.
      else if (status === 408 && !document.getElementById("by-fast-login").hidden) { script.remove(); paused = { last: last }; }
      else if (status === 408) next(2000, last);
      else next(5000, last);
    };
    function next(delay, status) {
      script.remove();
      setTimeout(function () { if (polled === uuid) poll(status); }, delay);
    }
    window.wx_errcode = undefined;
    document.body.appendChild(script);
  }

  // A page that is kept for going back would hold on to one of the browser's six connections. Shown again, it asks again.
  window.addEventListener("pagehide", function () { window.stop(); });

  function expire() {
    show("expired", true);
  }

  function renew() {
    var address = new URL(window.location.href);
    address.searchParams.set("f", "xml");
    fetch(address).then(function (response) { return response.text(); }).then(function (text) {
      uuid = /<uuid><!\[CDATA\[(.*?)\]\]><\/uuid>/.exec(text)[1];
      image.src = context.path + "/connect/qrcode/" + uuid;
      show("expired", false);
      tip("wx_default_tip");
      poll();
    }).catch(function () { show("expired", true); });
  }
  document.getElementById("refresh").addEventListener("click", renew);

  // The page's own fast login: it stands on WeChat's origin, which the desktop client always answers.
  var offered = null;
  var desktop = null;

  function ask(at, path, apiname, jsdata) {
    return fetch(at + path, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ apiname: apiname, jsdata: jsdata }),
    }).then(function (response) { return response.text(); }).then(function (text) {
      var answer = JSON.parse(text);
      if (typeof answer === "string") answer = JSON.parse(answer);
      if (typeof answer.jsdata === "string") answer.jsdata = JSON.parse(answer.jsdata);
      if (answer.errcode !== 0) throw Object.assign(new Error("errcode"), { errcode: answer.errcode });
      return answer.jsdata;
    });
  }

  function asked() {
    return { appid: context.appid, scope: context.scope, redirect_uri: context.redirect_uri, state: context.state };
  }

  function probe() {
    // On all ports at once: the first that answers is WeChat's.
    return Promise.any(context.desktops.map(function (at) {
      return ask(at, "/api/check-login", "qrconnectchecklogin", asked()).then(function (person) {
        if (!person.authorize_uuid) throw new Error("no authorize_uuid");
        return { at: at, person: person };
      });
    })).then(function (first) {
      var person = first.person;
      offered = person;
      desktop = first.at;
      document.getElementById("nickname").textContent = person.nickname;
      var avatar = document.getElementById("avatar");
      if (person.headimgurl) avatar.src = person.headimgurl;
    });
  }

  function showScan() {
    show("by-fast-login", false);
    show("by-scan", true);
    show("use-fast", offered !== null);
    if (paused) {
      var held = paused;
      paused = null;
      poll(held.last);
    }
  }

  function showFast() {
    show("by-scan", false);
    show("by-fast-login", true);
  }

  function authorize() {
    var button = document.getElementById("fast-login");
    button.disabled = true;
    show("confirming", true);
    var corner = {
      x: window.screenX + (window.outerWidth - 360) / 2,
      y: window.screenY + (window.outerHeight - 263) / 2,
    };
    var jsdata = Object.assign({ data: JSON.stringify(corner) }, asked(), { authorize_uuid: offered.authorize_uuid });
    ask(desktop, "/api/authorize", "qrconnectfastauthorize", jsdata).then(function (answer) {
      var target = new URL(answer.redirect_url);
      if (target.origin !== new URL(context.redirect_uri).origin) throw new Error("another origin");
      go(target.href);
    }).catch(function (error) {
      button.disabled = false;
      show("confirming", false);
      // The uuid ran out while the person looked at the card: a new one, and the same press again.
      if (error.errcode === 10046 && !authorize.again) {
        authorize.again = true;
        return probe().then(authorize, giveUp);
      }
      giveUp();
    });
  }

  function giveUp() {
    offered = null;
    show("fast-failed", true);
    showScan();
  }

  document.getElementById("fast-login").addEventListener("click", function () { authorize.again = false; authorize(); });
  document.getElementById("use-scan").addEventListener("click", showScan);
  document.getElementById("use-fast").addEventListener("click", showFast);

  tellParent("wxReady");
  if (image.complete && image.naturalWidth) tellParent("wxQRcodeReady");
  else image.addEventListener("load", function () { tellParent("wxQRcodeReady"); }, { once: true });
  // A script asked for before the load event would hold that back for as long as the poll is held.
  if (document.readyState === "complete") poll();
  else window.addEventListener("load", function () { setTimeout(poll, 0); });
  if (context.fast_login) probe().then(showFast, function () { /* No desktop, no offer: the code is there already. */ });
})();
