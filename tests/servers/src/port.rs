//! Ports for programs that must be told one.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use nix::unistd::Uid;

/// A port for a program that must be told one. It lies below those that the system deals out by itself (32768 and more on Linux): there
/// another test's server or a mere connection may take it before the program does. It is this process's until its end: a program that is
/// killed finds it free when it starts again, though other tests look for one meanwhile.
///
/// # Errors
/// When none is free.
pub fn free_port() -> Result<u16> {
    const FIRST: u16 = 16_000;
    const COUNT: u16 = 16_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let locks = std::env::temp_dir().join(format!("weixin-login-ports-{}", Uid::effective()));
    std::fs::create_dir_all(&locks)?;
    // Two runs at once begin at different places.
    let begin = u16::try_from(std::process::id() % u32::from(COUNT))?;
    let mut ports =
        (0..COUNT).map(|_| FIRST + begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT);
    ports.find(|port| is_ours(&locks, *port)).context("no port is free")
}

/// Takes it, if nobody else has it. Whoever only looks whether it is free has it for that moment: so it is taken first.
fn is_ours(locks: &Path, port: u16) -> bool {
    /// Let go of by the end of the process.
    static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let Ok(lock) = File::create(locks.join(port.to_string())) else { return false };
    let is_free = lock.try_lock().is_ok() && TcpListener::bind(("0.0.0.0", port)).is_ok();
    if is_free {
        HELD.lock().unwrap_or_else(PoisonError::into_inner).push(lock);
    }
    is_free
}
