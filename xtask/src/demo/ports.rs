//! A port for the shop: the one that is asked for, with a clear word when it is taken, or a free one.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use anyhow::{Result, anyhow, bail};

/// A port that nobody listens on, neither at 127.0.0.1 nor at ::1: a browser may take `localhost` for either.
pub fn for_the_shop(wanted: Option<u16>) -> Result<u16> {
    match wanted {
        Some(port) => check(port).map(|()| port).map_err(|reason| anyhow!("{}", reason.sentence(port))),
        None => (0..20)
            .filter_map(|_| Some(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?.local_addr().ok()?.port()))
            .find(|port| check(*port).is_ok())
            .map_or_else(|| bail!("no free port was found on 127.0.0.1"), Ok),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Refused {
    Taken,
    Forbidden,
    Other(ErrorKind),
}

impl Refused {
    fn sentence(&self, port: u16) -> String {
        match self {
            Refused::Taken => format!(
                "port {port} is taken by another program on this computer.\n       \
                 Choose another one with --port, or leave --port out and a free one is taken."
            ),
            Refused::Forbidden => {
                format!("port {port} is only for the administrator; choose one from 1024 on with --port.")
            }
            Refused::Other(kind) => format!("port {port} cannot be used: {kind}"),
        }
    }
}

fn check(port: u16) -> Result<(), Refused> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Refused::Taken,
        ErrorKind::PermissionDenied => Refused::Forbidden,
        kind => Refused::Other(kind),
    })?;
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(Refused::Taken),
        // A machine without IPv6 has no ::1 that could be taken.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_found() {
        let port = for_the_shop(None).expect("a free port");
        assert!(port > 1023);
    }

    #[test]
    fn a_taken_port_is_named_with_what_to_do() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
        let port = taken.local_addr().expect("its address").port();
        let error = for_the_shop(Some(port)).expect_err("the port is taken").to_string();
        assert!(
            error.starts_with(&format!("port {port} is taken by another program on this computer.")),
            "{error}"
        );
        assert!(error.contains("--port"), "{error}");
    }
}
