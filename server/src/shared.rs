//! What all routes and steps of one running service share: its configuration, clock, store and counters. No logic.
//!
//! The way to WeChat is not here: whoever exchanges a code is handed it by name.

use std::sync::Arc;

use crate::avatars::{self, Avatars};
use crate::backchannel::BackChannel;
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::SharedKeys;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::notices::Notices;
use crate::sender::Senders;
use crate::store::{Redis, Store};
use crate::webhooks::Webhooks;

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
    /// The way to clients that hear what becomes of their people.
    pub webhooks: Arc<Webhooks>,
    /// The way to people's pictures.
    pub avatars: Arc<Avatars>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    pub(crate) limits: Arc<Limits>,
    /// Tells those who wait, on any node, that an attempt or its scene has changed.
    pub(crate) notices: Arc<Notices>,
    /// What several nodes share besides the store.
    pub(crate) cache: Option<Redis>,
}

impl Shared {
    /// Where a person's picture is shown from.
    pub(crate) fn shown(&self, picture: Option<String>) -> Option<String> {
        let Self { config, keys, .. } = self;
        avatars::shown(&config.weixin, keys.masters(), config.public_url.as_str(), picture?)
    }
}
