//! A state that the page has made itself, so that WeChat's page may be loaded while the attempt begins: good once, bound as any other,
//! and worth nothing before its attempt is there.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, House, SHOP, Visitor, all_at_once, allowed, code_and_state, start_login};

/// 128 bits in hexadecimal digits.
const STATE: &str = "5f1c0a9e7b3d2486f00dbabe1337c0de";

fn with_state(state: &str) -> Value {
    let mut body = start_login();
    body["state"] = state.into();
    body
}

async fn start(visitor: &mut Visitor, state: &str) -> Answer {
    visitor.post(SHOP, "/login", &with_state(state)).await
}

/// A callback as WeChat makes it, of a person who has scanned a page with this state before there was an attempt.
async fn scanned_early(house: &House) -> String {
    let mut attempt = house.visitor().start_embedded().await;
    attempt["state"] = STATE.into();
    allowed(house, &attempt)
}

#[tokio::test]
async fn a_page_may_make_the_state_itself() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let longest = "aZ09".repeat(32);
    for state in [STATE, &longest] {
        let answer = start(&mut visitor, state).await;
        assert_eq!((answer.status.as_u16(), answer.json()["state"].as_str()), (201, Some(state)));
        let callback = allowed(&house, &answer.json());
        assert_eq!(visitor.open_in_frame(&callback).await.status, 200);
        let finished = visitor.post(SHOP, "/callback", &code_and_state(&callback)).await;
        assert_eq!((finished.status.as_u16(), finished.json()["state"].as_str()), (200, Some(state)));
    }
}

#[tokio::test]
async fn a_state_that_is_short_or_malformed_starts_nothing() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let refused = json!({
        "error": "invalid_request", "error_description": "state must be 32 to 128 random letters and digits",
    });
    for state in [
        "",
        "5f1c",
        &STATE[1..],
        &"a".repeat(129),
        &format!("{STATE}-"),
        &format!(" {STATE}"),
        &"\u{ff10}".repeat(32),
    ] {
        let answer = start(&mut visitor, state).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (400, refused.clone()), "{state}");
    }
    let mut number = start_login();
    number["state"] = 17.into();
    assert_eq!(visitor.post(SHOP, "/login", &number).await.status, 400);
}

#[tokio::test]
async fn a_state_is_good_for_one_attempt() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let refused = json!({
        "error": "attempt_used", "error_description": "the state was used before; start again with another one",
    });
    let first = start(&mut visitor, STATE).await.json();
    for _ in 0..2 {
        let again = start(&mut house.visitor(), STATE).await;
        assert_eq!((again.status.as_u16(), again.json()), (410, refused.clone()));
        assert_eq!(again.header("access-control-allow-origin"), SHOP, "the page can read why");
    }
    // The service's own states are in the same list.
    let services = visitor.start_hosted().await["state"].as_str().unwrap().to_owned();
    assert_eq!(start(&mut visitor, &services).await.json(), refused);
    // The first one has lost nothing by it, and is spent like any other.
    let callback = allowed(&house, &first);
    assert_eq!(visitor.post(SHOP, "/callback", &code_and_state(&callback)).await.status, 200);
    assert_eq!(start(&mut visitor, STATE).await.json(), refused);
}

#[tokio::test]
async fn of_32_beginnings_with_one_state_at_once_one_is_an_attempt() {
    let house = House::new().await;
    let requests = (0..32).map(|_| {
        let visitor = house.visitor();
        visitor.request(Method::POST, "/login").header("origin", SHOP).json(&with_state(STATE))
    });
    let answers = all_at_once(requests.collect()).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201], vec![410; 31]].concat());
}

#[tokio::test]
async fn a_scan_before_the_attempt_is_there_gets_a_word_and_spends_nothing() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let callback = scanned_early(&house).await;
    let page = visitor.open_in_frame(&callback).await;
    assert_eq!(page.status, 400);
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    let unknown = visitor.post(SHOP, "/callback", &code_and_state(&callback)).await;
    assert_eq!((unknown.status.as_u16(), unknown.json()["error"].as_str()), (400, Some("unknown_attempt")));
    assert_eq!(house.exchanges(), 0, "WeChat's code is not spent");
    // Once the attempt is there, the same answer is good.
    assert_eq!(start(&mut visitor, STATE).await.status, 201);
    assert_eq!(visitor.post(SHOP, "/callback", &code_and_state(&callback)).await.status, 200);
}

#[tokio::test]
async fn a_page_that_is_not_registered_begins_nothing_with_a_state_of_its_own() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    for origin in ["https://evil.example", "null", "https://forum.example.test"] {
        let answer = visitor.post(origin, "/login", &with_state(STATE)).await;
        assert_eq!(answer.json()["error"], "unregistered_origin", "{origin}");
    }
    // Nor was the state taken.
    assert_eq!(start(&mut visitor, STATE).await.status, 201);
}
