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
        let browser = Browser::start(BrowserOptions { window: (1732, 3700), ..still() }).await;
        browser.open(&at(&format!("lang={language}&theme={theme}"))).await;
        browser.until("every phase", "return document.title === 'ready'").await;
        take(&browser, "body", &folder.join(picture)).await;
    }
    let browser = Browser::start(BrowserOptions { window: (500, 2600), ..still() }).await;
    // Chromium makes no window of this width.
    browser.open(&at("lang=zh-CN&phase=card,qr-ask,scene,phone")).await;
    browser.until("every phase", "return document.title === 'ready'").await;
    browser.script("document.body.style.cssText = 'inline-size: 320px; margin: 0'").await;
    take(&browser, "body", &folder.join("phases-320.png")).await;
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
    browser.until_phase("fast-login").await;
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

/// A browser in which nothing fades in.
fn still() -> BrowserOptions {
    BrowserOptions { switches: vec!["--force-prefers-reduced-motion".into()], ..BrowserOptions::default() }
}

fn codes_are_ready() -> String {
    "const [, , ...codes] = [...document.querySelectorAll('weixin-login')].map(({ shadowRoot }) => shadowRoot.querySelector('.panel'));
     return codes.every((panel) => panel.dataset.phase === 'qr' && panel.querySelector('.qr > .waiting').hidden);"
        .to_owned()
}

async fn take(browser: &Browser, selector: &str, picture: &Path) {
    let part = browser.driver().find(thirtyfour::By::Css(selector)).await.expect("what is shown");
    part.screenshot(picture).await.expect("a picture");
}
