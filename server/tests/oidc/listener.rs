//! A client's back-channel address: answers each connection with the next status, and shows what was sent.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore, mpsc};

/// Listens on loopback until it is dropped.
pub struct Listener {
    port: u16,
    requests: Mutex<mpsc::UnboundedReceiver<String>>,
    answers: Arc<Semaphore>,
    task: tokio::task::JoinHandle<()>,
}

impl Listener {
    /// Answers with these statuses, one after the other, and then no more; a redirect leads to itself.
    pub async fn start(statuses: &[u16]) -> Listener {
        let listener = Self::silent(statuses).await;
        listener.answer(statuses.len());
        listener
    }

    /// The same, but silent until it is told to answer.
    pub async fn silent(statuses: &[u16]) -> Listener {
        Self::silent_at(0, statuses).await
    }

    /// Answers with these statuses at a port that was nobody's before.
    pub async fn at(port: u16, statuses: &[u16]) -> Listener {
        let listener = Self::silent_at(port, statuses).await;
        listener.answer(statuses.len());
        listener
    }

    async fn silent_at(port: u16, statuses: &[u16]) -> Listener {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (send, requests) = mpsc::unbounded_channel();
        let statuses = statuses.to_vec();
        let answers = Arc::new(Semaphore::new(0));
        let may_answer = answers.clone();
        let task = tokio::spawn(async move {
            for status in statuses {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let _ = send.send(read(&mut stream).await);
                may_answer.acquire().await.expect("never closed").forget();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:{port}/redirected\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Listener { port, requests: Mutex::new(requests), answers, task }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Lets it give so many answers.
    pub fn answer(&self, count: usize) {
        self.answers.add_permits(count);
    }

    /// The next request, head and body.
    pub async fn request(&self) -> String {
        let mut requests = self.requests.lock().await;
        tokio::time::timeout(Duration::from_secs(30), requests.recv())
            .await
            .expect("a request in time")
            .expect("one more")
    }

    /// Whether all statuses were given and nothing else came.
    pub async fn is_done(&self) -> bool {
        self.requests.lock().await.try_recv().is_err()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(stream: &mut tokio::net::TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).await.unwrap_or(0);
        request.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if length == 0 {
                return text;
            }
            continue;
        };
        let wanted = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().ok())
            })
            .flatten()
            .unwrap_or(0);
        if body.len() >= wanted || length == 0 {
            return text;
        }
    }
}
