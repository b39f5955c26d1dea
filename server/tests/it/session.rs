//! This browser's login: cookies, and what may change them.

use reqwest::Method;

use crate::harness::{
    FORUM, House, PUBLIC_URL, SHOP, SHOP_SESSION, VERIFIER, Visitor, allowed, code_and_state,
};
use crate::named_store::on_its_file;

async fn signed_in(house: &House) -> Visitor {
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    visitor.open(&allowed(house, &attempt)).await;
    visitor
}

async fn sign_in_at_the_forum(house: &House, visitor: &mut Visitor) {
    let page = visitor.open("/login?client_id=forum&return_to=https%3A%2F%2Fforum.example.test%2F").await;
    let attempt = crate::harness::attempt_of(&page.body);
    assert_eq!(visitor.open(&allowed(house, &attempt)).await.status, 303);
}

/// Whose session a page of that origin is told of; none without an Origin, and nothing where it is 401.
async fn told(visitor: &mut Visitor, origin: Option<&str>, query: &str) -> Option<String> {
    let request = visitor.request(Method::GET, &format!("/session{query}"));
    let request = origin.into_iter().fold(request, |request, origin| request.header("origin", origin));
    let answer = visitor.send(request).await;
    if answer.status == 401 {
        assert_eq!(answer.json()["error"], "login_required");
        return None;
    }
    assert_eq!(answer.status, 200, "{}", answer.body);
    Some(answer.json()["client_id"].as_str().unwrap().to_owned())
}

const WWW: &str = "https://www.example.test";

#[tokio::test]
async fn a_page_is_told_of_its_own_clients_session_and_of_no_other() {
    let house = House::new().await;
    // What a browser with a session of one client is told; www has both of them.
    let (shop, forum) = (Some("shop"), Some("forum"));
    for (at_shop, at_forum, expected) in [
        (true, false, [shop, None, shop, shop, shop, shop, None, None, None]),
        (false, true, [None, forum, forum, None, None, None, None, None, None]),
        (true, true, [shop, forum, forum, shop, shop, shop, None, None, None]),
    ] {
        let mut visitor = house.visitor();
        if at_shop {
            visitor = signed_in(&house).await;
        }
        if at_forum {
            house.clock.advance(60);
            sign_in_at_the_forum(&house, &mut visitor).await;
        }
        let asked = [
            (Some(SHOP), ""),
            (Some(FORUM), ""),
            (Some(WWW), ""),
            // nginx, and a page of the service's own origin; a form of whomever, which nginx asks about.
            (None, ""),
            (Some("null"), ""),
            (Some("https://evil.example"), "?client_id=shop"),
            // An id narrows what the Origin opens, and opens nothing.
            (Some(SHOP), "?client_id=forum"),
            (Some(FORUM), "?client_id=shop"),
            (None, "?client_id=nobody"),
        ];
        for ((origin, query), expected) in asked.into_iter().zip(expected) {
            let told = told(&mut visitor, origin, query).await;
            assert_eq!(told.as_deref(), expected, "{at_shop} {at_forum}: {origin:?} {query}");
        }
        let by_id = (at_shop && at_forum).then(|| shop.unwrap().to_owned());
        if by_id.is_some() {
            assert_eq!(told(&mut visitor, Some(WWW), "?client_id=shop").await, by_id);
        }
    }
    let twice = house.visitor().open("/session?client_id=shop&client_id=forum").await;
    assert_eq!((twice.status.as_u16(), &twice.json()["error"]), (400, &"invalid_request".into()));
}

#[tokio::test]
async fn a_service_on_a_host_of_its_own_answers_with_the_newest_session() {
    let own = |config: String| {
        config.replace(&format!("origins = [\"{SHOP}\", "), "origins = [\"https://shop.example.org\", ")
    };
    let house = House::with(own).await;
    let mut visitor = house.visitor();
    let page = visitor.open("/login?client_id=shop&return_to=https%3A%2F%2Fshop.example.org%2F").await;
    let attempt = crate::harness::attempt_of(&page.body);
    visitor.open(&allowed(&house, &attempt)).await;
    assert_eq!(told(&mut visitor, None, "").await.as_deref(), Some("shop"));
    house.clock.advance(60);
    sign_in_at_the_forum(&house, &mut visitor).await;
    assert_eq!(told(&mut visitor, None, "").await.as_deref(), Some("forum"));
    assert_eq!(told(&mut visitor, None, "?client_id=shop").await.as_deref(), Some("shop"));
}

#[tokio::test]
async fn a_cookie_under_another_clients_name_is_none() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    sign_in_at_the_forum(&house, &mut visitor).await;
    let sso = visitor.cookies["__Host-weixin-login-sso"].clone();
    let (_, forum) = visitor.cookies.iter().find(|(name, _)| name.contains("-session-")).unwrap();
    for secret in [forum.clone(), sso] {
        visitor.cookies.insert(SHOP_SESSION.into(), secret);
        assert_eq!(told(&mut visitor, Some(SHOP), "").await, None);
    }
}

#[tokio::test]
async fn a_new_session_ends_the_one_before_of_the_same_client_alone() {
    let house = House::new().await;
    let mut visitor = signed_in(&house).await;
    sign_in_at_the_forum(&house, &mut visitor).await;
    let mut before = visitor.clone();
    let attempt = visitor.start_hosted().await;
    visitor.open(&allowed(&house, &attempt)).await;
    assert_eq!(told(&mut before, Some(SHOP), "").await, None, "a copy of the old cookie");
    let mut second = visitor.clone();
    // The widget's way to a session.
    let attempt = visitor.start_embedded().await;
    let answer = visitor.post(SHOP, "/callback", &code_and_state(&allowed(&house, &attempt))).await;
    let redeem = serde_json::json!({ "code": answer.json()["code"], "code_verifier": VERIFIER });
    assert_eq!(visitor.post(SHOP, "/session", &redeem).await.status, 200);
    assert_eq!(told(&mut second, Some(SHOP), "").await, None);
    for (origin, client) in [(SHOP, "shop"), (FORUM, "forum")] {
        assert_eq!(told(&mut visitor, Some(origin), "").await.as_deref(), Some(client));
    }
}

#[tokio::test]
async fn a_page_logs_out_of_its_own_client_and_a_logout_of_the_service_is_one_of_all() {
    let house = House::new().await;
    for (path, origin, query, left) in [
        ("/session", SHOP, "", [None, Some("forum")]),
        ("/session", FORUM, "", [Some("shop"), None]),
        ("/session", FORUM, "?client_id=shop", [Some("shop"), Some("forum")]),
        ("/session", WWW, "?client_id=shop", [None, Some("forum")]),
        ("/session", WWW, "", [None, None]),
        ("/logout", SHOP, "", [None, None]),
    ] {
        let mut visitor = signed_in(&house).await;
        sign_in_at_the_forum(&house, &mut visitor).await;
        let mut before = visitor.clone();
        let method = if path == "/session" { Method::DELETE } else { Method::POST };
        let request = visitor.request(method, &format!("{path}{query}")).header("origin", origin);
        assert!(visitor.send(request).await.status.is_success());
        for (origin, expected) in [SHOP, FORUM].into_iter().zip(left) {
            // On the server, whatever the browser does with its cookies.
            for visitor in [&mut visitor, &mut before] {
                let told = told(visitor, Some(origin), "").await;
                assert_eq!(told.as_deref(), expected, "{path} {query} {origin}");
            }
        }
    }
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
    for name in [SHOP_SESSION, "__Host-weixin-login-sso"] {
        visitor.cookies.insert(name.into(), planted.clone());
    }
    let attempt = visitor.start_hosted().await;
    visitor.open(&allowed(&house, &attempt)).await;
    assert!(visitor.cookies.values().all(|value| *value != planted));
    let first = visitor.cookies.clone();
    let attempt = visitor.start_hosted().await;
    visitor.open(&allowed(&house, &attempt)).await;
    let name = SHOP_SESSION;
    assert_ne!(visitor.cookies[name], first[name], "a new id at every login");
}

#[tokio::test]
async fn the_same_person_is_the_same_sub_at_every_login_and_at_every_client() {
    let house = House::new().await;
    let (mut one, mut two) = (signed_in(&house).await, signed_in(&house).await);
    let sub = one.session().await.json()["sub"].clone();
    assert_eq!(sub, two.session().await.json()["sub"]);
    let mut elsewhere = house.visitor();
    sign_in_at_the_forum(&house, &mut elsewhere).await;
    let session = elsewhere.session_at(FORUM).await.json();
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
    assert_eq!(expired, ["__Host-weixin-login-sso", SHOP_SESSION]);
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
    let house = House::with(on_its_file).await;
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
