//! A login service and a visitor that speak HTTP/1.1 by hand, so that a test sees every byte that the shop passes on.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use weixin_login_shop::{Options, Shop};

/// Long enough for a slow machine; nothing waits for it to pass.
const DEADLINE: Duration = Duration::from_secs(30);

/// One connection, read by the line or by the byte.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn to(address: SocketAddr) -> Connection {
        Connection::over(TcpStream::connect(address).expect("somebody listens"))
    }

    fn over(stream: TcpStream) -> Connection {
        stream.set_read_timeout(Some(DEADLINE)).expect("a limit");
        Connection { stream: BufReader::new(stream) }
    }

    pub fn send(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).expect("the other side reads");
    }

    /// A request's or response's lines up to the empty one, sorted after the first, `date` left out.
    pub fn head(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a line");
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            if !line.starts_with("date: ") {
                lines.push(line);
            }
        }
        if let Some(headers) = lines.get_mut(1..) {
            headers.sort();
        }
        lines
    }

    pub fn bytes(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).expect("so many bytes");
        String::from_utf8(bytes).expect("text")
    }

    /// One piece of a body that is sent in chunks; empty: the last one.
    pub fn chunk(&mut self) -> String {
        let mut size = String::new();
        self.stream.read_line(&mut size).expect("a chunk's size");
        let size = usize::from_str_radix(size.trim(), 16).expect("a number");
        let chunk = self.bytes(size);
        self.bytes(2);
        chunk
    }

    /// What is still to come until the other side closes.
    pub fn rest(&mut self) -> std::io::Result<String> {
        let mut rest = String::new();
        self.stream.read_to_string(&mut rest).map(|_| rest)
    }

    /// Closes in the middle of things.
    pub fn cut(self) {
        drop(self);
    }
}

/// A service that serves one visitor by a script of its own, whose outcome the test waits for.
pub struct Service<T> {
    pub url: String,
    outcome: Receiver<T>,
}

impl<T: Send + 'static> Service<T> {
    pub fn once(script: impl FnOnce(Connection) -> T + Send + 'static) -> Service<T> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (done, outcome) = channel();
        thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a visitor");
            // The test may have failed and gone.
            drop(done.send(script(Connection::over(stream))));
        });
        Service { url, outcome }
    }

    pub fn outcome(self) -> T {
        self.outcome.recv_timeout(DEADLINE).expect("the service was asked, and its script came to its end")
    }
}

/// A shop with a folder of pages of its own, in front of this service.
pub fn shop(service_url: &str) -> Shop {
    Shop::start(Options { service_url: Some(service_url.to_owned()), www: www(), ..Options::default() })
        .expect("a shop")
}

/// The shop's real pages.
pub fn www() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www")
}
