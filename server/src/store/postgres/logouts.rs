//! The end of sessions in PostgreSQL.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::json::read;
use super::{PostgresStore, text};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::logouts::{Ended, Ending, LogoutRow, Logouts};

#[async_trait]
impl Logouts for PostgresStore {
    async fn end_session(&self, sid: &str, ending: Ending<'_>) -> Result<Option<Ended>, StoreError> {
        let logouts: Option<String> = self
            .run(|| {
                sqlx::query_scalar("SELECT end_session($1, $2, $3, $4, $5)::text")
                    .bind(text(sid))
                    .bind(ending.offline)
                    .bind(ending.tell)
                    .bind(ending.due_at)
                    .bind(ending.now)
                    .fetch_one(&self.pool)
            })
            .await?;
        logouts.map(|logouts| Ok(Ended { sessions: 1, logouts: read(&logouts)? })).transpose()
    }

    async fn session_clients(&self, account_id: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.run(|| {
            sqlx::query_as(
                "SELECT sid, session_clients.client_id FROM sessions JOIN session_clients USING (sid)
                 WHERE account_id = $1 ORDER BY sid, session_clients.client_id",
            )
            .bind(text(account_id))
            .fetch_all(&self.pool)
        })
        .await
    }

    async fn claim_logouts(
        &self,
        now: Seconds,
        until: Seconds,
        most: u32,
    ) -> Result<Vec<LogoutRow>, StoreError> {
        // What another node claims in this moment is passed over.
        let rows = self
            .run(|| {
                sqlx::query(
                    "UPDATE logouts SET due_at = $2, tries = tries + 1
                     WHERE id IN (SELECT id FROM logouts WHERE due_at <= $1 ORDER BY tries, due_at LIMIT $3
                         FOR UPDATE SKIP LOCKED)
                     RETURNING *",
                )
                .bind(now)
                .bind(until)
                .bind(i64::from(most))
                .fetch_all(&self.pool)
            })
            .await?;
        rows.iter().map(logout).collect()
    }

    async fn postpone_logout(&self, id: &str, due_at: Seconds) -> Result<(), StoreError> {
        self.run(|| {
            sqlx::query("UPDATE logouts SET due_at = $2 WHERE id = $1")
                .bind(id)
                .bind(due_at)
                .execute(&self.pool)
        })
        .await
        .map(drop)
    }

    async fn forget_logout(&self, id: &str) -> Result<(), StoreError> {
        self.run(|| sqlx::query("DELETE FROM logouts WHERE id = $1").bind(id).execute(&self.pool))
            .await
            .map(drop)
    }

    async fn next_logout(&self) -> Result<Option<Seconds>, StoreError> {
        self.run(|| sqlx::query_scalar("SELECT min(due_at) FROM logouts").fetch_one(&self.pool)).await
    }
}

/// What `end_account` and those above it give.
pub(super) fn ended((sessions, logouts): (i64, String)) -> Result<Ended, StoreError> {
    let sessions = usize::try_from(sessions).map_err(|error| StoreError::Row(error.into()))?;
    Ok(Ended { sessions, logouts: read(&logouts)? })
}

fn logout(row: &PgRow) -> Result<LogoutRow, StoreError> {
    let tries: i32 = row.try_get("tries")?;
    Ok(LogoutRow {
        id: row.try_get("id")?,
        sid: row.try_get("sid")?,
        client_id: row.try_get("client_id")?,
        sub: row.try_get("sub")?,
        ended_at: row.try_get("ended_at")?,
        tries: tries.unsigned_abs(),
    })
}
