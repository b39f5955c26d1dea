//! What the browser tests share: a house around a site's pages, a person who logs in there, and a console that stays silent.

use std::fs;
use std::path::Path;

use serde_json::Value;
use weixin_emulator::DialogAnswer;
use weixin_login_e2e::browser::{Browser, PATIENCE};
use weixin_login_e2e::house::{House, HouseOptions};
use weixin_login_npm::{Project, workshop};

/// A house whose shop has these pages.
pub async fn house(pages: &Path) -> House {
    House::build(HouseOptions { www: Some(pages.to_owned()), ..HouseOptions::default() }).await
}

/// A browser at this page.
pub async fn browser_at(house: &House, address: &str) -> Browser {
    let browser = Browser::start(house.browser_options()).await;
    browser.open(address).await;
    browser
}

/// Logs in by fast login, and waits until the page greets the person.
pub async fn log_in(house: &House, browser: &Browser) {
    answer_by_fast_login(house, browser).await;
    browser.until("a greeting", "return document.querySelector('#person')?.textContent === '陈锴'").await;
}

/// Logs in by fast login, as far as the person is concerned.
pub async fn answer_by_fast_login(house: &House, browser: &Browser) {
    browser.until_phase("fast-login").await;
    browser.press("continue").await;
    browser.until_phase("confirming").await;
    house.weixin.wait_for_dialog(PATIENCE).await.expect("WeChat's dialog opens");
    assert!(house.weixin.answer_dialog(DialogAnswer::Allow));
}

/// The site's own cookie says who is logged in.
pub async fn assert_session(browser: &Browser) {
    let session =
        browser.until("a session", "return fetch('/weixin/session').then((answer) => answer.json())").await;
    assert_eq!((&session["nickname"], &session["client_id"]), (&Value::from("陈锴"), &Value::from("shop")));
}

/// Nothing went wrong that a developer would see in the console.
pub async fn assert_silent_console(browser: &Browser) {
    let mut log = browser.driver().browser_log().await.unwrap();
    // The browser looks for an icon by itself; the samples have none.
    log.retain(|entry| !entry.message.contains("/favicon.ico - "));
    assert!(log.is_empty(), "{log:#?}");
}

/// The pages without a bundler, with the package's files beside it.
pub fn plain_site(place: &str) -> Project {
    let project = Project::new("plain", place).unwrap();
    let to = project.folder.join("weixin-login");
    fs::create_dir(&to).unwrap();
    for entry in fs::read_dir(workshop().unwrap().join("node_modules/weixin-login/dist")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    project
}

/// Makes a sample import the other entry of the two that have the same exports.
pub fn import_instead(project: &Project, file: &str, from: &str, to: &str) {
    let file = project.folder.join(file);
    let text = fs::read_to_string(&file).unwrap();
    let (from, to) = (format!(r#"from "{from}";"#), format!(r#"from "{to}";"#));
    assert_eq!(text.matches(&from).count(), 1, "{text}");
    fs::write(file, text.replace(&from, &to)).unwrap();
}
