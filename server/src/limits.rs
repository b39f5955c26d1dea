//! How often one address may begin or answer a login: enough for an office behind one address, too little for a flood.
//!
//! The address is the connection's, or what a trusted proxy says of it; an IPv6 network of /64 is one address.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use actix_web::HttpRequest;
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::config::Config;

/// A burst of this many, and this many a minute after it.
const LOGINS_A_MINUTE: NonZeroU32 = NonZeroU32::new(120).expect("not zero");

/// Counts by address.
pub struct Limits(DefaultKeyedRateLimiter<IpAddr>);

impl Limits {
    /// Nobody has come yet.
    pub fn new() -> Self {
        Self(DefaultKeyedRateLimiter::keyed(Quota::per_minute(LOGINS_A_MINUTE)))
    }

    /// Whether this address may go on.
    pub fn allow(&self, config: &Config, request: &HttpRequest) -> bool {
        client_address(config, request).is_none_or(|address| self.0.check_key(&network(address)).is_ok())
    }

    /// Forgets addresses that have not come for a while: memory stays bounded by who comes now.
    pub fn sweep(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

/// Whose request this is: the nearest address that no trusted proxy has.
pub fn client_address(config: &Config, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let trusted = |address: &IpAddr| config.trusted_proxies.iter().any(|network| network.contains(address));
    if !trusted(&peer) {
        return Some(peer);
    }
    // Each proxy appends whom it saw: from the right, the first address that is no proxy of ours.
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> =
        forwarded.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    Some(hops.into_iter().rev().find(|hop| !trusted(hop)).unwrap_or(peer))
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}
