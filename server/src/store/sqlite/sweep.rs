//! Clears away what has expired, in pieces so small that nobody who waits to write waits for long.

use std::time::{Duration, Instant};

use rusqlite::params;

use super::SqliteStore;
use super::statement::Statement;
use crate::clock::Seconds;
use crate::store::StoreError;

/// After so long a piece ends, however many rows are left: whoever waits goes first.
const AT_ONCE: Duration = Duration::from_millis(2);
/// After so many rows the time is looked at.
const STEP: u64 = 50;

impl SqliteStore {
    /// Deletes at most `most` rows, by statements that have a time and a limit, and fewer where it takes long; gives how many. None
    /// are left of those when it gives 0.
    pub(super) async fn delete(
        &self,
        statements: &'static [Statement],
        until: impl Fn(usize) -> Seconds + Send + 'static,
        most: u32,
    ) -> Result<u64, StoreError> {
        let most = u64::from(most);
        self.write
            .one(move |connection| {
                let (since, mut gone) = (Instant::now(), 0);
                for (number, statement) in statements.iter().enumerate() {
                    loop {
                        let step = STEP.min(most - gone);
                        let limit = i64::try_from(step).unwrap_or(i64::MAX);
                        let deleted = statement.execute(connection, params![until(number), limit])?;
                        gone = most.min(gone + deleted);
                        // One that has found nothing yet looks on: 0 says that nothing is left.
                        if gone == most || (gone > 0 && since.elapsed() >= AT_ONCE) {
                            return Ok(gone);
                        }
                        if deleted < step {
                            break;
                        }
                    }
                }
                Ok(gone)
            })
            .await
    }
}
