//! The browser's own question whether a page may ask this computer: the real one, in a window, answered by a mouse.

use std::process::Command;

use serde_json::Value;
use weixin_emulator::Call;
use weixin_login_e2e::browser::{Browser, PATIENCE};
use weixin_login_e2e::house::House;

use crate::login::{SIGN_IN, assert_signed_in, continue_and_allow, scan_and_allow};

/// Where Chromium draws the question's buttons, from the corner of the screen. It draws them inside its own window, so there is
/// nothing to look them up in.
#[derive(Clone, Copy)]
enum Press {
    Allow = 395 << 16 | 251,
    Block = 316 << 16 | 251,
    Close = 423 << 16 | 121,
}

/// Between two presses: the question fades in, and takes no press before it is there.
const PRESS_AGAIN: std::time::Duration = std::time::Duration::from_millis(700);

/// A person in front of the QR code, who has pressed "use WeChat on this computer"; the browser is asking.
async fn asked() -> (House, Browser) {
    let house = House::tls().await;
    let mut options = house.browser_options();
    let (shop, open) = (house.shop.address(), house.weixin.open_address());
    options.switches.push(format!("--ip-address-space-overrides={shop}=public,{open}=public"));
    options.headless = false;
    let browser = Browser::start(options).await;
    browser.open(&house.page(SIGN_IN)).await;
    browser.until_phase("qr").await;
    browser.press("use-this-computer").await;
    browser.until_panel_says("如果浏览器询问").await;
    assert_eq!(permission(&browser).await, "prompt");
    (house, browser)
}

async fn permission(browser: &Browser) -> Value {
    let query =
        "return navigator.permissions.query({ name: 'loopback-network' }).then(({ state }) => ({ state }))";
    browser.until("the permission", query).await["state"].clone()
}

/// Presses there, until `seen` says that it was heard.
async fn press(browser: &Browser, press: Press, seen: &str) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let (x, y) = (press as u32 >> 16, press as u32 & 0xffff);
    let mut presses = tokio::time::interval(PRESS_AGAIN);
    while browser.script(seen).await != true {
        assert!(tokio::time::Instant::now() < deadline, "the question never heard a press");
        presses.tick().await;
        let mut mouse = Command::new("xdotool");
        mouse
            .args(["mousemove", &x.to_string(), &y.to_string(), "click", "1"])
            .env("DISPLAY", browser.screen());
        assert!(mouse.status().expect("xdotool: `cargo xtask test` installs it").success());
    }
}

/// A script that says whether a button of the panel is shown.
fn shown(button: &str) -> String {
    format!(
        "return document.querySelector('weixin-login').shadowRoot.querySelector('[data-press={button}]').checkVisibility()"
    )
}

/// The code stands there, and its page has said that it is ready.
async fn assert_code_is_there(browser: &Browser) {
    let ready = "const { shadowRoot } = document.querySelector('weixin-login');
                 return !!shadowRoot.querySelector('iframe') && shadowRoot.querySelector('.qr > .waiting').hidden";
    browser.until("a ready QR code", ready).await;
}

#[tokio::test]
async fn a_question_left_open_delays_nothing_and_a_late_allow_brings_the_card() {
    let (house, browser) = asked().await;
    assert_code_is_there(&browser).await;
    press(&browser, Press::Allow, &shown("continue")).await;
    continue_and_allow(&house, &browser).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn a_scan_ends_the_login_while_the_question_is_open() {
    let (house, browser) = asked().await;
    assert_code_is_there(&browser).await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
    assert_eq!(permission(&browser).await, "prompt", "nobody has answered it");
    assert!(!house.weixin.requests().iter().any(|request| request.call == Call::CheckLogin));
}

#[tokio::test]
async fn a_blocked_question_leaves_the_code_and_offers_nothing_more() {
    let (house, browser) = asked().await;
    let denied = "return navigator.permissions.query({ name: 'loopback-network' }).then(({ state }) => state === 'denied')";
    press(&browser, Press::Block, denied).await;
    browser.until_panel_says("这台电脑上没有已登录的微信").await;
    assert_eq!(browser.script(&shown("use-this-computer")).await, false);
    assert_code_is_there(&browser).await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn a_closed_question_leaves_the_code_and_can_be_asked_again() {
    let (_house, browser) = asked().await;
    press(&browser, Press::Close, &shown("use-this-computer")).await;
    assert_code_is_there(&browser).await;
    assert_eq!(permission(&browser).await, "prompt");
    browser.press("use-this-computer").await;
    press(&browser, Press::Allow, &shown("continue")).await;
    browser.until_phase("fast-login").await;
}
