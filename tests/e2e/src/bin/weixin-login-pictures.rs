//! Takes the pictures of the widget that the docs show, with the widget as it is today: into the folder that is named.

use std::path::Path;

use tempfile::TempDir;
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::{Browser, BrowserOptions, PATIENCE};
use weixin_login_e2e::gallery;
use weixin_login_e2e::house::{House, HouseOptions};
use weixin_login_shop::Shop;

/// The gallery's, of these languages and themes.
const PHASES: [(&str, &str, &str); 2] =
    [("phases-zh-light.png", "zh-CN", "light"), ("phases-en-dark.png", "en", "dark")];

/// The four elements of the first picture.
const STYLE: &str = "body { margin: 0; } main { display: flex; inline-size: fit-content; gap: 24px; padding: 24px; background: #eceeed; } \
    weixin-login { inline-size: 320px; }";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = std::env::args_os().nth(1).expect("the folder for the pictures");
    let folder = Path::new(&folder);
    phases(folder).await;
    on_screens(folder).await;
    for (picture, language) in [("widget.png", "en"), ("widget.zh-CN.png", "zh-CN")] {
        in_a_page(&folder.join(picture), language).await;
    }
}

/// Every phase, with made-up content.
async fn phases(folder: &Path) {
    // Its stand-in for WeChat's page is one of its own.
    let framed_by = Some("'self'".to_owned());
    let options = weixin_login_shop::Options { www: gallery::folder(), framed_by, ..Default::default() };
    let site = Shop::start(options).expect("the gallery's site");
    let at = |query: &str| format!("http://localhost:{}/?{query}", site.address().port());
    for (picture, language, theme) in PHASES {
        let browser = Browser::start(still()).await;
        browser.on_screen(1712, 3700).await;
        browser.open(&at(&format!("lang={language}&theme={theme}"))).await;
        browser.until("every phase", "return document.title === 'ready'").await;
        take(&browser, "body", &folder.join(picture)).await;
    }
    let browser = Browser::start(still()).await;
    let ready = "return document.title === 'ready'";
    // The narrowest screen that there is.
    browser.on_screen(320, 2600).await;
    browser.open(&at("lang=zh-CN&phase=card,qr-ask,scene,scene-by-hand,phone")).await;
    browser.until("every phase", ready).await;
    take(&browser, "body", &folder.join("phases-320.png")).await;
    // The system's own colours.
    browser.on_screen(1376, 1060).await;
    browser.prefers(&[("forced-colors", "active"), ("prefers-color-scheme", "dark")]).await;
    browser
        .open(&at(
            "lang=en&theme=dark&phase=loading,card,confirming,qr-asking,qr-offer,scene,error-setup,success",
        ))
        .await;
    browser.until("every phase", ready).await;
    take(&browser, "body", &folder.join("phases-forced-colours.png")).await;
    browser.prefers(&[]).await;
    // A page at 400 %, and a phone on its side.
    for (picture, width, height, phase) in
        [("dialog-320x256.png", 320, 256, "dialog-card"), ("dialog-844x300.png", 844, 300, "dialog-qr-offer")]
    {
        browser.on_screen(width, height).await;
        browser.open(&at(&format!("lang=zh-CN&phase={phase}"))).await;
        browser.until("the dialog", ready).await;
        browser.driver().screenshot(&folder.join(picture)).await.expect("a picture");
    }
}

/// Fast login, WeChat's question, the QR code, and the dark one: a real login's.
async fn in_a_page(picture: &Path, language: &str) {
    let pages = TempDir::new().expect("a folder");
    let elements = ["light", "light", "light", "dark"]
        .map(|theme| format!("<weixin-login client-id=shop theme={theme}></weixin-login>"))
        .concat();
    let page = format!(
        "<!doctype html><html lang={language}><meta charset=utf-8><title>Four</title><link rel=stylesheet href=page.css>\
         <script type=module src=/weixin/widget/weixin-login.js></script><main>{elements}</main>"
    );
    std::fs::write(pages.path().join("index.html"), page).expect("the page");
    std::fs::write(pages.path().join("page.css"), STYLE).expect("its style");
    let www = Some(pages.path().to_owned());
    let house = House::build(HouseOptions { www, ..HouseOptions::default() }).await;
    let options = BrowserOptions { language: language.into(), window: (1500, 900), ..still() };
    let browser = Browser::start(options).await;
    browser.open(&house.page("/")).await;
    let press = async |element: usize, button: &str| {
        let press = format!(
            "const button = document.querySelectorAll('weixin-login')[{element}].shadowRoot?.querySelector('[data-press={button}]');
             if (!button?.checkVisibility()) return false; button.click(); return true;"
        );
        browser.until(button, &press).await;
    };
    // Else WeChat's page would offer fast login in the place of its code.
    browser.until("all cards", ALL_CARDS).await;
    house.weixin.set_desktop(DesktopMode::LoggedOut).await.expect("the desktop");
    for element in [2, 3] {
        press(element, "scan").await;
    }
    browser.until("both codes", &codes_are_ready()).await;
    house.weixin.set_desktop(DesktopMode::Normal).await.expect("the desktop");
    press(1, "continue").await;
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    take(&browser, "main", picture).await;
}

/// The demo's own pages on a desk's screen and on the narrowest one.
async fn on_screens(folder: &Path) {
    let house = House::plain().await;
    let browser = Browser::start(BrowserOptions { language: "zh-CN".into(), ..still() }).await;
    for (picture, width, height) in [("page-1280.png", 1280, 800), ("page-320.png", 320, 720)] {
        browser.on_screen(width, height).await;
        browser.open(&house.page("/sign-in.html")).await;
        browser.until("the card", ALL_CARDS).await;
        browser.driver().screenshot(&folder.join(picture)).await.expect("a picture");
    }
}

/// A browser in which nothing fades in.
fn still() -> BrowserOptions {
    BrowserOptions { switches: vec!["--force-prefers-reduced-motion".into()], ..BrowserOptions::default() }
}

const ALL_CARDS: &str = "return [...document.querySelectorAll('weixin-login')].every(({ shadowRoot }) =>
    shadowRoot?.querySelector('.panel')?.dataset.phase === 'fast-login')";

fn codes_are_ready() -> String {
    "const [, , ...codes] = [...document.querySelectorAll('weixin-login')].map(({ shadowRoot }) => shadowRoot.querySelector('.panel'));
     return codes.every((panel) => panel.dataset.phase === 'qr' && panel.querySelector('.qr > .waiting').hidden);"
        .to_owned()
}

async fn take(browser: &Browser, selector: &str, picture: &Path) {
    let part = browser.driver().find(thirtyfour::By::Css(selector)).await.expect("what is shown");
    part.screenshot(picture).await.expect("a picture");
}
