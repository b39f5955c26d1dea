//! A small real proxy with faults of its own: in front of the service, or on its way to WeChat. It reads one request, passes it on over a
//! connection of its own, and passes the answer back, piece by piece or held back.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a proxy does to the head of a request or an answer, line by line; `None` takes the line off.
pub type Change = fn(&str) -> Option<String>;

/// What is wrong with it.
#[derive(Clone, Copy)]
pub struct Faults {
    pub request: Change,
    pub answer: Change,
    /// Lines that it adds to a request.
    pub adds: &'static str,
    pub holds_back: bool,
    /// A request whose head is longer is refused.
    pub longest_head: usize,
}

/// As it should be.
pub const GOOD: Faults = Faults {
    request: |line| Some(line.into()),
    answer: |line| Some(line.into()),
    adds: "x-forwarded-for: 203.0.113.7\r\n",
    holds_back: false,
    longest_head: usize::MAX,
};

/// A running proxy; it goes with its test.
pub struct Front {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Front {
    /// Passes everything on to `to`; or, where there is none, to where the request's own address says.
    pub async fn start(to: Option<SocketAddr>, faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let seen = heads.clone();
        let task = tokio::spawn(async move {
            while let Ok((visitor, _)) = listener.accept().await {
                // A visitor that goes away, or a service that is down, is no matter here.
                tokio::spawn(pass_on(visitor, to, faults, seen.clone()));
            }
        });
        Self { address, heads, task }
    }

    /// The heads of all requests, as they came.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(
    mut visitor: TcpStream,
    to: Option<SocketAddr>,
    faults: Faults,
    seen: Arc<Mutex<Vec<String>>>,
) -> Option<()> {
    let (head, rest) = head_of(&mut visitor).await?;
    seen.lock().unwrap().push(head.clone());
    if head.len() > faults.longest_head {
        let refused =
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        visitor.write_all(refused).await.ok()?;
        return None;
    }
    let (head, to) = match to {
        Some(to) => (head, to),
        None => {
            let address = head.split(' ').nth(1)?;
            let url = url::Url::parse(address).ok()?;
            let host = format!("{}:{}", url.host_str()?, url.port_or_known_default()?);
            let path = address.split_once("://")?.1.split_once('/').map_or("", |(_, path)| path);
            (head.replacen(address, &format!("/{path}"), 1), host.parse().ok()?)
        }
    };
    let mut service = TcpStream::connect(to).await.ok()?;
    let kept = |line: &&str| !line.to_ascii_lowercase().starts_with("connection:");
    let lines = head.lines().filter(kept).filter_map(faults.request);
    let head: String = lines.map(|line| format!("{line}\r\n")).collect();
    let head = format!("{head}{}connection: close\r\n\r\n", faults.adds);
    service.write_all(head.as_bytes()).await.ok()?;
    service.write_all(&rest).await.ok()?;

    let (head, mut rest) = head_of(&mut service).await?;
    let head: String = head.lines().filter_map(faults.answer).map(|line| format!("{line}\r\n")).collect();
    if faults.holds_back {
        service.read_to_end(&mut rest).await.ok()?;
    }
    visitor.write_all(format!("{head}\r\n").as_bytes()).await.ok()?;
    visitor.write_all(&rest).await.ok()?;
    tokio::io::copy(&mut service, &mut visitor).await.ok()?;
    Some(())
}

/// The head without its empty line, and what came behind it already.
async fn head_of(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = read.split_off(end + 4);
            return Some((String::from_utf8(read).ok()?.trim_end().to_owned(), rest));
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}
