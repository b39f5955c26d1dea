//! What this node counts by itself, in memory.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota};

use super::count::{Count, Counted, HOUSEHOLDS, Who};
use crate::config;

type Limiter = DefaultKeyedRateLimiter<Who>;

/// The counts of one node.
pub(super) struct Near {
    /// For each kind of count, in their order: of one, and of a site.
    counts: [(Limiter, Limiter); Counted::ALL.len()],
    /// Who has failed too often, until when.
    shut_out: Mutex<HashMap<Who, Instant>>,
}

/// So many at once, and so many in each period after it.
fn quota(what: Counted, limit: NonZeroU32) -> Quota {
    let per_minute = Quota::per_minute(limit);
    let between = what.period() / limit.get();
    Quota::with_period(between).map_or(per_minute, |quota| quota.allow_burst(limit))
}

impl Near {
    pub(super) fn new(limits: &config::Limits) -> Self {
        let counts = Counted::ALL.map(|what| {
            let limit = what.limit(limits);
            let limiter = |limit| Limiter::keyed(quota(what, limit));
            (limiter(limit), limiter(limit.saturating_mul(HOUSEHOLDS)))
        });
        Self { counts, shut_out: Mutex::default() }
    }

    /// Counts all of these, as far as the first that is full; gives how long to wait for that.
    pub(super) fn check(&self, counts: &[Count]) -> Duration {
        counts.iter().map(|count| self.check_one(count)).find(|rest| !rest.is_zero()).unwrap_or_default()
    }

    fn check_one(&self, count: &Count) -> Duration {
        let (one, site) = &self.counts[count.what as usize];
        let limiter = if count.is_site { site } else { one };
        match limiter.check_key(&count.who) {
            Ok(()) => Duration::ZERO,
            // One that may come this very moment was late, and comes again all the same.
            Err(not_until) => not_until.wait_time_from(limiter.clock().now()).max(Duration::from_nanos(1)),
        }
    }

    /// For how long the last of these is still shut out.
    pub(super) fn shut_out(&self, counts: &[Count]) -> Duration {
        let shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let rests = counts.iter().filter_map(|count| shut_out.get(&count.who)?.checked_duration_since(now));
        rests.max().unwrap_or_default()
    }

    /// Counts a failure for each of these, and shuts out where they are too many.
    pub(super) fn failed(&self, counts: &[Count]) {
        for count in counts {
            let rest = self.check_one(count);
            if !rest.is_zero() {
                let mut shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
                shut_out.insert(count.who.clone(), Instant::now() + rest);
            }
        }
    }

    pub(super) fn sweep(&self) {
        for limiter in self.counts.iter().flat_map(|(one, site)| [one, site]) {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        let mut shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
        shut_out.retain(|_, until| *until > Instant::now());
        shut_out.shrink_to_fit();
    }
}
