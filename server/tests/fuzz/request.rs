//! A request as it is kept in a file, one part of it changed, and sent over a connection of its own.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::change::Seed;

/// Whatever is asked, there is an answer sooner: a busy machine included.
const PATIENCE: Duration = Duration::from_secs(60);

/// Method, path, header lines, body.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    /// `GET /weixin/… HTTP/1.1`-like lines: method and path, headers, an empty line, the body.
    pub fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            method: method.into(),
            path: path.trim().into(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: body.trim_end().into(),
        }
    }

    /// With one part changed: the path with its query, a header's value, or the body.
    pub fn changed(mut self, seed: &Seed) -> Self {
        let Some(part) = seed.part else { return self };
        match part.index(self.headers.len() + 2) {
            0 => self.path = seed.change(&self.path),
            1 => self.body = seed.change(&self.body),
            part => {
                let value = &mut self.headers[part - 2].1;
                *value = seed.change(value);
            }
        }
        self
    }

    /// Sent by somebody who is logged in, where the text says `LIVING`.
    pub fn inside(mut self, cookies: &str) -> Self {
        for (_, value) in &mut self.headers {
            *value = value.replace("LIVING", cookies);
        }
        self
    }

    /// The status of the answer; 0 where what was sent is no HTTP and the service has only closed the connection.
    pub fn send(&self, address: SocketAddr) -> Result<u16, String> {
        let at = |error: std::io::Error| error.to_string();
        let mut connection = TcpStream::connect(address).map_err(at)?;
        connection.set_read_timeout(Some(PATIENCE)).map_err(at)?;
        // A line ends where it ends: what would begin another is no part of this one.
        let one_line = |text: &str| text.replace(['\r', '\n'], "");
        let path: String = one_line(&self.path).replace(' ', "%20");
        let mut head = format!("{} /{} HTTP/1.1\r\n", self.method, path.trim_start_matches('/'));
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {}\r\n", one_line(value)));
        }
        head.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", self.body.len()));
        // A body that is too long is answered before it has been read.
        let _ =
            connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(self.body.as_bytes()));
        let mut answer = Vec::new();
        match connection.read_to_end(&mut answer) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err("no answer".into());
            }
            // A reset after the answer.
            _ => {}
        }
        let status =
            answer.strip_prefix(b"HTTP/1.1 ").and_then(|rest| std::str::from_utf8(rest.get(..3)?).ok());
        Ok(status.and_then(|status| status.parse().ok()).unwrap_or(0))
    }
}
