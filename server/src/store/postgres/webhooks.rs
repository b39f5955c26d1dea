//! What clients are to hear by a webhook, in PostgreSQL.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::{PostgresStore, text};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::webhooks::{EventRow, Webhooks};

#[async_trait]
impl Webhooks for PostgresStore {
    async fn keep_webhook_clients(&self, clients: &[&str]) -> Result<(), StoreError> {
        self.run(|| sqlx::query("SELECT keep_webhook_clients($1)").bind(clients).execute(&self.pool))
            .await
            .map(drop)
    }

    async fn claim_events(
        &self,
        client_id: &str,
        now: Seconds,
        until: Seconds,
        most: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        let rows = self.run(|| {
            sqlx::query("SELECT * FROM claim_events($1, $2, $3, $4)")
                .bind(text(client_id))
                .bind(now)
                .bind(until)
                .bind(i64::from(most))
                .fetch_all(&self.pool)
        });
        rows.await?.iter().map(event).collect()
    }

    async fn postpone_event(&self, id: &str, due_at: Seconds) -> Result<(), StoreError> {
        self.run(|| {
            sqlx::query(
                "UPDATE webhook_events SET due_at = $2
                 WHERE (account_id, client_id) = (SELECT account_id, client_id FROM webhook_events WHERE id = $1)",
            )
            .bind(id)
            .bind(due_at)
            .execute(&self.pool)
        })
        .await
        .map(drop)
    }

    async fn forget_event(&self, id: &str, now: Seconds) -> Result<(), StoreError> {
        self.run(|| sqlx::query("SELECT forget_event($1, $2)").bind(id).bind(now).execute(&self.pool))
            .await
            .map(drop)
    }

    async fn next_event(&self, client_id: &str) -> Result<Option<Seconds>, StoreError> {
        self.run(|| {
            sqlx::query_scalar("SELECT min(due_at) FROM webhook_events WHERE client_id = $1")
                .bind(text(client_id))
                .fetch_one(&self.pool)
        })
        .await
    }

    async fn events(&self, client_id: Option<&str>, most: u32) -> Result<Vec<EventRow>, StoreError> {
        let rows = self.run(|| {
            sqlx::query(
                "SELECT * FROM webhook_events WHERE $1::text IS NULL OR client_id = $1 ORDER BY seq LIMIT $2",
            )
            .bind(client_id.map(text))
            .bind(i64::from(most))
            .fetch_all(&self.pool)
        });
        rows.await?.iter().map(event).collect()
    }

    async fn replay_events(&self, client_id: Option<&str>, now: Seconds) -> Result<u64, StoreError> {
        let replayed = self.run(|| {
            sqlx::query("UPDATE webhook_events SET due_at = $2 WHERE $1::text IS NULL OR client_id = $1")
                .bind(client_id.map(text))
                .bind(now)
                .execute(&self.pool)
        });
        Ok(replayed.await?.rows_affected())
    }

    async fn sweep_events(&self, until: Seconds, most: u32) -> Result<u64, StoreError> {
        let statement =
            "DELETE FROM webhook_events WHERE seq IN (SELECT seq FROM webhook_events WHERE happened_at <= $1
             ORDER BY happened_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
        self.delete(&[(statement, until)], most).await
    }
}

fn event(row: &PgRow) -> Result<EventRow, StoreError> {
    let tries: i32 = row.try_get("tries")?;
    Ok(EventRow {
        id: row.try_get("id")?,
        client_id: row.try_get("client_id")?,
        sub: row.try_get("sub")?,
        event: row.try_get("event")?,
        data: row.try_get("data")?,
        happened_at: row.try_get("happened_at")?,
        due_at: row.try_get("due_at")?,
        tries: tries.unsigned_abs(),
    })
}
