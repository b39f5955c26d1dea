//! A wire with a length: what is said on it arrives half a journey later on the other side, and a new connection says nothing before
//! its handshake's journey there and back. Browsers can be told to delay their requests, but not their connections; where a page
//! spends its time on connections, only this shows it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// No piece of TLS is larger.
const PIECE: usize = 16 * 1024 + 512;

/// The near end of a wire. It ends with this, and with it every connection.
pub struct Wire {
    /// Where the near end listens.
    pub address: SocketAddr,
    listening: AbortHandle,
    connections: Arc<Mutex<JoinSet<()>>>,
}

impl Wire {
    /// A wire to this address: `journey` is the time there and back.
    pub async fn to(far_end: SocketAddr, journey: Duration) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its number");
        let connections = Arc::new(Mutex::new(JoinSet::new()));
        let accepted = connections.clone();
        let listening = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let mut connections = accepted.lock().unwrap_or_else(PoisonError::into_inner);
                while connections.try_join_next().is_some() {}
                connections.spawn(async move {
                    // A side that hangs up has no more of it.
                    let _ = carry(near, far_end, journey).await;
                });
            }
        });
        Self { address, listening: listening.abort_handle(), connections }
    }

    /// Ends every connection: the next visit finds none open, as hours later.
    pub fn cut(&self) {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn carry(near: TcpStream, far_end: SocketAddr, journey: Duration) -> std::io::Result<()> {
    let connected = Instant::now() + journey;
    let far = TcpStream::connect(far_end).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (near_reads, near_writes) = near.into_split();
    let (far_reads, far_writes) = far.into_split();
    tokio::join!(
        delayed(near_reads, far_writes, journey / 2, connected),
        delayed(far_reads, near_writes, journey / 2, connected),
    );
    Ok(())
}

/// One direction: each piece arrives `delay` after it was said, and none was said before `begin`.
async fn delayed(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    delay: Duration,
    begin: Instant,
) {
    let (on_the_way, mut arriving) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let listen = async move {
        let mut piece = vec![0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            let said = Instant::now().max(begin);
            if on_the_way.send((said + delay, piece[..length].to_vec())).is_err() {
                break;
            }
        }
    };
    let speak = async move {
        while let Some((arrives, piece)) = arriving.recv().await {
            tokio::time::sleep_until(arrives).await;
            if to.write_all(&piece).await.is_err() {
                break;
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(listen, speak);
}
