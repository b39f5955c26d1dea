//! What is too long or comes too slowly: it is cut, and nothing of it is kept.

use std::time::{Duration, Instant};

use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{House, SHOP, allowed};

#[tokio::test]
async fn an_address_over_8_kb_is_refused_and_one_below_is_not() {
    let house = House::new().await;
    for path in ["/login", "/callback", "/logout", "/", "/session", "/authorize", "/no-such-page"] {
        for (length, refused) in [(7_000, false), (8_300, true), (60_000, true)] {
            let path = format!("{path}?x={}", "y".repeat(length));
            let answer = house.visitor().open(&path).await;
            assert_eq!(answer.status == 414, refused, "{length} {}: {}", answer.status, answer.body);
        }
    }
    let mut visitor = house.visitor();
    let request = visitor.request(Method::POST, &format!("/login?x={}", "y".repeat(9_000)));
    let answer = visitor.send(request.header("origin", SHOP).body("{}")).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (414, SHOP));
    assert_eq!(answer.json()["error"], "invalid_request");
}

#[tokio::test]
async fn what_begins_a_login_again_is_what_was_read_of_it() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let page =
        visitor.open(&format!("/login?return_to=%2Forders&x={}&client_id=shop", "y".repeat(5000))).await;
    let attempt = crate::harness::attempt_of(&page.body);
    let callback = allowed(&house, &attempt);
    let refused = callback.replace("code=", "x=");
    let answer = visitor.open(&refused).await;
    let again =
        "href=\"/weixin/login?return_to=https%3A%2F%2Fshop.example.test%2Forders&#38;client_id=shop\"";
    assert!(answer.body.contains(again), "{}", answer.body);
    assert!(!answer.body.contains("yyy"), "{}", answer.body);
}

/// Sends these head and first bytes of a request, then a byte each half second; gives what was answered, and how long that took.
async fn trickled(house: &House, head: &str) -> (String, Duration) {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let began = Instant::now();
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let trickle = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(500));
        loop {
            ticks.tick().await;
            if writing.write_all(b"x").await.is_err() {
                break;
            }
        }
    });
    let mut answer = Vec::new();
    // The end of the connection, also where the last byte meets a closed one.
    let ended = tokio::time::timeout(Duration::from_secs(40), reading.read_to_end(&mut answer)).await;
    trickle.abort();
    assert!(ended.is_ok(), "the connection is open after 40 seconds: {}", String::from_utf8_lossy(&answer));
    (String::from_utf8_lossy(&answer).into_owned(), began.elapsed())
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_is_cut() {
    let house = House::new().await;
    let head = |line: &str, length: &str| {
        format!(
            "{line} HTTP/1.1\r\nHost: shop.example.test\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
        )
    };
    let (json, chunked) = ("Content-Length: 10000", "Transfer-Encoding: chunked\r\n\r\n2710");
    let heads = [
        head("POST /weixin/login", json),
        head("POST /weixin/token", json),
        head("POST /weixin/login", chunked),
        head("GET /weixin/login", json),
        head("POST /no-such-page", json),
    ];
    let answers = futures_util::future::join_all(heads.iter().map(|head| trickled(&house, head))).await;
    for (head, (answer, took)) in heads.iter().zip(answers) {
        assert!(answer.starts_with("HTTP/1.1 408 "), "{head}{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(took < Duration::from_secs(30), "{head}{took:?}");
    }
}

#[tokio::test]
async fn a_body_over_16_kb_is_refused_for_every_route() {
    let house = House::new().await;
    for path in ["/login", "/token", "/callback", "/session", "/authorize", "/logout"] {
        let mut visitor = house.visitor();
        let request = visitor.request(Method::POST, path).body("x".repeat(17_000));
        let answer = visitor.send(request).await;
        assert_eq!(answer.status, 413, "{path}: {}", answer.body);
    }
}

/// Connections that ask for one file after another and read nothing: the system takes what it can, and then nothing goes on. Whoever was cut
/// hears so when they ask for more.
#[tokio::test]
async fn who_reads_no_answer_is_cut() {
    let house = House::new().await;
    let request = "GET /weixin/openapi.json HTTP/1.1\r\nhost: shop.example.test\r\n\r\n".repeat(16);
    let until_cut = async || {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut connection = socket.connect(house.address).await.unwrap();
        while connection.write_all(request.as_bytes()).await.is_ok() {}
    };
    let all = futures_util::future::join_all((0..4).map(|_| until_cut()));
    tokio::time::timeout(Duration::from_secs(180), all).await.expect("they are cut");
}
