//! Whose request this is, asked here alone.
//!
//! Believed is the connection, and of the header that [`Config::forwarded_header`] names what trusted proxies have put there: each
//! appends whom it saw. What stands further left may be anybody's.

mod forwarded;

use std::net::IpAddr;

use actix_web::HttpRequest;

use crate::address::address;
use crate::config::{Config, ForwardedHeader};

/// Whose request this is: the nearest address that no trusted proxy has. An entry that is no address ends the walk at the last one
/// that is believed, and so does the list's end.
pub(crate) fn client_address(config: &Config, request: &HttpRequest) -> Option<IpAddr> {
    let mut believed = request.peer_addr()?.ip().to_canonical();
    let lines: Vec<&[u8]> =
        request.headers().get_all(config.forwarded_header.name()).map(|line| line.as_bytes()).collect();
    for hop in hops(config.forwarded_header, &lines).into_iter().rev() {
        if !config.trusted_proxies.iter().any(|network| network.contains(&believed)) {
            break;
        }
        let Some(address) = hop else { break };
        believed = address;
    }
    Some(believed)
}

/// Whom the proxies saw, the nearest last; `None` for an entry that is no address.
fn hops(header: ForwardedHeader, lines: &[&[u8]]) -> Vec<Option<IpAddr>> {
    match header {
        ForwardedHeader::XForwardedFor => listed(lines),
        ForwardedHeader::Forwarded => lines.iter().flat_map(|line| forwarded::hops(line)).collect(),
    }
}

/// The entries of all lines of `X-Forwarded-For`. Empty ones are none (RFC 9110 §5.6.1).
fn listed(lines: &[&[u8]]) -> Vec<Option<IpAddr>> {
    let entries = lines.iter().flat_map(|line| line.split(|byte| *byte == b','));
    let entries = entries.map(<[u8]>::trim_ascii).filter(|entry| !entry.is_empty());
    entries.map(|entry| std::str::from_utf8(entry).ok().and_then(address)).collect()
}

#[cfg(test)]
mod tests;
