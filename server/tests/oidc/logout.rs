//! The end of a session: for every client in it, and never by a stranger's link.

use serde_json::json;

use crate::door::*;
use crate::listener::Listener;

fn with_backchannel(config: String, client: Client, address: &str) -> String {
    let id = format!("id = \"{}\"\n", client.id);
    config.replace(&id, &format!("{id}backchannel_logout_uri = \"{address}\"\n"))
}

/// Logs in at two clients in one browser, and gives the first one's ID token.
async fn two_clients(provider: &Provider, browser: &Browser<'_>) -> (String, String) {
    let first = browser.authorize(SUITE, &[]).await;
    let first = provider.redeem(SUITE, first.code()).await;
    let second = browser.authorize(SECOND, &[("prompt", "none")]).await;
    let second = provider.redeem(SECOND, second.code()).await;
    (first.text("id_token").to_owned(), second.text("access_token").to_owned())
}

#[tokio::test]
async fn a_logout_reaches_every_client_of_the_session() {
    let (first, second) = (Listener::start(&[200]).await, Listener::start(&[200]).await);
    let (at_first, at_second) = (first.address(), second.address());
    let provider = Provider::with(|config| {
        with_backchannel(with_backchannel(config, SUITE, &at_first), SECOND, &at_second)
    })
    .await;
    let browser = provider.browser();
    let (hint, access_token) = two_clients(&provider, &browser).await;
    assert_eq!(provider.userinfo(&access_token).await.status, 200);
    browser.get(&format!("{}?id_token_hint={hint}", provider.at("/logout"))).await;
    for (listener, client) in [(first, SUITE), (second, SECOND)] {
        let request = listener.request().await;
        let (_, token) = request.split_once("logout_token=").expect("a logout token");
        let claims = provider.verified(token, "logout+jwt", client.id).await;
        assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    }
    assert_eq!(provider.userinfo(&access_token).await.status, 401);
}

#[tokio::test]
async fn a_client_that_fails_is_told_again_and_a_redirect_is_not_followed() {
    let (failing, redirecting) = (Listener::start(&[500, 200]).await, Listener::start(&[302, 200]).await);
    let (at_failing, at_redirecting) = (failing.address(), redirecting.address());
    let provider = Provider::with(|config| {
        with_backchannel(with_backchannel(config, SUITE, &at_failing), SECOND, &at_redirecting)
    })
    .await;
    let browser = provider.browser();
    let (hint, _) = two_clients(&provider, &browser).await;
    browser.get(&format!("{}?id_token_hint={hint}", provider.at("/logout"))).await;
    let first = failing.request().await;
    let again = failing.request().await;
    assert_eq!(
        first.split_once("\r\n\r\n").expect("a body").1,
        again.split_once("\r\n\r\n").expect("a body").1
    );
    assert!(redirecting.request().await.contains("logout_token="));
    // The failing client's second call came a second later: a followed redirect would have been here long before.
    assert!(redirecting.is_done().await);
}

#[tokio::test]
async fn a_back_channel_address_of_this_network_is_not_called_unless_configured() {
    let listener = Listener::start(&[200]).await;
    let address = listener.address().replace("127.0.0.1", "localhost");
    let provider = Provider::with(|config| {
        with_backchannel(config, SUITE, &address).replace("backchannel_private_addresses = true\n", "")
    })
    .await;
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    browser.get(&format!("{}?id_token_hint={}", provider.at("/logout"), answer.text("id_token"))).await;
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "login_required");
    assert!(listener.is_done().await);
}

#[tokio::test]
async fn a_hint_of_another_session_asks_first_and_then_leads_back() {
    let provider = Provider::start().await;
    let elsewhere = provider.log_in(SUITE, &[]).await;
    let browser = provider.browser();
    browser.authorize(SUITE, &[]).await;
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", elsewhere.text("id_token"))
        .append_pair("post_logout_redirect_uri", AFTER_LOGOUT)
        .append_pair("state", "s")
        .finish();
    let response = browser.get(&format!("{}?{query}", provider.at("/logout"))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "");
    let response = browser.submit("/logout", &[("request", &query)]).await;
    assert_eq!(location(&response).as_str(), format!("{AFTER_LOGOUT}?state=s"));
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "login_required");
}

#[tokio::test]
async fn a_form_of_another_site_logs_nobody_out() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    browser.authorize(SUITE, &[]).await;
    // Without an Origin, with a foreign one, and with what a browser says of such a form.
    let response = provider.post("/logout", &[("state", "s")]).await;
    assert_eq!(response.status(), 303);
    assert_eq!(location(&response).as_str(), provider.at("/logout?state=s"));
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "");
}

#[tokio::test]
async fn a_logout_expires_our_cookies_by_name_and_clears_no_others() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    let response =
        browser.get(&format!("{}?id_token_hint={}", provider.at("/logout"), answer.text("id_token"))).await;
    let cookies: Vec<_> =
        response.headers().get_all("set-cookie").iter().map(|value| value.to_str().expect("ASCII")).collect();
    assert!(!cookies.is_empty());
    assert!(
        cookies.iter().all(|cookie| cookie.starts_with("weixin-login-") && cookie.contains("Max-Age=0")),
        "{cookies:?}"
    );
    assert!(response.headers().get("clear-site-data").is_none());
}

#[tokio::test]
async fn a_grant_with_offline_access_outlives_a_logout() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[("scope", "openid offline_access")]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    browser.get(&format!("{}?id_token_hint={}", provider.at("/logout"), answer.text("id_token"))).await;
    assert_eq!(provider.refresh(SUITE, answer.text("refresh_token")).await.status, 200);
}
