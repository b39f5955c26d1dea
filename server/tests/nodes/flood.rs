//! A flood: from many addresses behind a trusted proxy more starts than the limits let through, and callbacks, codes and scenes that
//! somebody made up; clients that hold connections and send or read nothing. Beside it people log in at another client. All of it goes
//! over real connections, and whatever the service answers is read, but by those who are there to read nothing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::cluster::KIOSK;

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub struct Flood {
    pub requests: u64,
    pub addresses: u64,
    /// Connections that send the requests, one after the other.
    pub senders: u64,
    /// Connections that send half a head, half a body, or nothing; each kind so many at any time.
    pub slow: usize,
    /// Event streams that nobody reads.
    pub unread: usize,
}

/// What became of it.
#[derive(Debug, Default)]
pub struct Flooded {
    pub answers: BTreeMap<u16, u64>,
    pub took: Duration,
}

/// One of a million requests, by its number: nothing of it is drawn, so that a run can be repeated.
fn request(number: u64, addresses: u64) -> String {
    // One of ten comes from an address that comes far more often than the others.
    let who = if number.is_multiple_of(10) { 0 } else { 1 + number % (addresses - 1) };
    let address = format!("100.{}.{}.{}", 64 + who / 65_536 % 64, who / 256 % 256, who % 256);
    let word =
        format!("{:032x}", u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
    let json = |path: &str, origin: &str, body: String| {
        let length = body.len();
        format!(
            "POST /weixin{path} HTTP/1.1\r\norigin: {origin}\r\nsec-fetch-site: same-origin\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n|{body}"
        )
    };
    let text = match number % 8 {
        0..=2 => json("/login", KIOSK, start()),
        3 => {
            format!("GET /weixin/callback?code={word}&state={word} HTTP/1.1\r\nsec-fetch-dest: document\r\n|")
        }
        4 => format!("GET /weixin/callback?code={word}&state={word} HTTP/1.1\r\nsec-fetch-dest: iframe\r\n|"),
        5 => json("/callback", KIOSK, format!(r#"{{"code":"{word}","state":"{word}"}}"#)),
        6 => json(
            &format!("/login/{word}/callback"),
            KIOSK,
            format!(r#"{{"code":"{word}","state":"{word}"}}"#),
        ),
        _ => {
            let body = format!(
                "grant_type=authorization_code&client_id=kiosk&code={word}&code_verifier={word}{word}&redirect_uri=x"
            );
            let length = body.len();
            format!(
                "POST /weixin/token HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n|{body}"
            )
        }
    };
    let (head, body) = text.split_once('|').unwrap();
    format!(
        "{head}host: shop.example.test\r\nx-forwarded-proto: https\r\nx-forwarded-for: {address}\r\nuser-agent: flood\r\n\r\n{body}"
    )
}

fn start() -> String {
    r#"{"client_id":"kiosk","result":"code","code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}"#
        .into()
}

/// A connection that stays open from one request to the next.
struct Connection {
    at: SocketAddr,
    open: Option<BufReader<TcpStream>>,
}

impl Connection {
    /// The status and the body; again over a new connection, where the old one was closed.
    async fn ask(&mut self, request: &str) -> (u16, String) {
        for _ in 0..100 {
            if let Ok(answer) = self.try_to(request).await {
                return answer;
            }
            self.open = None;
        }
        panic!("no answer to {request}");
    }

    async fn try_to(&mut self, request: &str) -> std::io::Result<(u16, String)> {
        if self.open.is_none() {
            let stream = TcpStream::connect(self.at).await?;
            stream.set_nodelay(true)?;
            self.open = Some(BufReader::new(stream));
        }
        let Some(stream) = &mut self.open else { return Err(std::io::ErrorKind::NotConnected.into()) };
        stream.get_mut().write_all(request.as_bytes()).await?;
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(given) = line.strip_prefix("content-length: ") {
                length = given.parse().unwrap();
            } else if line.is_empty() {
                break;
            }
            assert!(!line.starts_with("transfer-encoding"), "an answer of the flood has a length");
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// Event streams that were begun and that nobody reads.
pub async fn unread_streams(at: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut connection = Connection { at, open: None };
    let mut streams = Vec::new();
    for number in 0..count {
        let (status, scene) = connection.ask(&request(8 * (number as u64 + 1), 1000)).await;
        assert_eq!(status, 201, "{scene}");
        let scene: serde_json::Value = serde_json::from_str(&scene).unwrap();
        let (id, secret) = (scene["id"].as_str().unwrap(), scene["secret"].as_str().unwrap());
        let mut stream = TcpStream::connect(at).await.unwrap();
        let asked = format!(
            "GET /weixin/login/{id}/events HTTP/1.1\r\nhost: shop.example.test\r\nx-forwarded-proto: https\r\nx-forwarded-for: 100.127.0.1\r\norigin: {KIOSK}\r\naccept: text/event-stream\r\nweixin-login-secret: {secret}\r\n\r\n"
        );
        stream.write_all(asked.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    streams
}

/// All of it; ends when every request was answered. On a thread of its own: WeChat's side and the people are no part of it.
pub async fn flood(at: SocketAddr, flood: Flood) -> Flooded {
    let flooding = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(send_all(at, flood))
    };
    tokio::task::spawn_blocking(flooding).await.unwrap()
}

async fn send_all(at: SocketAddr, flood: Flood) -> Flooded {
    let begun = Instant::now();
    let next = Arc::new(AtomicU64::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let halves = [
        "GET /weixin/login HTTP/1.1\r\nhost: sho",
        "POST /weixin/login HTTP/1.1\r\nhost: shop.example.test\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
        "",
    ];
    let mut slow = JoinSet::new();
    for half in halves {
        for _ in 0..flood.slow {
            let is_over = is_over.clone();
            slow.spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    hold(at, half).await;
                }
            });
        }
    }
    let mut senders = JoinSet::new();
    for _ in 0..flood.senders {
        let next = next.clone();
        senders.spawn(async move {
            let mut connection = Connection { at, open: None };
            let mut answers = BTreeMap::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= flood.requests {
                    return answers;
                }
                let (status, _) = connection.ask(&request(number, flood.addresses)).await;
                *answers.entry(status).or_insert(0) += 1;
            }
        });
    }
    let mut answers = BTreeMap::new();
    while let Some(told) = senders.join_next().await {
        for (status, count) in told.unwrap() {
            *answers.entry(status).or_insert(0) += count;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    slow.abort_all();
    Flooded { answers, took: begun.elapsed() }
}

/// Sends this much, and waits until the service has had enough.
async fn hold(at: SocketAddr, half: &str) {
    let held = async {
        let mut stream = TcpStream::connect(at).await?;
        stream.write_all(half.as_bytes()).await?;
        stream.read_to_end(&mut Vec::new()).await
    };
    drop(held.await);
    tokio::task::yield_now().await;
}
