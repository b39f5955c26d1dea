//! The demo shop's own pages, which are what a newcomer sees first: on the narrowest screen, and in a browser that keeps nothing.

use serde_json::json;
use weixin_emulator::{DEFAULT_SERVICE_ACCOUNT_APPID, DEFAULT_SERVICE_ACCOUNT_SECRET};
use weixin_login_e2e::browser::{Browser, BrowserOptions};
use weixin_login_e2e::house::{House, HouseOptions, SHOP_NAME};

/// A house with the counter's client beside the shop's.
async fn house() -> House {
    let more_config = format!(
        r#"
[weixin.service_account]
appid = "{DEFAULT_SERVICE_ACCOUNT_APPID}"
secret = "{DEFAULT_SERVICE_ACCOUNT_SECRET}"

[[clients]]
id = "counter"
name = "Counter"
origins = ["https://{SHOP_NAME}"]
scenes = true
"#
    );
    House::build(HouseOptions { tls: true, more_config, ..HouseOptions::default() }).await
}

#[tokio::test]
async fn no_page_is_wider_than_a_screen_of_320_pixels() {
    let house = house().await;
    let browser = Browser::start(house.browser_options()).await;
    let cdp = browser.driver().cdp();
    let screen = json!({ "width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": false });
    cdp.send_raw("Emulation.setDeviceMetricsOverride", screen).await.unwrap();
    for scheme in ["light", "dark"] {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        cdp.send_raw("Emulation.setEmulatedMedia", features).await.unwrap();
        for language in ["zh-CN", "zh-TW", "en"] {
            for page in ["", "sign-in.html", "counter.html"] {
                browser.script("sessionStorage.clear()").await;
                browser.open(&house.page(&format!("/{page}?lang={language}"))).await;
                if !page.is_empty() {
                    browser.until_phase("qr").await;
                }
                // What a scroll bar takes is not there either.
                let beyond = "
                    const { clientWidth, scrollWidth } = document.documentElement;
                    const wide = [...document.querySelectorAll('body, body *')]
                        .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > clientWidth + 0.5);
                    return [scrollWidth - clientWidth, wide.map((element) => element.outerHTML.slice(0, 80))]";
                assert_eq!(browser.script(beyond).await, json!([0, []]), "{page} {language} {scheme}");
            }
        }
    }
}

#[tokio::test]
async fn the_shop_works_where_the_browser_keeps_nothing() {
    let house = House::plain().await;
    let nothing = json!({ "profile": { "default_content_setting_values": { "cookies": 2 } } });
    let options = BrowserOptions { preferences: Some(nothing), ..house.browser_options() };
    let browser = Browser::start(options).await;
    browser.open(&house.page("/")).await;
    let throws = "try { return localStorage.length } catch (error) { return error.name }";
    assert_eq!(browser.script(throws).await, "SecurityError");
    let teas = "return [document.documentElement.lang, document.querySelectorAll('#teas li').length]";
    assert_eq!(browser.script(teas).await, json!(["zh-CN", 6]));
    browser.script("document.querySelector('[data-language=en]').click()").await;
    assert_eq!(browser.script(teas).await, json!(["en", 6]));
    browser.until("who is signed in", "return !document.querySelector('[data-signed=out]').hidden").await;
}
