//! The signing keys' rows in SQLite.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use super::SqliteStore;
use crate::clock::Seconds;
use crate::signing_algorithm::SigningAlgorithm;
use crate::store::StoreError;
use crate::store::keys::{Keys, SealedKey};

#[async_trait]
impl Keys for SqliteStore {
    async fn signing_keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        Ok(sqlx::query_as("SELECT * FROM signing_keys ORDER BY active_from, kid")
            .fetch_all(&self.read)
            .await?)
    }

    async fn insert_signing_key(&self, key: &SealedKey, unless_since: Seconds) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let inserted = insert(&mut transaction, key, unless_since).await?;
        transaction.commit().await?;
        Ok(inserted)
    }

    async fn sweep_signing_keys(&self, since: Seconds) -> Result<u64, StoreError> {
        self.write.execute(sqlx::query(
            "DELETE FROM signing_keys WHERE EXISTS (
                 SELECT 1 FROM signing_keys AS later
                 WHERE later.algorithm = signing_keys.algorithm AND later.active_from > signing_keys.active_from
                 AND later.active_from <= ?1)",
        )
        .bind(since)).await
    }

    async fn signing_key_names(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT kid FROM signing_keys").fetch_all(&self.read).await?)
    }

    async fn withdraw_signing_key(
        &self,
        kid: &str,
        successor: Option<&SealedKey>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let gone = sqlx::query("DELETE FROM signing_keys WHERE kid = ?1")
            .bind(kid)
            .execute(&mut *transaction)
            .await?;
        if gone.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(successor) = successor {
            // Whatever is there: a key that was announced a moment ago does not sign yet.
            insert(&mut transaction, successor, Seconds::MAX).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    key: &SealedKey,
    unless_since: Seconds,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO signing_keys (kid, algorithm, sealed, created_at, active_from)
         SELECT ?1, ?2, ?3, ?4, ?5
         WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE algorithm = ?2 AND created_at >= ?6)",
    )
    .bind(&key.kid)
    .bind(key.algorithm.as_str())
    .bind(&key.sealed)
    .bind(key.created_at)
    .bind(key.active_from)
    .bind(unless_since)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

impl FromRow<'_, SqliteRow> for SealedKey {
    fn from_row(row: &SqliteRow) -> sqlx::Result<SealedKey> {
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
