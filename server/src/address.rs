//! The one way to an address: however it is spelt, one address is one, and whose request it is, is asked here alone.
//!
//! Believed is the connection, and of the header that [`Config::forwarded_header`] names what trusted proxies have put there: each
//! appends whom it saw. What stands further left may be anybody's.

mod forwarded;

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::config::Config;

/// The header in which proxies say whom they saw. One alone is read: a proxy passes on the other as the visitor sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses with commas between them.
    XForwardedFor,
    /// `Forwarded`, by RFC 7239.
    Forwarded,
}

impl ForwardedHeader {
    /// By its name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::XForwardedFor, Self::Forwarded]
            .into_iter()
            .find(|header| header.name().as_str().eq_ignore_ascii_case(name))
    }

    fn name(self) -> HeaderName {
        match self {
            Self::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            Self::Forwarded => HeaderName::from_static("forwarded"),
        }
    }

    /// Whom the proxies saw, the nearest last; `None` for an entry that is no address.
    fn hops(self, lines: &[&[u8]]) -> Vec<Option<IpAddr>> {
        match self {
            Self::XForwardedFor => listed(lines),
            Self::Forwarded => lines.iter().flat_map(|line| forwarded::hops(line)).collect(),
        }
    }
}

/// Whose request this is: the nearest address that no trusted proxy has. An entry that is no address ends the walk at the last one
/// that is believed, and so does the list's end.
pub(crate) fn client_address(config: &Config, request: &HttpRequest) -> Option<IpAddr> {
    let mut believed = request.peer_addr()?.ip().to_canonical();
    let lines: Vec<&[u8]> =
        request.headers().get_all(config.forwarded_header.name()).map(|line| line.as_bytes()).collect();
    for hop in config.forwarded_header.hops(&lines).into_iter().rev() {
        if !config.trusted_proxies.iter().any(|network| network.contains(&believed)) {
            break;
        }
        let Some(address) = hop else { break };
        believed = address;
    }
    Some(believed)
}

/// The entries of all lines of `X-Forwarded-For`. Empty ones are none (RFC 9110 §5.6.1).
fn listed(lines: &[&[u8]]) -> Vec<Option<IpAddr>> {
    let entries = lines.iter().flat_map(|line| line.split(|byte| *byte == b','));
    let entries = entries.map(<[u8]>::trim_ascii).filter(|entry| !entry.is_empty());
    entries.map(|entry| std::str::from_utf8(entry).ok().and_then(address)).collect()
}

/// An address in any of its spellings: with a port (Azure, IIS), in brackets, with a zone, as IPv4 or mapped into IPv6.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    without_port(text).or_else(|| {
        let (host, port) = text.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        without_port(host)
    })
}

fn without_port(text: &str) -> Option<IpAddr> {
    let inner = match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None => text,
    };
    let address = match inner.split_once('%') {
        Some((address, _zone)) => IpAddr::V6(address.parse().ok()?),
        None => inner.parse().ok()?,
    };
    Some(address.to_canonical())
}

/// A network, or an address that is one by itself; what is mapped into IPv6 is IPv4.
pub fn network(text: &str) -> Option<IpNet> {
    let network = text.parse().ok().or_else(|| address(text).map(IpNet::from))?;
    if let IpNet::V6(v6) = network
        && let Some(v4) = v6.addr().to_ipv4_mapped()
        && let Some(length) = v6.prefix_len().checked_sub(96)
    {
        return Ipv4Net::new(v4, length).ok().map(IpNet::V4);
    }
    Some(network)
}

/// Who is counted as one: an IPv4 address, or an IPv6 network of /64, as one household or phone has it.
pub(crate) fn household(address: IpAddr) -> IpNet {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpNet::V6(Ipv6Net::new_assert(v6, 64).trunc()),
        v4 @ IpAddr::V4(_) => v4.into(),
    }
}

/// The IPv6 network of /48 above it, as one customer of a provider may have it: 65,536 households.
pub(crate) fn site(address: IpAddr) -> Option<IpNet> {
    match address.to_canonical() {
        IpAddr::V6(v6) => Some(IpNet::V6(Ipv6Net::new_assert(v6, 48).trunc())),
        IpAddr::V4(_) => None,
    }
}

#[cfg(test)]
mod tests;
