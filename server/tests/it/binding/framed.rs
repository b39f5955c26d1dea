//! The same forms in a frame of the site's own page, for its panel: bound to the token, and to no cookie.

use reqwest::Method;
use serde_json::{Value, json};

use super::inbox::Inbox;
use super::{PHONE, SHOWN, another, bound, house, person, sub, token, unbound};
use crate::harness::{Answer, House, Visitor};

/// The page in the frame has a word for the page around it.
fn told(answer: &Answer) -> Value {
    let (_, rest) = answer.body.split_once("data-message=\"").unwrap_or_else(|| panic!("{}", answer.body));
    let text = rest.split_once('"').unwrap().0.replace("&#34;", "\"").replace("&#38;", "&");
    serde_json::from_str(&text).unwrap()
}

fn path(token: &str) -> String {
    format!("/binding/{}", token.split_once('.').unwrap().0)
}

/// A form as the page's script sends it: no cookie goes along.
async fn send(house: &House, site: &str, token: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut visitor = house.visitor();
    let request = visitor.request(Method::POST, path).header("sec-fetch-site", site);
    visitor.send(request.header("weixin-login-binding", token).form(fields)).await
}

async fn asked(house: &House) -> (Visitor, Value, String) {
    let mut visitor = house.visitor();
    let waits = unbound(house, &mut visitor).await;
    let token = token(&waits);
    (visitor, waits, token)
}

#[tokio::test]
async fn a_first_login_is_asked_in_a_frame_without_a_cookie_and_its_page_gets_the_code() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let (mut visitor, mut waits, token) = asked(&house).await;
    let page = path(&token);
    let shell = house.visitor().open_in_frame(&format!("{page}/frame?theme=dark")).await;
    assert_eq!(shell.status, 200, "{}", shell.body);
    let policy = shell.header("content-security-policy");
    assert!(policy.ends_with("; frame-ancestors https://shop.example.test"), "{policy}");
    assert!(shell.body.contains(r#"<meta name="color-scheme" content="dark">"#));
    assert!(!shell.body.contains("<form"), "whoever has the login's name alone sees nothing of it");

    let asks = send(&house, "same-origin", &token, &format!("{page}/frame"), &[]).await;
    assert!(asks.status == 200 && asks.body.contains(r#"type="tel""#), "{}", asks.body);
    waits["type"] = "weixin-login".into();
    let mut says = told(&asks);
    let lives = says["binding"]["expires_in"].as_i64().unwrap();
    assert!((540..=600).contains(&lives), "{lives}");
    says["binding"]["expires_in"] = waits["binding"]["expires_in"].clone();
    assert_eq!(says, waits);

    let wrong =
        send(&house, "same-origin", &token, &format!("{page}/contact"), &[("contact", "12345")]).await;
    assert!(wrong.status == 400 && wrong.body.contains(r#"value="12345""#), "{}", wrong.body);
    assert_eq!(told(&wrong)["state"], waits["state"]);
    let sent = send(&house, "same-origin", &token, &format!("{page}/contact"), &[("contact", PHONE)]).await;
    assert!(sent.status == 200 && sent.body.contains(&SHOWN.replace(' ', "\u{a0}")), "{}", sent.body);
    let change = send(&house, "same-origin", &token, &format!("{page}/frame?change"), &[]).await;
    assert!(change.body.contains(r#"type="tel""#), "{}", change.body);

    let code = inbox.sms_code();
    let wrong = [("code", another(&code))];
    let wrong = send(&house, "same-origin", &token, &format!("{page}/code"), &wrong).await;
    assert!(wrong.status == 400 && wrong.body.contains("Tries left: 4"), "{}", wrong.body);
    let done = send(&house, "same-origin", &token, &format!("{page}/code"), &[("code", &code)]).await;
    assert!(done.status == 200 && done.set_cookies().is_empty(), "{}", done.body);
    let finished = told(&done);
    assert_eq!(
        (&finished["type"], &finished["state"], &finished["iss"]),
        (&waits["type"], &waits["state"], &waits["iss"])
    );
    let first = sub(&mut visitor, &finished).await;

    // The login is over, and its page is told.
    let again = send(&house, "same-origin", &token, &format!("{page}/code"), &[("code", &code)]).await;
    let over = told(&again);
    assert_eq!((&over["error"], &over["state"]), (&json!("attempt_used"), &waits["state"]));
    let mut visitor = house.visitor();
    let finished = unbound(&house, &mut visitor).await;
    assert_eq!(sub(&mut visitor, &finished).await, first, "the second login asks nothing");
}

#[tokio::test]
async fn two_accounts_are_joined_in_a_frame_too() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    person(&house, "first");
    let first = bound(&house, &inbox, PHONE).await;
    person(&house, "second");
    let (mut visitor, _, token) = asked(&house).await;
    let page = path(&token);
    send(&house, "same-origin", &token, &format!("{page}/contact"), &[("contact", PHONE)]).await;
    let code = inbox.sms_code();
    let asks = send(&house, "same-origin", &token, &format!("{page}/code"), &[("code", &code)]).await;
    assert!(asks.body.contains("value=\"join\""), "{}", asks.body);
    assert_eq!(told(&asks)["binding"]["require"], json!(["phone"]), "something is asked still");
    let joined = send(&house, "same-origin", &token, &format!("{page}/join"), &[("answer", "join")]).await;
    assert_eq!(sub(&mut visitor, &told(&joined)).await, first);
}

#[tokio::test]
async fn a_window_of_its_own_and_whoever_lacks_the_token_get_nothing() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let (_, _, token) = asked(&house).await;
    let page = path(&token);
    let window = house.visitor().open(&format!("{page}/frame")).await;
    assert!(window.status == 400 && window.body.contains("not_a_frame"), "{}", window.body);
    assert!(!window.body.contains("binding.js"));
    assert_eq!(house.visitor().open_in_frame("/binding/unknown/frame").await.status, 400);
    let (id, secret) = token.split_once('.').unwrap();
    let guessed = format!("{id}.{}", secret.chars().rev().collect::<String>());
    let (frame, contact) = (format!("{page}/frame"), format!("{page}/contact"));
    for (site, token) in [
        ("cross-site", token.as_str()),
        ("same-site", &token),
        ("same-origin", &guessed),
        ("same-origin", id),
        ("same-origin", secret),
        ("same-origin", ""),
    ] {
        for path in [&frame, &contact] {
            let answer = send(&house, site, token, path, &[("contact", PHONE)]).await;
            assert!(
                answer.status == 400 && !answer.body.contains("<form"),
                "{site} {token}: {}",
                answer.body
            );
        }
    }
    // The cookie of a login on the service's own pages opens no frame.
    let mut hosted = house.visitor();
    let attempt = hosted.start_hosted().await;
    let id = attempt["id"].as_str().unwrap();
    let secret = hosted.cookies.values().next().unwrap().split_once('.').unwrap().1.to_owned();
    let answer =
        send(&house, "same-origin", &format!("{id}.{secret}"), &format!("/binding/{id}/frame"), &[]).await;
    assert_eq!(answer.status, 400);
    assert!(inbox.tries().is_empty());
    // Too late: the panel's own clock has ended it as well.
    house.clock.advance(600);
    let late = send(&house, "same-origin", &token, &contact, &[("contact", PHONE)]).await;
    assert!(late.status == 410 && late.body.contains("attempt_expired"), "{}", late.body);
}
