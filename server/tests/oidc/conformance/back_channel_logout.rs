//! `oidcc-backchannel-rp-initiated-logout-certification-test-plan`: 2 modules.

use serde_json::json;
use url::Url;

use super::config::verified_metadata;
use crate::door::*;
use crate::listener::Listener;

/// `oidcc-backchannel-logout-discovery-endpoint-verification`
#[tokio::test]
async fn oidcc_backchannel_logout_discovery_endpoint_verification() {
    let provider = Provider::start().await;
    let metadata = verified_metadata(&provider).await;
    assert_eq!(metadata["backchannel_logout_supported"], true);
    assert_eq!(metadata["backchannel_logout_session_supported"], true);
}

/// `oidcc-backchannel-rp-initiated-logout`
#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let listener = Listener::start(&[200, 200]).await;
    let address = listener.address();
    let provider = Provider::with(|config| {
        let registered = format!("id = \"suite\"\nbackchannel_logout_uri = \"{address}\"\n");
        config.replace("id = \"suite\"\n", &registered)
    })
    .await;
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    let login = provider.id_token(SUITE, &answer).await;

    let hint = [("id_token_hint", answer.text("id_token")), ("post_logout_redirect_uri", AFTER_LOGOUT)];
    let logout = Url::parse_with_params(&provider.at("/logout"), hint).expect("an address");
    assert_eq!(browser.get(logout.as_str()).await.status(), 303);

    let request = listener.request().await;
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains("content-type: application/x-www-form-urlencoded"), "{request}");
    let (_, body) = request.split_once("\r\n\r\n").expect("a body");
    let (name, token) = body.split_once('=').expect("a form");
    assert_eq!(name, "logout_token");
    let claims = provider.verified(token, "logout+jwt", "suite").await;
    for same in ["iss", "aud", "sub", "sid"] {
        assert_eq!(claims[same], login[same], "{same}");
    }
    assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert_eq!(claims.get("nonce"), None);
    assert!(claims["jti"].as_str().expect("a jti").len() >= 16);
    let life = claims["exp"].as_i64().expect("a time") - claims["iat"].as_i64().expect("a time");
    assert!((1..=120).contains(&life));
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 401);
}
