//! How often one address may begin a login, answer one, ask about tokens, or fail to prove that it is a client; and how often one client
//! may, from wherever: enough for a carrier's NAT or a site's backend, too little for a flood.
//!
//! Counted is the [`household`](crate::address::household), and above it the [`site`](crate::address::site), which has ten times as much.
//! Which route is counted as what stands in the table of routes.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota};
use ipnet::IpNet;

use crate::address::{household, site};
use crate::config::{self, Config};
use crate::http::client_address::client_address;

/// How many households a site may be, as far as limits go.
const HOUSEHOLDS: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// What requests to a route are counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// As begins of logins.
    Starts,
    /// As answers to logins.
    Answers,
    /// As requests about tokens.
    Tokens,
    /// Not at all, or by the route itself: pages, files and sessions.
    None,
}

/// Counts. Each limit is a burst of its number, and that number a minute after it.
pub(crate) struct Limits {
    starts: ByAddress,
    answers: ByAddress,
    tokens: ByAddress,
    client_starts: DefaultKeyedRateLimiter<String>,
    client_tokens: DefaultKeyedRateLimiter<String>,
    failures: DefaultKeyedRateLimiter<Stranger>,
    site_failures: DefaultKeyedRateLimiter<Stranger>,
    /// Who has failed too often, until when.
    shut_out: Mutex<HashMap<Stranger, Instant>>,
}

/// Somebody in this network who says to be this client.
type Stranger = (IpNet, String);

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
    pub(crate) fn new(limits: &config::Limits) -> Self {
        let failures = limits.failed_authentications_per_minute;
        Self {
            starts: ByAddress::new(limits.starts_per_minute),
            answers: ByAddress::new(limits.answers_per_minute),
            tokens: ByAddress::new(limits.token_requests_per_minute),
            client_starts: per_minute(limits.client_starts_per_minute),
            client_tokens: per_minute(limits.client_token_requests_per_minute),
            failures: per_minute(failures),
            site_failures: per_minute(failures.saturating_mul(HOUSEHOLDS)),
            shut_out: Mutex::default(),
        }
    }

    /// Whether this address may send one more request of the kind.
    ///
    /// # Errors
    /// When it may again.
    pub(crate) fn request(&self, config: &Config, limit: Limit, request: &HttpRequest) -> Result<(), Wait> {
        let counts = match limit {
            Limit::Starts => &self.starts,
            Limit::Answers => &self.answers,
            Limit::Tokens => &self.tokens,
            Limit::None => return Ok(()),
        };
        client_address(config, request).map_or(Ok(()), |address| counts.check(address))
    }

    /// Whether one more login may begin for this client: the flood of one site leaves the others their logins.
    ///
    /// # Errors
    /// When it may again.
    pub(crate) fn client_start(&self, client: &config::Client) -> Result<(), Wait> {
        check(&self.client_starts, &client.id)
    }

    /// Whether this client, which has proven itself, may ask about one more token.
    ///
    /// # Errors
    /// When it may again.
    pub(crate) fn client_token_request(&self, client: &config::Client) -> Result<(), Wait> {
        check(&self.client_tokens, &client.id)
    }

    /// Whether this address may try to be this client: not when it has failed too often. Elsewhere the client is free.
    ///
    /// # Errors
    /// When it may again.
    pub(crate) fn authentication(
        &self,
        config: &Config,
        request: &HttpRequest,
        client_id: &str,
    ) -> Result<(), Wait> {
        let shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let rest = strangers(config, request, client_id)
            .filter_map(|stranger| shut_out.get(&stranger)?.checked_duration_since(now))
            .max();
        rest.filter(|rest| !rest.is_zero()).map_or(Ok(()), |rest| Err(Wait(rest)))
    }

    /// This address was not this client.
    pub(crate) fn authentication_failed(&self, config: &Config, request: &HttpRequest, client_id: &str) {
        let counts = [&self.failures, &self.site_failures];
        for (stranger, counts) in strangers(config, request, client_id).zip(counts) {
            if let Err(Wait(rest)) = check(counts, &stranger) {
                let mut shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
                shut_out.insert(stranger, Instant::now() + rest);
            }
        }
    }

    /// Forgets addresses that have not come for a while: memory stays bounded by who comes now.
    pub(crate) fn sweep(&self) {
        for counts in [&self.starts, &self.answers, &self.tokens] {
            forget(&counts.households);
            forget(&counts.sites);
        }
        forget(&self.client_starts);
        forget(&self.client_tokens);
        forget(&self.failures);
        forget(&self.site_failures);
        let mut shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
        shut_out.retain(|_, until| *until > Instant::now());
        shut_out.shrink_to_fit();
    }
}

/// One limit, for each household, and tenfold for each site.
struct ByAddress {
    households: DefaultKeyedRateLimiter<IpNet>,
    sites: DefaultKeyedRateLimiter<IpNet>,
}

impl ByAddress {
    fn new(limit: NonZeroU32) -> Self {
        Self { households: per_minute(limit), sites: per_minute(limit.saturating_mul(HOUSEHOLDS)) }
    }

    fn check(&self, address: IpAddr) -> Result<(), Wait> {
        check(&self.households, &household(address))?;
        site(address).map_or(Ok(()), |site| check(&self.sites, &site))
    }
}

fn per_minute<K: Hash + Eq + Clone>(limit: NonZeroU32) -> DefaultKeyedRateLimiter<K> {
    DefaultKeyedRateLimiter::keyed(Quota::per_minute(limit))
}

fn check<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Wait> {
    limiter.check_key(key).map_err(|not_until| Wait(not_until.wait_time_from(limiter.clock().now())))
}

fn forget<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>) {
    limiter.retain_recent();
    limiter.shrink_to_fit();
}

/// Who tries to be this client: the household, and the site where there is one. Names that no client has are one: made up, they would
/// cost memory.
fn strangers(config: &Config, request: &HttpRequest, client_id: &str) -> impl Iterator<Item = Stranger> {
    let known = config.client(client_id).map(|client| client.id.clone()).unwrap_or_default();
    let address = client_address(config, request);
    let networks = address.map(household).into_iter().chain(address.and_then(site));
    networks.map(move |network| (network, known.clone()))
}
