//! Every button under a person's hand: anywhere on it, on every screen, by pointer and by keyboard, once and twice.

use serde_json::{Value, json};
use thirtyfour::Key;
use weixin_emulator::{Call, DesktopMode, DialogAnswer};
use weixin_login_e2e::browser::{Browser, BrowserOptions, Engine, PATIENCE};
use weixin_login_e2e::gallery;
use weixin_login_e2e::hand::HAND;
use weixin_login_e2e::house::{House, bare};
use weixin_login_e2e::widget::{PANEL_ITSELF, TRIGGER, shown};
use weixin_login_shop::Shop;

use crate::each::in_engines;
use crate::login::{assert_signed_in, at_sign_in, has_card, until_offered};

/// A desk, two phones, 1280 by 1024 at 400 % zoom, and a phone on its side.
pub const SCREENS: [(u32, u32); 5] = [(1280, 900), (375, 667), (320, 568), (320, 256), (844, 300)];

/// Every button that is seen in `root`, tried at its middle and at its four edges: a sentence for each that takes no press there.
const TRY_ALL: &str = "
    const tried = (root, where) => {
        const faults = [];
        for (const button of root.querySelectorAll('button, a[href], input')) {
            if (!button.checkVisibility({ visibilityProperty: true })) continue;
            hand.reach(button);
            for (const [x, y] of hand.points(button)) {
                const cover = hand.cover(button, x, y);
                if (cover) faults.push(`${where}: ${hand.name(button)} at ${Math.round(x)},${Math.round(y)}: ${cover}`);
            }
        }
        return faults;
    };";

/// The gallery, and a browser in front of it.
async fn in_the_gallery() -> (Shop, Browser) {
    let www = gallery::folder();
    let shop = Shop::start(weixin_login_shop::Options { www, ..Default::default() }).unwrap();
    (shop, Browser::start(BrowserOptions::default()).await)
}

async fn open_gallery(shop: &Shop, browser: &Browser, lang: &str) {
    browser.open(&format!("http://localhost:{}/?lang={lang}", shop.address().port())).await;
    browser.until("every phase", "return document.title === 'ready'").await;
}

#[tokio::test]
async fn every_button_takes_a_press_anywhere_on_it() {
    let (shop, browser) = in_the_gallery().await;
    let try_all = format!(
        "{HAND} {TRY_ALL}
         const exhibits = [...document.querySelectorAll('figure')];
         return exhibits.flatMap((exhibit) =>
             tried(exhibit.querySelector('div').shadowRoot, exhibit.querySelector('figcaption').textContent));"
    );
    let mut faults = Vec::new();
    for lang in ["zh-CN", "zh-TW", "en"] {
        open_gallery(&shop, &browser, lang).await;
        for (width, height) in SCREENS {
            browser.on_screen(width, height).await;
            let found = browser.script(&try_all).await;
            let found = found.as_array().unwrap().iter().filter_map(Value::as_str);
            faults.extend(found.map(|fault| format!("{lang} {width}x{height} {fault}")));
        }
    }
    assert!(faults.is_empty(), "{} presses come to nothing:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn a_real_pointer_presses_what_lies_lowest_in_the_panel() {
    let (shop, browser) = in_the_gallery().await;
    open_gallery(&shop, &browser, "en").await;
    browser
        .script(
            "window.pressed = [];
             addEventListener('click', (event) => {
                 pressed.push(event.composedPath().find((node) => node.dataset?.press)?.dataset.press ?? 'nothing');
             }, true);",
        )
        .await;
    for (width, height) in SCREENS {
        browser.on_screen(width, height).await;
        for (phase, button) in [
            ("card", "other-account"),
            ("card", "scan"),
            ("scene", "copy-link"),
            ("qr-offer", "continue"),
            ("qr-silent", "open-page"),
            ("phone", "show-qr"),
        ] {
            let find = format!(
                "const exhibit = [...document.querySelectorAll('figure')]
                     .find((figure) => figure.querySelector('figcaption').textContent === '{phase}');
                 return [...exhibit.querySelector('div').shadowRoot.querySelectorAll('[data-press={button}]')]
                     .find((button) => button.checkVisibility());"
            );
            browser.press_on(&format!("{button} of {phase} at {width}x{height}"), &find).await;
            assert_eq!(browser.script("return pressed.pop()").await, button, "{phase} at {width}x{height}");
        }
    }
}

/// What a person meets in the dialog, in this order, and what brings the next of it.
#[tokio::test]
async fn every_button_in_the_dialog_takes_a_press_anywhere_on_it() {
    let house = House::with_pages(&[("index.html", &bare("display=button"))]).await;
    let browser = Browser::start(house.browser_options()).await;
    let mut faults = Vec::new();
    for lang in ["zh-CN", "zh-TW", "en"] {
        house.weixin.set_desktop(DesktopMode::Normal).await.unwrap();
        browser.on_screen(1280, 900).await;
        browser.forget().await;
        browser.open(&house.page("/")).await;
        browser.script(&format!("document.querySelector('weixin-login').lang = '{lang}'")).await;
        browser.press_trigger().await;
        for phase in ["fast-login", "confirming", "qr", "denied"] {
            if phase == "fast-login" {
                until_offered(&browser).await
            } else {
                browser.until_phase(phase).await
            }
            for (width, height) in SCREENS {
                browser.on_screen(width, height).await;
                let try_all = format!(
                    "{HAND} {TRY_ALL} return tried(document.querySelector('weixin-login').shadowRoot.querySelector('dialog'), '{phase}')"
                );
                let found = browser.script(&try_all).await;
                let found = found.as_array().unwrap().iter().filter_map(Value::as_str);
                faults.extend(found.map(|fault| format!("{lang} {width}x{height} {fault}")));
            }
            browser.on_screen(1280, 900).await;
            match phase {
                "fast-login" => {
                    browser.press("continue").await;
                    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
                }
                "confirming" => assert!(house.weixin.answer_dialog(DialogAnswer::Refuse)),
                "qr" => {
                    let uuid = crate::login::scan(&house).await;
                    house.weixin.deny(&uuid).unwrap();
                }
                _ => {}
            }
        }
    }
    assert!(faults.is_empty(), "{} presses come to nothing:\n{}", faults.len(), faults.join("\n"));
}

/// How often WeChat was asked to log somebody in.
fn authorizations(house: &House) -> usize {
    let requests = house.weixin.requests();
    requests.iter().filter(|request| request.method == "POST" && request.call == Call::Authorize).count()
}

async fn a_double_click_on_continue_counts_once_and_the_focus_is_on_the_panel(engine: Engine) {
    let house = House::plain().await;
    let browser = Browser::start(BrowserOptions { engine, ..house.browser_options() }).await;
    browser.open(&house.page("/sign-in.html")).await;
    until_offered(&browser).await;
    browser.press_twice_on("continue", &shown("continue")).await;
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    browser.until_phase("confirming").await;
    browser.until_focused("the panel", PANEL_ITSELF).await;
    // One more press of the key that a person may have pressed: it is not on Cancel.
    browser.key(Key::Enter).await;
    assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
    assert_eq!(authorizations(&house), 1);
}

#[tokio::test]
async fn an_enter_that_is_held_on_continue_counts_once() {
    let house = House::plain().await;
    let browser = at_sign_in(&house).await;
    browser.tab_to("continue", &shown("continue")).await;
    let key = |kind: &str, repeats: bool| json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r", "autoRepeat": repeats });
    browser.cdp("Input.dispatchKeyEvent", key("keyDown", false)).await;
    for _ in 0..5 {
        browser.cdp("Input.dispatchKeyEvent", key("keyDown", true)).await;
    }
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    browser.until_phase("confirming").await;
    for _ in 0..5 {
        browser.cdp("Input.dispatchKeyEvent", key("keyDown", true)).await;
    }
    browser.cdp("Input.dispatchKeyEvent", key("keyUp", false)).await;
    assert_eq!(browser.phases().await.last().map(String::as_str), Some("confirming"), "it is not on Cancel");
    assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
    browser.until_phase("success").await;
    assert_eq!(authorizations(&house), 1);
}

/// Tab, Enter and Space alone, from the top of the page to the end of the login.
async fn a_login_by_keyboard_alone(engine: Engine) {
    let house = House::with_pages(&[("index.html", &bare("display=button"))]).await;
    let browser = Browser::start(BrowserOptions { engine, ..house.browser_options() }).await;
    browser.open(&house.page("/")).await;
    browser.tab_to("the button that opens the dialog", TRIGGER).await;
    browser.key(Key::Space).await;
    until_offered(&browser).await;
    if has_card(&browser).await {
        browser.tab_to("scan instead", &shown("scan")).await;
        browser.key(Key::Space).await;
    }
    browser.until_phase("qr").await;
    browser.tab_to("the offer beside the code", &shown("continue")).await;
    browser.key(Key::Enter).await;
    browser.until_phase("confirming").await;
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

in_engines! {
    chromium Chromium:
        a_double_click_on_continue_counts_once_and_the_focus_is_on_the_panel
        a_login_by_keyboard_alone;
    firefox Firefox:
        a_double_click_on_continue_counts_once_and_the_focus_is_on_the_panel
        a_login_by_keyboard_alone;
    webkit WebKit:
        a_double_click_on_continue_counts_once_and_the_focus_is_on_the_panel
        a_login_by_keyboard_alone;
}
