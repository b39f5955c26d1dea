//! A page without a bundler: the classic script, and the slim module.

use std::fs;

use serde_json::Value;
use weixin_emulator::DesktopMode;
use weixin_login_e2e::browser::PATIENCE;
use weixin_login_npm::repository;

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

#[tokio::test]
async fn a_wasm_that_cannot_be_fetched_is_told_and_fetched_again_while_the_link_stands() {
    let folder = plain_site("plain-slim-late").folder;
    let (wasm, away) = (folder.join("weixin-login/weixin-login.wasm"), folder.join("away"));
    fs::rename(&wasm, &away).unwrap();
    let house = house(&folder).await;
    let browser = browser_at(&house, &house.page("/slim.html")).await;
    let told = "return JSON.parse(sessionStorage.getItem('seen') ?? '[]').find(({ name }) => name === 'error')?.code";
    assert_eq!(browser.until("the element's word", told).await, "service_unreachable");
    browser.until("the link", "return document.querySelector('weixin-login a').checkVisibility()").await;
    fs::rename(&away, &wasm).unwrap();
    log_in(&house, &browser).await;
    assert_session(&browser).await;
}

#[tokio::test]
async fn a_service_worker_that_leaves_the_services_path_alone_lets_the_login_end() {
    let project = plain_site("plain-service-worker");
    let house = house(&project.folder).await;
    house.weixin.set_desktop(DesktopMode::Absent).await.unwrap();
    let browser = browser_at(&house, &house.page("/")).await;
    browser.script("navigator.serviceWorker.register('/service-worker.js')").await;
    browser.until("a worker that answers", "return !!navigator.serviceWorker.controller").await;
    // The worker gives this page now, whatever it is called.
    browser.open(&house.page("/any/page")).await;
    browser.until_phase("qr").await;
    let uuid = house.weixin.wait_for_qr(PATIENCE).await.expect("a QR code is shown");
    house.weixin.scan(&uuid).unwrap();
    house.weixin.allow(&uuid).unwrap();
    browser.until("a greeting", "return document.querySelector('#person').textContent === '陈锴'").await;
    assert_session(&browser).await;
}

#[test]
fn the_worker_is_the_one_that_the_documents_show() {
    let worker = fs::read_to_string(repository().join("tests/npm/plain/service-worker.js")).unwrap();
    let (_, answers) = worker.split_once("addEventListener(\"fetch\"").unwrap();
    let document = fs::read_to_string(repository().join("docs/troubleshooting.md")).unwrap();
    assert!(
        document.contains(answers),
        "docs/troubleshooting.md does not show tests/npm/plain/service-worker.js"
    );
}
