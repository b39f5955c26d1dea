//! A piece of network between a program and a server, which can be cut: nothing comes through any more, and nobody says so. That is
//! what a firewall does that has forgotten a connection, or a machine whose cable was pulled out; a server that is killed says so.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use socket2::{SockFilter, SockRef};

/// A port of this machine that leads to another one.
pub struct Wire {
    address: SocketAddr,
    ends: Arc<Ends>,
}

struct Ends {
    listener: TcpListener,
    is_cut: AtomicBool,
    passing: Mutex<Vec<Passing>>,
}

/// One connection through it: both ends, and whether it is lost.
struct Passing {
    near: TcpStream,
    far: TcpStream,
    is_lost: Arc<AtomicBool>,
}

impl Wire {
    /// One that leads to this port.
    ///
    /// # Errors
    /// The system's.
    pub fn to(port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let ends = Arc::new(Ends { listener, is_cut: AtomicBool::new(false), passing: Mutex::default() });
        let accepting = ends.clone();
        // Until this process ends: it waits for whoever connects next.
        std::thread::spawn(move || while accepting.accept(port).is_some() {});
        Ok(Self { address, ends })
    }

    /// Where it begins.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on nothing comes through: what is connected and who connects hears nothing, not even that a packet has arrived.
    ///
    /// # Errors
    /// The system's.
    pub fn cut(&self) -> Result<()> {
        let mut passing = self.ends.passing();
        self.ends.is_cut.store(true, Ordering::SeqCst);
        lose(SockRef::from(&self.ends.listener))?;
        passing.iter_mut().try_for_each(Passing::lose)
    }

    /// Who connects from now on comes through. What was connected stays lost.
    ///
    /// # Errors
    /// The system's.
    pub fn mend(&self) -> Result<()> {
        let _passing = self.ends.passing();
        self.ends.is_cut.store(false, Ordering::SeqCst);
        Ok(SockRef::from(&self.ends.listener).detach_filter()?)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for passing in self.ends.passing().drain(..) {
            let _ = passing.near.shutdown(std::net::Shutdown::Both);
            let _ = passing.far.shutdown(std::net::Shutdown::Both);
        }
    }
}

impl Ends {
    fn passing(&self) -> MutexGuard<'_, Vec<Passing>> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(&self, port: u16) -> Option<()> {
        let (near, _) = self.listener.accept().ok()?;
        let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { return Some(()) };
        let is_lost = Arc::new(AtomicBool::new(false));
        for (from, to) in [(&near, &far), (&far, &near)] {
            to.set_nodelay(true).ok()?;
            let (from, to, is_lost) = (from.try_clone().ok()?, to.try_clone().ok()?, is_lost.clone());
            std::thread::spawn(move || pass_on(from, to, &is_lost));
        }
        let mut passing = self.passing();
        let mut one = Passing { near, far, is_lost };
        if self.is_cut.load(Ordering::SeqCst) {
            one.lose().ok()?;
        }
        passing.push(one);
        Some(())
    }
}

impl Passing {
    fn lose(&mut self) -> Result<()> {
        self.is_lost.store(true, Ordering::SeqCst);
        lose(SockRef::from(&self.near))
    }
}

/// Each packet that comes is dropped before TCP sees it.
fn lose(socket: SockRef<'_>) -> Result<()> {
    const RETURN: u16 = 0x06;
    Ok(socket.attach_filter(&[SockFilter::new(RETURN, 0, 0, 0)])?)
}

/// Until one of them ends, which ends the other; of a lost connection nobody hears anything.
fn pass_on(mut from: TcpStream, mut to: TcpStream, is_lost: &AtomicBool) {
    let mut bytes = [0; 16 * 1024];
    loop {
        let read = from.read(&mut bytes).unwrap_or(0);
        if is_lost.load(Ordering::SeqCst) {
            return;
        }
        if read == 0 || to.write_all(&bytes[..read]).is_err() {
            let _ = from.shutdown(std::net::Shutdown::Both);
            let _ = to.shutdown(std::net::Shutdown::Both);
            return;
        }
    }
}
