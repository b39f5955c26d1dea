//! The ring that a running service signs with: read at the start, read again every minute and as soon as a key was withdrawn, made
//! where there is none, and rotated by schedule where that is configured.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::{KeyError, KeyRing, MasterKeys, SigningKey};
use crate::clock::Seconds;
use crate::signing_algorithm::SigningAlgorithm;
use crate::store::keys::SealedKey;
use crate::store::{Lasting, StoreError};

/// Seconds for which a client may hold the JWKS before it asks again: the `max-age` of `/jwks`.
pub const JWKS_MAX_AGE: i64 = 600;

/// Seconds from a key's publication to its first signature: a JWKS that was fetched just before the key was made is stale, and
/// every node has read the rows again, before a client meets the key.
pub const PUBLISH_LEAD: i64 = JWKS_MAX_AGE + 2 * RELOAD_EVERY;

/// Seconds between two looks of a running service at the rows.
pub const RELOAD_EVERY: i64 = 60;

/// Seconds for which a retired key is still published: an ID token may come back as a logout's hint as long as a session may
/// last, 30 days.
pub const KEEP_BEHIND: Seconds = 30 * 24 * 3600;

/// Seconds between two comparisons of the rows' names with the ring: so long may a key that was withdrawn still be in use.
const COMPARE_EVERY: Seconds = 1;

/// The keys of a running service.
pub struct SharedKeys {
    masters: MasterKeys,
    rotate_every: Option<Seconds>,
    loaded: RwLock<Loaded>,
    loading: tokio::sync::Mutex<()>,
    /// Whether the rows could not be read the last time: it is said when that begins and when it ends.
    failing: AtomicBool,
}

#[derive(Clone)]
struct Loaded {
    ring: Arc<KeyRing>,
    at: Seconds,
    /// When the rows' names were last compared with the ring's, or should have been.
    compared_at: Seconds,
}

impl Loaded {
    fn new(ring: KeyRing, now: Seconds) -> Loaded {
        Loaded { ring: Arc::new(ring), at: now, compared_at: now }
    }
}

/// Why a service has no keys.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The keys themselves.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Where they are kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SharedKeys {
    /// Reads the keys, and makes the first of each algorithm.
    ///
    /// # Errors
    /// [`LoadError`]; the start stops then, and nothing is replaced.
    pub async fn open(
        masters: MasterKeys,
        rotate_every: Option<Seconds>,
        store: &dyn Lasting,
        now: Seconds,
    ) -> Result<SharedKeys, LoadError> {
        let ring = load(store, &masters, rotate_every, now).await?;
        let loaded = RwLock::new(Loaded::new(ring, now));
        Ok(SharedKeys {
            masters,
            rotate_every,
            loaded,
            loading: tokio::sync::Mutex::new(()),
            failing: AtomicBool::new(false),
        })
    }

    /// The ring of the last minute, without a key that was withdrawn a second ago. A store that does not answer leaves the one
    /// before in use, and is asked once a second, however many want the ring.
    pub async fn ring(&self, store: &dyn Lasting, now: Seconds) -> Arc<KeyRing> {
        if is_over(COMPARE_EVERY, self.loaded().compared_at, now) {
            // One request reads; the others go on with what there is.
            if let Ok(_reading) = self.loading.try_lock() {
                let read = self.read_again(store, now).await;
                self.tell(read, now);
            }
        }
        self.loaded().ring
    }

    fn tell(&self, read: Result<(), LoadError>, now: Seconds) {
        let was_failing = self.failing.swap(read.is_err(), Ordering::Relaxed);
        match read {
            Ok(()) if was_failing => tracing::info!("the signing keys can be read again"),
            Ok(()) => {}
            Err(error) => {
                self.keep(Loaded { compared_at: now, ..self.loaded() });
                if !was_failing {
                    tracing::error!(%error, "the signing keys could not be read again; those before stay in use");
                }
            }
        }
    }

    async fn read_again(&self, store: &dyn Lasting, now: Seconds) -> Result<(), LoadError> {
        let loaded = self.loaded();
        let is_old = is_over(RELOAD_EVERY, loaded.at, now);
        if is_old || !loaded.ring.is_of(&store.signing_key_names().await?) {
            let ring = load(store, &self.masters, self.rotate_every, now).await?;
            self.keep(Loaded::new(ring, now));
        } else {
            self.keep(Loaded { compared_at: now, ..loaded });
        }
        Ok(())
    }

    /// What seals and derives.
    pub fn masters(&self) -> &MasterKeys {
        &self.masters
    }

    fn loaded(&self) -> Loaded {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, loaded: Loaded) {
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
    }
}

/// Whether so many seconds are over; they are when the clock was set back too, else nothing would be read until it has caught up.
fn is_over(seconds: Seconds, since: Seconds, now: Seconds) -> bool {
    !(since..since + seconds).contains(&now)
}

/// Announces a new key of each algorithm; gives the moment from which they sign.
///
/// # Errors
/// [`StoreError`].
pub async fn rotate(store: &dyn Lasting, masters: &MasterKeys, now: Seconds) -> Result<Seconds, StoreError> {
    let active_from = now + PUBLISH_LEAD;
    for algorithm in SigningAlgorithm::ALL {
        // One second after now: a key that was made in this very second does not stand in the way.
        store.insert_signing_key(&make(algorithm, masters, now, active_from).await, now + 1).await?;
    }
    Ok(active_from)
}

/// A new key, made where it holds nobody up.
pub(super) async fn make(
    algorithm: SigningAlgorithm,
    masters: &MasterKeys,
    now: Seconds,
    active_from: Seconds,
) -> SealedKey {
    let masters = masters.clone();
    let made =
        tokio::task::spawn_blocking(move || SigningKey::make(algorithm, &masters, now, active_from)).await;
    made.expect("a key is made, or the system gives no random bytes")
}

async fn load(
    store: &dyn Lasting,
    masters: &MasterKeys,
    rotate_every: Option<Seconds>,
    now: Seconds,
) -> Result<KeyRing, LoadError> {
    let mut rows = store.signing_keys().await?;
    // What is there must open before anything is added to it.
    KeyRing::open(&rows, masters)?;
    let mut added = false;
    for algorithm in SigningAlgorithm::ALL {
        let newest = rows.iter().filter(|row| row.algorithm == algorithm).map(|row| row.created_at).max();
        let (active_from, unless_since) = match (newest, rotate_every) {
            (None, _) => (now, Seconds::MIN),
            (Some(made), Some(every)) if made + every <= now => (now + PUBLISH_LEAD, now - every + 1),
            (Some(_), _) => continue,
        };
        let made = make(algorithm, masters, now, active_from).await;
        added |= store.insert_signing_key(&made, unless_since).await?;
        // Another node may have been the one that added it.
        rows = store.signing_keys().await?;
    }
    if added {
        tracing::info!(keys = rows.len(), "signing keys were made");
    }
    if store.sweep_signing_keys(now - KEEP_BEHIND).await? > 0 {
        rows = store.signing_keys().await?;
    }
    Ok(KeyRing::open(&rows, masters)?)
}
