//! One connection that stays open, and a request on it: as little as a client can be, for it runs beside what it measures.

use std::net::SocketAddr;

use anyhow::{Context, Result, anyhow};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HeaderMap, LOCATION};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub type Asked = Request<Full<Bytes>>;

/// A connection to one server; opened anew where the server has closed it.
pub struct Connection {
    address: SocketAddr,
    open: Option<SendRequest<Full<Bytes>>>,
}

/// A whole answer.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Connection {
    pub fn to(address: SocketAddr) -> Self {
        Self { address, open: None }
    }

    pub async fn send(&mut self, request: Asked) -> Result<Answer> {
        let (head, body) = self.begin(request).await?.into_parts();
        let body = body.collect().await.context("an answer was cut off")?.to_bytes();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// The answer, before its body has come.
    pub async fn begin(&mut self, request: Asked) -> Result<Response<Incoming>> {
        let is_open = match &mut self.open {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        let sender = match self.open.take() {
            Some(sender) if is_open => self.open.insert(sender),
            _ => {
                let stream = TcpStream::connect(self.address).await.context("no connection")?;
                stream.set_nodelay(true)?;
                let (sender, connection) = handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                self.open.insert(sender)
            }
        };
        sender.send_request(request).await.map_err(|error| anyhow!("no answer: {error}"))
    }
}
