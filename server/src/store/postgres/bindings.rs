//! Logins that wait for a contact, in PostgreSQL.

use async_trait::async_trait;

use super::{PostgresStore, text};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::bindings::{BindingRow, Bindings};

#[async_trait]
impl Bindings for PostgresStore {
    async fn insert_binding(&self, row: &BindingRow) -> Result<(), StoreError> {
        let json = row.to_json()?;
        self.run(|| {
            sqlx::query("INSERT INTO bindings (id, changes, binding, expires_at) VALUES ($1, 0, $2, $3)")
                .bind(text(&row.id))
                .bind(&json)
                .bind(row.expires_at)
                .execute(&self.pool)
        })
        .await?;
        Ok(())
    }

    async fn binding(&self, id: &str) -> Result<Option<(BindingRow, i64)>, StoreError> {
        let row: Option<(String, i64)> = self
            .run(|| {
                sqlx::query_as("SELECT binding, changes FROM bindings WHERE id = $1")
                    .bind(text(id))
                    .fetch_optional(&self.pool)
            })
            .await?;
        row.map(|(json, changes)| Ok((BindingRow::of_json(&json)?, changes))).transpose()
    }

    async fn change_binding(&self, row: &BindingRow, changes: i64, now: Seconds) -> Result<bool, StoreError> {
        let json = row.to_json()?;
        let changed = self
            .run(|| {
                sqlx::query(
                    "UPDATE bindings SET changes = changes + 1, binding = $4, expires_at = $5
                     WHERE id = $1 AND changes = $2 AND expires_at > $3",
                )
                .bind(text(&row.id))
                .bind(changes)
                .bind(now)
                .bind(&json)
                .bind(row.expires_at)
                .execute(&self.pool)
            })
            .await?;
        Ok(changed.rows_affected() == 1)
    }
}
