//! The shop's own side: its pages, their headers, and the two answers of its backend.

use crate::wire::{Connection, Service, shop, www};
use serde_json::{Value, json};
use weixin_login_shop::{Options, Shop};

/// Status, body and one header of what the shop answers.
async fn get(shop: &Shop, path: &str, cookie: &str) -> (u16, Value) {
    let url = format!("http://{}{path}", shop.address());
    let answer = reqwest::Client::new().get(url).header("cookie", cookie).send().await.expect("an answer");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

/// A service that answers one question about the session.
fn session(answer: &'static str) -> Service<Vec<String>> {
    Service::once(move |mut shop| {
        let head = shop.head();
        shop.send(answer);
        head
    })
}

const SIGNED_IN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
                         {\"sub\":\"s1\",\"nickname\":\"陈锴\",\"picture\":\"https://a.test/1\",\"sid\":1}\n";
const SIGNED_OUT: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";

#[tokio::test]
async fn the_backend_learns_from_the_service_who_is_signed_in() {
    let service = session(SIGNED_IN);
    let shop = shop(&service.url);
    assert_eq!(
        get(&shop, "/api/me", "session=abc").await,
        (
            200,
            json!({
                "signed_in": true,
                "customer": { "sub": "s1", "nickname": "陈锴", "picture": "https://a.test/1" }
            })
        )
    );
    let host = shop.address().to_string();
    assert_eq!(
        service.outcome(),
        [
            "GET /weixin/session HTTP/1.1".to_owned(),
            "accept: application/json".to_owned(),
            "cookie: session=abc".to_owned(),
            format!("host: {host}"),
            "x-forwarded-for: 127.0.0.1".to_owned(),
            format!("x-forwarded-host: {host}"),
            "x-forwarded-proto: http".to_owned(),
        ]
    );
}

#[tokio::test]
async fn orders_are_shown_to_their_customer() {
    let service = session(SIGNED_IN);
    let shop = shop(&service.url);
    let (status, orders) = get(&shop, "/api/orders", "session=abc").await;
    assert_eq!((status, &orders["customer"]), (200, &json!("s1")));
}

#[tokio::test]
async fn orders_are_refused_to_a_visitor_who_is_signed_out() {
    let service = session(SIGNED_OUT);
    let shop = shop(&service.url);
    assert_eq!(get(&shop, "/api/orders", "").await, (401, json!({ "signed_in": false })));
}

#[tokio::test]
async fn a_visitor_who_is_signed_out_is_nobody() {
    let service = session(SIGNED_OUT);
    let shop = shop(&service.url);
    assert_eq!(get(&shop, "/api/me", "").await, (401, json!({ "signed_in": false })));
}

#[tokio::test]
async fn a_service_in_trouble_signs_nobody_in() {
    for trouble in [
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        "HTTP/1.1 302 Found\r\nLocation: /weixin/session\r\nContent-Length: 0\r\n\r\n",
        "",
    ] {
        let service = session(trouble);
        let shop = shop(&service.url);
        assert_eq!(
            get(&shop, "/api/orders", "session=abc").await,
            (502, json!({ "error": "the login service does not answer" })),
            "{trouble}"
        );
    }
}

#[tokio::test]
async fn the_pages_come_with_a_strict_policy_that_the_widget_can_live_with() {
    let shop = Shop::start(Options {
        www: www(),
        open_url: "http://127.0.0.1:9001".into(),
        desktop_urls: vec!["http://127.0.0.1:9002".into()],
        img: vec!["http://127.0.0.1:9001".into()],
        ..Options::default()
    })
    .expect("a shop");
    let page = reqwest::get(format!("http://{}/", shop.address())).await.expect("a page");
    assert_eq!(page.status(), 200);
    let header = |name: &str| page.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(
        header("content-security-policy"),
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' https://*.qlogo.cn http://127.0.0.1:9001; \
         connect-src 'self' http://127.0.0.1:9002; frame-src 'self' http://127.0.0.1:9001; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "same-origin");
    assert!(page.text().await.expect("text").contains("<weixin-login"));
}

#[test]
fn nothing_outside_the_folder_of_pages_is_served() {
    let shop = shop("http://127.0.0.1:1");
    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/..%2fCargo.toml", "/.hidden"] {
        let mut visitor = Connection::to(shop.address());
        visitor.send(&format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        let status = visitor.head()[0].clone();
        assert!(status.starts_with("HTTP/1.1 40"), "{path}: {status}");
    }
}

#[test]
fn a_host_name_that_is_not_the_shops_is_refused() {
    let shop = Shop::start(Options {
        www: www(),
        public_names: vec!["shop.example.test".into()],
        ..Options::default()
    })
    .expect("a shop");
    for (host, status) in [
        ("shop.example.test", "HTTP/1.1 200 OK"),
        ("Shop.Example.Test:8443", "HTTP/1.1 200 OK"),
        ("evil.test", "HTTP/1.1 421 Misdirected Request"),
        ("shop.example.test.evil.test", "HTTP/1.1 421 Misdirected Request"),
    ] {
        let mut visitor = Connection::to(shop.address());
        visitor
            .send(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: shop.example.test\r\n\r\n"));
        assert_eq!(visitor.head()[0], status, "{host}");
    }
}
