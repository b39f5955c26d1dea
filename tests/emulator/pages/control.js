// The control page: shows the emulator's state as it changes and sends what the person presses. It keeps nothing itself.
(function () {
  "use strict";

  // Of a namespace, or of a proxy before the emulator; usually nothing.
  const PATH = document.body.dataset.path;

  const TEXTS = {
    zh: {
      title: "微信模拟器", subtitle: "在这台电脑上扮演微信：手机、电脑客户端和接口。这不是微信。", openSite: "打开演示网站 ↗", other: "English", theme: "深色 / 浅色",
      weixin: "微信", phone: "手机", desktop: "电脑上的微信", phonePerson: "手机的主人", desktopPort: "监听的端口", strictOrder: "参数顺序不符即拒绝（oauth2/authorize）", strictState: "没有 state 即拒绝（10013）", strictLength: "state 超过 128 字节即拒绝", desktopPerson: "电脑上登录的人",
      snapshot: "对未经点击的页面给出快照页（虚拟账号）", scan: "扫一扫", allow: "允许", cancel: "取消", refuse: "拒绝", deny: "拒绝，并告知网站（无 code 的回调）",
      ask: "申请获取并使用你的昵称、头像", nothing: "还没有二维码。打开网站的登录页，二维码就会出现在这里。", cancelledNow: "已取消，可再次扫描",
      secondsLeft: (s) => `${s} 秒后失效`, dialogTitle: (app) => `“${app}” 申请使用你的微信登录`, noDialog: "等待网站请求快捷登录",
      cors: "可以读取回答的网页", corsAll: "所有网站", corsWeixin: "仅 weixin.qq.com", modes: "电脑客户端的行为",
      faults: "故障", call: "接口", goesWrong: "出什么错", howOften: "次数", set: "设置", clearFaults: "全部清除", once: "下一次", thrice: "接下来 3 次", always: "直到清除",
      clock: "时钟", clockAbout: "把模拟器的时间往前拨：二维码、code、令牌和长轮询都听它的。", revoke: "收回全部令牌（如同改了密码）",
      people: "人", addPerson: "添加或修改一个人", personId: "标识", nickname: "昵称", hasUnionid: "有 unionid", hasAvatar: "有头像", save: "保存", usePhone: "拿手机", useDesktop: "登录电脑",
      presetMarkup: "昵称是标签", presetEmoji: "4 kB 表情", presetRtl: "反向文字", apps: "应用", addApp: "添加或修改一个应用", appName: "名称", domains: "回调域名（逗号分隔）", kind: "种类",
      website: "网站应用", serviceAccount: "服务号", miniProgram: "小程序", kinds: { website: "网站应用", service_account: "服务号", mini_program: "小程序" }, appUnionid: "绑定开放平台（有 unionid）", scanOnly: "仅支持扫码（10057）", requests: "收到的请求", addresses: "地址",
      waiting: "等待中", gone: "已断开", lost: "与模拟器的连接断开了",
      delay: "延迟（毫秒）", hang: "不回答，直到清除", status: "HTTP 状态码", cut: "切断连接", lose_answer: "执行后切断（回答丢失）", html: "一页 HTML", huge: "10 MB", error_page: "错误页（10003–10016）", errcode: "errcode",
      times: [["+25 秒", 25], ["+2 分钟", 120], ["+5 分钟", 300], ["+10 分钟", 600], ["+2 小时", 7200], ["+30 天", 2592000]],
      mode: {
        normal: ["正常", "已登录；网站请求时弹出对话框。"], absent: ["未运行", "端口拒绝连接：这台电脑上没有微信。"], logged_out: ["未登录", "微信开着，但没人登录：非零 errcode。"], locked: ["已锁定", "已登录但锁定：非零 errcode。"],
        refusing: ["直接拒绝", "authorize 不询问就回答 10050。"], scan_only: ["仅扫码", "check-login 回答 10057。"], uuid_expired_once: ["uuid 过期一次", "下一次 authorize 回答 10046，然后恢复正常。"], uuid_expired: ["uuid 总是过期", "每次 authorize 都回答 10046。"],
        other_service: ["别的服务", "−11028：端口上是另一个程序。"], slow: ["慢", "每次回答都晚 3 秒。"], silent: ["沉默", "接受请求但不回答，直到换别的模式。"], garbage: ["乱码", "回答不是 JSON。"], huge: ["10 MB", "回答有十兆字节。"],
        lying_redirect: ["指向别处", "redirect_url 指向另一个网站。"], wrong_state: ["state 不对", "redirect_url 带着另一个 state。"], double_wrapped: ["JSON 套两层", "JSON 字符串里装着 JSON。"], jsdata_string: ["jsdata 是字符串", "jsdata 是装着 JSON 的字符串。"], text_plain: ["text/plain", "内容正确，类型是 text/plain。"],
      },
    },
    en: {
      title: "WeChat emulator", subtitle: "Plays WeChat on this machine: the phone, the desktop client and the API. This is not WeChat.", openSite: "Open the demo site ↗", other: "中文", theme: "Dark / light",
      weixin: "WeChat", phone: "Phone", desktop: "WeChat on the desktop", phonePerson: "Who holds the phone", desktopPort: "Listens on", strictOrder: "Refuse another order of parameters (oauth2/authorize)", strictState: "Refuse a missing state (10013)", strictLength: "Refuse a state of more than 128 bytes", desktopPerson: "Who is logged in",
      snapshot: "Snapshot pages (a virtual person) for sites that ask untapped", scan: "Scan", allow: "Allow", cancel: "Cancel", refuse: "Refuse", deny: "Refuse, and tell the site (callback without code)",
      ask: "Asks to use your nickname and avatar", nothing: "No QR code yet. Open the site's login page and its code shows up here.", cancelledNow: "Cancelled; scan again",
      secondsLeft: (s) => `expires in ${s} s`, dialogTitle: (app) => `“${app}” asks to log in with your WeChat`, noDialog: "Waiting for a site to ask for fast login",
      cors: "Pages that may read the answers", corsAll: "Every site", corsWeixin: "weixin.qq.com only", modes: "How the desktop client behaves",
      faults: "Faults", call: "Call", goesWrong: "What goes wrong", howOften: "How often", set: "Set", clearFaults: "Clear all", once: "Next time", thrice: "Next 3 times", always: "Until cleared",
      clock: "Clock", clockAbout: "Moves the emulator's time ahead: QR codes, codes, tokens and held polls obey it.", revoke: "Revoke all tokens (as a changed password does)",
      people: "People", addPerson: "Add or change a person", personId: "Id", nickname: "Nickname", hasUnionid: "Has a unionid", hasAvatar: "Has an avatar", save: "Save", usePhone: "Give the phone", useDesktop: "Log in here",
      presetMarkup: "Markup as nickname", presetEmoji: "4 kB of emoji", presetRtl: "Right-to-left", apps: "Apps", addApp: "Add or change an app", appName: "Name", domains: "Callback domains (commas)", kind: "Kind",
      website: "Website app", serviceAccount: "Service account", miniProgram: "Mini program", kinds: { website: "Website app", service_account: "Service account", mini_program: "Mini program" }, appUnionid: "Bound to the open platform (unionid)", scanOnly: "Scan only (10057)", requests: "Requests", addresses: "Addresses",
      waiting: "waiting", gone: "gone", lost: "The connection to the emulator is lost",
      delay: "Delay (ms)", hang: "No answer until cleared", status: "HTTP status", cut: "Connection cut", lose_answer: "Done, then cut (answer lost)", html: "A page of HTML", huge: "10 MB", error_page: "error page (10003–10016)", errcode: "errcode",
      times: [["+25 s", 25], ["+2 min", 120], ["+5 min", 300], ["+10 min", 600], ["+2 h", 7200], ["+30 days", 2592000]],
      mode: {
        normal: ["Normal", "Logged in; opens its dialog when a site asks."], absent: ["Absent", "The port refuses connections: no WeChat on this computer."], logged_out: ["Logged out", "WeChat runs, nobody is logged in: a non-zero errcode."], locked: ["Locked", "Logged in but locked: a non-zero errcode."],
        refusing: ["Refusing", "authorize answers 10050 without asking."], scan_only: ["Scan only", "check-login answers 10057."], uuid_expired_once: ["uuid expired once", "The next authorize answers 10046, then all is normal."], uuid_expired: ["uuid always expired", "Every authorize answers 10046."],
        other_service: ["Another service", "−11028: another program listens on the port."], slow: ["Slow", "Every answer comes 3 seconds late."], silent: ["Silent", "Takes the call and says nothing until the mode changes."], garbage: ["Garbage", "The answer is not JSON."], huge: ["10 MB", "The answer is ten megabytes long."],
        lying_redirect: ["Lying redirect", "redirect_url leads to another site."], wrong_state: ["Wrong state", "redirect_url carries another state."], double_wrapped: ["Wrapped twice", "A JSON string that holds the JSON."], jsdata_string: ["jsdata as string", "jsdata is a string that holds the JSON."], text_plain: ["text/plain", "The right answer under another type."],
      },
    },
  };
  const FAULTS = { delay: ["millis", 2000], hang: null, status: ["status", 502], cut: null, lose_answer: null, html: null, huge: null, error_page: ["number", 10004], errcode: ["errcode", -1] };
  const PRESETS = {
    markup: ["markup", "<img src=x onerror=alert(1)><b>&amp;</b>"],
    emoji: ["emoji", "😀".repeat(1024)],
    rtl: ["rtl", "\u202Eمرحبا evil\u202C\u0000\n\u001b[31m红"],
  };

  const $ = (id) => document.getElementById(id);
  let language = localStorage.getItem("language") || (navigator.language.startsWith("zh") ? "zh" : "en");
  let text = TEXTS[language];
  let state = null;

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  async function send(path, body, method = "POST") {
    const response = await fetch(PATH + "/control/" + path, {
      method, headers: body === undefined ? {} : { "Content-Type": "application/json" }, body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) say((await response.json().catch(() => ({}))).error || String(response.status));
    return response.ok;
  }

  let silence;
  function say(word) {
    $("word").textContent = word;
    $("word").hidden = false;
    clearTimeout(silence);
    silence = setTimeout(() => { $("word").hidden = true; }, 5000);
  }

  // A part of the page is drawn again only when what it shows has changed: an open menu stays open, focus stays.
  const drawn = new Map();
  function part(name, data, draw) {
    const key = JSON.stringify([language, data]);
    if (drawn.get(name) === key) return;
    drawn.set(name, key);
    draw(data);
  }

  function options(select, entries, chosen) {
    select.replaceChildren(...entries.map(([value, label]) => make("option", { value, textContent: label, selected: value === chosen })));
  }

  function render() {
    if (!state) return;
    const site = $("site");
    site.hidden = !state.urls.site;
    if (state.urls.site) site.href = state.urls.site;

    part("phone", { tickets: state.phone.tickets.map(({ expires_in, ...ticket }) => ticket), person: state.phone.person, messages: state.phone.messages }, drawPhone);
    const names = state.people.map((person) => [person.id, shorten(person.nickname)]);
    part("phone-person", [names, state.phone.person.id], () => options($("phone-person"), names, state.phone.person.id));
    part("desktop-person", [names, state.desktop.person.id], () => options($("desktop-person"), names, state.desktop.person.id));
    $("snapshot").checked = state.phone.snapshot;
    $("strict-order").checked = state.strict.parameter_order;
    $("strict-state").checked = state.strict.state;
    $("strict-length").checked = state.strict.state_length;
    const ports = state.urls.desktops.map((url, place) => [String(place), url]);
    $("desktop-port-label").hidden = ports.length < 2;
    part("desktop-port", [ports, state.desktop.port], () => options($("desktop-port"), ports, String(state.desktop.port)));

    part("desktop", [state.desktop.mode, state.desktop.person], drawDesktop);
    part("dialog", state.desktop.dialog, drawDialog);
    for (const input of document.querySelectorAll("#cors input")) input.checked = input.value === state.desktop.cors;
    part("modes", state.modes, drawModes);
    for (const input of document.querySelectorAll("#modes input")) input.checked = input.value === state.desktop.mode;
    $("mode-about").textContent = text.mode[state.desktop.mode][1];

    part("fault-call", state.calls, () => options($("fault-call"), state.calls.map((call) => [call, call]), "access_token"));
    part("faults", state.faults, drawFaults);
    part("people", [state.people], drawPeople);
    part("apps", state.apps, drawApps);
    part("requests", state.requests, drawRequests);
    part("addresses", state.urls, (urls) => $("addresses").replaceChildren(...Object.entries(urls)
      .filter(([name, url]) => url && name !== "desktops")
      .flatMap(([name, url]) => [make("dt", { textContent: name }), make("dd", {}, make("code", { textContent: url }))])));
    count();
  }

  function shorten(nickname) {
    const letters = [...nickname];
    return letters.length > 24 ? letters.slice(0, 24).join("") + "…" : nickname;
  }

  function picture(person, size) {
    const image = make("img", { alt: "", width: size, height: size, referrerPolicy: "no-referrer" });
    if (person.avatar) image.src = person.avatar;
    return image;
  }

  function drawPhone({ tickets, person, messages }) {
    drawTickets({ tickets, person });
    // The one that was sent last, above what else there is.
    const [message] = messages;
    if (message) $("phone-body").prepend(make("div", { className: "message" }, make("span", { className: "icon", textContent: "✉" }), make("strong", { textContent: message.phone }), make("p", { textContent: message.text })));
  }

  function drawTickets({ tickets, person }) {
    const body = $("phone-body");
    const asked = tickets.find((ticket) => ticket.progress === "scanned");
    if (asked) return body.replaceChildren(sheet(asked));
    if (!tickets.length) {
      const empty = make("div", { className: "empty" });
      empty.innerHTML = '<svg viewBox="0 0 92 92" fill="none" stroke="currentColor" stroke-width="5" stroke-linecap="round" aria-hidden="true"><path d="M6 26V14a8 8 0 0 1 8-8h12M66 6h12a8 8 0 0 1 8 8v12M86 66v12a8 8 0 0 1-8 8H66M26 86H14a8 8 0 0 1-8-8V66M18 46h56"/></svg>';
      empty.append(text.nothing);
      return body.replaceChildren(empty);
    }
    body.replaceChildren(...tickets.map((ticket) => make("div", { className: "ticket" },
      make("span", { className: "icon", textContent: [...(ticket.app_name || "?")][0] }),
      make("strong", { textContent: ticket.app_name || ticket.appid }),
      make("small", { className: "left", textContent: "" }, ticket.progress === "cancelled" ? text.cancelledNow : make("span", { className: "expires" })),
      make("button", { className: "primary", textContent: text.scan, onclick: () => send("scan", { uuid: ticket.uuid }) }))));
    body.querySelectorAll(".ticket").forEach((element, index) => { element.dataset.uuid = tickets[index].uuid; element.title = `${tickets[index].host} · ${tickets[index].uuid}`; });
  }

  function sheet(ticket) {
    const press = (path) => () => send(path, { uuid: ticket.uuid });
    return make("div", { className: "sheet" },
      make("div", { className: "from" },
        make("span", { className: "icon", textContent: [...(ticket.app_name || "?")][0] }),
        make("strong", { textContent: ticket.app_name || ticket.appid }),
        make("small", { textContent: ticket.host })),
      make("h3", { textContent: text.ask }),
      make("div", { className: "who" }, picture(ticket.person, 44), make("span", { textContent: ticket.person.nickname })),
      make("div", { className: "answers" },
        make("button", { className: "primary", textContent: text.allow, onclick: press("allow") }),
        make("button", { className: "plain", textContent: text.cancel, onclick: press("cancel") }),
        make("button", { className: "link", textContent: text.deny, onclick: press("deny") })));
  }

  function drawDesktop([mode, person]) {
    const away = mode === "absent" || mode === "logged_out";
    $("window").classList.toggle("absent", mode === "absent");
    const rail = $("rail-avatar");
    if (person.avatar && !away) rail.src = person.avatar; else rail.removeAttribute("src");
    const lines = away ? [] : [picture(person, 72), make("p", { className: "big", textContent: person.nickname })];
    $("window-main").replaceChildren(...lines,
      make("span", { className: "badge", textContent: text.mode[mode][0] }),
      make("p", { className: "soft", textContent: mode === "normal" ? text.noDialog : text.mode[mode][1] }));
  }

  function drawDialog(dialog) {
    $("dialog").hidden = !dialog;
    if (!dialog) return;
    $("dialog-person").textContent = dialog.nickname;
    $("dialog-title").textContent = text.dialogTitle(dialog.app_name);
    $("dialog-host").textContent = dialog.host;
    const avatar = state.desktop.person.avatar;
    if (avatar) $("dialog-avatar").src = avatar; else $("dialog-avatar").removeAttribute("src");
  }

  function drawModes(modes) {
    $("modes").replaceChildren(...modes.map((mode) => make("label", { title: text.mode[mode][1] },
      make("input", { type: "radio", name: "mode", value: mode, onchange: () => send("desktop", { mode }) }),
      make("span", { textContent: text.mode[mode][0] }))));
  }

  function drawFaults(faults) {
    $("clear-faults").hidden = !faults.length;
    $("fault-list").replaceChildren(...faults.map((rule) => {
      const { kind, ...value } = rule.fault;
      const amount = Object.values(value).length ? ` ${Object.values(value)[0]}` : "";
      const often = rule.times === null ? text.always : `× ${rule.times}`;
      return make("li", {}, make("code", { textContent: rule.call }), `${text[kind]}${amount}`, make("span", { className: "soft", textContent: often }));
    }));
  }

  function drawPeople([people]) {
    $("people").replaceChildren(...people.map((person) => make("li", {},
      picture(person, 36), make("span", { textContent: person.nickname }),
      make("button", { className: "plain", textContent: text.usePhone, onclick: () => send("phone", { person: person.id }) }),
      make("button", { className: "plain", textContent: text.useDesktop, onclick: () => send("desktop", { person: person.id }) }))));
  }

  function drawApps(apps) {
    $("apps").replaceChildren(...apps.map((app) => make("li", {},
      make("strong", { textContent: app.name }), " ",
      make("span", { className: "soft", textContent: `${[text.kinds[app.kind], ...(app.callback_domains.length ? [app.callback_domains.join(", ")] : [])].join(" · ")}` }),
      make("br"), make("code", { textContent: `${app.appid}  ${app.secret}` }))));
  }

  function drawRequests(requests) {
    $("requests").replaceChildren(...requests.map((request) => {
      const { outcome } = request.outcome;
      const end = outcome === "answered" ? String(request.outcome.status) : outcome === "in_flight" ? text.waiting : text.gone;
      const bad = outcome === "gone" || request.outcome.status >= 400;
      const line = make("li", {}, ...[["", request.order], ["", request.method], ["", request.path], [bad ? "bad" : "", end]]
        .map(([className, content]) => make("span", { className, textContent: content })));
      if (request.remark) line.append(make("span", { className: "remark", textContent: request.remark }));
      return line;
    }));
  }

  // Between two pictures of the state the seconds run here.
  let pictured = 0;
  function count() {
    if (!state) return;
    const passed = (performance.now() - pictured) / 1000;
    for (const element of document.querySelectorAll(".ticket")) {
      const ticket = state.phone.tickets.find((one) => one.uuid === element.dataset.uuid);
      const place = element.querySelector(".expires");
      if (ticket && place) place.textContent = `${ticket.host} · ${text.secondsLeft(Math.max(0, Math.round(ticket.expires_in - passed)))}`;
    }
    const now = new Date();
    $("phone-time").textContent = `${now.getHours()}:${String(now.getMinutes()).padStart(2, "0")}`;
  }
  setInterval(count, 1000);

  function speak() {
    text = TEXTS[language];
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    for (const element of document.querySelectorAll("[data-text]")) element.textContent = text[element.dataset.text];
    $("language").textContent = text.other;
    options($("fault-kind"), Object.keys(FAULTS).map((kind) => [kind, text[kind]]), $("fault-kind").value || "delay");
    options($("fault-times"), [["1", text.once], ["3", text.thrice], ["", text.always]], $("fault-times").value || "1");
    $("clock").replaceChildren(...text.times.map(([label, seconds]) => make("button", { type: "button", className: "plain", textContent: label, onclick: () => send("advance", { seconds }) })));
    faultValue();
    render();
  }

  function faultValue() {
    const kind = $("fault-kind").value;
    const value = FAULTS[kind];
    $("fault-value-label").hidden = !value;
    if (!value) return;
    $("fault-value-name").textContent = text[kind];
    $("fault-value").value = value[1];
  }

  function wear(theme) {
    document.documentElement.dataset.theme = theme;
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  wear(localStorage.getItem("theme") || (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", () => { if (!localStorage.getItem("theme")) wear(dark.matches ? "dark" : "light"); });
  $("theme").onclick = () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", theme);
    wear(theme);
  };
  $("language").onclick = () => {
    language = language === "zh" ? "en" : "zh";
    localStorage.setItem("language", language);
    speak();
  };

  $("phone-person").onchange = (event) => send("phone", { person: event.target.value });
  const strict = () => send("strict", { parameter_order: $("strict-order").checked, state: $("strict-state").checked, state_length: $("strict-length").checked });
  $("strict-order").onchange = strict;
  $("strict-state").onchange = strict;
  $("strict-length").onchange = strict;
  $("desktop-port").onchange = (event) => send("desktop", { port: Number(event.target.value) });
  $("desktop-person").onchange = (event) => send("desktop", { person: event.target.value });
  $("snapshot").onchange = (event) => send("phone", { snapshot: event.target.checked });
  $("cors").onchange = (event) => send("desktop", { cors: event.target.value });
  $("dialog-allow").onclick = () => send("dialog", { answer: "allow" });
  $("dialog-refuse").onclick = () => send("dialog", { answer: "refuse" });
  $("fault-kind").onchange = faultValue;
  $("clear-faults").onclick = () => send("faults", undefined, "DELETE");
  $("revoke").onclick = () => send("revoke");
  $("fault-form").onsubmit = (event) => {
    event.preventDefault();
    const kind = $("fault-kind").value;
    const value = FAULTS[kind] ? { [FAULTS[kind][0]]: Number($("fault-value").value) } : {};
    const times = $("fault-times").value;
    send("fault", { call: $("fault-call").value, fault: { kind, ...value }, times: times ? Number(times) : null });
  };

  function addPerson(id, nickname, has_unionid, has_avatar) {
    return send("person", { id, nickname, has_unionid, headimgurl: has_avatar ? null : "" });
  }
  $("person-form").onsubmit = (event) => {
    event.preventDefault();
    const fields = event.target.elements;
    addPerson(fields.id.value, fields.nickname.value, fields.has_unionid.checked, fields.has_avatar.checked);
  };
  for (const button of document.querySelectorAll("[data-preset]")) {
    button.onclick = () => addPerson(...PRESETS[button.dataset.preset], true, true);
  }
  $("app-form").onsubmit = (event) => {
    event.preventDefault();
    const fields = event.target.elements;
    send("app", {
      appid: fields.appid.value, secret: fields.secret.value, name: fields.name.value, kind: fields.kind.value,
      callback_domains: fields.callback_domains.value.split(",").map((domain) => domain.trim()).filter(Boolean),
      unionid: fields.unionid.checked, scan_only: fields.scan_only.checked,
    });
  };

  speak();
  const events = new EventSource(PATH + "/control/events");
  events.onmessage = (event) => {
    state = JSON.parse(event.data);
    pictured = performance.now();
    render();
  };
  events.onerror = () => say(text.lost);
})();
