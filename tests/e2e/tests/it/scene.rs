//! The site's own QR code: a computer's browser, and a phone's inside WeChat, which are two browsers here.

use serde_json::Value;
use weixin_emulator::{DEFAULT_SERVICE_ACCOUNT_APPID, DEFAULT_SERVICE_ACCOUNT_SECRET, DesktopMode};
use weixin_login_e2e::browser::{Browser, BrowserOptions, Engine};
use weixin_login_e2e::hand::quoted;
use weixin_login_e2e::house::{House, HouseOptions, SHOP_NAME};

use crate::each::in_engines;
use crate::login::{assert_signed_out, session};

const WEIXIN: &str = "Mozilla/5.0 (Linux; Android 16) Chrome/156.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.60.2860(0x28003C51)";
const WEIXIN_ON_IOS: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60(0x18003C31) NetType/WIFI Language/zh_CN";

/// A house where computers get scenes: the counter's client beside the shop's, and more.
pub async fn house(more_config: &str) -> House {
    house_of("\"Counter\"", more_config).await
}

async fn house_of(name: &str, more_config: &str) -> House {
    let origin = format!("https://{SHOP_NAME}");
    let more_config = format!(
        r#"
[weixin.service_account]
appid = "{DEFAULT_SERVICE_ACCOUNT_APPID}"
secret = "{DEFAULT_SERVICE_ACCOUNT_SECRET}"

[[clients]]
id = "counter"
name = {name}
origins = ["{origin}"]
scenes = true
{more_config}"#
    );
    House::build(HouseOptions { tls: true, more_config, ..HouseOptions::default() }).await
}

/// A computer at the counter's page.
async fn computer(house: &House, options: BrowserOptions) -> Browser {
    let browser = Browser::start(options).await;
    browser.open(&house.page("/counter.html")).await;
    browser
}

/// A phone, in WeChat's own browser.
pub async fn phone(house: &House, engine: Engine) -> Browser {
    let user_agent = Some(if engine == Engine::WebKit { WEIXIN_ON_IOS } else { WEIXIN }.to_owned());
    let options = BrowserOptions { engine, user_agent, window: (420, 900), ..house.browser_options() };
    Browser::start(options).await
}

/// What the panel's code holds, as the service told it.
pub async fn scan_url(browser: &Browser) -> String {
    browser.press("copy-link").await;
    browser.until("the scene's address", "return window.copied").await.as_str().unwrap().to_owned()
}

pub async fn number(browser: &Browser) -> String {
    let number =
        "return document.querySelector('weixin-login').shadowRoot.querySelector('.number').textContent";
    browser.until("the number", number).await.as_str().unwrap().to_owned()
}

/// Keeps what the page copies where a test can read it.
pub const NOTE_COPIES: &str = "Object.defineProperty(navigator.clipboard, 'writeText', { value: async (text) => { window.copied = text; } });";

/// Scans, taps, allows at WeChat; ends at the question.
pub async fn come_to_the_question(phone: &Browser, scan_url: &str) {
    phone.open(scan_url).await;
    press(phone, "the tap", "form button").await;
    press(phone, "WeChat's question", "button[value=allow]").await;
    phone.until("the field for the number", "return !!document.querySelector('#number')").await;
}

async fn press(browser: &Browser, what: &str, selector: &str) {
    browser.press_on(what, &format!("return document.querySelector({})", quoted(selector))).await;
}

pub async fn enter(phone: &Browser, number: &str) {
    press(phone, "the field for the number", "#number").await;
    phone.driver().action_chain().send_keys(number).perform().await.unwrap();
    press(phone, "the button that lets the computer in", "button[value=confirm]").await;
}

async fn until_the_phone_says(phone: &Browser, text: &str) {
    let script = format!("return document.body.innerText.includes({})", Value::from(text));
    phone.until(text, &script).await;
}

/// The demo's pages are written in Chinese, and speak English where the browser does.
#[tokio::test]
async fn the_counter_has_its_sites_name_in_the_language_of_the_page() {
    let house = house_of("{ zh-CN = \"云上茶舍\", en = \"Cloud Tea House\" }", "").await;
    for (language, name) in [("en", "Cloud Tea House"), ("zh-CN", "云上茶舍")] {
        let browser =
            computer(&house, BrowserOptions { language: language.into(), ..house.browser_options() }).await;
        browser.until_phase("qr").await;
        browser.until_panel_says(name).await;
    }
}

#[tokio::test]
async fn a_scene_logs_the_computer_in_by_the_number() {
    let house = house("").await;
    let browser = computer(&house, house.browser_options()).await;
    browser.script(NOTE_COPIES).await;
    browser.until_phase("qr").await;
    browser.until_panel_says("剩余 4:5").await;
    let phone = phone(&house, Engine::Chromium).await;
    come_to_the_question(&phone, &scan_url(&browser).await).await;
    browser.until_phase("scanned").await;
    let says = phone.script("return document.body.innerText").await;
    for word in ["Counter", "Chrome, Linux"] {
        assert!(says.as_str().unwrap().contains(word), "{word}: {says}");
    }
    enter(&phone, &number(&browser).await).await;
    until_the_phone_says(&phone, "电脑已登录").await;
    browser.until_phase("success").await;
    let session = session(&browser).await;
    assert_eq!(session["body"]["nickname"], "陈锴", "{session}");
    assert_eq!(session["body"]["client_id"], "counter");
    assert_eq!(browser.phases().await, ["loading", "qr", "scanned", "confirming", "success"]);
}

#[tokio::test]
async fn a_scene_of_the_services_own_page_goes_on_logged_in() {
    let house = house("").await;
    let mut options = house.browser_options();
    options.language = "en".into();
    let browser = Browser::start(options).await;
    browser.open(&house.page("/weixin/login?client_id=counter&return_to=%2Fcounter.html")).await;
    browser.script(NOTE_COPIES).await;
    browser.until_phase("qr").await;
    let phone = phone(&house, Engine::Chromium).await;
    come_to_the_question(&phone, &scan_url(&browser).await).await;
    enter(&phone, &number(&browser).await).await;
    browser.until_at(&house.page("/counter.html")).await;
    assert_eq!(session(&browser).await["body"]["client_id"], "counter");
}

#[tokio::test]
async fn where_streams_are_held_back_the_computer_asks_again_and_again() {
    let house = house("").await;
    let browser = Browser::start(house.browser_options()).await;
    // A proxy that keeps a stream until it ends: nothing of it ever comes.
    browser
        .on_every_page(
            "const real = window.fetch;
             window.fetch = (address, request) => request?.headers?.Accept === 'text/event-stream'
                 ? new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)))
                 : real(address, request);",
        )
        .await;
    browser.open(&house.page("/counter.html")).await;
    browser.script(NOTE_COPIES).await;
    browser.until_phase("qr").await;
    let phone = phone(&house, Engine::Chromium).await;
    come_to_the_question(&phone, &scan_url(&browser).await).await;
    browser.until_phase("scanned").await;
    enter(&phone, &number(&browser).await).await;
    browser.until_phase("success").await;
}

#[tokio::test]
async fn three_wrong_numbers_end_the_scene_and_one_press_begins_another() {
    let house = house("").await;
    let browser = computer(&house, house.browser_options()).await;
    browser.script(NOTE_COPIES).await;
    let first = scan_url(&browser).await;
    let right = number(&browser).await;
    let wrong = if right == "42" { "43" } else { "42" };
    let phone = phone(&house, Engine::Chromium).await;
    come_to_the_question(&phone, &first).await;
    for tries_left in ["剩余次数：2", "剩余次数：1"] {
        enter(&phone, wrong).await;
        until_the_phone_says(&phone, tries_left).await;
    }
    enter(&phone, wrong).await;
    until_the_phone_says(&phone, "数字已输错三次").await;
    browser.until_phase("denied").await;
    browser.press("start-again").await;
    browser.until_phase("qr").await;
    browser.script("window.copied = undefined").await;
    assert_ne!(scan_url(&browser).await, first);
    assert_signed_out(&browser).await;
}

#[tokio::test]
async fn a_relayed_scan_link_dies_at_the_number() {
    // Somebody starts a scene and sends its link to a person, who sits in front of no such computer.
    let house = house("").await;
    let attacker = computer(&house, house.browser_options()).await;
    attacker.script(NOTE_COPIES).await;
    let phone = phone(&house, Engine::Chromium).await;
    come_to_the_question(&phone, &scan_url(&attacker).await).await;
    until_the_phone_says(&phone, "如果这个二维码或链接是别人发给您的").await;
    press(&phone, "the refusal", "button[value=refuse]").await;
    until_the_phone_says(&phone, "已拒绝登录").await;
    attacker.until_phase("denied").await;
    assert_signed_out(&attacker).await;
}

/// WeChat for Android is Chromium's engine, WeChat for iOS is WebKit's.
async fn inside_weixin_one_tap_logs_in(engine: Engine) {
    let house = house("").await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let phone = phone(&house, engine).await;
    phone.open(&house.page("/sign-in.html?lang=zh-CN")).await;
    phone.press("open-page").await;
    press(&phone, "the tap", "main a.button").await;
    press(&phone, "WeChat's question", "button[value=allow]").await;
    phone.until_at(&house.page("/")).await;
    assert_eq!(session(&phone).await["body"]["nickname"], "陈锴");
}

in_engines! {
    chromium Chromium: inside_weixin_one_tap_logs_in;
    webkit WebKit: inside_weixin_one_tap_logs_in;
}

#[tokio::test]
async fn without_javascript_a_computer_logs_in_by_a_scene() {
    let house = house("").await;
    let mut options = house.browser_options();
    options.preferences = Some(serde_json::json!({
        "profile": { "default_content_setting_values": { "javascript": 2 } }
    }));
    let browser = Browser::start(options).await;
    browser.open(&house.page("/weixin/login?client_id=counter&return_to=%2Fcounter.html")).await;
    // WebDriver's own scripts run all the same: they read what the page without scripts shows.
    browser
        .until("the code on a page without scripts", "return !!document.querySelector('.qr svg path')")
        .await;
    let still = browser.script("return location.href").await;
    let scan_url = still.as_str().unwrap().replace("/login/", "/scan/").replace("/still", "");
    let number = browser.script("return document.querySelector('.digits').textContent").await;
    let phone = phone(&house, Engine::Chromium).await;
    come_to_the_question(&phone, &scan_url).await;
    enter(&phone, number.as_str().unwrap()).await;
    browser.until_at(&house.page("/counter.html")).await;
}
