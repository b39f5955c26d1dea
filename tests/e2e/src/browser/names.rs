//! A proxy that leads names to ports of this computer: for browsers that cannot be told where a name is. It knows CONNECT
//! (RFC 9110 §9.3.6) and nothing else, so only https goes through it, unread.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// No browser says more before it waits for an answer.
const LONGEST_HEAD: usize = 8 * 1024;

/// A running proxy; it ends with this, and with it every connection.
pub struct Names {
    /// Where it listens.
    pub address: SocketAddr,
    task: AbortHandle,
}

impl Names {
    /// Starts it for these: `name:port`, and where that is.
    pub async fn start(names: &[(String, SocketAddr)]) -> Self {
        let names: Arc<HashMap<String, SocketAddr>> = Arc::new(names.iter().cloned().collect());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its number");
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((browser, _)) = listener.accept().await {
                let names = names.clone();
                connections.spawn(async move { lead(browser, &names).await });
            }
        });
        Self { address, task: task.abort_handle() }
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection. A browser that hangs up, or asks for what is not here, has no more of it.
async fn lead(mut browser: TcpStream, names: &HashMap<String, SocketAddr>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_HEAD || browser.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let name = head.strip_prefix("CONNECT ")?.split(' ').next()?;
    let there = match names.get(name) {
        Some(address) => TcpStream::connect(address).await.ok(),
        None => None,
    };
    let Some(mut there) = there else {
        browser.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await.ok()?;
        return None;
    };
    browser.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
    copy_bidirectional(&mut browser, &mut there).await.ok()?;
    Some(())
}
