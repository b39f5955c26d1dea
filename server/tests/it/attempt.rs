//! Hosted attempts: who may answer them, how often, and for how long.

use reqwest::Method;
use weixin_emulator::{Call, Fault};

use crate::harness::{House, SHOP, all_at_once, allowed};

#[tokio::test]
async fn a_hosted_login_ends_at_its_return_to_with_a_session() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    let answer = visitor.open(&allowed(&house, &attempt)).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "https://shop.example.test/orders?page=2"));
    let session = visitor.session().await.json();
    assert_eq!(session["nickname"], "陈锴");
    assert_eq!(session["client_id"], "shop");
}

#[tokio::test]
async fn a_callback_without_a_cookie_exchanges_nothing() {
    let house = House::new().await;
    let attempt = house.visitor().start_hosted().await;
    let mut stranger = house.visitor();
    let answer = stranger.open(&allowed(&house, &attempt)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(house.exchanges(), 0);
    assert_eq!(stranger.cookies.len(), 0);
    assert_eq!(stranger.session().await.status, 401);
}

#[tokio::test]
async fn a_callback_with_another_browsers_cookie_exchanges_nothing() {
    let house = House::new().await;
    let attempt = house.visitor().start_hosted().await;
    let mut other = house.visitor();
    other.start_hosted().await;
    // Even under the right name, the other browser's value is not the secret.
    let (_, value) = other.cookies.first_key_value().unwrap();
    let name = format!("__Host-weixin-login-attempt-{}", attempt["id"].as_str().unwrap());
    let value = value.clone();
    other.cookies.insert(name, value);
    assert_eq!(other.open(&allowed(&house, &attempt)).await.status, 400);
    assert_eq!(house.exchanges(), 0);
}

#[tokio::test]
async fn an_unsolicited_callback_logs_nobody_in() {
    let house = House::new().await;
    // The attacker's own login, finished but for the last step, which the victim's browser is made to load.
    let attack = allowed(&house, &house.visitor().start_hosted().await);
    let mut victim = house.visitor();
    victim.start_hosted().await;
    assert_eq!(victim.open(&attack).await.status, 400);
    assert_eq!(victim.session().await.status, 401);
    assert_eq!(house.exchanges(), 0);
}

#[tokio::test]
async fn a_state_is_letters_and_digits_and_differs_each_time() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let (one, two) = (visitor.start_hosted().await, visitor.start_hosted().await);
    let state = one["state"].as_str().unwrap();
    // Behind nine that say when, 32 of 62 characters are 190 bits.
    assert!(state.len() == 41 && state.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{state}");
    for key in ["id", "state"] {
        assert_ne!(one[key], two[key]);
    }
    assert_eq!(one.get("secret"), None, "a hosted attempt's secret is in its cookie alone");
}

#[tokio::test]
async fn an_attempt_is_dead_after_ten_minutes() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    let callback = allowed(&house, &attempt);
    house.clock.advance(601);
    assert_eq!(visitor.open(&callback).await.status, 410);
    assert_eq!(house.exchanges(), 0);
}

#[tokio::test]
async fn a_callback_without_a_code_is_a_refusal_and_closes_the_attempt() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    let callback = allowed(&house, &attempt);
    let refusal = format!("/callback?state={}", attempt["state"].as_str().unwrap());
    let answer = visitor.open(&refusal).await;
    assert!(answer.body.contains("access_denied"), "{}", answer.body);
    let answer = visitor.open(&callback).await;
    assert!(answer.body.contains("access_denied"), "the attempt is closed: {}", answer.body);
    assert_eq!(house.exchanges(), 0);
}

#[tokio::test]
async fn weixins_word_in_the_place_of_a_code_is_a_refusal() {
    let house = House::new().await;
    for word in ["authdeny", "AuthDeny"] {
        let mut visitor = house.visitor();
        let attempt = visitor.start_hosted().await;
        let state = attempt["state"].as_str().unwrap();
        let answer = visitor.open(&format!("/callback?code={word}&state={state}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.body.contains("access_denied"), "{}", answer.body);

        let mut visitor = house.visitor();
        let attempt = visitor.start_embedded().await;
        let refusal = serde_json::json!({ "code": word, "state": attempt["state"] });
        let answer = visitor.post(SHOP, "/callback", &refusal).await;
        assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (400, Some("access_denied")));
    }
    assert_eq!(house.exchanges(), 0);
}

#[tokio::test]
async fn a_callback_that_is_loaded_again_gets_the_way_and_nothing_else() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let callback = allowed(&house, &visitor.start_hosted().await);
    visitor.open(&callback).await;
    let again = visitor.open(&callback).await;
    assert_eq!((again.status.as_u16(), again.location()), (303, "https://shop.example.test/orders?page=2"));
    assert_eq!(again.set_cookies(), Vec::<&str>::new());
    assert_eq!(house.exchanges(), 1);
}

#[tokio::test]
async fn a_second_load_waits_for_the_first() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let callback = allowed(&house, &visitor.start_hosted().await);
    house.weixin.fault_times(Call::AccessToken, Fault::Delay { millis: 1000 }, 1);
    let load = || visitor.request(Method::GET, &callback);
    let answers = all_at_once(vec![load(), load()]).await;
    for answer in &answers {
        assert_eq!(
            (answer.status.as_u16(), answer.location()),
            (303, "https://shop.example.test/orders?page=2")
        );
    }
    assert_eq!(answers.iter().filter(|answer| !answer.set_cookies().is_empty()).count(), 1);
    assert_eq!(house.exchanges(), 1);
}

#[tokio::test]
async fn of_64_callbacks_at_once_one_wins() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let callback = allowed(&house, &visitor.start_hosted().await);
    let answers = all_at_once((0..64).map(|_| visitor.request(Method::GET, &callback)).collect()).await;
    assert_eq!(answers.iter().filter(|answer| !answer.set_cookies().is_empty()).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 303));
    assert_eq!(house.exchanges(), 1);
}

#[tokio::test]
async fn two_tabs_log_in_independently() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let (one, two) = (visitor.start_hosted().await, visitor.start_hosted().await);
    for attempt in [two, one] {
        assert_eq!(visitor.open(&allowed(&house, &attempt)).await.status, 303);
    }
}

#[tokio::test]
async fn a_browser_keeps_five_attempts_and_the_oldest_goes() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let oldest = visitor.start_hosted().await;
    let mut newest = Default::default();
    for _ in 0..5 {
        house.clock.advance(1);
        newest = visitor.start_hosted().await;
    }
    assert_eq!(visitor.cookies.len(), 5);
    assert_eq!(visitor.open(&allowed(&house, &oldest)).await.status, 400);
    assert_eq!(visitor.open(&allowed(&house, &newest)).await.status, 303);
}

#[tokio::test]
async fn a_renewed_attempt_ends_where_the_first_would_and_the_first_stays_good() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let first = visitor.start_hosted().await;
    let renew = format!("/login/{}/renew", first["id"].as_str().unwrap());
    let answer = visitor.post(SHOP, &renew, &serde_json::json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let second = answer.json();
    assert_ne!(first["state"], second["state"]);
    for attempt in [first, second] {
        let answer = visitor.open(&allowed(&house, &attempt)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.location()),
            (303, "https://shop.example.test/orders?page=2")
        );
    }
}

#[tokio::test]
async fn only_the_browser_that_started_an_attempt_renews_it() {
    let house = House::new().await;
    let attempt = house.visitor().start_hosted().await;
    let renew = format!("/login/{}/renew", attempt["id"].as_str().unwrap());
    let answer = house.visitor().post(SHOP, &renew, &serde_json::json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (400, Some("unknown_attempt")));
}

#[tokio::test]
async fn garbage_at_the_callback_gets_a_page() {
    let house = House::new().await;
    let garbage = "x".repeat(7 * 1024);
    for query in [
        "",
        "?state=",
        "?code=1",
        "?state=unknown1",
        "?state=a'b&code=1",
        "?code=1&state=a&state=b",
        &format!("?state={garbage}"),
    ] {
        let answer = house.visitor().open(&format!("/callback{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.body.contains("</html>"), "{query}: {}", answer.body);
    }
    assert_eq!(house.exchanges(), 0);
}
