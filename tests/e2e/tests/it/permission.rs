//! Chrome's Local Network Access: a public page may ask this computer's WeChat only when the person has allowed it, or presses.

use serde_json::{Value, json};
use weixin_emulator::Call;
use weixin_login_e2e::browser::Browser;
use weixin_login_e2e::house::House;

use crate::login::{SIGN_IN, assert_signed_in, scan_and_allow};

/// What a person has said to the browser's question before: 1 allow, 2 block.
fn said_before(house: &House, setting: u8) -> Value {
    json!({ "profile": { "content_settings": { "exceptions": {
        "has_migrated_local_network_access": true,
        "loopback_network": { format!("{}:443,*", house.origin): { "last_modified": "13439682166247476", "setting": setting } },
    } } } })
}

/// A browser that takes the shop and WeChat's pages for sites on the public internet, at the sign-in page.
async fn at_public_page(house: &House, preferences: Option<Value>) -> Browser {
    let mut options = house.browser_options();
    // WeChat's own pages are public too; the desktop's service alone is on this computer.
    let (shop, open) = (house.shop.address(), house.weixin.open_address());
    options.switches.push(format!("--ip-address-space-overrides={shop}=public,{open}=public"));
    options.preferences = preferences;
    let browser = Browser::start(options).await;
    browser.open(&house.page(SIGN_IN)).await;
    browser
}

fn asked_this_computer(house: &House) -> bool {
    house.weixin.requests().iter().any(|request| request.call == Call::CheckLogin)
}

#[tokio::test]
async fn where_it_is_allowed_the_card_comes_at_once() {
    let house = House::tls().await;
    let browser = at_public_page(&house, Some(said_before(&house, 1))).await;
    browser.until_phase("fast-login").await;
}

#[tokio::test]
async fn where_the_browser_would_ask_the_qr_code_comes_and_nothing_is_asked() {
    let house = House::tls().await;
    let browser = at_public_page(&house, None).await;
    browser.until_phase("qr").await;
    let offer = "return document.querySelector('weixin-login').shadowRoot \
                 .querySelector('[data-press=\"use-this-computer\"]')?.checkVisibility()";
    browser.until("the offer to use this computer", offer).await;
    let frame = browser.frames().await.remove(0);
    assert!(frame.contains("&fast_login=0"), "{frame}");
    let allow = "return document.querySelector('weixin-login').shadowRoot.querySelector('iframe').allow";
    assert_eq!(browser.script(allow).await, "");
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
    assert!(!asked_this_computer(&house));
}

#[tokio::test]
async fn where_it_is_blocked_the_qr_code_comes_and_nothing_is_asked() {
    let house = House::tls().await;
    let browser = at_public_page(&house, Some(said_before(&house, 2))).await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
    assert!(!asked_this_computer(&house));
    assert!(!browser.phases().await.contains(&"probing".to_owned()));
}
