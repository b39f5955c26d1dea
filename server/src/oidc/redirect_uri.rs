//! Whether a `redirect_uri` is a client's: byte for byte as it was registered, but for the port of a program on this machine.

/// The loopback addresses as a program writes them (RFC 8252 §7.3). A name is none: whoever holds `localhost` is not known.
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Whether this is one of the registered addresses. A native program listens at a port that it gets when it runs: where a loopback
/// literal is registered, any port of it is.
pub fn is_registered(registered: &[String], asked: &str) -> bool {
    registered.iter().any(|registered| {
        registered == asked
            || LOOPBACK.into_iter().any(|host| {
                let asked = without_port(host, asked);
                asked.is_some() && asked == without_port(host, registered)
            })
    })
}

/// What stands behind the host, and behind its port where there is one. Everything else that may stand before a path, a user name
/// above all, is in what is compared.
fn without_port<'a>(host: &str, address: &'a str) -> Option<&'a str> {
    let rest = address.strip_prefix(host)?;
    let Some(rest) = rest.strip_prefix(':') else { return Some(rest) };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (port, rest) = rest.split_at(digits);
    port.parse::<u16>().is_ok().then_some(rest)
}
