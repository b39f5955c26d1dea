//! Reads, on connections of their own. Each goes on the thread of who asks: it takes some 10 µs, and a journey to another thread
//! and back takes longer. In WAL no reader waits for a writer, and a read that begins after a commit sees it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::file::{Access, StoreFile};
use crate::store::StoreError;
use crate::times::{timed, verb_of};

/// So many connections are kept for the next ones; no more threads ask at once.
const KEPT: usize = 8;
/// How long a read waits for somebody who has the whole file for themselves, as another process may for a moment.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// The connections that read.
pub(super) struct Reader {
    file: StoreFile,
    idle: Mutex<Vec<Connection>>,
}

impl Reader {
    pub(super) fn open(file: StoreFile) -> Result<Self, StoreError> {
        let first = file.connect(Access::Read)?;
        Ok(Self { file, idle: Mutex::new(vec![first]) })
    }

    /// Reads by one connection.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: Fn(&Connection) -> Result<T, StoreError> + Send,
    {
        timed("sqlite", verb_of::<F>(), self.read_in_time(work)).await
    }

    async fn read_in_time<T>(
        &self,
        work: impl Fn(&Connection) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let mut since = None;
        loop {
            match self.read_once(&work) {
                Err(StoreError::TimedOut(_))
                    if since.get_or_insert_with(Instant::now).elapsed() < PATIENCE => {}
                done => return done,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn read_once<T>(&self, work: impl Fn(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle().pop();
        let connection = idle.map_or_else(|| self.file.connect(Access::Read), Ok)?;
        let done = work(&connection);
        // One that has failed is not asked again: whatever is the matter, a new one sees what there is.
        if done.is_ok() {
            let mut idle = self.idle();
            if idle.len() < KEPT {
                idle.push(connection);
            }
        }
        done
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
