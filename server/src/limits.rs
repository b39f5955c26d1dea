//! How often one address may begin a login, answer one, ask about tokens, fail to prove that it is a client, or have a code sent; and how often one
//! client may, from wherever, and one phone number or email address may get one: enough for a carrier's NAT or a site's backend, too little for a flood.
//!
//! Counted is the [`household`](crate::address::household), and above it the [`site`](crate::address::site), which has ten times as much.
//! Which route is counted as what stands in the table of routes. Where there is a cache all nodes count together, there; without one, and
//! while it does not answer in time, each node counts by itself.

mod count;
mod near;
mod together;

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;

use self::count::{Count, Counted, Who};
use self::near::Near;
use self::together::Together;
use crate::address::{household, site};
use crate::config::{self, Config};
use crate::http::client_address::client_address;
use crate::metrics::Metrics;
use crate::secret::SecretHash;
use crate::store::Redis;

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
    near: Near,
    together: Option<Together>,
    metrics: Arc<Metrics>,
}

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
    pub(crate) fn new(limits: &config::Limits, cache: Option<Redis>, metrics: Arc<Metrics>) -> Self {
        let together = cache.map(|cache| Together::new(cache, limits));
        Self { near: Near::new(limits), together, metrics }
    }

    /// Whether this address may send one more request of the kind.
    ///
    /// # Errors
    /// When it may again.
    pub(crate) async fn request(
        &self,
        config: &Config,
        limit: Limit,
        request: &HttpRequest,
    ) -> Result<(), Wait> {
        let what = match limit {
            Limit::Starts => Counted::Starts,
            Limit::Answers => Counted::Answers,
            Limit::Tokens => Counted::Tokens,
            Limit::None => return Ok(()),
        };
        self.check(what, by_address(config, request, what, "")).await
    }

    /// Whether one more login may begin for this client: the flood of one site leaves the others their logins.
    ///
    /// # Errors
    /// When it may again.
    pub(crate) async fn client_start(&self, client: &config::Client) -> Result<(), Wait> {
        self.client(Counted::ClientStarts, client).await
    }

    /// Whether this client, which has proven itself, may ask about one more token.
    ///
    /// # Errors
    /// When it may again.
    pub(crate) async fn client_token_request(&self, client: &config::Client) -> Result<(), Wait> {
        self.client(Counted::ClientTokens, client).await
    }

    /// Whether one more code may be sent: by somebody at this address, and for each of these, which are told apart by their hash alone.
    ///
    /// # Errors
    /// When it may again.
    pub(crate) async fn code(
        &self,
        config: &Config,
        request: &HttpRequest,
        whom: &[&str],
    ) -> Result<(), Wait> {
        self.check(Counted::Codes, by_address(config, request, Counted::Codes, "")).await?;
        for whom in whom {
            let who = Who { network: None, client_id: SecretHash::of(whom).hex() };
            let what = Counted::CodesToOne;
            self.check(what, vec![Count { what, who, is_site: false }]).await?;
        }
        Ok(())
    }

    async fn client(&self, what: Counted, client: &config::Client) -> Result<(), Wait> {
        let who = Who { network: None, client_id: client.id.clone() };
        self.check(what, vec![Count { what, who, is_site: false }]).await
    }

    /// Whether this address may try to be this client: not when it has failed too often. Elsewhere the client is free.
    ///
    /// # Errors
    /// When it may again.
    pub(crate) async fn authentication(
        &self,
        config: &Config,
        request: &HttpRequest,
        client_id: &str,
    ) -> Result<(), Wait> {
        let counts = failures(config, request, client_id);
        let rest = match &self.together {
            Some(together) => together.shut_out(&counts).await,
            None => None,
        };
        let rest = rest.unwrap_or_else(|| self.near.shut_out(&counts));
        self.may_go_on(Counted::Failures, rest)
    }

    /// This address was not this client.
    pub(crate) async fn authentication_failed(
        &self,
        config: &Config,
        request: &HttpRequest,
        client_id: &str,
    ) {
        let counts = failures(config, request, client_id);
        let is_counted = match &self.together {
            Some(together) => together.failed(&counts).await,
            None => false,
        };
        if !is_counted {
            self.near.failed(&counts);
        }
    }

    /// Forgets addresses that have not come for a while: memory stays bounded by who comes now.
    pub(crate) fn sweep(&self) {
        self.near.sweep();
    }

    async fn check(&self, what: Counted, counts: Vec<Count>) -> Result<(), Wait> {
        let rest = match &self.together {
            Some(together) => together.check(&counts).await,
            None => None,
        };
        let rest = rest.unwrap_or_else(|| self.near.check(&counts));
        self.may_go_on(what, rest)
    }

    fn may_go_on(&self, what: Counted, rest: Duration) -> Result<(), Wait> {
        if rest.is_zero() {
            return Ok(());
        }
        self.metrics.limited(what.as_str());
        Err(Wait(rest))
    }
}

/// Names that no client has are one: made up, they would cost memory.
fn failures(config: &Config, request: &HttpRequest, client_id: &str) -> Vec<Count> {
    let known = config.client(client_id).map(|client| client.id.as_str()).unwrap_or_default();
    by_address(config, request, Counted::Failures, known)
}

/// The household, and above it the site where there is one.
fn by_address(config: &Config, request: &HttpRequest, what: Counted, client_id: &str) -> Vec<Count> {
    let Some(address) = client_address(config, request) else { return Vec::new() };
    let networks = [(Some(household(address)), false), (site(address), true)];
    let counts = networks.into_iter().filter_map(|(network, is_site)| {
        let who = Who { network: Some(network?), client_id: client_id.into() };
        Some(Count { what, who, is_site })
    });
    counts.collect()
}
