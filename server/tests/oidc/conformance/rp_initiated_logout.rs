//! `oidcc-rp-initiated-logout-certification-test-plan`: 11 modules.

use reqwest::Response;
use url::Url;

use super::config::verified_metadata;
use crate::door::*;

/// A browser that is logged in, and its ID token.
async fn logged_in(provider: &Provider) -> (Browser<'_>, String) {
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    (browser, answer.text("id_token").to_owned())
}

async fn log_out(provider: &Provider, browser: &Browser<'_>, parameters: &[(&str, &str)]) -> Response {
    browser
        .get(Url::parse_with_params(&provider.at("/logout"), parameters).expect("an address").as_str())
        .await
}

async fn is_logged_in(browser: &Browser<'_>) -> bool {
    browser.authorize(SUITE, &[("prompt", "none")]).await.error() != "login_required"
}

/// Logged out, and sent back with the state.
async fn is_sent_back(browser: &Browser<'_>, response: Response, state: Option<&str>) {
    assert_eq!(response.status(), 303);
    let mut expected = Url::parse(AFTER_LOGOUT).expect("an address");
    if let Some(state) = state {
        expected.query_pairs_mut().append_pair("state", state);
    }
    assert_eq!(location(&response), expected);
    assert!(!is_logged_in(browser).await);
}

/// Refused with a page: no redirect, and nobody is logged out.
async fn is_refused(browser: &Browser<'_>, response: Response) {
    assert_eq!(response.status(), 400);
    assert!(response.headers().get("location").is_none());
    assert!(is_logged_in(browser).await);
}

/// Asked with a page, and logged out by a yes there; no redirect then either.
async fn is_asked(browser: &Browser<'_>, response: Response) {
    assert_eq!(response.status(), 200);
    assert!(response.text().await.expect("a page").contains("<form"));
    assert!(is_logged_in(browser).await);
    let response = browser.submit("/logout", &[]).await;
    assert_eq!(response.status(), 200);
    assert!(!is_logged_in(browser).await);
}

/// `oidcc-rp-initiated-logout-discovery-endpoint-verification`
#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let provider = Provider::start().await;
    assert_eq!(verified_metadata(&provider).await["end_session_endpoint"], provider.at("/logout"));
}

/// `oidcc-rp-initiated-logout`
#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let provider = Provider::start().await;
    let (browser, hint) = logged_in(&provider).await;
    // An expired hint is welcome.
    provider.clock.advance(3600);
    let parameters =
        [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTER_LOGOUT), ("state", "s&t")];
    let response = log_out(&provider, &browser, &parameters).await;
    is_sent_back(&browser, response, Some("s&t")).await;
}

/// `oidcc-rp-initiated-logout-bad-post-logout-redirect-uri`
#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let provider = Provider::start().await;
    let (browser, hint) = logged_in(&provider).await;
    let parameters =
        [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://rp.example.com/bad")];
    let response = log_out(&provider, &browser, &parameters).await;
    is_refused(&browser, response).await;
}

/// `oidcc-rp-initiated-logout-modified-id-token-hint`
#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let provider = Provider::start().await;
    let (browser, hint) = logged_in(&provider).await;
    let (signed, signature) = hint.rsplit_once('.').expect("a signature");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let modified = format!("{signed}.{first}{}", &signature[1..]);
    let parameters = [("id_token_hint", modified.as_str()), ("post_logout_redirect_uri", AFTER_LOGOUT)];
    let response = log_out(&provider, &browser, &parameters).await;
    is_refused(&browser, response).await;
}

/// `oidcc-rp-initiated-logout-no-id-token-hint`
#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let provider = Provider::start().await;
    let (browser, _) = logged_in(&provider).await;
    let response =
        log_out(&provider, &browser, &[("post_logout_redirect_uri", AFTER_LOGOUT), ("state", "s")]).await;
    is_asked(&browser, response).await;
}

/// `oidcc-rp-initiated-logout-no-params`
#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    let provider = Provider::start().await;
    let (browser, _) = logged_in(&provider).await;
    let response = log_out(&provider, &browser, &[]).await;
    is_asked(&browser, response).await;
}

/// `oidcc-rp-initiated-logout-no-post-logout-redirect-uri`
#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let provider = Provider::start().await;
    let (browser, hint) = logged_in(&provider).await;
    let response = log_out(&provider, &browser, &[("id_token_hint", &hint), ("state", "s")]).await;
    assert_eq!(response.status(), 200);
    assert!(!is_logged_in(&browser).await);
}

/// `oidcc-rp-initiated-logout-no-state`
#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let provider = Provider::start().await;
    let (browser, hint) = logged_in(&provider).await;
    let parameters = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTER_LOGOUT)];
    let response = log_out(&provider, &browser, &parameters).await;
    is_sent_back(&browser, response, None).await;
}

/// `oidcc-rp-initiated-logout-only-state`
#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    let provider = Provider::start().await;
    let (browser, _) = logged_in(&provider).await;
    let response = log_out(&provider, &browser, &[("state", "s")]).await;
    is_asked(&browser, response).await;
}

/// `oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri`
#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let provider = Provider::start().await;
    let (browser, hint) = logged_in(&provider).await;
    let added = format!("{AFTER_LOGOUT}?foo=bar");
    let parameters = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", added.as_str())];
    let response = log_out(&provider, &browser, &parameters).await;
    is_refused(&browser, response).await;
}

/// `oidcc-rp-initiated-logout-bad-id-token-hint`: somebody else's, and one by `none`.
#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let provider = Provider::start().await;
    let (browser, hint) = logged_in(&provider).await;
    let elsewhere = Provider::start().await;
    let (_, foreign) = logged_in(&elsewhere).await;
    let claims = hint.split('.').nth(1).expect("claims");
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
    for bad in [foreign.as_str(), unsigned.as_str(), "bad"] {
        let parameters = [("id_token_hint", bad), ("post_logout_redirect_uri", AFTER_LOGOUT)];
        let response = log_out(&provider, &browser, &parameters).await;
        is_refused(&browser, response).await;
    }
}
