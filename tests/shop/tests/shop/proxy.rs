//! `/weixin` is passed on as a site's own proxy would: whole, unchanged, and as it comes.

use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::wire::{Connection, Service, shop, www};
use weixin_login_shop::{Options, Shop, StartError, Tls};

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const DEADLINE: Duration = Duration::from_secs(30);

/// What the service reads when the visitor sends this request.
fn as_the_service_sees(request: &str) -> Vec<String> {
    let service = Service::once(|mut visitor| {
        let head = visitor.head();
        visitor.send(NO_CONTENT);
        head
    });
    let shop = shop(&service.url);
    let mut visitor = Connection::to(shop.address());
    visitor.send(request);
    assert_eq!(visitor.head()[0], "HTTP/1.1 204 No Content");
    service.outcome()
}

/// What the visitor reads, head and body, when the service answers this.
fn as_the_visitor_sees(request: &str, answer: &'static str) -> (Vec<String>, String) {
    let service = Service::once(move |mut visitor| {
        visitor.head();
        visitor.send(answer);
    });
    let shop = shop(&service.url);
    let mut visitor = Connection::to(shop.address());
    visitor.send(request);
    let seen = (visitor.head(), visitor.rest().expect("a whole answer"));
    service.outcome();
    seen
}

#[test]
fn a_request_reaches_the_service_with_its_host_and_where_it_came_from() {
    let head = as_the_service_sees(
        "GET /weixin/login?return_to=%2Fa%2f..%5Cb&x=%E5%BE%AE&y HTTP/1.1\r\nHost: shop.example.test:8443\r\n\
         Accept: text/html\r\nCookie: a=1; b=2\r\nAccept-Encoding: br, gzip\r\nSec-Fetch-Site: none\r\n\r\n",
    );
    assert_eq!(
        head,
        [
            "GET /weixin/login?return_to=%2Fa%2f..%5Cb&x=%E5%BE%AE&y HTTP/1.1",
            "accept-encoding: br, gzip",
            "accept: text/html",
            "cookie: a=1; b=2",
            "host: shop.example.test:8443",
            "sec-fetch-site: none",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: shop.example.test:8443",
            "x-forwarded-proto: http",
        ]
    );
}

#[test]
fn what_a_browser_says_as_a_proxy_is_not_believed() {
    let head = as_the_service_sees(
        "GET /weixin HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nX-Forwarded-For: 8.8.8.8\r\nX-Forwarded-Proto: https\r\n\
         X-Forwarded-Host: evil.test\r\nForwarded: for=8.8.8.8\r\nX-Real-IP: 8.8.8.8\r\n\r\n",
    );
    assert_eq!(
        head,
        [
            "GET /weixin HTTP/1.1",
            "accept: */*",
            "host: a.test",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: a.test",
            "x-forwarded-proto: http",
        ]
    );
}

#[test]
fn headers_of_one_connection_are_not_passed_on() {
    let head = as_the_service_sees(
        "GET /weixin HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nConnection: keep-alive, X-Secret\r\nX-Secret: 1\r\n\
         Keep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Authorization: Basic eDp5\r\n\r\n",
    );
    assert_eq!(
        head,
        [
            "GET /weixin HTTP/1.1",
            "accept: */*",
            "host: a.test",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: a.test",
            "x-forwarded-proto: http",
        ]
    );
}

#[test]
fn a_body_arrives_with_its_length() {
    let service = Service::once(|mut visitor| {
        let seen = (visitor.head(), visitor.bytes(11));
        visitor.send(NO_CONTENT);
        seen
    });
    let shop = shop(&service.url);
    let mut visitor = Connection::to(shop.address());
    visitor.send(
        "POST /weixin/login HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nContent-Type: application/json\r\n\
         Content-Length: 11\r\n\r\n{\"a\": true}",
    );
    assert_eq!(visitor.head()[0], "HTTP/1.1 204 No Content");
    let (head, body) = service.outcome();
    assert_eq!(
        head,
        [
            "POST /weixin/login HTTP/1.1",
            "accept: */*",
            "content-length: 11",
            "content-type: application/json",
            "host: a.test",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: a.test",
            "x-forwarded-proto: http",
        ]
    );
    assert_eq!(body, "{\"a\": true}");
}

#[test]
fn a_body_is_passed_on_piece_by_piece() {
    let (seen, first_half) = channel();
    let service = Service::once(move |mut visitor| {
        visitor.head();
        seen.send(visitor.chunk()).expect("the test waits");
        let second_half = visitor.chunk();
        assert_eq!(visitor.chunk(), "");
        visitor.send(NO_CONTENT);
        second_half
    });
    let shop = shop(&service.url);
    let mut visitor = Connection::to(shop.address());
    visitor.send(
        "POST /weixin/login HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
    );
    assert_eq!(first_half.recv_timeout(DEADLINE).expect("the first half comes before the second"), "first");
    visitor.send("6\r\nsecond\r\n0\r\n\r\n");
    assert_eq!(visitor.head()[0], "HTTP/1.1 204 No Content");
    assert_eq!(service.outcome(), "second");
}

#[test]
fn events_are_passed_on_one_by_one() {
    let (read, was_read) = channel();
    let service = Service::once(move |mut visitor| {
        visitor.head();
        visitor
            .send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        visitor.send("9\r\ndata: 1\n\n\r\n");
        was_read.recv_timeout(DEADLINE).expect("the first event is read before the second is sent");
        visitor.send("9\r\ndata: 2\n\n\r\n0\r\n\r\n");
    });
    let shop = shop(&service.url);
    let mut visitor = Connection::to(shop.address());
    visitor.send("GET /weixin/login/1/events HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(
        visitor.head(),
        ["HTTP/1.1 200 OK", "content-type: text/event-stream", "transfer-encoding: chunked"]
    );
    assert_eq!(visitor.chunk(), "data: 1\n\n");
    read.send(()).expect("the service waits");
    assert_eq!(visitor.chunk(), "data: 2\n\n");
    assert_eq!(visitor.chunk(), "");
    service.outcome();
}

#[test]
fn an_answer_comes_back_unchanged_and_no_redirect_is_followed() {
    let (head, body) = as_the_visitor_sees(
        "GET /weixin/callback HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 303 See Other\r\nLocation: /weixin/elsewhere\r\nSet-Cookie: a=1; Path=/; HttpOnly\r\n\
         Set-Cookie: b=2; SameSite=Lax\r\nContent-Encoding: br\r\nContent-Length: 12\r\nX-Odd: \tone, two\r\n\
         Connection: close, X-Between\r\nX-Between: us\r\n\r\nnot brotli\r\n",
    );
    assert_eq!(
        head,
        [
            "HTTP/1.1 303 See Other",
            "connection: close",
            "content-encoding: br",
            "content-length: 12",
            "location: /weixin/elsewhere",
            "set-cookie: a=1; Path=/; HttpOnly",
            "set-cookie: b=2; SameSite=Lax",
            "x-odd: one, two",
        ]
    );
    assert_eq!(body, "not brotli\r\n");
}

#[test]
fn the_answer_to_head_keeps_its_length_and_has_no_body() {
    let (head, body) = as_the_visitor_sees(
        "HEAD /weixin/widget/weixin-login.js HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nContent-Length: 9000\r\n\r\n",
    );
    assert_eq!(
        head,
        ["HTTP/1.1 200 OK", "connection: close", "content-length: 9000", "content-type: text/javascript"]
    );
    assert_eq!(body, "");
}

#[test]
fn an_answer_that_is_cut_off_does_not_look_whole() {
    let service = Service::once(|mut visitor| {
        visitor.head();
        visitor.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
        visitor.cut();
    });
    let shop = shop(&service.url);
    let mut visitor = Connection::to(shop.address());
    visitor.send("GET /weixin/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
    visitor.head();
    assert_eq!(visitor.chunk(), "half");
    assert_ne!(visitor.rest().unwrap_or_default(), "0\r\n\r\n");
    service.outcome();
}

#[test]
fn a_visitor_who_leaves_in_the_middle_does_not_look_finished_to_the_service() {
    let (seen, first_half) = channel();
    let service = Service::once(move |mut visitor| {
        visitor.head();
        seen.send(visitor.chunk()).expect("the test waits");
        visitor.rest().unwrap_or_default()
    });
    let shop = shop(&service.url);
    let mut visitor = Connection::to(shop.address());
    visitor.send(
        "POST /weixin/login HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    );
    assert_eq!(first_half.recv_timeout(DEADLINE).expect("the first half comes through"), "half");
    visitor.cut();
    assert_eq!(service.outcome(), "");
}

#[test]
fn a_service_that_is_away_gets_a_page_that_says_so() {
    let nobody = "http://127.0.0.1:1";
    let shop = shop(nobody);
    let mut visitor = Connection::to(shop.address());
    visitor.send("GET /weixin/login HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    assert_eq!(visitor.head()[0], "HTTP/1.1 502 Bad Gateway");
    let page = visitor.rest().expect("a page");
    assert!(
        page.contains("登录服务暂时没有回应") && page.contains("The login service does not answer"),
        "{page}"
    );
}

#[test]
fn a_shop_can_be_told_later_where_the_service_is() {
    let service = Service::once(|mut visitor| {
        visitor.head();
        visitor.send(NO_CONTENT);
    });
    let shop = Shop::start(Options { www: www(), ..Options::default() }).expect("a shop");
    let status = |shop: &Shop| {
        let mut visitor = Connection::to(shop.address());
        visitor.send("GET /weixin/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
        visitor.head()[0].clone()
    };
    assert_eq!(status(&shop), "HTTP/1.1 502 Bad Gateway");
    shop.set_service_url(&service.url).expect("an address");
    assert_eq!(status(&shop), "HTTP/1.1 204 No Content");
    service.outcome();
}

#[test]
fn an_address_that_would_be_rewritten_is_refused() {
    let service = Service::once(|_| ());
    let shop = shop(&service.url);
    for path in ["/weixin/a/../../healthz", "/weixin/%2e%2e/healthz"] {
        let mut visitor = Connection::to(shop.address());
        visitor.send(&format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        assert_eq!(visitor.head()[0], "HTTP/1.1 400 Bad Request", "{path}");
    }
}

#[test]
fn a_name_that_only_begins_like_the_prefix_is_the_shops_own() {
    let shop = shop("http://127.0.0.1:1");
    let mut visitor = Connection::to(shop.address());
    visitor.send("GET /weixinish HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(visitor.head()[0], "HTTP/1.1 404 Not Found");
}

#[test]
fn a_shop_that_is_dropped_is_gone_with_its_open_streams() {
    let service = Service::once(|mut visitor| {
        visitor.head();
        visitor.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nopen\r\n");
        visitor.rest().unwrap_or_default()
    });
    let shop = shop(&service.url);
    let address = shop.address();
    let mut visitor = Connection::to(address);
    visitor.send("GET /weixin/login/1/events HTTP/1.1\r\nHost: a.test\r\n\r\n");
    visitor.head();
    assert_eq!(visitor.chunk(), "open");
    drop(shop);
    assert_ne!(visitor.rest().unwrap_or_default(), "0\r\n\r\n");
    TcpStream::connect(address).expect_err("nobody listens any more");
    service.outcome();
}

#[tokio::test]
async fn a_shop_with_a_certificate_speaks_https_and_says_so_to_the_service() {
    let service = Service::once(|mut visitor| {
        let head = visitor.head();
        visitor.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        head
    });
    let own = rcgen::generate_simple_self_signed(["shop.example.test".to_owned()]).expect("a certificate");
    let shop = Shop::start(Options {
        service_url: Some(service.url.clone()),
        www: www(),
        tls: Some(Tls { cert_pem: own.cert.pem(), key_pem: own.signing_key.serialize_pem() }),
        ..Options::default()
    })
    .expect("a shop");
    let visitor = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(own.cert.pem().as_bytes()).expect("a certificate")])
        .resolve("shop.example.test", shop.address())
        .build()
        .expect("a visitor");
    let url = format!("https://shop.example.test:{}/weixin/session", shop.address().port());
    let answer = visitor.get(url).send().await.expect("an answer");
    assert_eq!(answer.text().await.expect("its text"), "ok");
    let host = format!("shop.example.test:{}", shop.address().port());
    assert_eq!(
        service.outcome(),
        [
            "GET /weixin/session HTTP/1.1".to_owned(),
            "accept: */*".to_owned(),
            format!("host: {host}"),
            "x-forwarded-for: 127.0.0.1".to_owned(),
            format!("x-forwarded-host: {host}"),
            "x-forwarded-proto: https".to_owned(),
        ]
    );
}

#[test]
fn what_a_shop_cannot_start_with_is_said() {
    let said = |options: Options| match Shop::start(options) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it must not start"),
    };
    let taken = shop("http://127.0.0.1:1");
    let sentence = said(Options { listen: taken.address(), www: www(), ..Options::default() });
    assert!(sentence.starts_with(&format!("cannot listen on {}: ", taken.address())), "{sentence}");
    assert_eq!(
        said(Options { www: "nowhere".into(), ..Options::default() }),
        "nowhere is not a folder: the shop has no pages to show"
    );
    assert_eq!(
        said(Options {
            www: www(),
            service_url: Some("http://127.0.0.1:1/weixin".into()),
            ..Options::default()
        }),
        "`http://127.0.0.1:1/weixin` is not the address of a login service: http://host:port is needed, without a path"
    );
    let tls = Some(Tls { cert_pem: "nothing".into(), key_pem: "nothing".into() });
    assert!(matches!(
        Shop::start(Options { www: www(), tls, ..Options::default() }),
        Err(StartError::Certificate(_) | StartError::Tls(_))
    ));
}
