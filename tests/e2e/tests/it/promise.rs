//! `login()`: one promise for a whole login, which always settles.

use serde_json::{Value, json};
use weixin_emulator::{Call, DesktopMode, Fault as WeixinFault};
use weixin_login_e2e::between::{Between, Fault};
use weixin_login_e2e::browser::chromium::{SLEEPY, awake_after};
use weixin_login_e2e::browser::{Browser, BrowserOptions};
use weixin_login_e2e::house::{House, page};
use weixin_login_e2e::widget::shown;

use crate::login::{CHALLENGE, assert_signed_in, continue_and_allow, scan_and_allow};

/// A page that has no element, and what the module gives as `window.weixin`.
const MODULE: &str = "import * as weixin from '/weixin/widget/weixin-login.js';
window.weixin = weixin;
window.settled = [];
window.begin = (options) => weixin.login({ service: '/weixin', clientId: 'shop', ...options }).then(
    (result) => settled.push({ result }),
    (error) => settled.push({ code: error.code, message: error.message, isLoginError: error instanceof weixin.LoginError }));";

async fn house() -> House {
    let page = page("<script type=module src=module.js></script>", "<button id=before>before</button>");
    House::with_pages(&[("index.html", &page), ("module.js", MODULE)]).await
}

async fn at(house: &House, options: BrowserOptions) -> Browser {
    let browser = Browser::start(options).await;
    browser.open(&house.page("/")).await;
    browser.until("the module", "return !!window.begin").await;
    browser
}

async fn settled(browser: &Browser, count: usize) -> Value {
    browser.until(&format!("{count} settled"), &format!("return settled.length >= {count} && settled")).await
}

async fn assert_nothing_is_left(browser: &Browser) {
    let left = "return document.querySelectorAll('weixin-login').length";
    browser.until("no element", &format!("{left} === 0")).await;
}

#[tokio::test]
async fn calls_while_one_is_open_share_its_dialog_and_its_end() {
    let house = house().await;
    let browser = at(&house, house.browser_options()).await;
    browser.script("begin(); begin(); document.querySelector('#before').focus();").await;
    browser.until("the card", &shown("continue")).await;
    browser.script("begin()").await;
    assert_eq!(browser.script("return document.querySelectorAll('weixin-login').length").await, 1);
    continue_and_allow(&house, &browser).await;
    let settled = settled(&browser, 3).await;
    for one in settled.as_array().unwrap() {
        assert_eq!(one["result"]["nickname"], "陈锴", "{settled}");
    }
    assert_nothing_is_left(&browser).await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn it_settles_when_somebody_else_takes_the_element_out() {
    let house = house().await;
    let browser = at(&house, house.browser_options()).await;
    browser.script("begin()").await;
    browser.until("the card", &shown("continue")).await;
    browser.script("document.querySelector('weixin-login').remove()").await;
    assert_eq!(settled(&browser, 1).await[0]["code"], "cancelled");
    // Before it has even begun, too.
    browser.script("begin(); document.querySelector('weixin-login').remove()").await;
    let settled = settled(&browser, 2).await;
    assert_eq!((&settled[1]["code"], &settled[1]["isLoginError"]), (&json!("cancelled"), &json!(true)));
    // And the next one is a dialog of its own.
    browser.script("begin()").await;
    continue_and_allow(&house, &browser).await;
    browser.until("the end", "return settled.length === 3 && settled[2].result").await;
}

#[tokio::test]
async fn it_settles_when_the_page_is_emptied_around_it() {
    let house = house().await;
    let browser = at(&house, house.browser_options()).await;
    browser.script("begin()").await;
    browser.until("the card", &shown("continue")).await;
    browser.script("document.body.replaceChildren()").await;
    assert_eq!(settled(&browser, 1).await[0]["code"], "cancelled");
}

#[tokio::test]
async fn a_dialog_that_is_closed_is_cancelled_and_the_focus_goes_back() {
    let house = house().await;
    let browser = at(&house, house.browser_options()).await;
    let before = "return document.querySelector('#before')";
    browser.press_on("a button of the page", before).await;
    browser.script("begin()").await;
    browser.until("the card", &shown("continue")).await;
    browser.key(thirtyfour::Key::Escape).await;
    assert_eq!(settled(&browser, 1).await[0]["code"], "cancelled");
    assert_nothing_is_left(&browser).await;
    browser.until_focused("the page's button", before).await;
}

#[tokio::test]
async fn an_element_of_another_name_is_no_trouble() {
    let house = house().await;
    let browser = at(&house, house.browser_options()).await;
    browser
        .script(
            "weixin.defineElement('my-login'); weixin.defineElement('my-login'); weixin.defineElement();
             const element = document.createElement('my-login');
             element.setAttribute('client-id', 'shop'); element.setAttribute('service', '/weixin');
             document.body.append(element);",
        )
        .await;
    let panel = "return document.querySelector('my-login').shadowRoot?.querySelector('.panel')?.dataset.phase === 'fast-login'";
    browser.until("the card under another name", panel).await;
    browser.script("begin()").await;
    continue_and_allow(&house, &browser).await;
    assert_eq!(settled(&browser, 1).await[0]["result"]["result"], "session");
}

const PAGE: &str = "/weixin/login?client_id=shop&return_to=%2Forders.html";

#[tokio::test]
async fn inside_weixin_it_goes_on_where_page_says() {
    let house = house().await;
    let user_agent = "Mozilla/5.0 (Linux; Android 16) Chrome/156.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.60.2860(0x28003C51)";
    let user_agent = Some(user_agent.to_owned());
    let browser =
        at(&house, BrowserOptions { user_agent, window: (420, 900), ..house.browser_options() }).await;
    browser.script(&format!("begin({{ page: '{PAGE}' }})")).await;
    browser.press("open-page").await;
    let there = format!("return location.pathname + location.search === '{PAGE}'");
    browser.until("the service's page", &there).await;
}

#[tokio::test]
async fn without_frames_on_another_site_it_goes_on_where_page_says() {
    let house = house().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = at(&house, house.browser_options()).await;
    browser
        .script(&format!(
            "begin({{ noFrame: true, result: 'code', codeChallenge: '{CHALLENGE}', page: '{PAGE}' }})"
        ))
        .await;
    browser.press("open-page").await;
    let there = format!("return location.pathname + location.search === '{PAGE}'");
    browser.until("the service's page", &there).await;
}

#[tokio::test]
async fn where_it_must_leave_the_page_and_has_no_other_it_says_so() {
    let house = house().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = at(&house, house.browser_options()).await;
    browser
        .script(&format!("begin({{ noFrame: true, result: 'code', codeChallenge: '{CHALLENGE}' }})"))
        .await;
    // Told in the dialog or at once: it settles at the latest when the dialog is closed.
    let told = "return settled.length || JSON.parse(sessionStorage.getItem('seen') ?? '[]').some(({ name }) => name === 'error')";
    browser.until("a word of it", told).await;
    browser.key(thirtyfour::Key::Escape).await;
    let settled = settled(&browser, 1).await;
    assert_ne!(settled[0]["code"], "cancelled", "{settled}");
    assert_eq!(settled[0]["isLoginError"], true, "{settled}");
}

#[tokio::test]
async fn a_renewal_asks_the_function_that_it_was_given() {
    let house = house().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let between = Between::in_front_of(&house);
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(SLEEPY).await;
    browser.open(&house.page("/")).await;
    browser.until("the module", "return !!window.begin").await;
    browser
        .script(&format!(
            "begin({{ result: 'code', codeChallenge: '{CHALLENGE}', nonce: 'n1', state: 's1', renew: async () => ({{
                 codeChallenge: 'renewed-'.padEnd(43, 'A'), nonce: 'n2', state: 's2' }}) }})"
        ))
        .await;
    browser.until_phase("qr").await;
    house.service.clock.advance(301);
    browser.script(&awake_after(301_000)).await;
    let begun = between.until_heard("POST", "/login", 2).await;
    assert_eq!(begun[1].body["code_challenge"], format!("{:A<43}", "renewed-"));
    assert_eq!(begun[1].body["nonce"], "n2");
    let second =
        "return document.querySelector('weixin-login').shadowRoot.querySelectorAll('iframe').length === 2";
    browser.until("the next frame", second).await;
    scan_and_allow(&house).await;
    assert_eq!(settled(&browser, 1).await[0]["result"]["state"], "s2");
}

/// A login that the service is finishing, and whose dialog the person has closed.
async fn until_let_go(house: &House, between: &Between, browser: &Browser) {
    between.fault("POST", "/callback", Fault::Hang);
    browser.script("begin()").await;
    continue_and_allow(house, browser).await;
    between.until_heard("POST", "/callback", 1).await;
    press_cross(browser).await;
    let gone = format!("return !({DIALOG})");
    browser.until("no dialog", &gone).await;
}

const DIALOG: &str = "document.querySelector('weixin-login')?.shadowRoot.querySelector('dialog[open]')";

async fn press_cross(browser: &Browser) {
    let cross = "return document.querySelector('weixin-login').shadowRoot.querySelector('.close')";
    browser.press_on("the dialog's cross", cross).await;
}

#[tokio::test]
async fn while_the_service_finishes_the_dialog_may_go_and_the_promise_holds() {
    let house = house().await;
    let between = Between::in_front_of(&house);
    let browser = at(&house, house.browser_options()).await;
    until_let_go(&house, &between, &browser).await;
    between.clear();
    assert_eq!(settled(&browser, 1).await[0]["result"]["nickname"], "陈锴");
    assert_nothing_is_left(&browser).await;
}

#[tokio::test]
async fn a_call_while_the_service_finishes_shows_the_dialog_again_and_both_settle() {
    let house = house().await;
    let between = Between::in_front_of(&house);
    let browser = at(&house, house.browser_options()).await;
    until_let_go(&house, &between, &browser).await;
    browser.script("begin()").await;
    browser.until("the dialog again", &format!("return !!({DIALOG})")).await;
    assert_eq!(
        browser.script("return [settled.length, document.querySelectorAll('weixin-login').length]").await,
        json!([0, 1])
    );
    between.clear();
    let settled = settled(&browser, 2).await;
    assert_eq!([&settled[0]["result"]["nickname"], &settled[1]["result"]["nickname"]], ["陈锴"; 2]);
    assert_nothing_is_left(&browser).await;
}

#[tokio::test]
async fn a_dialog_that_was_shown_again_tells_what_went_wrong_and_both_settle_when_it_goes() {
    let house = house().await;
    let between = Between::in_front_of(&house);
    let browser = at(&house, house.browser_options()).await;
    until_let_go(&house, &between, &browser).await;
    browser.script("begin()").await;
    browser.until("the dialog again", &format!("return !!({DIALOG})")).await;
    house.weixin.fault(Call::AccessToken, WeixinFault::Errcode { errcode: 40029 });
    between.clear();
    browser.until_phase("expired").await;
    assert_eq!(browser.script("return settled.length").await, 0);
    press_cross(&browser).await;
    let settled = settled(&browser, 2).await;
    assert_eq!(settled[0], settled[1]);
    assert_eq!((&settled[0]["code"], &settled[0]["isLoginError"]), (&json!("code_spent"), &json!(true)));
    assert_nothing_is_left(&browser).await;
    // And the next call is a login of its own.
    browser.script("begin()").await;
    browser.until("the card", &shown("continue")).await;
}
