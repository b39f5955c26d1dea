//! Verbs of one kind that wait are sent together: one statement, one journey, and one commit for all that came meanwhile, as the SQLite
//! store's writer does it. With each in a transaction of its own, PostgreSQL's connections stand in a row for the log.
//!
//! Nobody is answered before the commit of theirs. What fails together is tried again one by one, so that nobody fails for another
//! one's sake.

use std::any::{Any, TypeId};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::Row;
use sqlx::postgres::{PgPool, PgRow};
use tokio::sync::oneshot;

use crate::store::StoreError;

/// So many are sent together at most: the first of them waits for the last.
const TOGETHER: usize = 64;
/// So many statements of one kind are under way at once: while one waits for the disk, the next one is worked at.
const UNDER_WAY: usize = 2;

/// One of a kind of verbs that can be sent together.
pub(super) trait Verb: Send + Sync + Sized + 'static {
    type Answer: Send;
    /// As the store's traits call it.
    const NAME: &'static str;
    /// In the order of this, so that two who lock the same rows do so in the same order.
    fn place(&self) -> &str;
    /// Asks all of them by one statement, which waits so many milliseconds for a row that somebody else has; 0: for as long as the
    /// statement may take. Gives their answers in their order.
    fn ask(
        pool: &PgPool,
        all: &[Self],
        patience: &str,
    ) -> impl Future<Output = sqlx::Result<Vec<Self::Answer>>> + Send;
}

/// Those of one kind that wait. Its clones are the same.
pub(super) struct Together<V: Verb>(Arc<Mutex<Desk<V>>>);

struct Desk<V: Verb> {
    waiting: VecDeque<Waiting<V>>,
    under_way: usize,
}

pub(super) struct Waiting<V: Verb> {
    pub(super) verb: V,
    pub(super) answer: oneshot::Sender<Result<V::Answer, StoreError>>,
}

/// Those that wait, by their kind, whatever kinds there are. Its clones are the same.
#[derive(Clone, Default)]
pub(super) struct Kinds(Arc<Mutex<HashMap<TypeId, Box<dyn Any + Send>>>>);

impl Kinds {
    /// Those of this kind.
    pub(super) fn of<V: Verb>(&self) -> Together<V> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(TypeId::of::<V>()).or_insert_with(|| Box::new(Together::<V>::default()));
        kind.downcast_ref::<Together<V>>().cloned().unwrap_or_default()
    }
}

impl<V: Verb> Together<V> {
    /// Waits with the others; gives the way to send them, if one is free.
    pub(super) fn wait(&self, one: Waiting<V>) -> Option<Way<V>> {
        let mut desk = self.desk();
        desk.waiting.push_back(one);
        if desk.under_way == UNDER_WAY {
            return None;
        }
        desk.under_way += 1;
        Some(Way { kind: Self(self.0.clone()), is_open: true })
    }

    fn desk(&self) -> MutexGuard<'_, Desk<V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Verb> Default for Together<V> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Desk { waiting: VecDeque::new(), under_way: 0 })))
    }
}

impl<V: Verb> Clone for Together<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// One of the ways on which statements of a kind are sent.
pub(super) struct Way<V: Verb> {
    kind: Together<V>,
    is_open: bool,
}

impl<V: Verb> Way<V> {
    /// Who goes next; when nobody does, the way is closed.
    pub(super) fn next(&mut self) -> Option<Vec<Waiting<V>>> {
        let mut desk = self.kind.desk();
        desk.waiting.retain(|one| !one.answer.is_closed());
        let together = desk.waiting.len().min(TOGETHER);
        let mut next: Vec<_> = desk.waiting.drain(..together).collect();
        if next.is_empty() {
            desk.under_way -= 1;
            self.is_open = false;
            return None;
        }
        drop(desk);
        next.sort_by(|one, other| one.verb.place().cmp(other.verb.place()));
        Some(next)
    }
}

impl<V: Verb> Drop for Way<V> {
    fn drop(&mut self) {
        if self.is_open {
            let mut desk = self.kind.desk();
            desk.under_way -= 1;
            // Nobody comes for them: they hear that now.
            if desk.under_way == 0 {
                desk.waiting.clear();
            }
        }
    }
}

/// The rows of those who have one, by their number `nth`, which begins at 1.
pub(super) fn in_order<T>(
    all: usize,
    rows: &[PgRow],
    read: impl Fn(&PgRow) -> Result<T, StoreError>,
) -> sqlx::Result<Vec<Result<Option<T>, StoreError>>> {
    let mut answers: Vec<_> = (0..all).map(|_| Ok(None)).collect();
    for row in rows {
        let nth: i64 = row.try_get("nth")?;
        let answer = usize::try_from(nth - 1).ok().and_then(|index| answers.get_mut(index));
        if let Some(answer) = answer {
            *answer = read(row).map(Some);
        }
    }
    Ok(answers)
}

pub(super) fn given_up() -> StoreError {
    StoreError::Refused("what sends statements to PostgreSQL has given this one up".into())
}
