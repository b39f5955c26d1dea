//! News of attempts, and of the scenes that some of them are: who waits on this node for a change, event streams and second loads of a
//! callback among them, hears of it from whichever node has made it. Holds nothing for what nobody waits for.
//!
//! A notice has the attempt's public name and nothing else: what has become of it is read from the store, and a notice that is lost
//! costs as long as those who wait need to look by themselves.

mod by_postgres;
mod by_redis;
mod message;
mod places;

pub(crate) use places::Waiting;

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;

use self::places::Places;
use crate::store::{Channel, Redis};

/// So many wait for the way to the other nodes, at most.
const MOST_TO_TELL: usize = 4096;

/// News of attempts: who waits for it here, and the way to the other nodes.
pub struct Notices {
    places: Places,
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
    /// The store alone.
    Postgres(Channel),
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
        Self { places: Places::default(), out, carried: Mutex::new(carried) }
    }

    /// Begins to wait for changes of an attempt. The place lasts as long as somebody waits there.
    pub(crate) fn wait(&self, id: &str) -> Waiting {
        self.places.wait(id)
    }

    /// An attempt, or its scene, has changed: who waits for it hears it, on every node.
    pub(crate) fn tell(&self, id: &str) {
        self.places.tell(id);
        if let Some(out) = &self.out {
            // One that finds no room is lost: who waits looks by itself before long.
            let _ = out.try_send(id.to_owned());
        }
    }

    /// Carries news between this node and the others, for ever. The second call has nothing to do.
    pub(crate) async fn carry(&self) {
        let carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Carried { by, news }) = carried else { return };
        match by {
            Carrier::Redis(redis) => by_redis::carry(&self.places, &redis, news).await,
            Carrier::Postgres(channel) => by_postgres::carry(&self.places, &channel, news).await,
        }
    }

    /// Ends the event streams: the service stops.
    pub(crate) fn close(&self) {
        self.places.close();
    }

    /// Forgets places where nobody waits any more.
    pub(crate) fn sweep(&self) {
        self.places.sweep();
    }
}
