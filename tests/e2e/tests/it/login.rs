//! What the login tests share: a house with a person in front of its sign-in page.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use weixin_emulator::{DialogAnswer, RequestRecord};
use weixin_login_e2e::browser::{Browser, PATIENCE};
use weixin_login_e2e::house::House;
use weixin_login_e2e::widget::shown;

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

/// WeChat's dialog on this computer is refused. Gives the code that stood beside the offer, which goes.
pub async fn refuse(house: &House) -> Option<String> {
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    let former = house.weixin.waiting_qr();
    assert!(house.weixin.answer_dialog(DialogAnswer::Refuse));
    former
}

/// The phone scans a code that is shown after this one, and allows.
pub async fn scan_another_and_allow(house: &House, former: Option<String>) {
    let mut looks = tokio::time::interval(Duration::from_millis(50));
    let another = async {
        loop {
            looks.tick().await;
            if let Some(uuid) = house.weixin.waiting_qr().filter(|uuid| Some(uuid) != former.as_ref()) {
                return uuid;
            }
        }
    };
    let uuid = tokio::time::timeout(PATIENCE, another).await.expect("another QR code is shown");
    house.weixin.scan(&uuid).expect("a shown code can be scanned");
    house.weixin.allow(&uuid).expect("a scanned code can be allowed");
}

/// The phone scans the newest QR code.
pub async fn scan(house: &House) -> String {
    let uuid = house.weixin.wait_for_qr(PATIENCE).await.expect("a QR code is shown");
    house.weixin.scan(&uuid).expect("a shown code can be scanned");
    uuid
}

/// The WeChat on this computer is offered: by its card, or beside the QR code where it took longer than the code waits.
pub async fn until_offered(browser: &Browser) {
    browser.until("fast login", &shown("continue")).await;
}

/// Whether it is offered by its card, and not beside the code.
pub async fn has_card(browser: &Browser) -> bool {
    browser.script(&format!("return !!(() => {{ {} }})()", shown("scan"))).await == true
}

/// The person would rather scan: presses for the code, where it is not there by itself.
pub async fn scan_instead(browser: &Browser) {
    until_offered(browser).await;
    if has_card(browser).await {
        browser.press("scan").await;
    }
    browser.until_phase("qr").await;
}

/// The person presses "continue" and allows in WeChat's own dialog.
pub async fn continue_and_allow(house: &House, browser: &Browser) {
    browser.press("continue").await;
    browser.until_phase("confirming").await;
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
}

/// PKCE's example (RFC 7636, appendix B): the site's backend has the verifier, its page the challenge.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// See [`VERIFIER`].
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The site's backend redeems the code that its page got. It goes round the site's own proxy.
pub async fn redeem(house: &House, success: &Value, client: &str, origin: &str) -> Value {
    assert_eq!(success["iss"], house.page("/weixin"), "{success}");
    let (scheme, host) = house.origin.split_once("://").expect("an origin");
    let answer = reqwest::Client::new()
        .post(format!("http://{}/weixin/token", house.service.address()))
        .header("host", host)
        .header("x-forwarded-proto", scheme)
        .form(&[
            ("grant_type", "authorization_code"),
            ("code", success["code"].as_str().unwrap()),
            ("client_id", client),
            ("redirect_uri", &format!("web_message:{origin}")),
            ("code_verifier", VERIFIER),
        ])
        .send()
        .await
        .unwrap();
    let tokens: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(tokens["token_type"], "Bearer", "{tokens}");
    tokens
}

/// What an answer's ID token says.
pub fn claims(tokens: &Value) -> Value {
    let token = tokens["id_token"].as_str().unwrap_or_else(|| panic!("no ID token in {tokens}"));
    let claims = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

/// The phone scans the code that comes after `former`: a page that goes leaves one behind that waits still.
pub async fn scan_next(house: &House, former: Option<&str>) -> String {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(20));
    loop {
        looks.tick().await;
        if let Some(uuid) = house.weixin.waiting_qr().filter(|uuid| Some(uuid.as_str()) != former) {
            house.weixin.scan(&uuid).expect("a shown code can be scanned");
            return uuid;
        }
        assert!(tokio::time::Instant::now() < deadline, "no other code was shown");
    }
}
