//! What all routes and steps of one running service share: its configuration, clock, store and counters. No logic.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::backchannel::BackChannel;
use crate::changes::Changes;
use crate::clock::Clock;
use crate::config::Config;
use crate::exchange::Exchange;
use crate::keys::SharedKeys;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::store::Store;

/// One service.
pub struct Shared {
    /// As it was started with.
    pub config: Arc<Config>,
    /// What time it is.
    pub clock: Clock,
    /// What it remembers.
    pub store: Store,
    /// The way to WeChat.
    pub exchange: Exchange,
    /// What signs.
    pub keys: SharedKeys,
    /// The way to clients whose session has ended.
    pub backchannel: BackChannel,
    /// What is counted.
    pub metrics: Metrics,
    /// Tells those who wait that an attempt of this node has ended.
    pub finished: Notify,
    /// Tells event streams of this node that their scene has changed.
    pub changes: Changes,
    pub(crate) limits: Limits,
}
