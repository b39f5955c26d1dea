//! `/account`: a person sees what is kept, takes it along, gives an identity up, and goes; and what a login brings back.

mod contacts;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, House, PUBLIC_URL, Visitor, allowed, attempt_of};
use crate::scene::people::{Computer, Phone};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

async fn logged_in(house: &House) -> Visitor {
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    visitor.open(&allowed(house, &attempt)).await;
    visitor
}

/// Sends a form of the page, as a browser does that is on a page of this site.
async fn press(visitor: &mut Visitor, path: &str, site: &str) -> Answer {
    let request = visitor.request(Method::POST, path).header("sec-fetch-site", site);
    visitor.send(request).await
}

async fn sub(visitor: &mut Visitor) -> String {
    let session = visitor.session().await;
    assert_eq!(session.status, 200, "{}", session.body);
    session.json()["sub"].as_str().unwrap().to_owned()
}

async fn data(visitor: &mut Visitor) -> Value {
    let answer = visitor.open("/account/data").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// The forms that take an identity from the account.
fn unlinks(page: &str) -> Vec<String> {
    let forms = page.split("action=\"/weixin").skip(1).map(|rest| rest.split_once('"').unwrap().0.to_owned());
    forms.filter(|path| path.starts_with("/account/identities/")).collect()
}

/// What has happened to the account, as the person's own data say it.
fn history(data: &Value) -> Vec<&str> {
    data["history"].as_array().unwrap().iter().map(|row| row["what"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_person_sees_what_is_kept_and_takes_it_along() {
    let house = House::new().await;
    let mut visitor = logged_in(&house).await;
    let page = visitor.open("/account").await;
    assert_eq!(page.status, 200);
    for part in [
        "<h1>Your account</h1>",
        "<bdi>陈锴</bdi>",
        "<h2>Linked WeChat identities</h2>",
        "<strong>WeChat on a website</strong>",
        "<h2 id=\"sessions\">Where you’re logged in</h2>",
        "action=\"/weixin/sessions/end\"",
        "href=\"/weixin/account/data\"",
        "href=\"/weixin/account/delete\"",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert_eq!(unlinks(&page.body), [""; 0], "the only identity stays");
    assert!(visitor.open("/sessions").await.body.contains("href=\"/weixin/account\""));
    let file = visitor.open("/account/data").await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"account.json\"");
    assert_eq!(file.header("content-type"), "application/json");
    assert_eq!(file.header("cache-control"), "no-store");
    let data = file.json();
    let mut names: Vec<_> = data.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "account",
            "contacts",
            "grants",
            "history",
            "identities",
            "nickname",
            "older_subjects",
            "picture",
            "sessions",
            "subjects"
        ]
    );
    assert_eq!(data["nickname"], "陈锴");
    assert_eq!(data["subjects"], json!([{ "client_id": "shop", "sub": sub(&mut visitor).await }]));
    assert_eq!(data["identities"].as_array().unwrap().len(), 1);
    assert_eq!(data["sessions"].as_array().unwrap().len(), 2, "the service's, and the shop's");
    assert_eq!(history(&data), ["created"]);
    for word in ["secret", "hash", "cookie"] {
        assert!(!file.body.contains(word), "{word}: {}", file.body);
    }
}

#[tokio::test]
async fn who_is_not_logged_in_is_led_to_a_login_that_comes_back() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    for path in ["/account", "/account/data", "/account/delete"] {
        assert_eq!(visitor.open(path).await.status, 401, "{path}");
    }
    assert_eq!(press(&mut visitor, "/account/delete", "same-origin").await.status, 401);
    let page = visitor.open("/account").await.body;
    let way = "href=\"/weixin/login?client_id=kiosk&#38;return_to=%2Fweixin%2Faccount\"";
    assert!(page.contains(way), "{page}");
    let login = visitor.open("/login?client_id=shop&return_to=%2Fweixin%2Faccount").await;
    let ended = visitor.open(&allowed(&house, &attempt_of(&login.body))).await;
    assert_eq!((ended.status.as_u16(), ended.location()), (303, &*format!("{PUBLIC_URL}/account")));
    assert_eq!(visitor.open("/account").await.status, 200);
    // No other page of the service is one to come back to, where its origin is no site's.
    for path in
        ["%2Fweixin%2Faccount%2Fdelete", "%2Fweixin%2Faccount%2F..%2Flogout", "%2Fweixin%2Faccountant"]
    {
        let elsewhere = House::with(|config| config.replace("\"https://shop.example.test\", ", "")).await;
        let login = elsewhere.visitor().open(&format!("/login?client_id=shop&return_to={path}")).await;
        assert_eq!(login.status, 400, "{path}: {}", login.body);
    }
}

#[tokio::test]
async fn an_identity_goes_and_the_last_one_stays() {
    let house = House::new().await;
    let mut visitor = logged_in(&house).await;
    let computer = Computer::start(&house).await;
    Phone::new(&house).come_to_the_question(&house, &computer).await;
    let page = visitor.open("/account").await.body;
    let paths = unlinks(&page);
    assert_eq!(paths.len(), 2, "{page}");
    for site in ["cross-site", "same-site", "none"] {
        assert_eq!(press(&mut visitor, &paths[0], site).await.status, 400, "{site}");
    }
    // Somebody else's is as unknown as one that has gone.
    house.weixin.set_person(weixin_emulator::Person::new("other", "Somebody Else"));
    assert!(house.weixin.set_phone_person("other"));
    let mut other = logged_in(&house).await;
    assert_eq!(press(&mut other, &paths[0], "same-origin").await.status, 303);
    assert_eq!(unlinks(&visitor.open("/account").await.body).len(), 2);
    for path in &paths {
        let gone = press(&mut visitor, path, "same-origin").await;
        assert_eq!((gone.status.as_u16(), gone.location()), (303, &*format!("{PUBLIC_URL}/account")));
    }
    let page = visitor.open("/account").await.body;
    assert_eq!(unlinks(&page), [""; 0], "{page}");
    let data = data(&mut visitor).await;
    assert_eq!(data["identities"].as_array().unwrap().len(), 1);
    assert_eq!(history(&data).last(), Some(&"unlinked"));
}

#[tokio::test]
async fn what_cannot_be_undone_wants_a_login_of_the_last_ten_minutes() {
    let house = House::new().await;
    let mut visitor = logged_in(&house).await;
    let before = sub(&mut visitor).await;
    house.clock.advance(600);
    assert_eq!(visitor.open("/account").await.status, 200);
    let way = "href=\"/weixin/login?client_id=shop&#38;return_to=%2Fweixin%2Faccount\"";
    let asked = visitor.open("/account/delete").await;
    assert!(asked.status == 403 && asked.body.contains(way), "{}", asked.body);
    for path in ["/account/delete", "/account/identities/wx0/o0/end"] {
        let pressed = press(&mut visitor, path, "same-origin").await;
        assert!(pressed.status == 403 && pressed.body.contains(way), "{path}: {}", pressed.body);
    }
    assert_eq!(sub(&mut visitor).await, before);
    let login = visitor.open("/login?client_id=shop&return_to=%2Fweixin%2Faccount").await;
    visitor.open(&allowed(&house, &attempt_of(&login.body))).await;
    assert_eq!(visitor.open("/account/delete").await.status, 200);
}

#[tokio::test]
async fn an_account_goes_after_seven_days_and_a_login_before_brings_it_back() {
    let house = House::new().await;
    let (mut here, mut there) = (logged_in(&house).await, logged_in(&house).await);
    let first = sub(&mut here).await;
    assert_eq!(press(&mut here, "/account/delete", "cross-site").await.status, 400);
    let gone = press(&mut here, "/account/delete", "same-origin").await;
    assert_eq!(gone.status, 200);
    assert!(gone.body.contains("<h1>Your account will be deleted on "), "{}", gone.body);
    for visitor in [&mut here, &mut there] {
        assert_eq!(visitor.session().await.status, 401, "every session ends at once");
        assert_eq!(visitor.open("/account").await.status, 401);
    }
    assert!(!here.cookies.keys().any(|name| name.contains("sso")), "{:?}", here.cookies);
    // The clock goes on by itself meanwhile.
    house.clock.advance(7 * DAY - HOUR);
    let mut again = logged_in(&house).await;
    assert_eq!(sub(&mut again).await, first, "the login brings it back");
    house.clock.advance(2 * DAY);
    assert_eq!(sub(&mut again).await, first, "and it stays");
    assert_eq!(history(&data(&mut again).await), ["created", "deleted", "restored"]);

    let mut fresh = logged_in(&house).await;
    assert_eq!(press(&mut fresh, "/account/delete", "same-origin").await.status, 200);
    house.clock.advance(7 * DAY);
    let mut anew = logged_in(&house).await;
    assert_ne!(sub(&mut anew).await, first, "somebody new");
    assert_eq!(history(&data(&mut anew).await), ["created"]);
}
