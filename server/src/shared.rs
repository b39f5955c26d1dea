//! What all routes and steps of one running service share: its configuration, clock, store and counters. No logic.
//!
//! The way to WeChat is not here: whoever exchanges a code is handed it by name.

use std::sync::Arc;

use crate::backchannel::BackChannel;
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::SharedKeys;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::notices::Notices;
use crate::sender::Senders;
use crate::store::{Redis, Store};

/// One service, as it is configured now.
#[derive(Clone)]
pub struct Shared {
    /// As it was read last.
    pub config: Arc<Config>,
    /// What time it is.
    pub clock: Clock,
    /// What it remembers.
    pub store: Store,
    /// What signs.
    pub keys: Arc<SharedKeys>,
    /// The way to clients whose session has ended.
    pub backchannel: Arc<BackChannel>,
    /// The way to people whose contact is to be proven.
    pub senders: Arc<Senders>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    pub(crate) limits: Arc<Limits>,
    /// Tells those who wait, on any node, that an attempt or its scene has changed.
    pub(crate) notices: Arc<Notices>,
    /// What several nodes share besides the store.
    pub(crate) cache: Option<Redis>,
}
