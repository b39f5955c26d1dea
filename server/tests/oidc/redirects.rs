//! `/authorize` sends nobody anywhere until client and redirect_uri are proven, and then always says who it is.

use url::Url;

use crate::door::*;

async fn is_a_page(provider: &Provider, address: &str) {
    let response = provider.http().get(address).send().await.expect("an answer");
    assert_eq!(response.status(), 400, "{address}");
    assert!(response.headers().get("location").is_none(), "{address}");
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8", "{address}");
}

#[tokio::test]
async fn a_redirect_uri_that_differs_by_one_byte_gets_a_page() {
    let provider = Provider::start().await;
    for other in [
        "https://rp.example.com/callback/",
        "https://rp.example.com/Callback",
        "https://RP.example.com/callback",
        "https://rp.example.com:443/callback",
        "https://rp.example.com:8443/callback",
        "http://rp.example.com/callback",
        "https://rp.example.com/callback?",
        "https://rp.example.com/callback?extra=1",
        "https://rp.example.com/callback?code=stolen&state=x",
        "https://rp.example.com/callback#fragment",
        "https://rp.example.com/callback/../callback",
        "https://rp.example.com/%63allback",
        "https://user@rp.example.com/callback",
        "https://rp.example.com.attacker.example/callback",
        "https://attacker.example/callback",
        "//rp.example.com/callback",
        "/callback",
        "javascript:alert(1)",
        "https://rp.example.com/callback\r\nLocation: https://attacker.example",
        "web_message:https://spa.example.com",
    ] {
        is_a_page(&provider, &provider.authorize_url(SUITE, &[("redirect_uri", other)])).await;
    }
}

/// A native program's addresses, and a development site's bare origin.
fn with_loopback(config: String) -> String {
    config.replace(
        &format!("redirect_uris = [\"{CALLBACK}\""),
        &format!(
            "redirect_uris = [\"http://127.0.0.1/callback\", \"http://[::1]:8400/callback?a=1\", \"http://localhost/callback\", \
             \"https://127.0.0.1/callback\", \"http://localhost:3000\", \"{CALLBACK}\""
        ),
    )
}

/// RFC 8252 §7.3
#[tokio::test]
async fn a_loopback_literal_takes_any_port_and_nothing_else_is_loosened() {
    let provider = Provider::with(with_loopback).await;
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    for asked in [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:1/callback",
        "http://127.0.0.1:51004/callback",
        "http://127.0.0.1:65535/callback",
        "http://[::1]/callback?a=1",
        "http://[::1]:8400/callback?a=1",
        "http://[::1]:51004/callback?a=1",
        "http://localhost:3000",
    ] {
        let parameters = [("redirect_uri", asked), pkce[0], pkce[1]];
        let authorized = provider.browser().authorize(PUBLIC, &parameters).await;
        let location = authorized.location.as_ref().expect("a redirect");
        let mut without_query = location.clone();
        without_query.set_query(None);
        let expected = Url::parse(asked.split('?').next().expect("an address")).expect("an address");
        assert_eq!(without_query, expected, "{asked}");
        let redeem = |redirect_uri| {
            [
                ("grant_type", "authorization_code"),
                ("code", authorized.code()),
                ("redirect_uri", redirect_uri),
                ("code_verifier", VERIFIER),
            ]
        };
        // The code is for the very address that was asked for.
        let registered = if asked.contains("[::1]") {
            "http://[::1]:1/callback?a=1"
        } else {
            "http://127.0.0.1:2/callback"
        };
        assert_eq!(
            provider.token(PUBLIC, &redeem(registered)).await.error(),
            (400, "invalid_grant"),
            "{asked}"
        );
        assert_eq!(provider.token(PUBLIC, &redeem(asked)).await.status, 200, "{asked}");
    }
    for other in [
        "http://localhost:51004/callback",
        "http://localhost:3000/",
        "https://127.0.0.1:51004/callback",
        "http://127.0.0.2:51004/callback",
        "http://127.1:51004/callback",
        "http://0x7f000001/callback",
        "http://[0:0:0:0:0:0:0:1]:51004/callback?a=1",
        "http://[::ffff:127.0.0.1]:51004/callback",
        "http://127.0.0.1:51004@attacker.example/callback",
        "http://127.0.0.1@attacker.example/callback",
        "http://user@127.0.0.1:51004/callback",
        "http://127.0.0.1.attacker.example/callback",
        "http://127.0.0.1:51004.attacker.example/callback",
        "http://127.0.0.1:51004\\@attacker.example/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:+80/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:51004/callback/",
        "http://127.0.0.1:51004/callback?a=1",
        "http://127.0.0.1:51004/callback#a",
        "http://127.0.0.1:51004",
        "http://[::1]:51004/callback",
        "HTTP://127.0.0.1:51004/callback",
        "//127.0.0.1:51004/callback",
        "https://rp.example.com:51004/callback",
    ] {
        is_a_page(&provider, &provider.authorize_url(PUBLIC, &[("redirect_uri", other), pkce[0], pkce[1]]))
            .await;
    }
}

#[tokio::test]
async fn a_missing_or_repeated_redirect_uri_or_client_gets_a_page() {
    let provider = Provider::start().await;
    is_a_page(&provider, &provider.authorize_url(SUITE, &[("redirect_uri", "")])).await;
    is_a_page(&provider, &provider.authorize_url(SUITE, &[("client_id", "")])).await;
    is_a_page(&provider, &provider.authorize_url(SUITE, &[("client_id", "nobody")])).await;
    let whole = provider.authorize_url(SUITE, &[]);
    is_a_page(&provider, &format!("{whole}&client_id=suite")).await;
    is_a_page(&provider, &format!("{whole}&redirect_uri=https%3A%2F%2Frp.example.com%2Fcallback")).await;
}

#[tokio::test]
async fn a_repeated_parameter_is_an_error_at_the_redirect_uri() {
    let provider = Provider::start().await;
    let address = format!("{}&nonce=other", provider.authorize_url(SUITE, &[]));
    let answer = provider.browser().open(&address).await;
    assert_eq!(answer.error(), "invalid_request");
    assert_eq!(answer.parameters()["error_description"], "nonce stands in the request more than once");
    // A state that came twice is nobody's.
    let address = format!("{}&state=other", provider.authorize_url(SUITE, &[]));
    let answer = provider.browser().open(&address).await;
    assert_eq!((answer.error().as_str(), answer.parameters().get("state")), ("invalid_request", None));
}

#[tokio::test]
async fn every_answer_names_its_issuer() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    for (parameters, error) in [
        (vec![("prompt", "none")], Some("login_required")),
        (vec![("response_type", "token")], Some("unsupported_response_type")),
        (vec![("scope", "profile")], Some("invalid_scope")),
        (vec![("prompt", "none login")], Some("invalid_request")),
        (vec![("max_age", "soon")], Some("invalid_request")),
        (vec![], None),
    ] {
        let answer = browser.authorize(SUITE, &parameters).await.parameters();
        assert_eq!(answer.get("error").map(String::as_str), error);
        assert_eq!(answer["iss"], provider.issuer);
        assert_eq!(answer["state"], "the state");
    }
}

#[tokio::test]
async fn who_refuses_at_weixin_is_sent_back_with_access_denied() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let page = browser.get(&provider.authorize_url(SUITE, &[])).await.text().await.expect("a page");
    let callback =
        Url::parse_with_params(&provider.at("/callback"), [("state", state(&page))]).expect("an address");
    let response = browser.get(callback.as_str()).await;
    assert_eq!(response.status(), 303);
    let mut expected = Url::parse(CALLBACK).expect("an address");
    expected.query_pairs_mut().extend_pairs([
        ("error", "access_denied"),
        ("error_description", "the person refused"),
        ("state", "the state"),
        ("iss", &provider.issuer),
    ]);
    assert_eq!(location(&response), expected);
}

#[tokio::test]
async fn authorize_has_no_cors() {
    let provider = Provider::start().await;
    for origin in [ORIGIN, "https://attacker.example", "null"] {
        let request = provider.http().get(provider.authorize_url(SUITE, &[])).header("Origin", origin);
        let response = request.send().await.expect("an answer");
        assert!(
            response.headers().keys().all(|name| !name.as_str().starts_with("access-control")),
            "{origin}"
        );
    }
}

#[tokio::test]
async fn a_hint_at_somebody_else_is_never_answered_with_this_person() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let first = browser.authorize(SUITE, &[]).await;
    let tokens = provider.redeem(SUITE, first.code()).await;
    let hint = tokens.text("id_token");
    provider.emulator.set_person(weixin_emulator::Person::new("other", "Somebody Else"));
    let other = provider.browser();
    assert!(other.authorize(SUITE, &[]).await.asked);
    // Silently, and by logging in.
    assert_eq!(
        other.authorize(SUITE, &[("prompt", "none"), ("id_token_hint", hint)]).await.error(),
        "login_required"
    );
    let answer = other.authorize(SUITE, &[("id_token_hint", hint)]).await;
    assert!(answer.asked);
    assert_eq!(answer.error(), "login_required");
}

fn state(page: &str) -> String {
    let started = attempt(page).expect("an attempt");
    started["state"].as_str().expect("a state").to_owned()
}
