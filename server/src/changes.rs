//! Who waits on this node for a change of something that has a name: event streams of scenes. Holds nothing for what nobody
//! waits for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// So many may wait in one place: a page has one stream, and while it is loaded again those that nobody has closed yet.
const MOST_WAITING: u64 = 3;

/// The places where somebody waits, by name.
#[derive(Default)]
pub struct Changes(Mutex<HashMap<String, Weak<Place>>>);

/// Where those wait who want to hear of one thing.
#[derive(Default)]
struct Place {
    changed: Notify,
    come: AtomicU64,
}

/// One who waits. Whoever came so long ago that [`MOST_WAITING`] others have come since has to go: it is the oldest whose
/// connection may have died without a word, and a new one may not be turned away because of it.
pub(crate) struct Waiting {
    place: Arc<Place>,
    /// How many had come, this one among them.
    number: u64,
}

impl Waiting {
    /// Ends with the next change after this call, or when somebody else has come.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.place.changed.notified()
    }

    /// Whether enough others have come since.
    pub(crate) fn has_to_go(&self) -> bool {
        self.place.come.load(Ordering::SeqCst) >= self.number + MOST_WAITING
    }
}

impl Changes {
    /// Nobody waits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins to wait for changes of `name`. The place lasts as long as somebody waits there.
    pub(crate) fn wait(&self, name: &str) -> Waiting {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = places.get(name).and_then(Weak::upgrade);
        let place = known.unwrap_or_else(|| {
            let place = Arc::new(Place::default());
            places.insert(name.into(), Arc::downgrade(&place));
            place
        });
        drop(places);
        let number = place.come.fetch_add(1, Ordering::SeqCst) + 1;
        place.changed.notify_waiters();
        Waiting { place, number }
    }

    /// Something of this name has changed.
    pub fn tell(&self, name: &str) {
        let place = {
            let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            places.get(name).and_then(Weak::upgrade)
        };
        if let Some(place) = place {
            place.changed.notify_waiters();
        }
    }

    /// Forgets places where nobody waits any more.
    pub fn sweep(&self) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, place| place.strong_count() > 0);
        places.shrink_to_fit();
    }
}
