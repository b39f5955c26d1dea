//! Ports for programs that must be told one.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};

/// A port for a program that must be told one. It lies below those that the system deals out by itself (32768 and more on Linux): there
/// another test's server or a mere connection may take it before the program does.
///
/// # Errors
/// When none is free.
pub fn free_port() -> Result<u16> {
    const FIRST: u16 = 16_000;
    const COUNT: u16 = 16_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two runs at once begin at different places.
    let begin = u16::try_from(std::process::id() % u32::from(COUNT))?;
    let mut ports =
        (0..COUNT).map(|_| FIRST + begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT);
    let is_free = |port: &u16| TcpListener::bind(("0.0.0.0", *port)).is_ok();
    ports.find(is_free).context("no port is free")
}
