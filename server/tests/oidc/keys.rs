//! Signing keys of a running service: rotated without a lost login, agreed upon by two nodes, and never replaced.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use crate::door::*;
use crate::named_store::on_its_file;

async fn kids(provider: &Provider) -> Vec<String> {
    let jwks = provider.get_json("/jwks").await;
    let keys = jwks["keys"].as_array().expect("keys").clone();
    keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).expect("a header").kid.expect("a kid")
}

async fn rotate(provider: &Provider) {
    weixin_login::commands::rotate_keys(&parse(&provider.config_text), &provider.clock)
        .await
        .expect("rotated");
}

#[tokio::test]
async fn a_new_key_is_published_ahead_and_the_old_one_behind() {
    let provider = Provider::start().await;
    let before = kids(&provider).await;
    let old = provider.log_in(SUITE, &[]).await;
    rotate(&provider).await;
    // A running service reads the rows once a minute.
    provider.clock.advance(60);
    let announced = kids(&provider).await;
    assert_eq!((before.len(), announced.len()), (2, 4));
    assert!(before.iter().all(|kid| announced.contains(kid)));
    assert!(before.contains(&kid(provider.log_in(SUITE, &[]).await.text("id_token"))));
    // As long as a client may hold the old JWKS nothing is signed with the new key.
    provider.clock.advance(600);
    assert!(before.contains(&kid(provider.log_in(SUITE, &[]).await.text("id_token"))));
    provider.clock.advance(120);
    let new = provider.log_in(SUITE, &[]).await;
    assert!(!before.contains(&kid(new.text("id_token"))));
    assert!(!before.contains(&kid(new.text("access_token"))));
    assert_eq!(kids(&provider).await, announced);
    // An old token is still a good hint.
    let browser = provider.browser();
    let response =
        browser.get(&format!("{}?id_token_hint={}", provider.at("/logout"), old.text("id_token"))).await;
    assert_eq!(response.status(), 200);
    // 30 days after the last signature it is gone.
    provider.clock.advance(31 * 24 * 3600);
    kids(&provider).await;
    assert!(kids(&provider).await.iter().all(|kid| !before.contains(kid)));
}

#[tokio::test]
async fn two_nodes_agree_and_take_each_others_tokens() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &[]).await;
    let node = provider.another_node().await;
    let port =
        node.config_text.lines().find_map(|line| line.strip_prefix("listen = \"127.0.0.1:")).expect("a port");
    let port = port.trim_end_matches('"');
    let at_node = |path: &str| {
        let request = node.http().get(format!("http://127.0.0.1:{port}{path}"));
        request.header("Host", provider.issuer.strip_prefix("http://").expect("http"))
    };
    let jwks: Value = at_node("/jwks").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(jwks, provider.get_json("/jwks").await);
    let info = at_node("/userinfo").bearer_auth(answer.text("access_token")).send().await.expect("an answer");
    assert_eq!(info.status(), 200);
    rotate(&provider).await;
    provider.clock.advance(60);
    let jwks: Value = at_node("/jwks").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(jwks["keys"].as_array().expect("keys").len(), 4);
    assert_eq!(jwks, provider.get_json("/jwks").await);
}

#[tokio::test]
async fn rotation_under_load_fails_no_verification() {
    let provider = Provider::start().await;
    let (done, verified) = (AtomicBool::new(false), AtomicUsize::new(0));
    let load = || async {
        let browser = provider.browser();
        while !done.load(Ordering::Relaxed) {
            let authorized = browser.authorize(SUITE, &[]).await;
            let answer = provider.redeem(SUITE, authorized.code()).await;
            // By the keys that are published in this moment.
            provider.id_token(SUITE, &answer).await;
            assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 200);
            verified.fetch_add(1, Ordering::Relaxed);
        }
    };
    let rotation = async {
        for _ in 0..3 {
            rotate(&provider).await;
            // Small steps: a code lives for a minute, also that of a login which is under way.
            for _ in 0..36 {
                let before = verified.load(Ordering::Relaxed);
                provider.clock.advance(25);
                while verified.load(Ordering::Relaxed) < before + 4 {
                    tokio::task::yield_now().await;
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(load(), load(), rotation);
    assert_eq!(kids(&provider).await.len(), 8);
}

#[tokio::test]
async fn a_clock_that_is_set_back_stops_no_login_and_no_withdrawal() {
    // The first keys were made by a clock that was an hour ahead.
    let provider = Provider::start().await;
    let before = kids(&provider).await;
    provider.clock.advance(-3600);
    let answer = provider.log_in(SUITE, &[]).await;
    let signing = kid(answer.text("id_token"));
    assert!(before.contains(&signing));
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 200);
    let config = parse(&provider.config_text);
    let list = weixin_login::commands::list_keys(&config, &provider.clock).await.expect("a list");
    assert_eq!(list.matches("  signs  ").count(), 2, "{list}");
    // Read again at once, and not when the clock has caught up.
    weixin_login::commands::withdraw_key(&config, &provider.clock, &signing).await.expect("withdrawn");
    provider.clock.advance(1);
    assert!(!kids(&provider).await.contains(&signing));
    assert_ne!(kid(provider.log_in(SUITE, &[]).await.text("id_token")), signing);
}

#[tokio::test]
async fn keys_rotate_by_schedule_where_that_is_configured() {
    let provider = Provider::with(|config| format!("rotate_keys_every_days = 90\n{config}")).await;
    let before = kids(&provider).await;
    provider.clock.advance(90 * 24 * 3600);
    kids(&provider).await;
    let after = kids(&provider).await;
    assert_eq!(after.len(), 4);
    assert!(before.iter().all(|kid| after.contains(kid)));
}

#[tokio::test]
async fn a_master_key_that_is_lost_or_another_one_stops_the_start_and_changes_nothing() {
    let provider = Provider::with(on_its_file).await;
    let before = kids(&provider).await;
    let file = provider.folder.path().join("store.master-key");
    let right = std::fs::read_to_string(&file).expect("made at the first start");
    let start = || {
        let text = provider.config_text.replace("listen = \"127.0.0.1:", "listen = \"127.0.0.1:0\" # ");
        let clock = (*provider.clock).clone();
        std::thread::spawn(move || {
            let built = weixin_login::app::Application::build(parse(&text), clock);
            actix_web::rt::System::new().block_on(built).err().expect("refused").to_string()
        })
        .join()
        .expect("built")
    };
    std::fs::write(&file, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").expect("written");
    assert!(start().contains("put the file that sealed it back into master_key_files"));
    std::fs::remove_file(&file).expect("removed");
    assert!(start().contains("store.master-key cannot be used"));
    assert!(!file.exists());
    std::fs::write(&file, right).expect("written");
    assert_eq!(kids(&provider.another_node().await).await.len(), before.len());
}
