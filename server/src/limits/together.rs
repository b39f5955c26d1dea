//! What all nodes count together, in the cache: the same arithmetic as a node's own (GCRA), by the cache's clock, which is one for all.
//! Where the cache does not answer in time, nobody waits for it: the node counts by itself until it answers again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::Script;

use super::count::{Count, HOUSEHOLDS};
use crate::config;
use crate::store::{Redis, StoreError};

/// A count is worth no longer wait.
const PATIENCE: Duration = Duration::from_millis(250);
/// For so long a cache that did not answer is not asked again: else every request would wait.
const LEFT_ALONE: Duration = Duration::from_secs(1);

static CHECK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("check.lua")));
static SHUT_OUT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("shut_out.lua")));
static FAILED: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("failed.lua")));

/// The counts of all nodes. `None` from any of its verbs: the node counts by itself this time.
pub(super) struct Together {
    cache: Redis,
    limits: config::Limits,
    left_alone_until: Mutex<Option<Instant>>,
    failing: AtomicBool,
}

impl Together {
    pub(super) fn new(cache: Redis, limits: &config::Limits) -> Self {
        Self { cache, limits: *limits, left_alone_until: Mutex::default(), failing: AtomicBool::new(false) }
    }

    /// Counts all of these, as far as the first that is full; gives how long to wait for that.
    pub(super) async fn check(&self, counts: &[Count]) -> Option<Duration> {
        self.run(&CHECK, self.keys(counts, "limit"), counts).await
    }

    /// For how long the last of these is still shut out.
    pub(super) async fn shut_out(&self, counts: &[Count]) -> Option<Duration> {
        self.run(&SHUT_OUT, self.keys(counts, "shut-out"), &[]).await
    }

    /// Counts a failure for each of these, and shuts out where they are too many. Whether it was counted.
    pub(super) async fn failed(&self, counts: &[Count]) -> bool {
        let keys = [self.keys(counts, "limit"), self.keys(counts, "shut-out")].concat();
        self.run(&FAILED, keys, counts).await.is_some()
    }

    /// Keys of one request are on one node of a cluster: a household is where its site is.
    fn keys(&self, counts: &[Count], what: &str) -> Vec<String> {
        let Some(widest) = counts.last() else { return Vec::new() };
        let tag =
            widest.who.network.map_or_else(|| widest.who.client_id.clone(), |network| network.to_string());
        let key = |count: &Count| {
            let network = count.who.network.map(|network| network.to_string()).unwrap_or_default();
            let kind = count.what.as_str();
            self.cache.key(&tag, &format!("{what}:{kind}:{network}:{}", count.who.client_id))
        };
        counts.iter().map(key).collect()
    }

    async fn run(&self, script: &Script, keys: Vec<String>, counts: &[Count]) -> Option<Duration> {
        if keys.is_empty() {
            return Some(Duration::ZERO);
        }
        if self.is_left_alone() {
            return None;
        }
        let numbers: Vec<String> = counts.iter().flat_map(|count| self.pace(count)).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let answer: Result<u64, _> = self.cache.run_within(PATIENCE, script, &keys, &numbers).await;
        self.tell(&answer);
        Some(Duration::from_micros(answer.ok()?))
    }

    /// Between two of them, once the burst is spent; and how far ahead of their time they may come.
    fn pace(&self, count: &Count) -> [String; 2] {
        let limit = count.what.limit(&self.limits);
        let limit = if count.is_site { limit.saturating_mul(HOUSEHOLDS) } else { limit };
        let limit = u64::from(limit.get());
        // In the unit of the scripts.
        let period = u64::try_from(count.what.period().as_micros()).unwrap_or(u64::MAX);
        let between = (period / limit).max(1);
        [between.to_string(), (between * (limit - 1)).to_string()]
    }

    fn is_left_alone(&self) -> bool {
        let until = self.left_alone_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn tell(&self, answer: &Result<u64, StoreError>) {
        let was_failing = self.failing.swap(answer.is_err(), Ordering::Relaxed);
        match answer {
            Ok(_) if was_failing => tracing::info!("limits count for all nodes together again"),
            Ok(_) => {}
            Err(error) => {
                let until = Instant::now() + LEFT_ALONE;
                *self.left_alone_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
                if !was_failing {
                    tracing::warn!(%error, "limits count for this node alone while the cache does not answer");
                }
            }
        }
    }
}
