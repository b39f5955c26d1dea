//! The signing keys' rows in PostgreSQL.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

use super::{PostgresStore, text};
use crate::clock::Seconds;
use crate::signing_algorithm::SigningAlgorithm;
use crate::store::StoreError;
use crate::store::keys::{Keys, SealedKey};

#[async_trait]
impl Keys for PostgresStore {
    async fn signing_keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        self.run(|| {
            sqlx::query_as("SELECT * FROM signing_keys ORDER BY active_from, kid").fetch_all(&self.pool)
        })
        .await
    }

    async fn insert_signing_key(&self, key: &SealedKey, unless_since: Seconds) -> Result<bool, StoreError> {
        self.run(|| {
            sqlx::query_scalar("SELECT add_signing_key($1, $2, $3, $4, $5, $6)")
                .bind(&key.kid)
                .bind(key.algorithm.as_str())
                .bind(&key.sealed)
                .bind(key.created_at)
                .bind(key.active_from)
                .bind(unless_since)
                .fetch_one(&self.pool)
        })
        .await
    }

    async fn sweep_signing_keys(&self, since: Seconds) -> Result<u64, StoreError> {
        let gone = self
            .run(|| {
                sqlx::query(
                    "DELETE FROM signing_keys WHERE EXISTS (
                         SELECT 1 FROM signing_keys AS later
                         WHERE later.algorithm = signing_keys.algorithm
                         AND later.active_from > signing_keys.active_from AND later.active_from <= $1)",
                )
                .bind(since)
                .execute(&self.pool)
            })
            .await?;
        Ok(gone.rows_affected())
    }

    async fn signing_key_names(&self) -> Result<Vec<String>, StoreError> {
        self.run(|| sqlx::query_scalar("SELECT kid FROM signing_keys").fetch_all(&self.pool)).await
    }

    async fn withdraw_signing_key(
        &self,
        kid: &str,
        successor: Option<&SealedKey>,
    ) -> Result<bool, StoreError> {
        self.run(|| {
            sqlx::query_scalar("SELECT withdraw_signing_key($1, $2, $3, $4, $5, $6)")
                .bind(text(kid))
                .bind(successor.map(|key| &key.kid))
                .bind(successor.map(|key| key.algorithm.as_str()))
                .bind(successor.map(|key| &key.sealed))
                .bind(successor.map(|key| key.created_at))
                .bind(successor.map(|key| key.active_from))
                .fetch_one(&self.pool)
        })
        .await
    }
}

impl FromRow<'_, PgRow> for SealedKey {
    fn from_row(row: &PgRow) -> sqlx::Result<SealedKey> {
        let algorithm: String = row.try_get("algorithm")?;
        Ok(SealedKey {
            kid: row.try_get("kid")?,
            algorithm: SigningAlgorithm::parse(&algorithm)
                .ok_or_else(|| sqlx::Error::Decode(format!("no signing algorithm {algorithm}").into()))?,
            sealed: row.try_get("sealed")?,
            created_at: row.try_get("created_at")?,
            active_from: row.try_get("active_from")?,
        })
    }
}
