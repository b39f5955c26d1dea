//! How often one address may come: about tokens, with wrong secrets, and for logins.

use reqwest::Response;
use serde_json::{Value, json};

use crate::door::*;

/// Behind a proxy, so that a test can come from several addresses.
async fn provider_with(limits: &str) -> Provider {
    Provider::with(|config| {
        let config = config.replace("token_requests_per_minute = 1000000", limits);
        format!("trusted_proxies = [\"127.0.0.1/32\"]\n{config}")
    })
    .await
}

async fn post_from(provider: &Provider, address: &str, path: &str, secret: &str) -> Response {
    let request = provider.http().post(provider.at(path)).header("X-Forwarded-For", address);
    let request = request.header("Authorization", basic(SUITE.id, secret));
    request.form(&redemption("no-code")).send().await.expect("an answer")
}

fn good_secret() -> &'static str {
    SUITE.secret.expect("a secret")
}

/// The whole refusal: status, form, and a time to wait that is within the minute.
async fn assert_slowed_down(response: Response) {
    let status = response.status().as_u16();
    let wait = response.headers().get("retry-after").expect("a time to wait").to_str().expect("ASCII");
    let wait: u64 = wait.parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    let body: Value = response.json().await.expect("JSON");
    let description = "too many requests; come again after Retry-After seconds";
    assert_eq!((status, body), (429, json!({ "error": "slow_down", "error_description": description })));
}

#[tokio::test]
async fn too_many_requests_about_tokens_are_refused_with_the_time_to_wait() {
    let provider = provider_with("token_requests_per_minute = 3").await;
    let address = "192.0.2.1";
    for path in ["/token", "/userinfo", "/revoke"] {
        let status = post_from(&provider, address, path, good_secret()).await.status();
        assert!(status == 400 || status == 401, "{path}: {status}");
    }
    for path in ["/token", "/userinfo", "/revoke"] {
        assert_slowed_down(post_from(&provider, address, path, good_secret()).await).await;
    }
    // Others are not held up, and neither is anything else.
    let other = post_from(&provider, "192.0.2.2", "/token", good_secret()).await;
    assert_eq!(other.into_answer().await.error(), (400, "invalid_grant"));
    let jwks = provider.http().get(provider.at("/jwks")).header("X-Forwarded-For", address);
    assert_eq!(jwks.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn an_address_that_no_trusted_proxy_tells_is_not_believed() {
    let provider = Provider::with(|config| config.replace("_per_minute = 1000000", "_per_minute = 1")).await;
    let first = post_from(&provider, "192.0.2.1", "/token", good_secret()).await;
    assert_eq!(first.status(), 400);
    assert_slowed_down(post_from(&provider, "192.0.2.2", "/token", good_secret()).await).await;
}

#[tokio::test]
async fn an_ipv6_network_is_one_address() {
    let provider = provider_with("token_requests_per_minute = 1").await;
    let first = post_from(&provider, "2001:db8:1:2::1", "/token", good_secret()).await;
    assert_eq!(first.status(), 400);
    assert_slowed_down(post_from(&provider, "2001:db8:1:2:ffff::9", "/token", good_secret()).await).await;
    let neighbour = post_from(&provider, "2001:db8:1:3::1", "/token", good_secret()).await;
    assert_eq!(neighbour.status(), 400);
}

#[tokio::test]
async fn an_address_that_guesses_a_clients_secret_is_shut_out_and_the_client_is_not() {
    let provider = provider_with("failed_authentications_per_minute = 2").await;
    let (attacker, client) = ("192.0.2.1", "192.0.2.2");
    for path in ["/token", "/revoke", "/token"] {
        let wrong = post_from(&provider, attacker, path, "wrong-secret-0123456789").await;
        assert_eq!(wrong.into_answer().await.error(), (401, "invalid_client"));
    }
    for secret in ["wrong-secret-0123456789", good_secret()] {
        assert_slowed_down(post_from(&provider, attacker, "/token", secret).await).await;
        assert_slowed_down(post_from(&provider, attacker, "/revoke", secret).await).await;
    }
    let own = post_from(&provider, client, "/token", good_secret()).await;
    assert_eq!(own.into_answer().await.error(), (400, "invalid_grant"));
    // Nor is another client that lives at the attacker's address.
    let other = provider.http().post(provider.at("/token")).header("X-Forwarded-For", attacker);
    let other = other.header("Authorization", basic(SECOND.id, SECOND.secret.expect("a secret")));
    let other = other.form(&redemption("no-code")).send().await.expect("an answer").into_answer().await;
    assert_eq!(other.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn too_many_logins_of_one_address_get_a_page_that_says_when() {
    let provider = provider_with("starts_per_minute = 1\nanswers_per_minute = 1").await;
    let browser = provider.browser();
    assert_eq!(browser.get(&provider.authorize_url(SUITE, &[])).await.status(), 200);
    // What comes back from WeChat is counted apart: who has begun may end.
    assert_eq!(browser.get(&provider.at("/callback")).await.status(), 400);
    for address in [provider.authorize_url(SUITE, &[]), provider.at("/login"), provider.at("/callback")] {
        let refused = browser.get(&address).await;
        assert_eq!(refused.status(), 429, "{address}");
        assert!(refused.headers().contains_key("retry-after"), "{address}");
        assert!(refused.text().await.expect("a page").contains("slow_down"), "{address}");
    }
}
