//! What has begun is run to its end: when the browser's connection breaks, and when the service is told to stop.

use std::net::SocketAddr;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use weixin_emulator::{Call, Emulator, Fault, Outcome};

use crate::harness::{
    CHALLENGE, House, KIOSK, SHOP, Visitor, allowed, allowed_by, attempt_of, code_and_state,
};
use crate::program::{PATIENCE, Program, write_config};

/// A request whose answer nobody will read.
async fn half_a_request(address: SocketAddr, head: &str, body: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let text = format!("{head}\r\nhost: shop.example.test\r\ncontent-length: {length}\r\n\r\n{body}");
    connection.write_all(text.as_bytes()).await.unwrap();
    connection
}

fn get(visitor: &Visitor, path: &str) -> String {
    let cookies: Vec<String> =
        visitor.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("GET /weixin{path} HTTP/1.1\r\ncookie: {}", cookies.join("; "))
}

/// Waits until WeChat has been asked, and does not answer.
async fn asked(weixin: &Emulator, call: Call) {
    until(|| {
        let waits = |outcome: &Outcome| matches!(outcome, Outcome::InFlight);
        weixin.requests().iter().any(|request| request.call == call && waits(&request.outcome))
    })
    .await;
}

async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it comes to that");
}

/// RST: the phone has another network now. Then the service has time to hear of it.
async fn reset(connection: TcpStream, mut visitor: Visitor) {
    connection.set_zero_linger().unwrap();
    drop(connection);
    for _ in 0..20 {
        visitor.open("/jwks").await;
    }
}

#[tokio::test]
async fn a_login_whose_connection_breaks_half_way_ends_well() {
    for call in [Call::AccessToken, Call::UserInfo] {
        let house = House::new().await;
        let mut visitor = house.visitor();
        let callback = allowed(&house, &visitor.start_hosted().await);
        house.weixin.fault(call, Fault::Hang);
        let connection = half_a_request(house.address, &get(&visitor, &callback), "").await;
        asked(&house.weixin, call).await;
        reset(connection, house.visitor()).await;
        house.weixin.clear_faults();
        let reloaded = visitor.open(&callback).await;
        assert_eq!(
            (reloaded.status.as_u16(), reloaded.location()),
            (303, "https://shop.example.test/orders?page=2"),
            "{}",
            reloaded.body
        );
        assert_eq!(house.exchanges(), 1);
        let gone = |outcome: &Outcome| matches!(outcome, Outcome::Gone { .. });
        assert!(!house.weixin.requests().iter().any(|request| gone(&request.outcome)));
    }
}

#[tokio::test]
async fn an_embedded_login_whose_connection_breaks_half_way_asks_weixin_to_the_end() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let body = code_and_state(&allowed(&house, &visitor.start_embedded().await));
    house.weixin.fault(Call::AccessToken, Fault::Hang);
    let head = format!(
        "POST /weixin/callback HTTP/1.1\r\norigin: {SHOP}\r\nsec-fetch-site: same-origin\r\ncontent-type: application/json"
    );
    let connection = half_a_request(house.address, &head, &body.to_string()).await;
    asked(&house.weixin, Call::AccessToken).await;
    reset(connection, house.visitor()).await;
    house.weixin.clear_faults();
    until(|| house.weixin.requests().iter().any(|request| request.call == Call::UserInfo)).await;
}

/// Whoever listens hears the end of the stream, and not a broken connection; nobody is waited for.
#[tokio::test]
async fn a_service_that_is_told_to_stop_ends_the_event_streams() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let mut program = Program::start(&write_config(&weixin, &data, |config| config));
    let mut visitor = program.visitor();
    let start = serde_json::json!({ "client_id": "kiosk", "result": "session", "code_challenge": CHALLENGE });
    let scene = visitor.post(KIOSK, "/login", &start).await.json();
    assert_eq!(scene["kind"], "scene");
    let path = format!("/login/{}/events", scene["id"].as_str().unwrap());
    let secret = scene["secret"].as_str().unwrap();
    let asked = visitor.request(reqwest::Method::GET, &path).header("origin", KIOSK);
    let mut stream = asked.header("weixin-login-secret", secret).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let first = stream.chunk().await.unwrap().expect("how far it is");
    assert!(first.starts_with(b"id: "), "{first:?}");
    program.terminate();
    while let Some(piece) = stream.chunk().await.expect("an end, and no break") {
        assert_eq!(piece, ":\n\n");
    }
    let (status, log) = tokio::task::spawn_blocking(|| program.ended()).await.unwrap();
    assert_eq!(status, Some(0), "{log}");
}

/// A deployment in the middle of a login.
#[tokio::test]
async fn a_service_that_is_told_to_stop_finishes_what_has_begun() {
    for breaks in [false, true] {
        let weixin = Emulator::start(Default::default()).await.unwrap();
        let data = TempDir::new().unwrap();
        let config = write_config(&weixin, &data, |config| config);
        let mut program = Program::start(&config);
        let mut visitor = program.visitor();
        // It tries its secrets when it starts: those calls are no login's.
        program.logged("WeChat accepts appid and secret of weixin.service_account");
        let attempt = attempt_of(&visitor.open("/login?return_to=%2Forders").await.body);
        let callback = allowed_by(&weixin, &attempt);
        weixin.fault(Call::AccessToken, Fault::Hang);
        let loading = {
            let mut visitor = visitor.clone();
            let callback = callback.clone();
            async move { visitor.open(&callback).await }
        };
        if breaks {
            let connection = half_a_request(visitor.address, &get(&visitor, &callback), "").await;
            asked(&weixin, Call::AccessToken).await;
            reset(connection, visitor.clone()).await;
            program.terminate();
            program.logged("stops when what has begun is finished");
            weixin.clear_faults();
        } else {
            let loading = tokio::spawn(loading);
            asked(&weixin, Call::AccessToken).await;
            program.terminate();
            program.logged("stops when what has begun is finished");
            weixin.clear_faults();
            let answer = loading.await.unwrap();
            assert_eq!(
                (answer.status.as_u16(), answer.location()),
                (303, "https://shop.example.test/orders")
            );
        }
        let (status, log) = tokio::task::spawn_blocking(|| program.ended()).await.unwrap();
        assert_eq!(status, Some(0), "{log}");
        // Another node, or the next one, knows how it ended.
        let mut again = Program::start(&config);
        let mut reloading = again.visitor();
        reloading.cookies = visitor.cookies.clone();
        let reloaded = reloading.open(&callback).await;
        assert_eq!(
            (reloaded.status.as_u16(), reloaded.location()),
            (303, "https://shop.example.test/orders")
        );
    }
}
