//! Moves what is committed from the log into the file, on a thread and a connection of its own: nobody waits for that, while
//! the one who writes would, for hundreds of pages and the disk, and everybody with it.
//!
//! What is left over when the log is long is the writer's: SQLite begins a log anew only when all of it is in the file, and whoever writes
//! on meanwhile has always left something.

use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::file::{Access, StoreFile};
use super::statement::Statement;
use crate::store::StoreError;

/// After so many pages it is worth an fsync of the file.
const PAGES: i64 = 1_000;
/// After so many pages the writer sees to it that the log begins anew: 16 MB.
const LONGEST_LOG: i64 = 4_000;

/// Copies what it can while others read and write; waits for nobody.
const COPY: Statement = Statement("PRAGMA wal_checkpoint(PASSIVE)");
/// How many pages the log has, and how many of them are in the file. Does nothing.
const LOOK: Statement = Statement("PRAGMA wal_checkpoint(NOOP)");

/// The way to that thread.
pub(super) struct Checkpoint {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoint {
    /// Starts it, beside a connection that writes.
    pub(super) fn start(file: &StoreFile) -> Result<Self, StoreError> {
        let connection = file.connect(Access::Write(Duration::ZERO))?;
        let (wake, woken) = mpsc::sync_channel(1);
        let copy = move || {
            while let Ok(()) = woken.recv() {
                // Another process may be at it. Whatever the matter is, the writer meets it too, and says so.
                let _ = COPY.first(&connection, [], |_| Ok(()));
            }
        };
        let thread = std::thread::Builder::new().name("store-checkpoint".into()).spawn(copy);
        let thread = thread.map_err(|error| StoreError::Refused(error.into()))?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }

    /// What the connection that writes is told once: when SQLite is to do by itself what is left over.
    pub(super) fn leave_the_rest_to(connection: &Connection) -> Result<(), StoreError> {
        Ok(connection.pragma_update(None, "wal_autocheckpoint", LONGEST_LOG)?)
    }

    /// Looks, after a commit, whether there is something to do.
    pub(super) fn look(&self, connection: &Connection) {
        let left = LOOK.first(connection, [], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?));
        if left.is_ok_and(|left| left.is_some_and(|left| left >= PAGES))
            && let Some(wake) = &self.wake
        {
            // One that is at it looks again by itself.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
