//! The QR code: scanned and allowed, cancelled, expired.

use std::time::Duration;

use serde_json::json;
use weixin_emulator::{Call, DEFAULT_APPID, DesktopMode, Emulator, Options};
use weixin_login_e2e::browser::{Browser, BrowserOptions, PATIENCE};
use weixin_login_e2e::house::House;

use crate::login::{assert_signed_in, assert_signed_out, at_sign_in, scan, scan_and_allow};

async fn without_desktop() -> House {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    house
}

#[tokio::test]
async fn scan_and_allow_signs_in() {
    let house = without_desktop().await;
    let browser = at_sign_in(&house).await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
    assert_eq!(browser.phases().await, ["loading", "probing", "qr", "confirming", "success"]);
}

#[tokio::test]
async fn cancel_on_the_phone_leaves_the_code_for_another_scan() {
    let house = without_desktop().await;
    let browser = at_sign_in(&house).await;
    browser.until_phase("qr").await;
    let uuid = scan(&house).await;
    house.weixin.cancel(&uuid).unwrap();
    browser.enter_frame().await;
    browser
        .until(
            "WeChat's word of the cancel",
            "return document.querySelector('#wx_after_cancel').checkVisibility()",
        )
        .await;
    browser.leave_frame().await;
    assert_signed_out(&browser).await;
    house.weixin.scan(&uuid).unwrap();
    house.weixin.allow(&uuid).unwrap();
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn an_expired_code_is_refreshed_and_signs_in() {
    let house = without_desktop().await;
    let browser = at_sign_in(&house).await;
    browser.until_phase("qr").await;
    let old = house.weixin.waiting_qr().unwrap();
    house.weixin.advance(Duration::from_secs(301));
    browser.enter_frame().await;
    browser
        .until("WeChat's word of the expiry", "return document.querySelector('#expired').checkVisibility()")
        .await;
    browser.press_on("WeChat's own refresh", "return document.querySelector('#refresh')").await;
    browser.leave_frame().await;
    assert!(house.weixin.scan(&old).is_err(), "the old code is dead");
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn an_attempt_that_has_expired_is_started_again_by_one_press() {
    let house = without_desktop().await;
    let browser = at_sign_in(&house).await;
    browser.until_phase("qr").await;
    // The attempt dies at the service; the phone's answer then comes too late.
    house.service.clock.advance(601);
    scan_and_allow(&house).await;
    browser.until_phase("expired").await;
    assert_signed_out(&browser).await;
    browser.press("start-again").await;
    browser.until_phase("qr").await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

/// The emulator's page alone, as WeChat's does it: nobody looks at the code behind the card.
#[tokio::test]
async fn weixins_page_asks_no_more_while_its_card_stands() {
    let weixin = Emulator::start(Options::default()).await.unwrap();
    let browser = Browser::start(BrowserOptions::default()).await;
    browser
        .on_every_page(
            "const set = window.setTimeout; window.waits = [];
             window.setTimeout = (act, time, ...more) => { window.waits.push(time); return set(act, time, ...more); };",
        )
        .await;
    browser
        .open(&format!(
            "{}/connect/qrconnect?appid={DEFAULT_APPID}&redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcallback&response_type=code\
             &scope=snsapi_login&state=S1",
            weixin.open_url()
        ))
        .await;
    browser.until("the card", "return document.querySelector('#by-fast-login').checkVisibility()").await;
    let first = weixin.wait_for_request(PATIENCE, |asked| asked.call == Call::LongPoll).await;
    let first = first.expect("the page asks once").order;
    weixin.advance(Duration::from_secs(31));
    browser.until("an answer", "return !document.querySelector('script[src*=\"/connect/l/\"]')").await;
    assert_eq!(browser.script("return window.waits.filter((time) => time >= 1000)").await, json!([]));
    browser.press_on("the way to the code", "return document.querySelector('#use-scan')").await;
    let again = |asked: &weixin_emulator::RequestRecord| asked.call == Call::LongPoll && asked.order > first;
    weixin.wait_for_request(PATIENCE, again).await.expect("the code is looked at again");
    assert_eq!(weixin.requests().iter().filter(|asked| asked.call == Call::LongPoll).count(), 2);
}
