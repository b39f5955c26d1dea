//! A page without a bundler: the classic script, and the slim module.

use std::fs;

use serde_json::Value;
use weixin_login_npm::{Project, workshop};

use crate::login::{assert_session, assert_silent_console, browser_at, house, log_in};

/// The sample, with the package's files beside it.
fn site(place: &str) -> Project {
    let project = Project::new("plain", place).unwrap();
    let to = project.folder.join("weixin-login");
    fs::create_dir(&to).unwrap();
    for entry in fs::read_dir(workshop().unwrap().join("node_modules/weixin-login/dist")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    project
}

#[tokio::test]
async fn the_classic_script_logs_in_and_asks_for_no_other_file() {
    let house = house(&site("plain-embed").folder).await;
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
    let house = house(&site("plain-dialog").folder).await;
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
    let house = house(&site("plain-slim").folder).await;
    let browser = browser_at(&house, &house.page("/slim.html")).await;
    log_in(&house, &browser).await;
    assert_session(&browser).await;
    assert_silent_console(&browser).await;
}
