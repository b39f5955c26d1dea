//! Who waits on this node for a change of something that has a name.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// So many may wait in one place: a page has one stream, and while it is loaded again those that nobody has closed yet.
const MOST_WAITING: u64 = 3;

/// Where those wait who want to hear of one thing.
#[derive(Default)]
struct Place {
    changed: Notify,
    come: AtomicU64,
    is_closed: AtomicBool,
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

    /// Whether enough others have come since, or the service stops.
    pub(crate) fn has_to_go(&self) -> bool {
        self.place.is_closed.load(Ordering::SeqCst)
            || self.place.come.load(Ordering::SeqCst) >= self.number + MOST_WAITING
    }
}

/// The places where somebody waits, by the attempt's name.
#[derive(Default)]
pub(super) struct Places {
    places: Mutex<HashMap<String, Weak<Place>>>,
    /// Whoever comes now has to go: over a connection that is open they come again though the service stops.
    are_closed: AtomicBool,
}

impl Places {
    /// Begins to wait for changes of an attempt. The place lasts as long as somebody waits there.
    pub(super) fn wait(&self, id: &str) -> Waiting {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let known = places.get(id).and_then(Weak::upgrade);
        let place = known.unwrap_or_else(|| {
            let is_closed = AtomicBool::new(self.are_closed.load(Ordering::SeqCst));
            let place = Arc::new(Place { is_closed, ..Place::default() });
            places.insert(id.into(), Arc::downgrade(&place));
            place
        });
        drop(places);
        let number = place.come.fetch_add(1, Ordering::SeqCst) + 1;
        place.changed.notify_waiters();
        Waiting { place, number }
    }

    /// An attempt, or its scene, has changed: who waits for it here hears it.
    pub(super) fn tell(&self, id: &str) {
        let place = {
            let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            places.get(id).and_then(Weak::upgrade)
        };
        if let Some(place) = place {
            place.changed.notify_waiters();
        }
    }

    /// Sends everybody away who waits now: the service stops, and another node has what they wait for.
    pub(super) fn close(&self) {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        self.are_closed.store(true, Ordering::SeqCst);
        for place in places.values().filter_map(Weak::upgrade) {
            place.is_closed.store(true, Ordering::SeqCst);
            place.changed.notify_waiters();
        }
    }

    /// Forgets places where nobody waits any more.
    pub(super) fn sweep(&self) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, place| place.strong_count() > 0);
        places.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_to_a_service_that_stops_has_to_go_too() {
        let places = Places::default();
        let before = places.wait("one");
        assert!(!before.has_to_go());
        places.close();
        let again = [places.wait("one"), places.wait("another")];
        assert!(before.has_to_go() && again.iter().all(Waiting::has_to_go));
    }
}
