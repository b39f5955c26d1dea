//! What the service does by itself, again and again: it clears away what has expired, and tells clients what has happened.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{interval, sleep, timeout};

use crate::reload::Reload;
use crate::store::StoreError;
use crate::store::logouts::Ending;
use crate::webhooks::GIVE_UP_AFTER;

/// Between two sweeps of what has expired.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// So many rows go at once: whoever waits to write waits for no more.
const PIECE: u32 = 500;
/// After a piece the disk is left to the logins for so many times as long: what a piece changes lies all over the file.
const REST: u32 = 2;
/// Commands beside the service, too, leave somebody to tell.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Until the store is told once more who is listening.
const WAIT_FOR_STORE: Duration = Duration::from_secs(5);
/// Between two lines in the log while the cache has not answered since the start.
const WAIT_FOR_CACHE: Duration = Duration::from_secs(5);

/// What a running service does without being asked. [`Application::run`](crate::app::Application::run) has it done in time; who
/// moves the clock has it done at once.
pub struct Upkeep(Reload);

impl Upkeep {
    pub(crate) fn new(reload: Reload) -> Self {
        Self(reload)
    }

    /// Clears away what has expired, piece by piece, and has a running service look for whom to tell of logouts.
    ///
    /// # Errors
    /// The store's; what is left over goes the next time.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let app = self.0.app();
        app.limits.sweep();
        app.notices.sweep();
        app.backchannel.soon.notify_one();
        app.webhooks.soon();
        let now = app.clock.now();
        let mut gone = 0;
        loop {
            let begun = Instant::now();
            let pieces = [
                app.store.lasting.sweep_lasting(now, PIECE).await?,
                app.store.lasting.sweep_grants(now, PIECE).await?,
                app.store.lasting.sweep_events(now - GIVE_UP_AFTER, PIECE).await?,
                app.store.fleeting.sweep_fleeting(now, PIECE).await?,
            ];
            let piece = pieces.iter().sum::<u64>();
            gone += piece;
            // A store may give up a piece before it has its full number, so that nobody waits.
            if piece == 0 {
                break;
            }
            // Whoever waits to write does so now.
            sleep(begun.elapsed() * REST).await;
        }
        tracing::debug!(gone, "swept");
        self.forget_accounts().await
    }

    /// Forgets those whose person has asked for it, and has not come back.
    async fn forget_accounts(&self) -> Result<(), StoreError> {
        let app = self.0.app();
        let now = app.clock.now();
        let tell = app.config.backchannel_clients();
        loop {
            let due = app.store.lasting.due_deletions(now, PIECE).await?;
            if due.is_empty() {
                return Ok(());
            }
            for account_id in due {
                let ending = Ending { offline: true, tell: &tell, due_at: now, now };
                app.store.lasting.delete_if_due(&account_id, ending).await?;
                app.webhooks.soon();
            }
        }
    }

    /// Does all of it in time, for ever.
    pub(crate) async fn run(self) {
        let app = self.0.app();
        let news = app.notices.carry();
        let events = self.tell_of_people();
        tokio::join!(self.sweep_for_ever(), self.tell_for_ever(), self.look_at_the_cache(), news, events);
    }

    /// Tells the clients that are configured now what becomes of their people.
    async fn tell_of_people(&self) {
        loop {
            let app = self.0.app();
            let is_now = || Arc::ptr_eq(&self.0.app().config, &app.config);
            if let Err(error) = app.store.lasting.keep_webhook_clients(&app.config.webhook_clients()).await {
                tracing::error!(%error, "the store did not answer");
                sleep(WAIT_FOR_STORE).await;
                continue;
            }
            app.webhooks.tell_while(is_now, &app.config, &app.clock, &*app.store.lasting).await;
        }
    }

    /// Waits for the cache, and says what people would suffer from.
    async fn look_at_the_cache(&self) {
        let Some(cache) = self.0.app().cache.clone() else { return };
        loop {
            let looked = async {
                cache.ping().await?;
                cache.evicts().await
            };
            match looked.await {
                Ok(Some(warning)) => return tracing::warn!("{warning}"),
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "the cache does not answer; nobody can log in until it does")
                }
            }
            sleep(WAIT_FOR_CACHE).await;
        }
    }

    async fn sweep_for_ever(&self) {
        let mut ticks = interval(SWEEP_EVERY);
        loop {
            ticks.tick().await;
            if let Err(error) = self.sweep().await {
                tracing::error!(%error, "the store did not answer");
            }
        }
    }

    async fn tell_for_ever(&self) {
        loop {
            let app = self.0.app();
            let wait = match app
                .backchannel
                .tell_due(&app.config, &app.clock, &app.keys, &*app.store.lasting, &app.metrics)
                .await
            {
                Ok(Some(next)) => {
                    let seconds = next.saturating_sub(app.clock.now()).max(0);
                    Duration::from_secs(seconds.unsigned_abs()).min(LOOK_EVERY)
                }
                Ok(None) => LOOK_EVERY,
                Err(error) => {
                    tracing::error!(%error, "the store did not answer");
                    LOOK_EVERY
                }
            };
            // Either the time has come, or somebody else says so.
            drop(timeout(wait, app.backchannel.soon.notified()).await);
        }
    }
}
