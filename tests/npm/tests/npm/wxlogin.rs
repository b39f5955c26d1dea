//! `new WxLogin({…})`: a drop-in for Tencent's script. The frame's address is held to what the protocol says of it, and the page in
//! the frame is the emulator's.

use std::fs;

use protocol::ids::{AppId, State};
use protocol::qrconnect::{ColorScheme, PostedStatus, QrFrame, SelfRedirect};
use serde_json::{Value, json};
use weixin_login_e2e::browser::{Browser, BrowserOptions, PATIENCE};
use weixin_login_e2e::house::{House, HouseOptions};

use crate::login::{assert_silent_console, browser_at, house, plain_site};

const APPID: &str = "wxbdc5610cc59c1631";
const STATE: &str = "3d6be0a4035d839573b04816624a415e";
/// Everything that an address could be cut at, or that some encoders leave as it is.
const REDIRECT_URI: &str = "https://shop.example.com/回调?a=1&b=(x y)!*~+/:@$,;=";
const OPEN_URL: &str = "https://open.weixin.qq.com";

const FRAME: &str = "document.querySelector('#login_container iframe')";

async fn at_page(name: &str) -> (House, Browser) {
    let house = house(&plain_site(name).folder).await;
    let browser = browser_at(&house, &house.page("/wxlogin.html")).await;
    browser.until("the class", "return !!globalThis.WxLogin").await;
    (house, browser)
}

/// Makes one, and notes in `said` what it tells: by callback, by event.
async fn make(browser: &Browser, options: Value) {
    let script = format!(
        "globalThis.said = [];
         for (const name of ['wxlogin-ready', 'wxlogin-qrcode-ready']) addEventListener(name, (event) => said.push([name, event.target.tagName]));
         globalThis.login = new WxLogin({{
             id: 'login_container',
             onReady: (...values) => said.push(['onReady', ...values]),
             onQRcodeReady: (...values) => said.push(['onQRcodeReady', ...values]),
             ...{options}
         }});"
    );
    browser.script(&script).await;
}

/// The frame of a [`WxLogin`] with these options, once it has an address.
async fn frame(browser: &Browser, options: &Value) -> Value {
    make(browser, options.clone()).await;
    let frame = format!(
        "const frame = {FRAME};
         return frame?.src && {{ src: frame.src, allow: frame.allow, sandbox: frame.getAttribute('sandbox'), \
            size: [frame.width, frame.height], scrolling: frame.scrolling, title: frame.title }}"
    );
    browser.until("the frame's address", &frame).await
}

/// One [`WxLogin`] on the emulator's page, that leads back to a page of the shop.
fn on_emulator(house: &House) -> Value {
    json!({
        "appid": weixin_emulator::DEFAULT_APPID,
        "state": STATE,
        "redirect_uri": house.page("/landed.html"),
        "open_url": house.weixin.open_url(),
    })
}

#[tokio::test]
async fn the_frames_address_is_what_the_protocol_says() {
    let (_house, browser) = at_page("wxlogin-address").await;
    let (appid, state) = (AppId::parse(APPID).unwrap(), State::parse(STATE).unwrap());
    let plain = QrFrame {
        open_url: OPEN_URL,
        appid: &appid,
        redirect_uri: REDIRECT_URI,
        state: &state,
        self_redirect: SelfRedirect::Default,
        fast_login: true,
        english: false,
        color_scheme: None,
        stylelite: false,
    };
    let cases = [
        (json!({}), plain.clone()),
        (json!({ "scope": "snsapi_login", "lang": "cn" }), plain.clone()),
        (json!({ "self_redirect": true }), QrFrame { self_redirect: SelfRedirect::Frame, ..plain.clone() }),
        (json!({ "self_redirect": false }), QrFrame { self_redirect: SelfRedirect::Top, ..plain.clone() }),
        (json!({ "self_redirect": null }), plain.clone()),
        (json!({ "lang": "en" }), QrFrame { english: true, ..plain.clone() }),
        (json!({ "stylelite": 1 }), QrFrame { stylelite: true, ..plain.clone() }),
        (json!({ "stylelite": 0 }), plain.clone()),
        (json!({ "fast_login": 0 }), QrFrame { fast_login: false, ..plain.clone() }),
        (json!({ "fast_login": false }), QrFrame { fast_login: false, ..plain.clone() }),
        (json!({ "fast_login": 1 }), plain.clone()),
        (
            json!({ "color_scheme": "auto" }),
            QrFrame { color_scheme: Some(ColorScheme::Auto), ..plain.clone() },
        ),
        (
            json!({ "color_scheme": "dark" }),
            QrFrame { color_scheme: Some(ColorScheme::Dark), ..plain.clone() },
        ),
        (
            json!({ "self_redirect": true, "lang": "en", "stylelite": 1, "fast_login": 0, "color_scheme": "light" }),
            QrFrame {
                self_redirect: SelfRedirect::Frame,
                english: true,
                stylelite: true,
                fast_login: false,
                color_scheme: Some(ColorScheme::Light),
                ..plain.clone()
            },
        ),
    ];
    for (options, wanted) in cases {
        let mut all = json!({ "appid": APPID, "state": STATE, "redirect_uri": REDIRECT_URI });
        all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        assert_eq!(frame(&browser, &all).await["src"], wanted.address(), "{options}");
    }
}

#[tokio::test]
async fn every_option_of_tencents_script_is_in_the_address() {
    let (_house, browser) = at_page("wxlogin-options").await;
    let options = json!({
        "self_redirect": true, "appid": APPID, "scope": "snsapi_login", "state": STATE,
        "redirect_uri": "https%3A%2F%2Fshop.example.com%2Fcallback%3Fa%3D1",
        "style": "white", "href": "data:text/css;base64,LmltcG93ZXJCb3ggLnRpdGxlIHsgY29sb3I6IHJlZCB9+/==", "lang": "en",
        "stylelite": 1, "fast_login": 0, "color_scheme": "dark",
    });
    assert_eq!(
        frame(&browser, &options).await["src"],
        "https://open.weixin.qq.com/connect/qrconnect?appid=wxbdc5610cc59c1631&scope=snsapi_login\
         &redirect_uri=https%3A%2F%2Fshop.example.com%2Fcallback%3Fa%3D1&state=3d6be0a4035d839573b04816624a415e&login_type=jssdk\
         &self_redirect=true&styletype=&sizetype=&bgcolor=&rst=&style=white\
         &href=data%3Atext%2Fcss%3Bbase64%2CLmltcG93ZXJCb3ggLnRpdGxlIHsgY29sb3I6IHJlZCB9%2B%2F%3D%3D&lang=en&stylelite=1\
         &fast_login=0&color_scheme=dark"
    );
}

#[tokio::test]
async fn an_encoded_address_and_a_plain_one_are_the_same() {
    let (_house, browser) = at_page("wxlogin-encoding").await;
    let mut seen = Vec::new();
    for (redirect_uri, href) in [
        ("https://shop.example.com/callback?a=1&b=2", "https://shop.example.com/weixin.css?v=1&w=2"),
        (
            "https%3A%2F%2Fshop.example.com%2Fcallback%3Fa%3D1%26b%3D2",
            "https%3A%2F%2Fshop.example.com%2Fweixin.css%3Fv%3D1%26w%3D2",
        ),
    ] {
        let options = json!({ "appid": APPID, "state": STATE, "redirect_uri": redirect_uri, "href": href });
        seen.push(frame(&browser, &options).await["src"].clone());
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn the_frame_is_tencents_and_may_do_what_its_page_needs() {
    let (_house, browser) = at_page("wxlogin-frame").await;
    let mut options = json!({ "appid": APPID, "state": STATE, "redirect_uri": REDIRECT_URI });
    let mut first = frame(&browser, &options).await;
    first.as_object_mut().unwrap().remove("src");
    assert_eq!(
        first,
        json!({
            "allow": "loopback-network; local-network-access",
            "sandbox": "allow-scripts allow-same-origin allow-top-navigation",
            "size": ["300", "400"],
            "scrolling": "no",
            "title": "微信登录二维码",
        })
    );
    options["self_redirect"] = json!(true);
    options["fast_login"] = json!(0);
    options["lang"] = json!("en");
    let second = frame(&browser, &options).await;
    // The site's own page comes into this frame in the end.
    assert_eq!((&second["sandbox"], &second["allow"]), (&json!(null), &json!("")));
    assert_eq!(second["title"], "WeChat login QR code");
    assert_eq!(browser.script("return document.querySelectorAll('#login_container > *').length").await, 1);
}

#[tokio::test]
async fn a_page_in_tencents_style_works_as_it_stands() {
    let project = plain_site("wxlogin-classic");
    let script = fs::read(project.folder.join("weixin-login/wxlogin.global.js")).unwrap();
    assert!(script.is_ascii(), "a page of another charset would read other letters");
    let house = house(&project.folder).await;
    let browser = browser_at(&house, &house.page("/")).await;
    // Such a page has its script inline, and no policy against that.
    let cdp = browser.driver().cdp();
    cdp.send_raw("Page.setBypassCSP", json!({ "enabled": true })).await.unwrap();
    browser.open(&house.page("/wxlogin-classic.html")).await;
    let made = format!("return obj instanceof WxLogin && {FRAME}?.src");
    assert_eq!(
        browser.until("the frame's address", &made).await,
        "https://open.weixin.qq.com/connect/qrconnect?appid=wxbdc5610cc59c1631&scope=snsapi_login\
         &redirect_uri=https%3A%2F%2Fshop.example.com%2Fcallback&state=3d6be0a4035d839573b04816624a415e&login_type=jssdk\
         &self_redirect=true&styletype=&sizetype=&bgcolor=&rst=&style=black"
    );
    assert_eq!(browser.script(&format!("return {FRAME}.title")).await, "微信登录二维码");

    make(&browser, on_emulator(&house)).await;
    let said = browser.until("all that is told", "return said.length === 4 && said").await;
    assert_eq!((&said[1], &said[3]), (&json!(["onReady", true]), &json!(["onQRcodeReady"])));
}

#[tokio::test]
async fn an_address_that_is_not_well_encoded_is_refused_in_a_sentence() {
    let (_house, browser) = at_page("wxlogin-malformed").await;
    let script = "
        globalThis.unhandled = 0;
        addEventListener('unhandledrejection', () => unhandled++);
        const options = { id: 'login_container', appid: 'wx', state: 'a1', redirect_uri: 'https://shop.example.com/' };
        globalThis.told = [
            { redirect_uri: 'https%3A%2F%2Fshop.example.com%2F100%' },
            { redirect_uri: 'https%3A%2F%2Fshop.example.com%2F%E4%ZZ' },
            { redirect_uri: 'https://shop.example.com/\\ud800' },
            { href: 'https%3A%2F%2Fshop.example.com%2F%weixin.css' },
            // Plain, and so a letter like any other.
            { redirect_uri: 'https://shop.example.com/?sale=100%' },
        ].map((wrong) => {
            try {
                return new WxLogin({ ...options, ...wrong }) && 'a frame';
            } catch (error) {
                return `${error.name}: ${error.message}`;
            }
        });
        setTimeout(() => (globalThis.later = true));";
    browser.script(script).await;
    browser.until("what is not handled", "return globalThis.later").await;
    let refused = |name: &str, address: &str| {
        format!(
            "TypeError: WxLogin: {name} is not well encoded: {address}. Give it plain, or all of it by encodeURIComponent."
        )
    };
    assert_eq!(
        browser.script("return [told[0], told[1], told[3], told[4], unhandled]").await,
        json!([
            refused("redirect_uri", "https%3A%2F%2Fshop.example.com%2F100%"),
            refused("redirect_uri", "https%3A%2F%2Fshop.example.com%2F%E4%ZZ"),
            refused("href", "https%3A%2F%2Fshop.example.com%2F%weixin.css"),
            "a frame",
            0,
        ])
    );
    assert_eq!(browser.script("return told[2].startsWith('TypeError: WxLogin: redirect_uri')").await, true);
}

#[tokio::test]
async fn both_callbacks_are_called_and_both_events_are_heard() {
    let (house, browser) = at_page("wxlogin-callbacks").await;
    make(&browser, on_emulator(&house)).await;
    let said = browser.until("all that is told", "return said.length === 4 && said").await;
    assert_eq!(
        said,
        json!([
            ["wxlogin-ready", "IFRAME"],
            ["onReady", true],
            ["wxlogin-qrcode-ready", "IFRAME"],
            ["onQRcodeReady"]
        ])
    );
    assert_silent_console(&browser).await;
}

#[tokio::test]
async fn a_scan_takes_the_whole_window_to_the_redirect_uri() {
    let (house, browser) = at_page("wxlogin-scan").await;
    make(&browser, on_emulator(&house)).await;
    let uuid = house.weixin.wait_for_qr(PATIENCE).await.expect("a QR code is shown");
    house.weixin.scan(&uuid).expect("a shown code can be scanned");
    house.weixin.allow(&uuid).expect("a scanned code can be allowed");
    let landed =
        browser.until("the redirect", "return location.pathname === '/landed.html' && location.search").await;
    let landed = url::Url::parse(&house.page(&format!("/{}", landed.as_str().unwrap()))).unwrap();
    let query: Vec<(String, String)> = landed.query_pairs().into_owned().collect();
    assert_eq!(
        (query[0].0.as_str(), &query[1]),
        ("code", &("state".to_owned(), STATE.to_owned())),
        "{landed}"
    );
}

#[tokio::test]
async fn messages_of_other_windows_and_other_origins_are_ignored() {
    let (house, browser) = at_page("wxlogin-forged").await;
    let posts = PostedStatus::QrCodeReady.write();
    make(&browser, on_emulator(&house)).await;
    browser.until("all that is told", "return said.length === 4").await;

    // The page itself; another window under WeChat's origin; WeChat's window with what is no message; and under another origin.
    let forged = format!(
        "globalThis.heard = 0;
         addEventListener('message', () => heard++);
         const origin = {origin}, data = {data}, source = {FRAME}.contentWindow;
         postMessage(data, '*');
         dispatchEvent(new MessageEvent('message', {{ origin, data, source: window }}));
         dispatchEvent(new MessageEvent('message', {{ origin, data: JSON.parse(data), source }}));
         dispatchEvent(new MessageEvent('message', {{ origin, data: '{{', source }}));
         dispatchEvent(new MessageEvent('message', {{ origin, data: 'null', source }}));
         dispatchEvent(new MessageEvent('message', {{ origin: location.origin, data, source }}));",
        origin = Value::from(house.weixin.open_url()),
        data = Value::from(posts),
    );
    browser.script(&forged).await;
    browser.until("the forged messages", "return heard === 6").await;
    assert_eq!(browser.script("return said.length").await, 4);

    // What is refused there is only what is forged.
    let true_one = format!(
        "dispatchEvent(new MessageEvent('message', {{ origin: {}, data: {}, source: {FRAME}.contentWindow }}));",
        Value::from(house.weixin.open_url()),
        Value::from(posts)
    );
    browser.script(&true_one).await;
    assert_eq!(browser.script("return said.length").await, 6);
}

#[tokio::test]
async fn destroy_takes_the_frame_away_and_listens_no_longer() {
    let (house, browser) = at_page("wxlogin-destroy").await;
    make(&browser, on_emulator(&house)).await;
    browser.until("all that is told", "return said.length === 4").await;
    let late = format!(
        "login.destroy();
         dispatchEvent(new MessageEvent('message', {{ origin: {}, data: {}, source: null }}));
         return [said.length, document.querySelector('#login_container').children.length];",
        Value::from(house.weixin.open_url()),
        Value::from(PostedStatus::QrCodeReady.write())
    );
    assert_eq!(browser.script(&late).await, json!([4, 0]));
}

/// What a [`WxLogin`] on a public page of the internet asks for: `[fast_login=0 is there, allow]`.
async fn fast_login_on_a_public_page(name: &str, said_before: Option<bool>) -> Value {
    let www = Some(plain_site(name).folder);
    let house = House::build(HouseOptions { tls: true, www, ..HouseOptions::default() }).await;
    let said_before = said_before.map(|allowed| (house.origin.clone(), allowed));
    let options = BrowserOptions { said_before, ..house.public_browser_options() };
    let browser = Browser::start(options).await;
    browser.open(&house.page("/wxlogin.html")).await;
    browser.until("the class", "return !!globalThis.WxLogin").await;
    let frame = frame(&browser, &on_emulator(&house)).await;
    json!([frame["src"].as_str().unwrap().contains("&fast_login=0"), frame["allow"]])
}

#[tokio::test]
async fn where_the_browser_would_ask_the_person_fast_login_is_not_offered() {
    assert_eq!(fast_login_on_a_public_page("wxlogin-prompt", None).await, json!([true, ""]));
}

#[tokio::test]
async fn where_the_person_has_allowed_it_fast_login_is_offered() {
    let allowed = json!([false, "loopback-network; local-network-access"]);
    assert_eq!(fast_login_on_a_public_page("wxlogin-granted", Some(true)).await, allowed);
}

#[tokio::test]
async fn a_missing_element_is_named() {
    let (_house, browser) = at_page("wxlogin-missing").await;
    let error = browser
        .script("try { new WxLogin({ id: 'nowhere', appid: 'wx', redirect_uri: '/' }) } catch (error) { return String(error) }")
        .await;
    assert_eq!(error, "TypeError: WxLogin: there is no element with the id nowhere");
}
