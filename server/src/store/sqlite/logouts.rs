//! The end of sessions in SQLite.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use super::SqliteStore;
use crate::clock::Seconds;
use crate::secret::random_word;
use crate::store::StoreError;
use crate::store::logouts::{Ended, Ending, LogoutRow, Logouts};

#[async_trait]
impl Logouts for SqliteStore {
    async fn end_session(&self, sid: &str, ending: Ending<'_>) -> Result<Option<Ended>, StoreError> {
        let mut transaction = self.write.begin().await?;
        let Some(logouts) = end_session(&mut transaction, sid, ending).await? else { return Ok(None) };
        transaction.commit().await?;
        Ok(Some(Ended { sessions: 1, logouts }))
    }

    async fn session_clients(&self, account_id: &str) -> Result<Vec<(String, String)>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT sid, session_clients.client_id FROM sessions JOIN session_clients USING (sid)
             WHERE account_id = ?1 ORDER BY sid, session_clients.client_id",
        )
        .bind(account_id)
        .fetch_all(&self.read)
        .await?)
    }

    async fn claim_logouts(
        &self,
        now: Seconds,
        until: Seconds,
        most: u32,
    ) -> Result<Vec<LogoutRow>, StoreError> {
        let mut transaction = self.write.begin().await?;
        let claimed = sqlx::query_as(
            "UPDATE logouts SET due_at = ?2, tries = tries + 1
             WHERE id IN (SELECT id FROM logouts WHERE due_at <= ?1 ORDER BY tries, due_at LIMIT ?3)
             RETURNING *",
        )
        .bind(now)
        .bind(until)
        .bind(most)
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(claimed)
    }

    async fn postpone_logout(&self, id: &str, due_at: Seconds) -> Result<(), StoreError> {
        self.write
            .execute(sqlx::query("UPDATE logouts SET due_at = ?2 WHERE id = ?1").bind(id).bind(due_at))
            .await
            .map(drop)
    }

    async fn forget_logout(&self, id: &str) -> Result<(), StoreError> {
        self.write.execute(sqlx::query("DELETE FROM logouts WHERE id = ?1").bind(id)).await.map(drop)
    }

    async fn next_logout(&self) -> Result<Option<Seconds>, StoreError> {
        Ok(sqlx::query_scalar("SELECT min(due_at) FROM logouts").fetch_one(&self.read).await?)
    }
}

/// Ends a session within a transaction.
pub(super) async fn end_session(
    transaction: &mut SqliteConnection,
    sid: &str,
    ending: Ending<'_>,
) -> Result<Option<Vec<LogoutRow>>, StoreError> {
    let clients: Vec<(String, String)> =
        sqlx::query_as("SELECT client_id, sub FROM session_clients WHERE sid = ?1 ORDER BY client_id")
            .bind(sid)
            .fetch_all(&mut *transaction)
            .await?;
    // The clients' rows go with it.
    let gone =
        sqlx::query("DELETE FROM sessions WHERE sid = ?1").bind(sid).execute(&mut *transaction).await?;
    if gone.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query(
        "UPDATE grants SET revoked_at = ?1 WHERE sid = ?2 AND revoked_at IS NULL
         AND (?3 OR NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE grant_id = grants.id))",
    )
    .bind(ending.now)
    .bind(sid)
    .bind(ending.offline)
    .execute(&mut *transaction)
    .await?;
    let mut logouts = Vec::new();
    for (client_id, sub) in clients.into_iter().filter(|(client_id, _)| ending.tell.contains(&&**client_id)) {
        let id = random_word();
        // Whoever is not due now is told by who ended it.
        let tries = u32::from(ending.due_at > ending.now);
        sqlx::query("INSERT INTO logouts (id, sid, client_id, sub, ended_at, due_at, tries) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(&id)
            .bind(sid)
            .bind(&client_id)
            .bind(&sub)
            .bind(ending.now)
            .bind(ending.due_at)
            .bind(tries)
            .execute(&mut *transaction)
            .await?;
        logouts.push(LogoutRow { id, sid: sid.into(), client_id, sub, ended_at: ending.now, tries });
    }
    Ok(Some(logouts))
}

/// Ends every session and every grant of an account within a transaction.
pub(super) async fn end_account(
    transaction: &mut SqliteConnection,
    account_id: &str,
    ending: Ending<'_>,
) -> Result<Ended, StoreError> {
    let sids: Vec<String> = sqlx::query_scalar("SELECT sid FROM sessions WHERE account_id = ?1 ORDER BY sid")
        .bind(account_id)
        .fetch_all(&mut *transaction)
        .await?;
    let mut ended = Ended::default();
    for sid in sids {
        if let Some(logouts) = end_session(transaction, &sid, ending).await? {
            ended.sessions += 1;
            ended.logouts.extend(logouts);
        }
    }
    // Those too that have outlived their session.
    sqlx::query("UPDATE grants SET revoked_at = ?2 WHERE account_id = ?1 AND revoked_at IS NULL")
        .bind(account_id)
        .bind(ending.now)
        .execute(transaction)
        .await?;
    Ok(ended)
}

impl FromRow<'_, SqliteRow> for LogoutRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<LogoutRow> {
        Ok(LogoutRow {
            id: row.try_get("id")?,
            sid: row.try_get("sid")?,
            client_id: row.try_get("client_id")?,
            sub: row.try_get("sub")?,
            ended_at: row.try_get("ended_at")?,
            tries: row.try_get("tries")?,
        })
    }
}
