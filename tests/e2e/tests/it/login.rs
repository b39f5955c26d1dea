//! What the login tests share: a house with a person in front of its sign-in page.

use serde_json::Value;
use weixin_emulator::{DialogAnswer, RequestRecord};
use weixin_login_e2e::browser::{Browser, PATIENCE};
use weixin_login_e2e::house::House;

/// The page of the shop that shows the element as a panel.
pub const SIGN_IN: &str = "/sign-in.html";

/// A house, and a browser at its sign-in page.
pub async fn at_sign_in(house: &House) -> Browser {
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page(SIGN_IN)).await;
    browser
}

/// Asks the service, as the page would, who is logged in.
pub async fn session(browser: &Browser) -> Value {
    browser
        .until(
            "an answer to GET /session",
            "return fetch('/weixin/session').then(async answer => ({ status: answer.status, body: await answer.json() }))",
        )
        .await
}

/// The person of the emulator is logged in at the shop.
pub async fn assert_signed_in(browser: &Browser) {
    let session = session(browser).await;
    assert_eq!(session["status"], 200, "{session}");
    assert_eq!(session["body"]["nickname"], "陈锴");
    assert_eq!(session["body"]["client_id"], "shop");
}

/// Nobody is.
pub async fn assert_signed_out(browser: &Browser) {
    assert_eq!(session(browser).await["status"], 401);
}

/// The first request that is like this, once it has come.
pub async fn request(house: &House, what: &str, like: impl Fn(&RequestRecord) -> bool) -> RequestRecord {
    house.weixin.wait_for_request(PATIENCE, like).await.unwrap_or_else(|| panic!("never came: {what}"))
}

/// The phone scans the newest QR code, and allows.
pub async fn scan_and_allow(house: &House) {
    let uuid = scan(house).await;
    house.weixin.allow(&uuid).expect("a scanned code can be allowed");
}

/// The phone scans the newest QR code.
pub async fn scan(house: &House) -> String {
    let uuid = house.weixin.wait_for_qr(PATIENCE).await.expect("a QR code is shown");
    house.weixin.scan(&uuid).expect("a shown code can be scanned");
    uuid
}

/// The person presses "continue" and allows in WeChat's own dialog.
pub async fn continue_and_allow(house: &House, browser: &Browser) {
    browser.until_phase("fast-login").await;
    browser.press("continue").await;
    browser.until_phase("confirming").await;
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
}
