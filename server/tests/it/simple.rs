//! `POST /login` as a page of another site sends it without a question before (a "simple request" of the Fetch standard): JSON that is
//! called `text/plain`. The service's own check of `Origin` is all that stands there, and stands as before.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, CHALLENGE, FORUM, House, SHOP, start_login};

/// A registered origin on another site than the service.
const PLAIN: &str = "text/plain;charset=UTF-8";

async fn send(house: &House, origin: Option<&str>, content_type: Option<&str>, body: &str) -> Answer {
    let mut visitor = house.visitor();
    let mut request = visitor.request(Method::POST, "/login").header("sec-fetch-site", "cross-site");
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    visitor.send(request.body(body.to_owned())).await
}

fn forum_login() -> String {
    json!({ "client_id": "forum", "result": "code", "code_challenge": CHALLENGE }).to_string()
}

/// Status, the whole body, and who may read it.
fn refusal(answer: &Answer) -> (u16, Value, &str) {
    (answer.status.as_u16(), answer.json(), answer.header("access-control-allow-origin"))
}

fn problem(error: &str, description: &str) -> Value {
    json!({ "error": error, "error_description": description })
}

#[tokio::test]
async fn plain_text_starts_what_json_starts() {
    let house = House::new().await;
    for content_type in [PLAIN, "text/plain", "application/json", "application/json; charset=utf-8"] {
        let answer = send(&house, Some(FORUM), Some(content_type), &forum_login()).await;
        assert_eq!(answer.status, 201, "{content_type}: {}", answer.body);
        assert_eq!(answer.json()["client_name"], "Forum");
        assert_eq!(answer.header("access-control-allow-origin"), FORUM);
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        assert_eq!(
            answer.header("vary"),
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
        );
    }
}

#[tokio::test]
async fn a_login_in_plain_text_starts_from_registered_origins_only() {
    let house = House::new().await;
    let refused = problem("unregistered_origin", "this page's origin is not among the client's origins");
    for origin in [
        None,
        Some("null"),
        Some("https://evil.example"),
        Some("https://forum.example.test.evil.example"),
        Some("http://forum.example.test"),
        Some("https://forum.example.test/"),
        Some("https://forum.example.test, https://evil.example"),
    ] {
        let answer = send(&house, origin, Some(PLAIN), &forum_login()).await;
        assert_eq!(refusal(&answer), (403, refused.clone(), ""), "{origin:?}");
    }
    // Another client's origin may read the refusal: it is registered.
    let answer = send(&house, Some(SHOP), Some(PLAIN), &forum_login()).await;
    assert_eq!(refusal(&answer), (403, refused, SHOP));
}

#[tokio::test]
async fn what_forms_send_is_no_login() {
    let house = House::new().await;
    let refused = problem("invalid_request", "the body must be application/json or text/plain");
    for content_type in [
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("text/html"),
        Some("text/plainer"),
        Some("application/octet-stream"),
        None,
    ] {
        let answer = send(&house, Some(FORUM), content_type, &forum_login()).await;
        assert_eq!(refusal(&answer), (400, refused.clone(), FORUM), "{content_type:?}");
    }
    // A form of a page of somebody else's that is written so that its text is JSON.
    let body = format!("{}=\r\n", forum_login().replace('}', ",\"x\":\"\"}"));
    let answer = send(&house, Some("https://evil.example"), Some("text/plain"), &body).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert!(matches!(answer.status.as_u16(), 400 | 403), "{}", answer.body);
}

#[tokio::test]
async fn other_routes_take_no_plain_text() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    for path in ["/session", "/login/some-id/callback", "/login/some-id/finish", "/callback"] {
        let request = visitor
            .request(Method::POST, path)
            .header("origin", SHOP)
            .header("sec-fetch-site", "same-origin")
            .header("weixin-login-secret", "secret")
            .header("content-type", PLAIN)
            .body(json!({ "code": "c", "state": "s", "code_verifier": "v" }).to_string());
        let answer = visitor.send(request).await;
        let refused = problem("invalid_request", "the body must be application/json");
        assert_eq!((answer.status.as_u16(), answer.json()), (400, refused), "{path}");
    }
}

#[tokio::test]
async fn the_page_can_read_why_its_login_does_not_start() {
    let house = House::new().await;
    let not_json = "the body is not the JSON that this route takes";
    for (body, error, description) in [
        ("", "invalid_request", not_json),
        ("code=1", "invalid_request", not_json),
        ("{\"client_id\":\"forum\"", "invalid_request", not_json),
        (&format!("\"{}\"", "x".repeat(16 * 1024)), "invalid_request", "the body is too long"),
        (&forum_login().replace("forum", "nobody"), "unknown_client", "no client of this name is configured"),
        (
            &forum_login().replace(CHALLENGE, "short"),
            "invalid_request",
            "code_challenge must be an S256 challenge: 43 characters of base64url",
        ),
    ] {
        let answer = send(&house, Some(FORUM), Some(PLAIN), body).await;
        let status = if body.len() > 16 * 1024 { 413 } else { 400 };
        assert_eq!(refusal(&answer), (status, problem(error, description), FORUM), "{description}");
    }
}

#[tokio::test]
async fn the_page_can_read_that_it_asks_too_often() {
    let house = House::with(|config| format!("{config}\n[limits]\nstarts_per_minute = 1\n")).await;
    assert_eq!(send(&house, Some(FORUM), Some(PLAIN), &forum_login()).await.status, 201);
    let mut slow_down = problem("slow_down", "too many requests; come again after Retry-After seconds");
    for (origin, named) in [(FORUM, FORUM), ("https://evil.example", ""), ("null", "")] {
        let answer = send(&house, Some(origin), Some(PLAIN), &forum_login()).await;
        slow_down["retry_after"] = answer.header("retry-after").parse::<i64>().expect("seconds").into();
        assert_eq!(refusal(&answer), (429, slow_down.clone(), named));
        assert_eq!(
            answer.header("vary"),
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
        );
        assert!(!answer.header("retry-after").is_empty());
    }
}

#[tokio::test]
async fn the_page_can_read_that_the_service_answers_under_another_address() {
    let house = House::with(|config| {
        config.replace("https://shop.example.test/weixin", "http://localhost:4000/weixin")
    })
    .await;
    let answer = send(&house, Some(SHOP), Some(PLAIN), &start_login().to_string()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.as_str(), answer.header("access-control-allow-origin")),
        (
            421,
            "this service was asked as \"shop.example.test\", and answers as \"localhost:4000\" alone: its public_url is http://localhost:4000/weixin\n",
            SHOP
        )
    );
}
