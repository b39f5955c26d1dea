//! Who waits on this node for a change of something that has a name: event streams of scenes. Holds nothing for what nobody
//! waits for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;

/// The places where somebody waits, by name.
#[derive(Default)]
pub struct Changes(Mutex<HashMap<String, Weak<Notify>>>);

impl Changes {
    /// Nobody waits.
    pub fn new() -> Self {
        Self::default()
    }

    /// The place to wait for changes of `name`. It lasts as long as somebody holds it.
    pub fn of(&self, name: &str) -> Arc<Notify> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(name).and_then(Weak::upgrade) {
            return place;
        }
        let place = Arc::new(Notify::new());
        places.insert(name.into(), Arc::downgrade(&place));
        place
    }

    /// Something of this name has changed.
    pub fn tell(&self, name: &str) {
        let place = {
            let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            places.get(name).and_then(Weak::upgrade)
        };
        if let Some(place) = place {
            place.notify_waiters();
        }
    }

    /// Forgets places where nobody waits any more.
    pub fn sweep(&self) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, place| place.strong_count() > 0);
        places.shrink_to_fit();
    }
}
