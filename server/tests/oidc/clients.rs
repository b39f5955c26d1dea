//! How clients prove themselves, and how they are told that they did not.

use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};

use crate::door::*;

#[tokio::test]
async fn a_secret_of_any_characters_is_taken_form_urlencoded() {
    let provider = Provider::start().await;
    let challenge = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let authorized = provider.browser().authorize(STRICT, &challenge).await;
    let mut form = redemption(authorized.code()).to_vec();
    form.push(("code_verifier", VERIFIER));
    assert_eq!(provider.token(STRICT, &form).await.status, 200);
}

#[tokio::test]
async fn a_client_that_does_not_prove_itself_is_refused() {
    let provider = Provider::start().await;
    let authorized = provider.browser().authorize(SUITE, &[]).await;
    let form = redemption(authorized.code());
    let invalid_client = (401, "invalid_client");
    for wrong in [
        Client { secret: Some("wrong"), ..SUITE },
        Client { secret: SECOND.secret, ..SUITE },
        Client { secret: None, ..SUITE },
        Client { id: "nobody", ..SUITE },
        Client { secret: Some("any"), ..PUBLIC },
    ] {
        assert_eq!(provider.token(wrong, &form).await.error(), invalid_client, "{}", wrong.id);
    }
    let answer = provider.post("/token", &form).await.into_answer().await;
    assert_eq!(answer.error(), invalid_client);
    assert_eq!(provider.token(SUITE, &form).await.status, 200);
}

#[tokio::test]
async fn a_failed_basic_is_told_so_in_the_header() {
    let provider = Provider::start().await;
    let response = provider.token_response(Client { secret: Some("wrong"), ..SUITE }, &redemption("x")).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()[WWW_AUTHENTICATE], "Basic realm=\"weixin-login\"");
    assert_eq!(response.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn two_proofs_at_once_are_refused() {
    let provider = Provider::start().await;
    let authorized = provider.browser().authorize(SUITE, &[]).await;
    let mut form = redemption(authorized.code()).to_vec();
    form.push(("client_secret", SUITE.secret.expect("a secret")));
    assert_eq!(provider.token(SUITE, &form).await.error(), (400, "invalid_request"));
}

#[tokio::test]
async fn what_is_missing_repeated_or_unknown_is_refused_by_name() {
    let provider = Provider::start().await;
    for (form, error, description) in [
        (vec![], "invalid_request", "grant_type is missing"),
        (
            vec![("grant_type", "password")],
            "unsupported_grant_type",
            "the grant types offered are authorization_code and refresh_token",
        ),
        (vec![("grant_type", "authorization_code")], "invalid_request", "code is missing"),
        (vec![("grant_type", "refresh_token")], "invalid_request", "refresh_token is missing"),
        (
            vec![("grant_type", "authorization_code"), ("code", "a"), ("code", "a")],
            "invalid_request",
            "code stands in the request more than once",
        ),
    ] {
        let answer = provider.token(SUITE, &form).await;
        assert_eq!(answer.error(), (400, error));
        assert_eq!(answer.text("error_description"), description);
    }
    let answer = provider.get("/token").await;
    assert_eq!(answer.status(), 405);
}

/// RFC 6749 §3.2 and appendix B; RFC 7009 §2.1
#[tokio::test]
async fn another_content_type_is_told_which_one_is_wanted() {
    let provider = Provider::start().await;
    let json = r#"{"grant_type":"authorization_code","code":"c","client_id":"suite","client_secret":"s"}"#;
    let form = "client_id=suite&client_secret=s&grant_type=authorization_code&code=c&token=t";
    for path in ["/token", "/revoke"] {
        for (content_type, body) in [
            ("application/json", json),
            ("application/json; charset=utf-8", json),
            ("application/vnd.api+json", json),
            (
                "multipart/form-data; boundary=b",
                "--b\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\nsuite\r\n--b--",
            ),
            ("text/plain;charset=UTF-8", form),
            ("application/x-www-form-urlencodedx", form),
            ("application/octet-stream", form),
            ("\u{e9}", form),
        ] {
            let request =
                provider.http().post(provider.at(path)).header("Content-Type", content_type).body(body);
            let answer = request.send().await.expect("an answer").into_answer().await;
            assert_eq!(answer.error(), (400, "invalid_request"), "{path} {content_type}");
            assert_eq!(
                answer.text("error_description"),
                "the body must be application/x-www-form-urlencoded"
            );
        }
        // A form in any spelling is read, and its wrong secret is what is told.
        for content_type in [
            Some("application/x-www-form-urlencoded"),
            Some("application/x-www-form-urlencoded;charset=UTF-8"),
            Some("application/x-www-form-urlencoded ; charset=\"utf-8\""),
            Some("Application/X-WWW-Form-URLEncoded"),
            None,
        ] {
            let mut request = provider.http().post(provider.at(path)).body(form);
            if let Some(content_type) = content_type {
                request = request.header("Content-Type", content_type);
            }
            let answer = request.send().await.expect("an answer").into_answer().await;
            assert_eq!(answer.error(), (401, "invalid_client"), "{path} {content_type:?}");
        }
    }
}

#[tokio::test]
async fn a_registered_page_may_read_the_answers_and_no_other_may() {
    let provider = Provider::start().await;
    for path in ["/token", "/userinfo", "/revoke"] {
        for (origin, allowed) in [(ORIGIN, true), ("https://attacker.example", false), ("null", false)] {
            let preflight = provider
                .http()
                .request(reqwest::Method::OPTIONS, provider.at(path))
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "authorization");
            let real = provider.http().post(provider.at(path)).header("Origin", origin);
            for request in [preflight, real] {
                let response = request.send().await.expect("an answer");
                let header = response.headers().get("access-control-allow-origin");
                assert_eq!(
                    header.and_then(|value| value.to_str().ok()),
                    allowed.then_some(origin),
                    "{path} {origin}"
                );
                assert!(response.headers().get("access-control-allow-credentials").is_none());
            }
        }
    }
}

#[tokio::test]
async fn a_public_client_logs_in_with_pkce_and_rotates() {
    let provider = Provider::start().await;
    let parameters = [
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "openid offline_access"),
    ];
    let authorized = provider.browser().authorize(PUBLIC, &parameters).await;
    let mut form = redemption(authorized.code()).to_vec();
    form.push(("code_verifier", VERIFIER));
    let answer = provider.token(PUBLIC, &form).await;
    provider.id_token(PUBLIC, &answer).await;
    let refreshed = provider.refresh(PUBLIC, answer.text("refresh_token")).await;
    assert_ne!(refreshed.text("refresh_token"), answer.text("refresh_token"));
}

#[tokio::test]
async fn basic_garbage_is_no_client() {
    let provider = Provider::start().await;
    for header in ["Basic", "Basic !", "Basic YQ==", "Bearer x", "Basic YTpi"] {
        let request = provider.http().post(provider.at("/token")).header(AUTHORIZATION, header);
        let answer = request.form(&redemption("x")).send().await.expect("an answer").into_answer().await;
        assert_eq!(answer.error(), (401, "invalid_client"), "{header}");
    }
}
