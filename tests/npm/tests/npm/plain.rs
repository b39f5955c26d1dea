//! A page without a bundler: the classic script, and the slim module.

use serde_json::Value;

use crate::login::{assert_session, assert_silent_console, browser_at, house, log_in, plain_site};

#[tokio::test]
async fn the_classic_script_logs_in_and_asks_for_no_other_file() {
    let house = house(&plain_site("plain-embed").folder).await;
    let browser = browser_at(&house, &house.page("/")).await;
    log_in(&house, &browser).await;
    assert_session(&browser).await;
    assert_silent_console(&browser).await;
    let loaded = browser
        .script("return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname).filter((path) => /\\.(js|wasm)$/.test(path))")
        .await;
    assert_eq!(loaded, serde_json::json!(["/weixin-login/embed.js", "/page.js"]));
}

#[tokio::test]
async fn the_classic_script_opens_the_dialog() {
    let house = house(&plain_site("plain-dialog").folder).await;
    let browser = browser_at(&house, &house.page("/")).await;
    browser.script("document.querySelector('weixin-login').remove()").await;
    browser.script("document.querySelector('#sign-in').click()").await;
    browser.until_phase("fast-login").await;
    browser.script("document.querySelector('weixin-login').shadowRoot.querySelector('.close').click()").await;
    browser.until("the reason", "return document.querySelector('#person').textContent === 'cancelled'").await;
    assert_eq!(
        browser.script("return document.querySelectorAll('weixin-login').length").await,
        Value::from(0)
    );
    assert_silent_console(&browser).await;
}

#[tokio::test]
async fn the_slim_module_finds_its_wasm_beside_itself() {
    let house = house(&plain_site("plain-slim").folder).await;
    let browser = browser_at(&house, &house.page("/slim.html")).await;
    log_in(&house, &browser).await;
    assert_session(&browser).await;
    assert_silent_console(&browser).await;
}
