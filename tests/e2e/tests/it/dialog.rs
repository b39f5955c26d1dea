//! The panel in a dialog: what opens it, what closes it and what does not, and what the page is told.

use serde_json::{Value, json};
use thirtyfour::Key;
use weixin_emulator::{DesktopMode, DialogAnswer};
use weixin_login_e2e::between::{Between, Fault};
use weixin_login_e2e::browser::{Browser, BrowserOptions, Engine, PATIENCE};
use weixin_login_e2e::house::{House, LINK, bare, page};
use weixin_login_e2e::widget::{PANEL_ITSELF, TRIGGER, shown};

use crate::each::in_engines;
use crate::login::{assert_signed_in, has_card, scan, scan_and_allow, scan_instead, until_offered};

/// Finds the dialog, while it is open.
const OPEN: &str = "document.querySelector('weixin-login').shadowRoot?.querySelector('dialog[open]')";

/// A house whose page has a button, and a browser in front of it.
async fn at_a_button(engine: Engine) -> (House, Browser) {
    let house = House::with_pages(&[("index.html", &bare("display=button"))]).await;
    let browser = Browser::start(BrowserOptions { engine, ..house.browser_options() }).await;
    browser.open(&house.page("/")).await;
    (house, browser)
}

async fn is_open(browser: &Browser) -> bool {
    browser.script(&format!("return !!{OPEN}")).await == true
}

async fn press_cross(browser: &Browser) {
    let cross = "return document.querySelector('weixin-login').shadowRoot.querySelector('.close')";
    browser.press_on("the dialog's cross", cross).await;
}

async fn until_closed(browser: &Browser) {
    browser.until("a closed dialog", &format!("return !{OPEN}")).await;
}

/// Lets everything come to its end that a press has set off: the events of the page's own queue.
async fn until_settled(browser: &Browser) {
    let turns = "return (async () => {
        for (let turn = 0; turn < 3; turn++) await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
        return true;
    })()";
    browser.until("a quiet page", turns).await;
}

/// Presses the backdrop until it is heard: right after it has opened it is deaf on purpose.
async fn press_backdrop_until_closed(browser: &Browser) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while is_open(browser).await {
        assert!(tokio::time::Instant::now() < deadline, "the backdrop never heard a press");
        browser.press_at(3, 3).await;
        until_settled(browser).await;
    }
}

async fn a_double_click_on_the_trigger_opens_and_stays_open(engine: Engine) {
    let (_house, browser) = at_a_button(engine).await;
    browser.press_twice_on("the button that opens the dialog", TRIGGER).await;
    until_offered(&browser).await;
    until_settled(&browser).await;
    assert!(is_open(&browser).await);
    assert_eq!(browser.told("close").await, [] as [Value; 0]);
}

async fn the_focus_in_a_frame_that_goes_is_on_the_panel_after(engine: Engine) {
    let (house, browser) = at_a_button(engine).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    browser.press_trigger().await;
    browser.until_phase("qr").await;
    let frame = "document.querySelector('weixin-login').shadowRoot.querySelector('iframe')";
    browser.until("the frame", &format!("return !!{frame}")).await;
    browser.script(&format!("{frame}.focus()")).await;
    let uuid = scan(&house).await;
    house.weixin.deny(&uuid).unwrap();
    browser.until_phase("denied").await;
    browser.until_focused("the panel", PANEL_ITSELF).await;
}

in_engines! {
    chromium Chromium:
        a_double_click_on_the_trigger_opens_and_stays_open
        the_focus_in_a_frame_that_goes_is_on_the_panel_after;
    firefox Firefox:
        a_double_click_on_the_trigger_opens_and_stays_open
        the_focus_in_a_frame_that_goes_is_on_the_panel_after;
    webkit WebKit:
        a_double_click_on_the_trigger_opens_and_stays_open
        the_focus_in_a_frame_that_goes_is_on_the_panel_after;
}

#[tokio::test]
async fn escape_the_backdrop_and_the_cross_close_it_and_the_focus_goes_back() {
    let (_house, browser) = at_a_button(Engine::Chromium).await;
    for way in ["Escape", "backdrop", "cross"] {
        browser.press_trigger().await;
        until_offered(&browser).await;
        browser.until_focused("the panel", PANEL_ITSELF).await;
        match way {
            "Escape" => browser.key(Key::Escape).await,
            "backdrop" => press_backdrop_until_closed(&browser).await,
            _ => press_cross(&browser).await,
        }
        until_closed(&browser).await;
        browser.until_focused("the button", TRIGGER).await;
        assert_eq!(browser.until_told("close").await["reason"], "cancelled", "{way}");
    }
    assert_eq!(browser.told("close").await.len(), 3);
}

#[tokio::test]
async fn a_backdrop_press_counts_only_when_it_began_and_ended_there() {
    let (_house, browser) = at_a_button(Engine::Chromium).await;
    browser.press_trigger().await;
    until_offered(&browser).await;
    // Else it is deaf anyhow, and this would show nothing.
    browser.script("window.seen = performance.now()").await;
    browser.until("a backdrop that hears", "return performance.now() - seen > 600").await;
    let middle = browser
        .script(
            "const box = document.querySelector('weixin-login').shadowRoot.querySelector('.title').getBoundingClientRect();
             return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]",
        )
        .await;
    let title = (middle[0].as_i64().unwrap(), middle[1].as_i64().unwrap());
    let backdrop = (3, 3);
    // A selection that is let go outside, and a hand that thinks better of it.
    for (from, to) in [(title, backdrop), (backdrop, title)] {
        browser.drag(from, to).await;
        until_settled(&browser).await;
        assert!(is_open(&browser).await, "from {from:?} to {to:?}");
    }
    press_backdrop_until_closed(&browser).await;
}

#[tokio::test]
async fn a_backdrop_press_right_after_it_opened_does_not_count() {
    let (_house, browser) = at_a_button(Engine::Chromium).await;
    browser.until("the button", TRIGGER).await;
    // By script, and in one: what a driver needs for a way to the corner may be longer than half a second on a slow machine.
    let at_once = format!(
        "document.querySelector('weixin-login').shadowRoot.querySelector('.trigger').click();
         const dialog = {OPEN};
         for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'])
             dialog.dispatchEvent(new (type.startsWith('pointer') ? PointerEvent : MouseEvent)(type,
                 {{ bubbles: true, composed: true, cancelable: true, clientX: 3, clientY: 3, detail: 1 }}));"
    );
    browser.script(&at_once).await;
    until_offered(&browser).await;
    until_settled(&browser).await;
    assert!(is_open(&browser).await);
}

#[tokio::test]
async fn from_confirming_on_neither_escape_nor_the_backdrop_ends_it() {
    let (house, browser) = at_a_button(Engine::Chromium).await;
    let between = Between::in_front_of(&house);
    between.fault("POST", "/callback", Fault::Hang);
    browser.press_trigger().await;
    browser.press("continue").await;
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    browser.until_phase("confirming").await;
    for finishing in [false, true] {
        if finishing {
            assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
            between.until_heard("POST", "/callback", 1).await;
        }
        // Twice: a browser lets no page refuse every Escape.
        for _ in 0..2 {
            browser.key(Key::Escape).await;
        }
        browser.press_at(3, 3).await;
        browser.press_at(3, 3).await;
        until_settled(&browser).await;
        assert!(is_open(&browser).await, "finishing: {finishing}");
    }
    between.clear();
    browser.until_phase("success").await;
    until_closed(&browser).await;
    assert_signed_in(&browser).await;
    let closed = browser.told("close").await;
    assert_eq!(closed.len(), 1, "{closed:?}");
    assert_eq!(closed[0]["reason"], "success");
}

/// The person has allowed it, and the service does not answer the callback.
async fn until_the_service_hangs(house: &House, browser: &Browser, between: &Between) {
    between.fault("POST", "/callback", Fault::Hang);
    browser.press_trigger().await;
    browser.press("continue").await;
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
    between.until_heard("POST", "/callback", 1).await;
}

#[tokio::test]
async fn while_the_service_finishes_the_dialog_may_go_and_the_login_ends() {
    let (house, browser) = at_a_button(Engine::Chromium).await;
    let between = Between::in_front_of(&house);
    until_the_service_hangs(&house, &browser, &between).await;
    press_cross(&browser).await;
    until_closed(&browser).await;
    assert_eq!(browser.told("success").await, [] as [Value; 0]);
    between.clear();
    assert_eq!(browser.until_told("success").await["nickname"], "陈锴");
    assert_signed_in(&browser).await;
    assert_eq!(between.heard("POST", "/login").len(), 1, "no other login was begun for it");
}

#[tokio::test]
async fn a_dialog_that_was_let_go_comes_back_with_the_same_login() {
    let (house, browser) = at_a_button(Engine::Chromium).await;
    let between = Between::in_front_of(&house);
    until_the_service_hangs(&house, &browser, &between).await;
    for _ in 0..2 {
        press_cross(&browser).await;
        until_closed(&browser).await;
        browser.press_trigger().await;
        until_settled(&browser).await;
        assert!(is_open(&browser).await);
        let busy = "return document.querySelector('weixin-login').shadowRoot.querySelector('.confirming').checkVisibility()";
        assert_eq!(browser.script(busy).await, true);
    }
    between.clear();
    browser.until_phase("success").await;
    until_closed(&browser).await;
    assert_signed_in(&browser).await;
    assert_eq!(between.heard("POST", "/login").len(), 1, "it is the same login");
    let reasons: Vec<_> = browser.told("close").await.iter().map(|closed| closed["reason"].clone()).collect();
    assert_eq!(reasons, ["finishing", "finishing", "success"]);
}

#[tokio::test]
async fn each_dialog_has_its_own_close() {
    let (_house, browser) = at_a_button(Engine::Chromium).await;
    for _ in 0..3 {
        browser.press_trigger().await;
        until_offered(&browser).await;
        // In one task, as a page does that shows the login again at once.
        browser
            .script(
                "const element = document.querySelector('weixin-login');
                 element.shadowRoot.querySelector('.close').click();
                 element.open();",
            )
            .await;
        until_settled(&browser).await;
        assert!(is_open(&browser).await);
        browser.until("the next panel", &shown("continue")).await;
        press_cross(&browser).await;
        until_closed(&browser).await;
    }
}

#[tokio::test]
async fn its_end_is_told_with_why() {
    let (house, browser) = at_a_button(Engine::Chromium).await;
    // Somebody takes it out of the page: only who listens to the element itself hears of that.
    browser
        .script(
            "window.reasons = [];
             document.querySelector('weixin-login').addEventListener('weixin-login-close', ({ detail }) => reasons.push(detail.reason));",
        )
        .await;
    browser.press_trigger().await;
    press_cross(&browser).await;
    until_closed(&browser).await;
    browser.press_trigger().await;
    until_offered(&browser).await;
    browser.script("window.kept = document.querySelector('weixin-login'); kept.remove()").await;
    browser.until("a word of the removal", "return reasons.length === 2").await;
    browser.script("document.body.append(kept)").await;
    browser.press_trigger().await;
    scan_instead(&browser).await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    until_closed(&browser).await;
    browser.until("a word of the end", "return reasons.length === 3").await;
    assert_eq!(browser.script("return reasons").await, json!(["cancelled", "removed", "success"]));
    // It bubbles, and crosses shadow roots.
    assert_eq!(browser.told("close").await.len(), 2);
}

#[tokio::test]
async fn the_focus_stays_in_the_dialog() {
    let body = format!(
        "<a href=#a>before</a><weixin-login client-id=shop display=button>{LINK}</weixin-login><a href=#b>after</a>"
    );
    let house = House::with_pages(&[("index.html", &page("", &body))]).await;
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page("/")).await;
    browser.press_trigger().await;
    until_offered(&browser).await;
    // Where WeChat's answer took longer than the code waits, it is offered in another place.
    while !has_card(&browser).await {
        press_cross(&browser).await;
        until_closed(&browser).await;
        browser.press_trigger().await;
        until_offered(&browser).await;
    }
    let mut seen = Vec::new();
    for _ in 0..6 {
        browser.key(Key::Tab).await;
        seen.push(browser.focused().await);
    }
    assert!(seen.iter().all(|name| !name.starts_with("a")), "the page behind it: {seen:?}");
    for button in ["continue", "scan", "other-account", "close"] {
        assert!(seen.iter().any(|name| name.ends_with(&format!("[{button}]"))), "{button}: {seen:?}");
    }
}
