//! This browser's login: cookies, and what may change them.

use reqwest::Method;

use crate::harness::{House, PUBLIC_URL, SHOP, Visitor, allowed};

async fn signed_in(house: &House) -> Visitor {
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    visitor.open(&allowed(house, &attempt)).await;
    visitor
}

#[tokio::test]
async fn every_cookie_is_this_hosts_alone() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let page = visitor.open("/login").await;
    let attempt = crate::harness::attempt_of(&page.body);
    let login = visitor.open(&allowed(&house, &attempt)).await;
    let cookies = [page.set_cookies(), login.set_cookies()].concat();
    assert_eq!(cookies.len(), 3);
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-weixin-login-"), "{cookie}");
        for attribute in ["; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain") && cookie.len() < 4096, "{cookie}");
    }
}

#[tokio::test]
async fn a_cookie_that_was_there_before_fixes_nothing() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let planted = "planted".to_owned();
    for name in ["__Host-weixin-login-session", "__Host-weixin-login-sso"] {
        visitor.cookies.insert(name.into(), planted.clone());
    }
    let attempt = visitor.start_hosted().await;
    visitor.open(&allowed(&house, &attempt)).await;
    assert!(visitor.cookies.values().all(|value| *value != planted));
    let first = visitor.cookies.clone();
    let attempt = visitor.start_hosted().await;
    visitor.open(&allowed(&house, &attempt)).await;
    let name = "__Host-weixin-login-session";
    assert_ne!(visitor.cookies[name], first[name], "a new id at every login");
}

#[tokio::test]
async fn the_same_person_is_the_same_sub_at_every_login_and_at_every_client() {
    let house = House::new().await;
    let (mut one, mut two) = (signed_in(&house).await, signed_in(&house).await);
    let sub = one.session().await.json()["sub"].clone();
    assert_eq!(sub, two.session().await.json()["sub"]);
    let mut elsewhere = house.visitor();
    let page = elsewhere.open("/login?client_id=forum&return_to=https%3A%2F%2Fforum.example.test%2F").await;
    let attempt = crate::harness::attempt_of(&page.body);
    elsewhere.open(&allowed(&house, &attempt)).await;
    let session = elsewhere.session().await.json();
    assert_eq!(session["client_id"], "forum");
    assert_eq!(session["sub"], sub);
}

#[tokio::test]
async fn an_unused_session_dies_after_a_week_and_a_used_one_after_a_month() {
    let day = 24 * 3600;
    let house = House::new().await;
    let (mut idle, mut used) = (signed_in(&house).await, signed_in(&house).await);
    for _ in 0..4 {
        house.clock.advance(6 * day);
        assert_eq!(used.session().await.status, 200);
    }
    assert_eq!(idle.session().await.status, 401);
    house.clock.advance(6 * day);
    assert_eq!(used.session().await.status, 401);
}

#[tokio::test]
async fn logging_out_ends_the_session_on_the_server_and_leaves_other_cookies_alone() {
    let house = House::new().await;
    let mut visitor = signed_in(&house).await;
    let before = visitor.clone();
    let request = visitor.request(Method::DELETE, "/session").header("sec-fetch-site", "same-origin");
    let answer = visitor.send(request).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("clear-site-data"), "");
    let expired: Vec<_> =
        answer.set_cookies().iter().map(|cookie| cookie.split('=').next().unwrap().to_owned()).collect();
    assert_eq!(expired, ["__Host-weixin-login-sso", "__Host-weixin-login-session"]);
    assert_eq!(before.clone().session().await.status, 401, "a copy of the cookie is worth nothing");
}

#[tokio::test]
async fn another_sites_page_logs_nobody_out() {
    let house = House::new().await;
    let mut visitor = signed_in(&house).await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "none"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("accept", "*/*"),
    ] {
        let request = visitor.request(Method::DELETE, "/session").header(name, value);
        let answer = visitor.send(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].as_str()),
            (403, Some("unregistered_origin")),
            "{name}: {value}"
        );
        let form = visitor.request(Method::POST, "/logout").header(name, value);
        visitor.send(form).await;
    }
    assert_eq!(visitor.session().await.status, 200);
}

#[tokio::test]
async fn pages_of_our_own_log_out_also_in_browsers_without_sec_fetch() {
    let house = House::new().await;
    for method in [(Method::DELETE, "/session"), (Method::POST, "/logout")] {
        let mut visitor = signed_in(&house).await;
        let request = visitor.request(method.0, method.1).header("origin", SHOP);
        visitor.send(request).await;
        assert_eq!(visitor.session().await.status, 401, "{}", method.1);
    }
}

#[tokio::test]
async fn a_link_to_logout_asks_first() {
    let house = House::new().await;
    let mut visitor = signed_in(&house).await;
    let page = visitor.open("/logout").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<form") && page.body.contains("method=\"post\""), "{}", page.body);
    assert_eq!(page.header("referrer-policy"), "same-origin", "else the form's Origin would be null");
    assert_eq!(visitor.session().await.status, 200);
}

#[tokio::test]
async fn only_hashes_of_secrets_are_in_the_store() {
    let house = House::new().await;
    let mut visitor = signed_in(&house).await;
    let attempt = visitor.start_hosted().await;
    let secrets: Vec<String> =
        visitor.cookies.values().map(|value| value.rsplit('.').next().unwrap().to_owned()).collect();
    assert_eq!(secrets.len(), 4);
    for file in std::fs::read_dir(house.data.path()).unwrap() {
        let path = file.unwrap().path();
        if !path.to_str().unwrap().contains("store.db") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for secret in secrets.iter().map(String::as_str).chain(attempt["state"].as_str()) {
            assert!(
                !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
                "{}",
                path.display()
            );
        }
    }
}

#[tokio::test]
async fn the_session_answers_registered_pages_of_the_site_and_nobody_else() {
    let house = House::new().await;
    let mut visitor = signed_in(&house).await;
    for (origin, allowed) in [(SHOP, SHOP), ("https://evil.example", ""), ("null", "")] {
        let request = visitor.request(Method::GET, "/session").header("origin", origin);
        let answer = visitor.send(request).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
    }
    assert!(PUBLIC_URL.starts_with(SHOP));
}

#[tokio::test]
async fn a_long_name_fits_a_proxys_buffer_and_is_cut_between_characters() {
    let house = House::new().await;
    let long = format!("https://thirdwx.qlogo.cn/{}", "a".repeat(2000));
    for (nickname, header) in [
        ("琦".repeat(1300), "%E7%90%A6".repeat(42)),
        (format!("a{}", "😀".repeat(1000)), format!("a{}", "%F0%9F%98%80".repeat(31))),
        ("x".repeat(128), "x".repeat(128)),
        ("x".repeat(129), "x".repeat(128)),
        (String::new(), String::new()),
    ] {
        let person = weixin_emulator::Person::new("long", nickname.clone());
        house.weixin.set_person(weixin_emulator::Person { headimgurl: Some(long.clone()), ..person });
        let mut visitor = house.visitor();
        let callback = allowed(&house, &visitor.start_hosted().await);
        visitor.open(&callback).await;
        let session = visitor.session().await;
        assert_eq!(
            (session.status.as_u16(), session.header("weixin-login-nickname")),
            (200, header.as_str())
        );
        assert!(!session.headers.contains_key("weixin-login-picture"));
        // Nothing is lost where there is room.
        assert_eq!(
            (&session.json()["nickname"], &session.json()["picture"]),
            (&nickname.into(), &long.clone().into())
        );
    }
}
