//! Embedded attempts: a registered page starts them, its own frame or its own secret answers them, and nobody else gets anything.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    CHALLENGE, House, SHOP, VERIFIER, Visitor, all_at_once, allowed, code_and_state, start_login,
};

/// `POST /callback` as the callback page in the frame does.
async fn by_frame(visitor: &mut Visitor, callback: &str) -> crate::harness::Answer {
    visitor.post(SHOP, "/callback", &code_and_state(callback)).await
}

/// `POST /login/{id}/callback` as the page that started it does.
async fn by_secret(
    visitor: &mut Visitor,
    origin: &str,
    attempt: &Value,
    callback: &str,
) -> crate::harness::Answer {
    let path = format!("/login/{}/callback", attempt["id"].as_str().unwrap());
    let request = visitor
        .request(Method::POST, &path)
        .header("origin", origin)
        .header("weixin-login-secret", attempt["secret"].as_str().unwrap())
        .json(&code_and_state(callback));
    visitor.send(request).await
}

async fn redeem(
    visitor: &mut Visitor,
    origin: &str,
    finished: &Value,
    verifier: &str,
) -> crate::harness::Answer {
    let body = json!({ "code": finished["code"], "code_verifier": verifier });
    visitor.post(origin, "/session", &body).await
}

#[tokio::test]
async fn the_frame_brings_a_code_and_the_verifier_makes_it_a_session() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_embedded().await;
    let callback = allowed(&house, &attempt);
    let page = visitor.open_in_frame(&callback).await;
    assert_eq!(page.status, 200);
    assert_eq!(house.exchanges(), 0, "the page itself exchanges nothing");
    let finished = by_frame(&mut visitor, &callback).await.json();
    assert_eq!(finished["state"], attempt["state"]);
    assert_eq!(finished["iss"], "https://shop.example.test/weixin");
    let answer = redeem(&mut visitor, SHOP, &finished, VERIFIER).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(visitor.session().await.json(), answer.json());
    assert_eq!(answer.json()["nickname"], "陈锴");
}

#[tokio::test]
async fn the_secret_and_the_origin_bring_the_same() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_embedded().await;
    let finished = by_secret(&mut visitor, SHOP, &attempt, &allowed(&house, &attempt)).await;
    assert_eq!(finished.status, 200, "{}", finished.body);
    assert_eq!(redeem(&mut visitor, SHOP, &finished.json(), VERIFIER).await.status, 200);
}

#[tokio::test]
async fn a_started_login_says_all_that_the_widget_needs() {
    let house = House::new().await;
    let mut started = house.visitor().start_embedded().await;
    for random in ["id", "secret", "state"] {
        assert!(started.as_object_mut().unwrap().remove(random).unwrap().as_str().unwrap().len() >= 32);
    }
    assert_eq!(
        started,
        json!({
            "kind": "embedded", "iss": "https://shop.example.test/weixin", "appid": weixin_emulator::DEFAULT_APPID,
            "redirect_uri": "https://shop.example.test/weixin/callback", "open_url": house.weixin.open_url(),
            "desktop_urls": [house.weixin.desktop_url()], "expires_in": 600, "renew_in": 300,
            "client_name": "Example <b>Shop</b>", "emulator": true,
        })
    );
}

#[tokio::test]
async fn a_login_from_an_unregistered_page_does_not_start() {
    let house = House::new().await;
    for origin in
        ["https://evil.example", "null", "https://shop.example.test.evil.example", "http://shop.example.test"]
    {
        let answer = house.visitor().post(origin, "/login", &start_login()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].as_str()),
            (403, Some("unregistered_origin"))
        );
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[tokio::test]
async fn a_login_that_is_asked_for_wrongly_does_not_start() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    for (body, error) in [
        (
            json!({ "client_id": "nobody", "result": "session", "code_challenge": CHALLENGE }),
            "unknown_client",
        ),
        (json!({ "client_id": "shop", "result": "session", "code_challenge": "short" }), "invalid_request"),
        (
            json!({ "client_id": "shop", "result": "session", "code_challenge": format!("{}!", &CHALLENGE[1..]) }),
            "invalid_request",
        ),
        (json!({ "client_id": "shop", "result": "token", "code_challenge": CHALLENGE }), "invalid_request"),
        (json!({ "client_id": "shop", "result": "session" }), "invalid_request"),
        (
            json!({ "client_id": "shop", "kind": "hosted", "result": "session", "code_challenge": CHALLENGE }),
            "invalid_request",
        ),
        (json!([]), "invalid_request"),
        (json!({ "client_id": "x".repeat(20_000) }), "invalid_request"),
    ] {
        let answer = visitor.post(SHOP, "/login", &body).await;
        let status = if body["client_id"].as_str().is_some_and(|id| id.len() > 16_384) { 413 } else { 400 };
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].as_str()),
            (status, Some(error)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_callback_in_a_window_of_its_own_exchanges_nothing() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_embedded().await;
    let answer = visitor.open(&allowed(&house, &attempt)).await;
    assert_eq!(answer.status, 400);
    assert!(!answer.body.contains("callback.js"), "the page that posts on is for frames");
    assert_eq!(house.exchanges(), 0);
}

#[tokio::test]
async fn only_the_attempts_own_page_can_frame_the_callback() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_embedded().await;
    let page = visitor.open_in_frame(&allowed(&house, &attempt)).await;
    let csp = page.header("content-security-policy");
    assert!(csp.ends_with("; frame-ancestors https://shop.example.test"), "{csp}");
}

#[tokio::test]
async fn a_callback_that_another_page_posts_exchanges_nothing() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let callback = allowed(&house, &visitor.start_embedded().await);
    for origin in ["https://evil.example", "https://www.example.test", "null"] {
        let answer = visitor.post(origin, "/callback", &code_and_state(&callback)).await;
        assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (400, Some("unknown_attempt")));
    }
    assert_eq!(house.exchanges(), 0);
}

#[tokio::test]
async fn a_hosted_attempt_cannot_be_answered_as_an_embedded_one() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    let callback = allowed(&house, &attempt);
    assert_eq!(by_frame(&mut visitor, &callback).await.status, 400);
    assert_eq!(house.exchanges(), 0);
    assert_eq!(visitor.open(&callback).await.status, 303, "and is not spent by the try");
}

#[tokio::test]
async fn a_wrong_secret_or_another_page_gets_nothing_and_spends_nothing() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_embedded().await;
    let callback = allowed(&house, &attempt);
    let mut guessed = attempt.clone();
    guessed["secret"] = visitor.start_embedded().await["secret"].clone();
    assert_eq!(by_secret(&mut visitor, SHOP, &guessed, &callback).await.json()["error"], "unknown_attempt");
    let elsewhere = by_secret(&mut visitor, "https://www.example.test", &attempt, &callback).await;
    assert_eq!(elsewhere.json()["error"], "unknown_attempt");
    assert_eq!(house.exchanges(), 0);
    assert_eq!(by_secret(&mut visitor, SHOP, &attempt, &callback).await.status, 200);
}

#[tokio::test]
async fn a_refusal_is_told_and_closes_the_attempt() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_embedded().await;
    let callback = allowed(&house, &attempt);
    let answer = visitor.post(SHOP, "/callback", &json!({ "state": attempt["state"] })).await;
    assert_eq!(answer.json()["error"], "access_denied");
    assert_eq!(by_frame(&mut visitor, &callback).await.json()["error"], "attempt_used");
    assert_eq!(house.exchanges(), 0);
}

#[tokio::test]
async fn of_64_answers_at_once_one_gets_a_code() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let callback = allowed(&house, &visitor.start_embedded().await);
    let post = || {
        visitor
            .request(Method::POST, "/callback")
            .header("sec-fetch-site", "same-origin")
            .json(&code_and_state(&callback))
    };
    let answers = all_at_once((0..64).map(|_| post()).collect()).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.json()["error"] == "attempt_used"));
    assert_eq!(house.exchanges(), 1);
}

async fn finished(house: &House, visitor: &mut Visitor) -> Value {
    let attempt = visitor.start_embedded().await;
    by_frame(visitor, &allowed(house, &attempt)).await.json()
}

#[tokio::test]
async fn a_code_used_twice_is_refused() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let finished = finished(&house, &mut visitor).await;
    assert_eq!(redeem(&mut visitor, SHOP, &finished, VERIFIER).await.status, 200);
    // Without its verifier it is nobody's second use.
    let guessed = redeem(&mut house.visitor(), SHOP, &finished, CHALLENGE).await;
    assert_eq!((guessed.status.as_u16(), guessed.json()["error"].as_str()), (400, Some("invalid_grant")));
    assert_eq!(visitor.session().await.status, 200);
    let again = redeem(&mut house.visitor(), SHOP, &finished, VERIFIER).await;
    assert_eq!((again.status.as_u16(), again.json()["error"].as_str()), (400, Some("invalid_grant")));
}

/// RFC 6749 §4.1.2: whoever was first, what came from a code that came twice is not good.
#[tokio::test]
async fn a_code_used_twice_ends_the_session_that_it_made() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let code = finished(&house, &mut visitor).await;
    assert_eq!(redeem(&mut visitor, SHOP, &code, VERIFIER).await.status, 200);
    let mut other = house.visitor();
    let other_code = finished(&house, &mut other).await;
    assert_eq!(redeem(&mut other, SHOP, &other_code, VERIFIER).await.status, 200);
    assert_eq!(redeem(&mut house.visitor(), SHOP, &code, VERIFIER).await.status, 400);
    assert_eq!(visitor.session().await.status, 401);
    // And no other session of the same person.
    assert_eq!(other.session().await.status, 200);
}

#[tokio::test]
async fn a_wrong_verifier_or_page_cannot_burn_somebodys_code() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let finished = finished(&house, &mut visitor).await;
    let wrong = "a".repeat(43);
    assert_eq!(redeem(&mut house.visitor(), SHOP, &finished, &wrong).await.json()["error"], "invalid_grant");
    let elsewhere = redeem(&mut house.visitor(), "https://evil.example", &finished, VERIFIER).await;
    assert_eq!(
        (elsewhere.status.as_u16(), elsewhere.json()["error"].as_str()),
        (403, Some("unregistered_origin"))
    );
    assert_eq!(redeem(&mut visitor, SHOP, &finished, VERIFIER).await.status, 200);
}

#[tokio::test]
async fn a_code_is_dead_after_a_minute() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let finished = finished(&house, &mut visitor).await;
    house.clock.advance(61);
    assert_eq!(redeem(&mut visitor, SHOP, &finished, VERIFIER).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_code_for_a_backend_is_no_session() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let start = json!({ "client_id": "shop", "result": "code", "code_challenge": CHALLENGE });
    let attempt = visitor.post(SHOP, "/login", &start).await.json();
    let finished = by_frame(&mut visitor, &allowed(&house, &attempt)).await.json();
    assert_eq!(redeem(&mut visitor, SHOP, &finished, VERIFIER).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn an_attackers_attempt_that_a_victim_answers_gives_the_attacker_nothing() {
    let house = House::new().await;
    // A script forges the Origin and keeps secret and verifier; the victim is led to WeChat's page and allows.
    let mut attacker = house.visitor();
    let attempt = attacker.start_embedded().await;
    let callback = allowed(&house, &attempt);
    let mut victim = house.visitor();
    // As a page of its own the callback is refused; in a frame of another site the browser shows nothing of it.
    assert_eq!(victim.open(&callback).await.status, 400);
    let framed = victim.open_in_frame(&callback).await;
    assert!(framed.header("content-security-policy").contains("frame-ancestors https://shop.example.test"));
    assert_eq!(house.exchanges(), 0);
    // Without the code there is nothing to be had by the secret.
    let path = format!("/login/{}/callback", attempt["id"].as_str().unwrap());
    let guess = json!({ "code": "guessed", "state": attempt["state"] });
    let request = attacker
        .request(Method::POST, &path)
        .header("origin", SHOP)
        .header("weixin-login-secret", attempt["secret"].as_str().unwrap())
        .json(&guess);
    assert_eq!(attacker.send(request).await.json()["error"], "code_spent");
    // Nor anywhere else where an attempt's secret or a code of ours would count.
    for (method, what) in [(Method::GET, "events"), (Method::POST, "finish"), (Method::POST, "renew")] {
        let path = format!("/login/{}/{what}", attempt["id"].as_str().unwrap());
        let request = attacker
            .request(method, &path)
            .header("origin", SHOP)
            .header("accept", "application/json")
            .header("weixin-login-secret", attempt["secret"].as_str().unwrap())
            .json(&json!({ "state": attempt["state"] }));
        assert_eq!(attacker.send(request).await.json()["error"], "unknown_attempt", "{what}");
    }
    for guess in ["state", "id", "secret"] {
        let code = json!({ "code": attempt[guess], "state": "", "iss": "" });
        assert_eq!(redeem(&mut attacker, SHOP, &code, VERIFIER).await.json()["error"], "invalid_grant");
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "shop"),
            ("code", attempt[guess].as_str().unwrap()),
            ("code_verifier", VERIFIER),
            ("redirect_uri", "web_message:https://shop.example.test"),
        ];
        let request = attacker.request(Method::POST, "/token").form(&form);
        assert_eq!(attacker.send(request).await.json()["error"], "invalid_grant");
    }
    assert_eq!(attacker.session().await.status, 401);
}

/// RFC 7636 §4.1 and §4.2: 43 to 128 unreserved characters, and the 32 bytes that they come to.
#[tokio::test]
async fn a_challenge_and_a_verifier_are_well_formed_or_nothing() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    // Of the verifier "a"; of another alphabet; with bits that no digest ends in; and what is no challenge at all.
    for odd in [
        "",
        "a",
        &CHALLENGE[1..],
        &format!("{CHALLENGE}A"),
        &format!("{CHALLENGE}="),
        &CHALLENGE.replace('-', "+"),
        &CHALLENGE.replace("cM", "cN"),
        &"é".repeat(43),
    ] {
        let mut body = start_login();
        body["code_challenge"] = odd.into();
        let answer = visitor.post(SHOP, "/login", &body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]),
            (400, &json!("invalid_request")),
            "{odd}"
        );
    }
    for odd in
        ["a", "", &"a".repeat(42), &"a".repeat(129), &"a+".repeat(30), &"é".repeat(43), &" a".repeat(30)]
    {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, odd.as_bytes());
        let mut body = start_login();
        body["code_challenge"] = URL_SAFE_NO_PAD.encode(digest).into();
        let attempt = visitor.post(SHOP, "/login", &body).await.json();
        let callback = code_and_state(&allowed(&house, &attempt));
        let finished = visitor.post(SHOP, "/callback", &callback).await.json();
        let answer = redeem(&mut visitor, SHOP, &finished, odd).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]),
            (400, &json!("invalid_grant")),
            "{odd}"
        );
    }
}
