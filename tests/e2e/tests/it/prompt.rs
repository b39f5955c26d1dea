//! The browser's own question whether a page may ask this computer: the real one, in Chromium's window, answered by a mouse, and in
//! Firefox's, answered by its own script.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use weixin_emulator::{Call, Cors, DialogAnswer};
use weixin_login_e2e::browser::{Browser, BrowserOptions, Engine, PATIENCE};
use weixin_login_e2e::house::House;

use crate::each::in_engines;
use crate::login::{SIGN_IN, assert_signed_in, scan_and_allow};
use crate::permission::house;

/// What a person does with the question.
#[derive(Clone, Copy)]
enum Answer {
    Allow,
    /// Firefox's "remember", and Allow; Chromium remembers every Allow.
    AllowForGood,
    Block,
    /// Chromium's alone: Firefox's has no such button.
    Close,
}

/// Between two presses: the question fades in, and takes no press before it is there.
const PRESS_AGAIN: Duration = Duration::from_millis(700);

/// A person in front of the QR code, who has pressed "use WeChat on this computer"; the browser is asking.
async fn asked(engine: Engine) -> (House, Browser) {
    let house = house(engine).await;
    // Firefox builds its question without a window as well, where its script finds it.
    let headless = engine == Engine::Firefox;
    let browser = Browser::start(BrowserOptions { engine, headless, ..house.public_browser_options() }).await;
    browser.open(&house.page(&format!("{SIGN_IN}?lang=zh-CN"))).await;
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

/// Answers, until `seen` says that it was heard.
async fn answer(engine: Engine, browser: &Browser, answer: Answer, seen: &str) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut presses = tokio::time::interval(PRESS_AGAIN);
    while browser.script(seen).await != true {
        assert!(tokio::time::Instant::now() < deadline, "the question never heard a press");
        presses.tick().await;
        match engine {
            Engine::Firefox => press_by_script(browser, answer).await,
            _ => press_by_mouse(browser, answer),
        }
    }
}

/// Allows, until WeChat has heard the call.
async fn answer_until_dialog(house: &House, browser: &Browser) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while house.weixin.wait_for_dialog(PRESS_AGAIN).await.is_none() {
        assert!(tokio::time::Instant::now() < deadline, "the second question never heard a press");
        press_by_script(browser, Answer::Allow).await;
    }
}

async fn press_by_script(browser: &Browser, answer: Answer) {
    let button = match answer {
        Answer::Allow | Answer::AllowForGood => "button",
        Answer::Block => "secondaryButton",
        Answer::Close => panic!("Firefox's question cannot be closed"),
    };
    let question = "document.getElementById('loopback-network-notification')";
    let remember = matches!(answer, Answer::AllowForGood);
    let press = format!(
        "const question = {question};
         if (question) {{ question.checkbox.checked = {remember}; question.{button}.click(); }}"
    );
    browser.script_of_firefox(&press).await;
}

/// Chromium draws the question inside its own window, so there is nothing to look its buttons up in.
fn press_by_mouse(browser: &Browser, answer: Answer) {
    let (x, y) = match answer {
        Answer::Allow | Answer::AllowForGood => ("395", "251"),
        Answer::Block => ("316", "251"),
        Answer::Close => ("423", "121"),
    };
    let mut mouse = Command::new("xdotool");
    mouse.args(["mousemove", x, y, "click", "1"]).env("DISPLAY", browser.screen());
    assert!(mouse.status().expect("xdotool: `cargo xtask test` installs it").success());
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

async fn a_question_left_open_delays_nothing_and_a_late_allow_brings_the_card(engine: Engine) {
    let (house, browser) = asked(engine).await;
    assert_code_is_there(&browser).await;
    answer(engine, &browser, Answer::Allow, &shown("continue")).await;
    browser.press("continue").await;
    browser.until_phase("confirming").await;
    if engine == Engine::Firefox {
        // Allowed without "remember" is allowed for one call: it asks once more, and the panel says so.
        browser.until_panel_says("如果浏览器询问").await;
        assert!(
            house.weixin.wait_for_dialog(Duration::ZERO).await.is_none(),
            "nothing is asked before the answer"
        );
        answer_until_dialog(&house, &browser).await;
    }
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

async fn a_scan_ends_the_login_while_the_question_is_open(engine: Engine) {
    let (house, browser) = asked(engine).await;
    assert_code_is_there(&browser).await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
    assert_eq!(permission(&browser).await, "prompt", "nobody has answered it");
    assert!(!house.weixin.requests().iter().any(|request| request.call == Call::CheckLogin));
}

async fn a_blocked_question_leaves_the_code_and_offers_nothing_more(engine: Engine) {
    let (house, browser) = asked(engine).await;
    let denied = "return navigator.permissions.query({ name: 'loopback-network' }).then(({ state }) => state === 'denied')";
    answer(engine, &browser, Answer::Block, denied).await;
    browser.until_panel_says("这台电脑上没有已登录的微信").await;
    assert_eq!(browser.script(&shown("use-this-computer")).await, false);
    assert_code_is_there(&browser).await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

/// As it is reported of WeChat today: CORS lets nobody ask but WeChat's own pages.
async fn where_cors_refuses_an_allow_for_good_lets_weixins_frame_ask(engine: Engine) {
    let (house, browser) = asked(engine).await;
    house.weixin.set_cors(Cors::WeixinOnly);
    let offers_fast_login = "const frame = document.querySelector('weixin-login').shadowRoot.querySelector('iframe:not(.former)');
                             return frame?.allow.includes('loopback-network') && !frame.src.includes('fast_login=0')";
    answer(engine, &browser, Answer::AllowForGood, offers_fast_login).await;
    browser.enter_frame().await;
    let card = "return !!document.querySelector('#fast-login')?.checkVisibility()";
    browser.until("fast login in WeChat's own frame", card).await;
    browser.press_on("WeChat's own button", "return document.querySelector('#fast-login')").await;
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
    browser.leave_frame().await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

async fn a_closed_question_leaves_the_code_and_can_be_asked_again(engine: Engine) {
    let (_house, browser) = asked(engine).await;
    answer(engine, &browser, Answer::Close, &shown("use-this-computer")).await;
    assert_code_is_there(&browser).await;
    assert_eq!(permission(&browser).await, "prompt");
    browser.press("use-this-computer").await;
    answer(engine, &browser, Answer::Allow, &shown("continue")).await;
    browser.until_phase("fast-login").await;
}

in_engines! {
    chromium Chromium:
        a_question_left_open_delays_nothing_and_a_late_allow_brings_the_card
        a_scan_ends_the_login_while_the_question_is_open
        a_blocked_question_leaves_the_code_and_offers_nothing_more
        where_cors_refuses_an_allow_for_good_lets_weixins_frame_ask
        a_closed_question_leaves_the_code_and_can_be_asked_again;
    firefox Firefox:
        a_question_left_open_delays_nothing_and_a_late_allow_brings_the_card
        a_scan_ends_the_login_while_the_question_is_open
        a_blocked_question_leaves_the_code_and_offers_nothing_more
        where_cors_refuses_an_allow_for_good_lets_weixins_frame_ask;
}
