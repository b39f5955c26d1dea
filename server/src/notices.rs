//! News of attempts, and of the scenes that some of them are: who waits on this node for a change, event streams and second loads of a
//! callback among them, hears of it from whichever node has made it. Holds nothing for what nobody waits for.
//!
//! A notice has the attempt's public name and nothing else: what has become of it is read from the store, and a notice that is lost
//! costs as long as those who wait need to look by themselves.

mod by_redis;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, mpsc};

use crate::store::Redis;

/// So many wait for the way to the other nodes, at most.
const MOST_TO_TELL: usize = 4096;
/// So many go in one message.
const AT_ONCE: usize = 64;
/// So many may wait in one place: a page has one stream, and while it is loaded again those that nobody has closed yet.
const MOST_WAITING: u64 = 3;

/// News of attempts: who waits for it here, and the way to the other nodes.
pub struct Notices {
    /// The places where somebody waits, by the attempt's name.
    places: Mutex<HashMap<String, Weak<Place>>>,
    /// What is still to be told to the others.
    out: Option<mpsc::Sender<String>>,
    carried: Mutex<Option<Carried>>,
}

/// How news goes to the other nodes, and what is to go.
struct Carried {
    by: Carrier,
    news: mpsc::Receiver<String>,
}

/// What the nodes of one service have in common.
pub(crate) enum Carrier {
    /// The cache.
    Redis(Redis),
}

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

impl Notices {
    /// Nobody waits. Without a carrier this is the only node.
    pub(crate) fn new(by: Option<Carrier>) -> Self {
        let (out, carried) = by
            .map(|by| {
                let (out, news) = mpsc::channel(MOST_TO_TELL);
                (out, Carried { by, news })
            })
            .unzip();
        Self { places: Mutex::default(), out, carried: Mutex::new(carried) }
    }

    /// Begins to wait for changes of an attempt. The place lasts as long as somebody waits there.
    pub(crate) fn wait(&self, id: &str) -> Waiting {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let known = places.get(id).and_then(Weak::upgrade);
        let place = known.unwrap_or_else(|| {
            let place = Arc::new(Place::default());
            places.insert(id.into(), Arc::downgrade(&place));
            place
        });
        drop(places);
        let number = place.come.fetch_add(1, Ordering::SeqCst) + 1;
        place.changed.notify_waiters();
        Waiting { place, number }
    }

    /// An attempt, or its scene, has changed: who waits for it hears it, on every node.
    pub(crate) fn tell(&self, id: &str) {
        self.heard(id);
        if let Some(out) = &self.out {
            // One that finds no room is lost: who waits looks by itself before long.
            let _ = out.try_send(id.to_owned());
        }
    }

    /// The same, from another node.
    fn heard(&self, id: &str) {
        let place = {
            let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            places.get(id).and_then(Weak::upgrade)
        };
        if let Some(place) = place {
            place.changed.notify_waiters();
        }
    }

    /// Carries news between this node and the others, for ever. The second call has nothing to do.
    pub(crate) async fn carry(&self) {
        let carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Carried { by, news }) = carried else { return };
        match by {
            Carrier::Redis(redis) => by_redis::carry(self, &redis, news).await,
        }
    }

    /// Forgets places where nobody waits any more.
    pub(crate) fn sweep(&self) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, place| place.strong_count() > 0);
        places.shrink_to_fit();
    }
}

/// News as it goes to the others: who tells, and names of attempts, a line each.
fn message(node: &str, news: &[String]) -> String {
    format!("{node}\n{}", news.join("\n"))
}

/// The names in a message that another node has sent.
fn told<'a>(node: &str, message: &'a str) -> impl Iterator<Item = &'a str> {
    let mut lines = message.lines();
    let is_own = lines.next().is_none_or(|from| from == node);
    lines.filter(move |_| !is_own)
}
