//! A scene's events, where the stream of them falls silent: a proxy, a VPN, a laptop that slept.

use serde_json::json;
use weixin_login_e2e::between::{Between, Fault};
use weixin_login_e2e::browser::chromium::faster;
use weixin_login_e2e::browser::{Browser, Engine};
use weixin_login_e2e::house::House;

use crate::scene;

/// Says when the page asked for events, by its own clock (ms): `window.asked`.
const NOTE_ASKS: &str = "
    window.asked = [];
    const real = window.fetch;
    window.fetch = (address, request) => {
        if (String(address?.url ?? address).includes('/events')) asked.push(performance.now());
        return real(address, request);
    };";

/// A computer in front of a scene, whose clock runs ten times as fast.
async fn computer(house: &House) -> Browser {
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(&faster(10)).await;
    browser.on_every_page(NOTE_ASKS).await;
    browser.open(&house.page("/counter.html")).await;
    browser.until_phase("qr").await;
    browser
}

async fn until_asked(browser: &Browser, count: usize) {
    browser.until(&format!("{count} askings"), &format!("return asked.length >= {count}")).await;
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_asked_for_again() {
    let house = scene::house("").await;
    let between = Between::in_front_of(&house);
    between.fault_times("GET", "/events", Fault::Silence, 1);
    let browser = computer(&house).await;
    until_asked(&browser, 2).await;
    let apart = browser.script("return asked[1] - asked[0]").await.as_f64().unwrap();
    assert!((20_000.0..60_000.0).contains(&apart), "the service speaks every 15 s: {apart} ms");
    // And it is heard again.
    browser.script(scene::NOTE_COPIES).await;
    let phone = scene::phone(&house, Engine::Chromium).await;
    scene::come_to_the_question(&phone, &scene::scan_url(&browser).await).await;
    browser.until_phase("scanned").await;
    scene::enter(&phone, &scene::number(&browser).await).await;
    browser.until_phase("success").await;
}

#[tokio::test]
async fn a_stream_is_asked_for_again_when_the_network_is_back_and_when_the_page_is_seen() {
    let house = scene::house("").await;
    let between = Between::in_front_of(&house);
    between.fault("GET", "/events", Fault::Silence);
    let browser = Browser::start(house.browser_options()).await;
    browser.on_every_page(NOTE_ASKS).await;
    browser.open(&house.page("/counter.html")).await;
    browser.until_phase("qr").await;
    until_asked(&browser, 1).await;
    between.until_heard("GET", "/events", 1).await;
    // What the browser tells when a cable is put in, or a lid is opened. A connection that died silently is told by nothing.
    browser.script("dispatchEvent(new Event('online'))").await;
    until_asked(&browser, 2).await;
    between.until_heard("GET", "/events", 2).await;
    browser
        .script(
            "let hidden = true;
             Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true });
             Object.defineProperty(document, 'visibilityState', { get: () => (hidden ? 'hidden' : 'visible'), configurable: true });
             document.dispatchEvent(new Event('visibilitychange'));
             hidden = false;
             document.dispatchEvent(new Event('visibilitychange'));",
        )
        .await;
    until_asked(&browser, 3).await;
}

#[tokio::test]
async fn a_service_that_refuses_events_is_asked_less_and_less() {
    let house = scene::house("").await;
    let between = Between::in_front_of(&house);
    for status in [401, 403, 429] {
        between.clear();
        between.fault("GET", "/events", Fault::Status(status));
        let browser = computer(&house).await;
        until_asked(&browser, 5).await;
        let apart = browser.script("return asked.slice(1).map((at, index) => at - asked[index])").await;
        let apart: Vec<f64> =
            apart.as_array().unwrap().iter().filter_map(serde_json::Value::as_f64).collect();
        assert!(apart[3] > 2.0 * apart[0], "{status}: {}", json!(apart));
    }
}

#[tokio::test]
async fn a_network_lost_between_approval_and_end_costs_no_second_login() {
    let house = scene::house("").await;
    let between = Between::in_front_of(&house);
    between.fault_times("POST", "/finish", Fault::Away, 1);
    let browser = Browser::start(house.browser_options()).await;
    browser.open(&house.page("/counter.html")).await;
    browser.script(scene::NOTE_COPIES).await;
    browser.until_phase("qr").await;
    let phone = scene::phone(&house, Engine::Chromium).await;
    scene::come_to_the_question(&phone, &scene::scan_url(&browser).await).await;
    scene::enter(&phone, &scene::number(&browser).await).await;
    between.until_heard("POST", "/finish", 1).await;
    let ended =
        "const { phase } = document.querySelector('weixin-login').shadowRoot.querySelector('.panel').dataset;
                 return ['success', 'error'].includes(phase) && phase";
    if browser.until("an end", ended).await == "error" {
        browser.press("start-again").await;
    }
    browser.until_phase("success").await;
    assert_eq!(between.heard("POST", "/login").len(), 1, "no other login was begun");
}
