//! Codes: 60 seconds, one use, nobody else's.

use serde_json::json;

use crate::door::*;
use crate::named_store::on_its_file;

#[tokio::test]
async fn of_64_redemptions_at_once_one_gets_the_tokens() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    for round in 0..rounds() {
        let authorized = browser.authorize(SUITE, &[]).await;
        let form = redemption(authorized.code());
        let answers = futures_util::future::join_all((0..64).map(|_| provider.token(SUITE, &form))).await;
        let won = answers.iter().filter(|answer| answer.status == 200).count();
        let lost = answers.iter().filter(|answer| answer.error() == (400, "invalid_grant")).count();
        assert_eq!((won, lost), (1, 63), "round {round}");
        // Somebody else had the code: what it gave is dead, whichever came first.
        let winner = answers.iter().find(|answer| answer.status == 200).expect("one");
        assert_eq!(provider.userinfo(winner.text("access_token")).await.status, 401, "round {round}");
    }
}

#[tokio::test]
async fn a_wrong_request_does_not_burn_a_code() {
    let provider = Provider::start().await;
    let challenge = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let authorized = provider.browser().authorize(STRICT, &challenge).await;
    let code = authorized.code();
    let right = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let with = |name: &str, value: &'static str| {
        let mut form = right.to_vec();
        form.retain(|(known, _)| *known != name);
        form.push((right.iter().find(|(known, _)| *known == name).expect("known").0, value));
        form
    };
    let invalid_grant = (400, "invalid_grant");
    assert_eq!(provider.token(SUITE, &right).await.error(), invalid_grant);
    assert_eq!(provider.token(PUBLIC, &right).await.error(), invalid_grant);
    for (name, value) in [
        ("redirect_uri", "https://rp.example.com/callback/"),
        ("redirect_uri", CALLBACK_WITH_QUERY),
        ("redirect_uri", ""),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX"),
        ("code_verifier", CHALLENGE),
        ("code_verifier", "short"),
        ("code_verifier", ""),
    ] {
        assert_eq!(provider.token(STRICT, &with(name, value)).await.error(), invalid_grant, "{name}={value}");
    }
    let mut long = with("code_verifier", "");
    let verifier = "v".repeat(129);
    long.push(("code_verifier", &verifier));
    assert_eq!(provider.token(STRICT, &long).await.error(), invalid_grant);
    assert_eq!(provider.token(STRICT, &right).await.status, 200);
}

#[tokio::test]
async fn a_code_of_61_seconds_is_refused() {
    let provider = Provider::start().await;
    let authorized = provider.browser().authorize(SUITE, &[]).await;
    provider.clock.advance(61);
    assert_eq!(provider.redeem(SUITE, authorized.code()).await.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_that_comes_again_ten_minutes_later_still_revokes_its_refresh_tokens() {
    let provider = Provider::start().await;
    let authorized = provider.browser().authorize(SUITE, &[("scope", "openid offline_access")]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    provider.clock.advance(590);
    assert_eq!(provider.redeem(SUITE, authorized.code()).await.error(), (400, "invalid_grant"));
    let refresh_token = answer.text("refresh_token");
    assert_eq!(provider.refresh(SUITE, refresh_token).await.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_of_a_session_that_has_ended_is_refused() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    let first = browser.authorize(SUITE, &[]).await;
    let second = browser.authorize(SUITE, &[]).await;
    let hint = provider.redeem(SUITE, first.code()).await;
    let logout = format!("{}?id_token_hint={}", provider.at("/logout"), hint.text("id_token"));
    assert_eq!(browser.get(&logout).await.status(), 200);
    assert_eq!(provider.redeem(SUITE, second.code()).await.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_verifier_for_a_code_without_a_challenge_is_refused() {
    let provider = Provider::start().await;
    let authorized = provider.browser().authorize(SUITE, &[]).await;
    let mut form = redemption(authorized.code()).to_vec();
    form.push(("code_verifier", VERIFIER));
    assert_eq!(provider.token(SUITE, &form).await.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_client_that_must_use_pkce_gets_no_code_without_it() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    for client in [STRICT, PUBLIC] {
        for parameters in [
            vec![],
            vec![("code_challenge", CHALLENGE)],
            vec![("code_challenge", CHALLENGE), ("code_challenge_method", "plain")],
            vec![("code_challenge", "short"), ("code_challenge_method", "S256")],
        ] {
            let answer = browser.authorize(client, &parameters).await;
            assert_eq!((answer.error().as_str(), answer.asked), ("invalid_request", false), "{parameters:?}");
        }
    }
}

#[tokio::test]
async fn no_code_token_or_cookie_is_in_the_store() {
    let provider = Provider::with(on_its_file).await;
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[("scope", "openid offline_access")]).await;
    let code = authorized.code().to_owned();
    let answer = provider.redeem(SUITE, &code).await;
    let refreshed = provider.refresh(SUITE, answer.text("refresh_token")).await;
    let mut secrets = vec![code];
    for answer in [&answer, &refreshed] {
        secrets
            .extend(["access_token", "refresh_token", "id_token"].map(|name| answer.text(name).to_owned()));
    }
    let mut kept = Vec::new();
    for file in std::fs::read_dir(provider.folder.path()).expect("a folder") {
        let file = file.expect("a file").path();
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("store.db")) {
            kept.extend(std::fs::read(file).expect("readable"));
        }
    }
    assert!(kept.len() > 4096);
    // The search itself finds what is there.
    assert!(kept.windows(5).any(|piece| piece == b"suite"));
    for secret in secrets {
        assert!(!kept.windows(secret.len()).any(|piece| piece == secret.as_bytes()), "{secret}");
    }
}

/// Logs in on a page of the public client, as the widget does, and gives our code.
async fn embedded_code(provider: &Provider, result: &str) -> String {
    let start =
        json!({ "client_id": "public", "result": result, "code_challenge": CHALLENGE, "nonce": "its-nonce" });
    let request = provider.http().post(provider.at("/login")).header("Origin", ORIGIN).json(&start);
    let started = request.send().await.expect("an answer").into_answer().await;
    assert_eq!(started.status, 201, "{started:?}");
    let callback = url::Url::parse(&provider.agree(&started.body)).expect("an address");
    let parameter = |name: &str| {
        let (_, value) = callback.query_pairs().find(|(known, _)| known == name).expect("in WeChat's answer");
        value.into_owned()
    };
    let path = format!("/login/{}/callback", started.text("id"));
    let request = provider
        .http()
        .post(provider.at(&path))
        .header("Origin", ORIGIN)
        .header("Weixin-Login-Secret", started.text("secret"))
        .json(&json!({ "code": parameter("code"), "state": parameter("state") }));
    request.send().await.expect("an answer").into_answer().await.text("code").to_owned()
}

fn embedded_redemption<'a>(code: &'a str, redirect_uri: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ]
}

#[tokio::test]
async fn a_code_of_the_widget_is_redeemed_by_its_reserved_redirect_uri() {
    let provider = Provider::start().await;
    let code = embedded_code(&provider, "code").await;
    for other in [CALLBACK, "web_message:https://attacker.example", ""] {
        let answer = provider.token(PUBLIC, &embedded_redemption(&code, other)).await;
        assert_eq!(answer.error(), (400, "invalid_grant"), "{other}");
    }
    let answer =
        provider.token(PUBLIC, &embedded_redemption(&code, "web_message:https://spa.example.com")).await;
    let claims = provider.id_token(PUBLIC, &answer).await;
    assert_eq!(claims["nonce"], "its-nonce");
    assert_eq!(answer.text("scope"), "openid profile");
    assert_eq!(provider.userinfo(answer.text("access_token")).await.body["nickname"], "陈锴");
    // It has a session like any other, which its own ID token ends.
    let logout = format!("{}?id_token_hint={}", provider.at("/logout"), answer.text("id_token"));
    assert_eq!(provider.browser().get(&logout).await.status(), 200);
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 401);
}

#[tokio::test]
async fn a_code_for_a_session_is_refused_at_the_token_endpoint() {
    let provider = Provider::start().await;
    let code = embedded_code(&provider, "session").await;
    let answer =
        provider.token(PUBLIC, &embedded_redemption(&code, "web_message:https://spa.example.com")).await;
    assert_eq!(answer.error(), (400, "invalid_grant"));
}
