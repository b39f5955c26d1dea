//! The store's file, and what others do beside the service.

use std::os::unix::fs::PermissionsExt;

use weixin_emulator::Person;
use weixin_login::commands;

use crate::door::*;
use crate::named_store::on_its_file;

#[tokio::test]
async fn after_a_merge_no_refresh_token_of_the_account_that_went_is_good() {
    let provider = Provider::with(on_its_file).await;
    let config = parse(&provider.config_text);
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[("scope", "openid offline_access")]).await;
    let offline = provider.redeem(SUITE, authorized.code()).await;
    let first = provider.id_token(SUITE, &offline).await["sub"].as_str().expect("a sub").to_owned();
    // Its session ends, and the grant outlives it.
    browser.get(&format!("{}?id_token_hint={}", provider.at("/logout"), offline.text("id_token"))).await;
    provider.emulator.set_person(Person::new("second", "The same, at another app"));
    let other = provider.log_in(SUITE, &[]).await;
    let second = provider.id_token(SUITE, &other).await["sub"].as_str().expect("a sub").to_owned();
    commands::merge_accounts(&config, &provider.clock, &first, &second, true).await.expect("merged");
    let answer = provider.refresh(SUITE, offline.text("refresh_token")).await;
    assert_eq!(answer.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn the_store_is_its_owners_alone() {
    let mut provider = Provider::with(on_its_file).await;
    let files = ["store.db", "store.db-wal", "store.db-shm"].map(|name| provider.folder.path().join(name));
    let modes =
        || files.each_ref().map(|file| std::fs::metadata(file).expect("a file").permissions().mode() & 0o777);
    assert_eq!(modes(), [0o600; 3]);
    // As an earlier version has left it.
    std::fs::set_permissions(&files[0], PermissionsExt::from_mode(0o644)).expect("changed");
    provider.restart();
    provider.log_in(SUITE, &[]).await;
    assert_eq!(modes()[0], 0o600);
}

#[tokio::test]
async fn a_command_makes_no_store() {
    let provider = Provider::run_by(on_its_file, |_| None).await;
    let config = parse(&provider.config_text);
    let file = provider.folder.path().join("store.db");
    let refused = commands::list_sessions(&config, &provider.clock, None).await.expect_err("refused");
    let said = format!("there is no store at {}: the first start of the service makes it", file.display());
    assert_eq!(refused.to_string(), said);
    assert!(!file.exists());
}
