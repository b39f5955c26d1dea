//! Pages that lie to the widget, and pages that frame what is not theirs.

use serde_json::{Value, json};
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::Browser;
use weixin_login_e2e::house::{House, HouseOptions};

use crate::login::{assert_signed_in, assert_signed_out, at_sign_in, scan, scan_and_allow};

#[tokio::test]
async fn forged_messages_do_nothing() {
    let house = House::plain().await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = at_sign_in(&house).await;
    browser.until_phase("qr").await;
    // The page knows the state: it is in the frame's address. What it cannot be is the frame.
    let frame = url::Url::parse(&browser.frames().await[0]).unwrap();
    let state = frame.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let iss = house.page("/weixin");
    let forged = [
        json!({ "type": "weixin-login", "code": "forged", "state": state, "iss": iss }),
        json!({ "type": "weixin-login", "error": "access_denied", "state": state, "iss": iss }),
        json!({ "type": "weixin-login", "code": "forged", "state": "other", "iss": iss }),
        json!("{\"type\":\"status\",\"status\":\"wxReady\"}"),
        json!({}),
    ];
    for message in &forged {
        browser.script(&format!("postMessage({message}, '*')")).await;
        // From a frame of the page's own, another source with the right origin.
        let from_frame = format!(
            "const frame = document.createElement('iframe'); document.body.append(frame);
             frame.contentWindow.parent.postMessage({message}, '*'); frame.remove();"
        );
        browser.script(&from_frame).await;
    }
    browser.script("return new Promise(resolve => { addEventListener('message', () => resolve('heard')); postMessage('last', '*') })").await;
    assert_eq!(browser.phases().await.last().map(String::as_str), Some("qr"));
    assert_signed_out(&browser).await;
    scan_and_allow(&house).await;
    browser.until_phase("success").await;
    assert_signed_in(&browser).await;
}

#[tokio::test]
async fn an_answer_in_a_frame_of_another_site_gives_that_site_nothing() {
    let house = House::build(HouseOptions { tls: true, ..HouseOptions::default() }).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    // The shop's own page starts an attempt; its QR page is then framed by somebody else, who waits for a message.
    let shop = at_sign_in(&house).await;
    shop.until_phase("qr").await;
    let qr_page = shop.frames().await.remove(0);
    drop(shop);
    let evil = Browser::start(house.browser_options()).await;
    evil.open(&house.evil_page()).await;
    let listen = format!(
        "window.heard = []; addEventListener('message', event => heard.push(event.data));
         const frame = document.createElement('iframe'); frame.src = {}; document.body.append(frame);",
        Value::from(qr_page)
    );
    evil.script(&listen).await;
    let uuid = scan(&house).await;
    house.weixin.allow(&uuid).unwrap();
    // The frame has gone to the callback, and the browser refuses to show it there: an error page of its own.
    evil.until("the browser's refusal", "const frame = document.querySelector('iframe'); \
        try { frame.contentWindow.location.href; return false } catch { return frame.contentWindow.length === 0 }").await;
    let heard = evil.script("return heard").await;
    let logins = heard.as_array().unwrap().iter().filter(|message| message["type"] == "weixin-login").count();
    assert_eq!(logins, 0, "{heard}");
    let exchanges =
        house.weixin.requests().iter().filter(|r| r.call == weixin_emulator::Call::AccessToken).count();
    assert_eq!(exchanges, 0);
}
