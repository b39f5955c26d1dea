//! Tells clients what becomes of their people, by Standard Webhooks: each event at least once, and those of one account in their order.
//! What is to be told is kept in the store, until the client has said that it has heard it or three days have passed.
//!
//! Each client has a loop of its own: one that does not answer holds up no other.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use serde_json::{Map, Value, json};
use tokio::sync::{RwLock, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::clock::{Clock, Seconds, rfc3339};
use crate::config::{Client, Config, Webhook};
use crate::outbound;
use crate::store::webhooks::EventRow;
use crate::store::{Lasting, StoreError};

/// How long a client may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// For so long nobody else tries what is being tried: longer than a client may take.
const CLAIM: Seconds = 20;
/// How long to wait after each try that came to nothing; after more of them as after the last.
const TRY_AGAIN_AFTER: [Seconds; 6] = [5, 30, 2 * 60, 10 * 60, 30 * 60, 3600];
/// What a client has not heard by then it never will.
pub(crate) const GIVE_UP_AFTER: Seconds = 3 * 24 * 3600;
/// For so long a service that stops waits for the answers to what it is telling: longer than a client may take.
const LAST_ANSWERS: Duration = Duration::from_secs(11);
/// A client hears of so many accounts at once.
const AT_ONCE: u32 = 16;
/// Commands beside the service, and other nodes, too, leave something to tell.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Between two looks at what another node is just telling.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Between two looks in any case: what many logins at once leave to tell is found by one look.
const REST: Duration = Duration::from_millis(100);

/// The way to the clients' webhooks: no redirects, and no address that only this machine's network knows.
pub struct Webhooks {
    http: reqwest::Client,
    soon: watch::Sender<()>,
    /// Whether anything is told; held from the claim of an event until what came of it is kept.
    telling: RwLock<bool>,
}

/// What came of telling a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Heard,
    /// It has no webhook any more.
    Never,
    Later,
}

impl Webhooks {
    /// `private_addresses` lets it reach loopback and private networks too.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(private_addresses: bool) -> Result<Self, reqwest::Error> {
        let http = outbound::http(PATIENCE);
        let http = match private_addresses {
            true => http,
            false => outbound::to_public_addresses(http, "webhook_private_addresses"),
        };
        Ok(Self { http: http.build()?, soon: watch::Sender::new(()), telling: RwLock::new(true) })
    }

    /// Whether anybody is there: the status that a post without an event and without a signature has.
    ///
    /// # Errors
    /// Why there is no answer, without the address.
    pub(crate) async fn knock(&self, address: &str) -> Result<u16, String> {
        outbound::knock(&self.http, address).await
    }

    /// There may be something to tell now.
    pub(crate) fn soon(&self) {
        self.soon.send_replace(());
    }

    /// Tells every client what it is to hear, for as long as this is the configuration of now.
    pub(crate) async fn tell_while(
        &self,
        is_now: impl Fn() -> bool,
        config: &Config,
        clock: &Clock,
        store: &dyn Lasting,
    ) {
        let clients = config.clients.iter().filter(|client| client.webhook.is_some());
        let told =
            join_all(clients.map(|client| self.tell_client_while(&is_now, client, config, clock, store)));
        // Also where nobody has a webhook.
        let changed = async {
            let mut soon = self.soon.subscribe();
            while is_now() {
                drop(timeout(LOOK_EVERY, soon.changed()).await);
            }
        };
        tokio::join!(told, changed);
    }

    /// Tells nobody any more, once whoever is being told has answered: what a client has heard, and of which that is not kept, would
    /// come again after the next start.
    pub(crate) async fn stop(&self) {
        match timeout(LAST_ANSWERS, self.telling.write()).await {
            Ok(mut telling) => *telling = false,
            Err(_) => tracing::warn!("a client's webhook does not answer; stops all the same"),
        }
    }

    async fn tell_client_while(
        &self,
        is_now: impl Fn() -> bool,
        client: &Client,
        config: &Config,
        clock: &Clock,
        store: &dyn Lasting,
    ) {
        let mut soon = self.soon.subscribe();
        while is_now() {
            soon.mark_unchanged();
            let looked = Instant::now();
            let wait = match self.tell_due(&client.id, config, clock, store).await {
                Ok(Some(next)) => {
                    let seconds = next.saturating_sub(clock.now()).max(0);
                    Duration::from_secs(seconds.unsigned_abs()).clamp(LOOK_AGAIN, LOOK_EVERY)
                }
                Ok(None) => LOOK_EVERY,
                Err(error) => {
                    tracing::error!(%error, "the store did not answer");
                    LOOK_EVERY
                }
            };
            // Either the time has come, or somebody says so.
            drop(timeout(wait, soon.changed()).await);
            sleep_until(looked + REST).await;
        }
    }

    /// Tells this client all that is due; gives when something is the next time.
    async fn tell_due(
        &self,
        client_id: &str,
        config: &Config,
        clock: &Clock,
        store: &dyn Lasting,
    ) -> Result<Option<Seconds>, StoreError> {
        loop {
            let telling = self.telling.read().await;
            if !*telling {
                return Ok(None);
            }
            let now = clock.now();
            let next = store.next_event(client_id).await?;
            if next.is_none_or(|next| next > now) {
                return Ok(next);
            }
            let due = store.claim_events(client_id, now, now + CLAIM, AT_ONCE).await?;
            if due.is_empty() {
                // Another node has it in this moment.
                return Ok(next);
            }
            let mut tries: FuturesUnordered<_> =
                due.into_iter().map(|event| self.tell(config, clock, store, event)).collect();
            while let Some(tried) = tries.next().await {
                tried?;
            }
        }
    }

    /// Tries this once, and keeps what came of it.
    async fn tell(
        &self,
        config: &Config,
        clock: &Clock,
        store: &dyn Lasting,
        event: EventRow,
    ) -> Result<(), StoreError> {
        let EventRow { id, client_id, event: kind, .. } = &event;
        let webhook = config.client(client_id).and_then(|client| client.webhook.as_ref());
        let mut told = match webhook {
            Some(webhook) => self.deliver(webhook, clock.now(), &event).await,
            None => Told::Never,
        };
        let now = clock.now();
        if told == Told::Later && now - event.happened_at >= GIVE_UP_AFTER {
            told = Told::Never;
        }
        if told == Told::Never {
            tracing::warn!(client = client_id, event = kind, "an event was given up: nobody has heard it");
        }
        if told == Told::Later {
            let tried = usize::try_from(event.tries).unwrap_or(usize::MAX).clamp(1, TRY_AGAIN_AFTER.len());
            store.postpone_event(id, now + TRY_AGAIN_AFTER[tried - 1]).await
        } else {
            store.forget_event(id, now).await
        }
    }

    async fn deliver(&self, webhook: &Webhook, now: Seconds, event: &EventRow) -> Told {
        let EventRow { id, client_id, event: kind, .. } = event;
        let request = self.http.post(webhook.url.as_str());
        match webhook.secret.signed(request, id, now, body(event)).send().await {
            Ok(answer) if answer.status().is_success() => Told::Heard,
            Ok(answer) => {
                let status = answer.status().as_u16();
                tracing::info!(
                    client = client_id,
                    event = kind,
                    status,
                    "an event was not taken; trying again"
                );
                Told::Later
            }
            Err(error) => {
                let error = error.without_url();
                tracing::info!(client = client_id, event = kind, %error, "an event was not taken; trying again");
                Told::Later
            }
        }
    }
}

/// What is sent: the same at each try.
fn body(event: &EventRow) -> String {
    let mut data: Map<String, Value> = serde_json::from_str(&event.data).unwrap_or_default();
    data.insert("sub".into(), event.sub.as_str().into());
    json!({ "type": event.event, "timestamp": rfc3339(event.happened_at), "data": data }).to_string()
}
