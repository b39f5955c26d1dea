//! The core of a login in three engines, on the service's own site and on another one: the table of docs/browsers.md.
//!
//! By https and under real names, as out there: the shop with the service is one site, the forum another, and WeChat a third.
//! What the names have no part in runs by plain http on this computer.

use tempfile::TempDir;
use thirtyfour::Key;
use weixin_emulator::{Cors, DesktopMode, DialogAnswer};
use weixin_login_e2e::browser::{Browser, BrowserOptions, Engine, PATIENCE};
use weixin_login_e2e::house::{House, HouseOptions};
use weixin_login_shop::{Shop, Tls};

use crate::login::{
    CHALLENGE, assert_signed_in, assert_signed_out, continue_and_allow, redeem, refuse, scan, scan_and_allow,
    scan_another_and_allow, session, until_offered,
};
use crate::scene;

/// A site that has nothing to do with the service's.
const FORUM: &str = "https://forum.example.net";

/// Where the element stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Site {
    Same,
    Other,
}

/// A house, and a browser of one engine in front of its element.
struct Visit {
    house: House,
    browser: Browser,
    site: Site,
    client: &'static str,
    _other: Option<(Shop, TempDir)>,
}

impl Visit {
    async fn new(engine: Engine, site: Site, desktop: DesktopMode) -> Self {
        let more_config = forum(false);
        let house = House::build(HouseOptions { tls: true, more_config, ..HouseOptions::default() }).await;
        house.weixin.set_desktop(desktop).await.unwrap();
        Self::at(house, engine, site, "shop", "/sign-in.html?lang=zh-CN").await
    }

    /// In front of an element of this house that shows the site's own QR code.
    async fn at_a_scene(engine: Engine, site: Site) -> Self {
        Self::at(scene::house(&forum(true)).await, engine, site, "counter", "/counter.html").await
    }

    /// The client and the page are those of the same site.
    async fn at(house: House, engine: Engine, site: Site, client: &'static str, page: &str) -> Self {
        let other = (site == Site::Other).then(|| other_site(&house));
        let origin = if site == Site::Other { FORUM } else { &house.origin };
        let mut options = BrowserOptions { engine, ..house.browser_options() };
        options.said_before = Some((origin.to_owned(), true));
        if let Some((forum, _)) = &other {
            options.names.push(("forum.example.net:443".into(), forum.address()));
        }
        let browser = Browser::start(options).await;
        let page = if site == Site::Other { "/" } else { page };
        browser.open(&format!("{origin}{page}")).await;
        Self { house, browser, site, client, _other: other }
    }

    /// The login is done: the site has a session, or its backend gets tokens for the code.
    async fn assert_done(&self) {
        self.browser.until_phase("success").await;
        if self.site == Site::Same {
            let session = session(&self.browser).await;
            assert_eq!(session["body"]["nickname"], "陈锴", "{session}");
            assert_eq!(session["body"]["client_id"], self.client);
            return;
        }
        let told = "return JSON.parse(sessionStorage.getItem('told'))";
        let success = self.browser.until("the success event", told).await;
        assert_eq!(success["state"], "the site state", "{success}");
        redeem(&self.house, &success, "forum", FORUM).await;
    }
}

/// The other site, in the service's configuration.
fn forum(scenes: bool) -> String {
    format!("\n[[clients]]\nid = \"forum\"\nname = \"Forum\"\norigins = [\"{FORUM}\"]\nscenes = {scenes}\n")
}

/// A site that has nothing but the element, and keeps what it tells.
fn other_site(house: &House) -> (Shop, TempDir) {
    let pages = TempDir::new().unwrap();
    let service = house.page("/weixin");
    let page = format!(
        "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>Forum</title><script src=keep.js></script>\
         <script type=module src=weixin-login.js></script>\
         <weixin-login service={service} client-id=forum result=code code-challenge={CHALLENGE} nonce=n1 state='the site state'></weixin-login>"
    );
    let keep = "addEventListener('weixin-login-success', ({ detail }) => \
                sessionStorage.setItem('told', JSON.stringify(detail)), true);";
    std::fs::write(pages.path().join("index.html"), page).unwrap();
    std::fs::write(pages.path().join("keep.js"), keep).unwrap();
    // The widget's files are the site's own, as out of npm.
    for file in std::fs::read_dir(weixin_login_e2e::house::widget()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), pages.path().join(file.file_name())).unwrap();
    }
    let (cert_pem, key_pem) = house.weixin.issue(&["forum.example.net"]).unwrap();
    let site = Shop::start(weixin_login_shop::Options {
        www: pages.path().into(),
        tls: Some(Tls { cert_pem, key_pem }),
        // The frame ends at the service's callback: a site's frame-src must allow both.
        open_url: format!("{} {}", house.weixin.open_url(), house.origin),
        desktop_urls: vec![house.origin.clone(), house.weixin.desktop_url()],
        img: vec![house.weixin.open_url()],
        ..Default::default()
    });
    (site.unwrap(), pages)
}

async fn fast_login(engine: Engine, site: Site) {
    let visit = Visit::new(engine, site, DesktopMode::Normal).await;
    continue_and_allow(&visit.house, &visit.browser).await;
    visit.assert_done().await;
}

async fn fast_login_refused_and_scanned(engine: Engine, site: Site) {
    let visit = Visit::new(engine, site, DesktopMode::Normal).await;
    until_offered(&visit.browser).await;
    visit.browser.press("continue").await;
    let former = refuse(&visit.house).await;
    visit.browser.until_phase("qr").await;
    visit.browser.until_panel_says("在微信中取消了登录").await;
    scan_another_and_allow(&visit.house, former).await;
    visit.assert_done().await;
}

async fn qr(engine: Engine, site: Site) {
    let visit = Visit::new(engine, site, DesktopMode::Absent).await;
    visit.browser.until_phase("qr").await;
    scan_and_allow(&visit.house).await;
    visit.assert_done().await;
}

async fn refusal_on_the_phone(engine: Engine, site: Site) {
    let visit = Visit::new(engine, site, DesktopMode::Absent).await;
    visit.browser.until_phase("qr").await;
    let uuid = scan(&visit.house).await;
    visit.house.weixin.deny(&uuid).unwrap();
    visit.browser.until_phase("denied").await;
    visit.browser.press("start-again").await;
    visit.browser.until_phase("qr").await;
    if site == Site::Same {
        assert_signed_out(&visit.browser).await;
    }
}

/// The site's own QR code; the phone is a browser inside WeChat.
async fn scene(engine: Engine, site: Site) {
    let visit = Visit::at_a_scene(engine, site).await;
    visit.browser.script(scene::NOTE_COPIES).await;
    visit.browser.until_phase("qr").await;
    let phone = scene::phone(&visit.house, Engine::Chromium).await;
    scene::come_to_the_question(&phone, &scene::scan_url(&visit.browser).await).await;
    visit.browser.until_phase("scanned").await;
    scene::enter(&phone, &scene::number(&visit.browser).await).await;
    visit.assert_done().await;
}

/// The service's own page: what every way that leaves the site's page leads to, from any site.
async fn hosted(engine: Engine) {
    for desktop in [DesktopMode::Normal, DesktopMode::Absent] {
        let house = House::tls().await;
        house.weixin.set_desktop(desktop).await.unwrap();
        let said_before = Some((house.origin.clone(), true));
        let options = BrowserOptions { engine, said_before, ..house.browser_options() };
        let browser = Browser::start(options).await;
        browser.open(&house.page("/weixin/login?client_id=shop&return_to=%2Fsign-in.html")).await;
        if desktop == DesktopMode::Normal {
            continue_and_allow(&house, &browser).await;
        } else {
            browser.until_phase("qr").await;
            scan_and_allow(&house).await;
        }
        browser.until_at(&house.page("/sign-in.html")).await;
        assert_signed_in(&browser).await;
    }
}

/// WeChat's own page may ask the local program where CORS refuses everybody else.
async fn fast_login_by_weixins_own_frame(engine: Engine) {
    let house = House::plain().await;
    house.weixin.set_cors(Cors::WeixinOnly);
    let browser = Browser::start(BrowserOptions { engine, ..house.browser_options() }).await;
    browser.open(&house.page("/sign-in.html")).await;
    browser.until_phase("qr").await;
    browser.enter_frame().await;
    browser
        .until(
            "the frame's own fast login",
            "return !!document.querySelector('#fast-login')?.checkVisibility()",
        )
        .await;
    browser.press_on("WeChat's own button", "return document.querySelector('#fast-login')").await;
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
    browser.leave_frame().await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

/// On a phone outside WeChat: how to go on, and the code all the same, for another screen.
async fn on_a_phone(engine: Engine) {
    let house = House::tls().await;
    let user_agent = match engine {
        Engine::Chromium => {
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36"
        }
        Engine::Firefox => "Mozilla/5.0 (Android 16; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0",
        Engine::WebKit => {
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"
        }
    };
    let user_agent = Some(user_agent.to_owned());
    let options = BrowserOptions { engine, user_agent, window: (420, 900), ..house.browser_options() };
    let browser = Browser::start(options).await;
    let page = house.page("/sign-in.html?lang=zh-CN");
    browser.open(&page).await;
    browser.until_panel_says("手机不能扫自己的屏幕").await;
    assert!(house.weixin.requests().is_empty(), "nothing is begun before a press");
    browser.script(scene::NOTE_COPIES).await;
    browser.press("copy-link").await;
    browser.until_panel_says("已复制").await;
    assert_eq!(browser.script("return window.copied").await, page);
    browser.press("show-qr").await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

/// By keyboard alone: the button, the dialog, Escape, and the focus back where it was.
async fn button_by_keyboard(engine: Engine) {
    let house = House::plain().await;
    let browser = Browser::start(BrowserOptions { engine, ..house.browser_options() }).await;
    browser.open(&house.page("/")).await;
    let trigger = "document.querySelector('weixin-login').shadowRoot?.querySelector('.trigger')";
    browser.until("the button", &format!("return !!{trigger}")).await;
    let focused = "return document.activeElement?.shadowRoot?.activeElement";
    browser.script(&format!("{trigger}.focus()")).await;
    press_key(&browser, Key::Enter).await;
    until_offered(&browser).await;
    browser
        .until(
            "the focus inside the dialog",
            &format!("{focused}?.closest('dialog') instanceof HTMLDialogElement"),
        )
        .await;
    press_key(&browser, Key::Escape).await;
    let closed = "return !document.querySelector('weixin-login').shadowRoot.querySelector('dialog')";
    browser.until("a closed dialog", closed).await;
    browser.until("the focus on the button", &format!("{focused} === {trigger}")).await;
    press_key(&browser, Key::Enter).await;
    continue_and_allow(&house, &browser).await;
    browser.until("a closed dialog after the login", closed).await;
    assert_signed_in(&browser).await;
}

async fn press_key(browser: &Browser, key: Key) {
    browser.driver().action_chain().send_keys(key).perform().await.unwrap();
}

/// A page whose browser runs no wasm, and what a policy without `wasm-unsafe-eval` does to the others.
const WITHOUT_WASM: [(&str, &str); 3] = [
    ("index.html", "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>Home</title>"),
    (
        "forbid.js",
        "for (const name of ['instantiate', 'instantiateStreaming', 'compile', 'compileStreaming']) \
         WebAssembly[name] = () => Promise.reject(new WebAssembly.CompileError('forbidden by policy'));
         WebAssembly.Module = function () { throw new WebAssembly.CompileError('forbidden by policy'); };",
    ),
    (
        "no-wasm.html",
        "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>No wasm</title><script src=forbid.js></script>\
         <script type=module src=/weixin/widget/weixin-login.js></script>\
         <weixin-login client-id=shop><a href='/weixin/login?client_id=shop&amp;return_to=%2F'>login</a></weixin-login>",
    ),
];

/// The link in the element leads to the service's page, where wasm runs again.
async fn without_wasm(engine: Engine) {
    let pages = TempDir::new().unwrap();
    for (name, text) in WITHOUT_WASM {
        std::fs::write(pages.path().join(name), text).unwrap();
    }
    let house =
        House::build(HouseOptions { www: Some(pages.path().into()), ..HouseOptions::default() }).await;
    let browser = Browser::start(BrowserOptions { engine, ..house.browser_options() }).await;
    browser.open(&house.page("/no-wasm.html")).await;
    browser
        .press_on("the link in the element's place", "return document.querySelector('weixin-login a')")
        .await;
    browser.until("the service's page", "return location.pathname === '/weixin/login'").await;
    continue_and_allow(&house, &browser).await;
    browser.until_at(&house.page("/")).await;
    assert_signed_in(&browser).await;
}

macro_rules! in_each_engine {
    ($($body:ident ( $($site:ident),* );)*) => {
        mod chromium {
            $(in_each_engine!(@ Chromium $body $($site)*);)*
        }
        mod firefox {
            $(in_each_engine!(@ Firefox $body $($site)*);)*
        }
        mod webkit {
            $(in_each_engine!(@ WebKit $body $($site)*);)*
        }
    };
    (@ $engine:ident $body:ident) => {
        #[tokio::test]
        async fn $body() {
            super::$body(super::Engine::$engine).await;
        }
    };
    (@ $engine:ident $body:ident Same Other) => {
        mod $body {
            use super::super::{Engine, Site, $body};

            #[tokio::test]
            async fn on_the_same_site() {
                $body(Engine::$engine, Site::Same).await;
            }

            #[tokio::test]
            async fn on_another_site() {
                $body(Engine::$engine, Site::Other).await;
            }
        }
    };
}

in_each_engine! {
    fast_login(Same, Other);
    fast_login_refused_and_scanned(Same, Other);
    qr(Same, Other);
    refusal_on_the_phone(Same, Other);
    scene(Same, Other);
    fast_login_by_weixins_own_frame();
    on_a_phone();
    hosted();
    button_by_keyboard();
    without_wasm();
}
