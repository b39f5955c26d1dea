//! `[weixin] proxy`: WeChat's servers are asked by way of it, and by no other.

use tempfile::TempDir;
use weixin_emulator::Emulator;

use crate::front::{Front, GOOD};
use crate::harness::{allowed_by, attempt_of};
use crate::program::{Program, write_config};

#[tokio::test(flavor = "multi_thread")]
async fn weixin_is_asked_through_the_proxy_and_never_past_it() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let proxy = Front::start(None, GOOD).await;
    let with_proxy = |config: String| {
        let line = format!("[weixin]\nproxy = \"http://service:quite-secret@{}\"", proxy.address);
        config.replacen("[weixin]", &line, 1)
    };
    let file = write_config(&weixin, &data, with_proxy);
    let mut program = Program::start(&file);
    let mut visitor = program.visitor();
    tokio::task::block_in_place(|| {
        program.logged("WeChat accepts appid and secret of weixin.service_account")
    });
    let before = proxy.heads().len();
    assert_eq!(before, 2, "the secrets are tried through it, too");
    let attempt = attempt_of(&visitor.open("/login?return_to=%2Forders").await.body);
    let callback = allowed_by(&weixin, &attempt);
    assert_eq!(visitor.open(&callback).await.status, 303);
    let heads = proxy.heads();
    let asked: Vec<&str> =
        heads[before..].iter().map(|head| head.split(['?', ' ']).nth(1).unwrap()).collect();
    let api = weixin.api_url();
    assert_eq!(asked, [format!("{api}/sns/oauth2/access_token"), format!("{api}/sns/userinfo")]);
    let lower = heads[before].to_ascii_lowercase();
    assert!(lower.contains("proxy-authorization: basic"), "{lower}");

    // Without it there is no login, and no other way is tried.
    let asked_before = weixin.requests().len();
    drop(proxy);
    let attempt = attempt_of(&visitor.open("/login?return_to=%2Forders").await.body);
    let callback = allowed_by(&weixin, &attempt);
    assert_eq!(visitor.open(&callback).await.status, 503);
    assert!(
        !weixin.requests()[asked_before..]
            .iter()
            .any(|request| request.call == weixin_emulator::Call::AccessToken)
    );
    assert!(!program.stop().contains("quite-secret"));
}
