//! How often one address may begin or answer a login, ask for tokens, or fail to prove that it is a client: enough for an office or a
//! site's backend behind one address, too little for a flood.
//!
//! The address is the connection's, or what a trusted proxy says of it; an IPv6 network of /64 is one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::config::{self, Config};

/// Counts by address. Each limit is a burst of its number, and that number a minute after it.
pub struct Limits {
    logins: DefaultKeyedRateLimiter<IpAddr>,
    tokens: DefaultKeyedRateLimiter<IpAddr>,
    failures: DefaultKeyedRateLimiter<Stranger>,
    /// Who has failed too often, until when.
    shut_out: Mutex<HashMap<Stranger, Instant>>,
}

/// Somebody at this address who says to be this client.
type Stranger = (IpAddr, String);

/// Come again after so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(Duration);

impl Wait {
    /// Whole seconds, as `Retry-After` has them.
    pub fn seconds(self) -> u64 {
        self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)
    }
}

impl Limits {
    /// Nobody has come yet.
    pub fn new(limits: &config::Limits) -> Self {
        let minute = |number: NonZeroU32| Quota::per_minute(number);
        Self {
            logins: DefaultKeyedRateLimiter::keyed(minute(limits.logins_per_minute)),
            tokens: DefaultKeyedRateLimiter::keyed(minute(limits.token_requests_per_minute)),
            failures: DefaultKeyedRateLimiter::keyed(minute(limits.failed_authentications_per_minute)),
            shut_out: Mutex::default(),
        }
    }

    /// Whether this address may begin or answer one more login.
    ///
    /// # Errors
    /// When it may again.
    pub fn login(&self, config: &Config, request: &HttpRequest) -> Result<(), Wait> {
        let address = client_address(config, request).map(network);
        address.map_or(Ok(()), |address| check(&self.logins, &address))
    }

    /// Whether this address may ask for, use or give back one more token.
    ///
    /// # Errors
    /// When it may again.
    pub fn token_request(&self, config: &Config, request: &HttpRequest) -> Result<(), Wait> {
        let address = client_address(config, request).map(network);
        address.map_or(Ok(()), |address| check(&self.tokens, &address))
    }

    /// Whether this address may try to be this client: not when it has failed too often. Elsewhere the client is free.
    ///
    /// # Errors
    /// When it may again.
    pub fn authentication(
        &self,
        config: &Config,
        request: &HttpRequest,
        client_id: &str,
    ) -> Result<(), Wait> {
        let Some(stranger) = stranger(config, request, client_id) else { return Ok(()) };
        let shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
        let until = shut_out.get(&stranger).and_then(|until| until.checked_duration_since(Instant::now()));
        until.filter(|rest| !rest.is_zero()).map_or(Ok(()), |rest| Err(Wait(rest)))
    }

    /// This address was not this client.
    pub fn authentication_failed(&self, config: &Config, request: &HttpRequest, client_id: &str) {
        let Some(stranger) = stranger(config, request, client_id) else { return };
        if let Err(Wait(rest)) = check(&self.failures, &stranger) {
            let mut shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
            shut_out.insert(stranger, Instant::now() + rest);
        }
    }

    /// Forgets addresses that have not come for a while: memory stays bounded by who comes now.
    pub fn sweep(&self) {
        self.logins.retain_recent();
        self.logins.shrink_to_fit();
        self.tokens.retain_recent();
        self.tokens.shrink_to_fit();
        self.failures.retain_recent();
        self.failures.shrink_to_fit();
        let mut shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
        shut_out.retain(|_, until| *until > Instant::now());
        shut_out.shrink_to_fit();
    }
}

fn check<K: std::hash::Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Wait> {
    limiter.check_key(key).map_err(|not_until| Wait(not_until.wait_time_from(limiter.clock().now())))
}

/// Names that no client has are one: made up, they would cost memory.
fn stranger(config: &Config, request: &HttpRequest, client_id: &str) -> Option<Stranger> {
    let known = config.client(client_id).map(|client| client.id.clone()).unwrap_or_default();
    client_address(config, request).map(|address| (network(address), known))
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
