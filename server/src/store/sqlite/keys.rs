//! The signing keys' rows in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::statement::statements;
use crate::clock::Seconds;
use crate::signing_algorithm::SigningAlgorithm;
use crate::store::StoreError;
use crate::store::keys::{Keys, SealedKey};

#[async_trait]
impl Keys for SqliteStore {
    async fn signing_keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        self.read.read(all).await
    }

    async fn insert_signing_key(&self, key: &SealedKey, unless_since: Seconds) -> Result<bool, StoreError> {
        let key = key.clone();
        self.write.one(move |connection| insert(connection, &key, unless_since)).await
    }

    async fn sweep_signing_keys(&self, since: Seconds) -> Result<u64, StoreError> {
        self.write.one(move |connection| SWEEP_SIGNING_KEYS.execute(connection, [since])).await
    }

    async fn signing_key_names(&self) -> Result<Vec<String>, StoreError> {
        self.read.read(|connection| SIGNING_KEY_NAMES.all(connection, [], |row| Ok(row.get(0)?))).await
    }

    async fn withdraw_signing_key(
        &self,
        kid: &str,
        successor: Option<&SealedKey>,
    ) -> Result<bool, StoreError> {
        let (kid, successor) = (kid.to_owned(), successor.cloned());
        let withdraw = self.write.all(move |connection| {
            if WITHDRAW_SIGNING_KEY.execute(connection, [kid])? == 0 {
                return Ok(false);
            }
            if let Some(successor) = successor {
                // Whatever is there: a key that was announced a moment ago does not sign yet.
                insert(connection, &successor, Seconds::MAX)?;
            }
            Ok(true)
        });
        withdraw.await
    }
}

/// Every key of this file.
pub(super) fn all(connection: &Connection) -> Result<Vec<SealedKey>, StoreError> {
    SIGNING_KEYS.all(connection, [], key)
}

fn insert(connection: &Connection, key: &SealedKey, unless_since: Seconds) -> Result<bool, StoreError> {
    let (algorithm, made) = (key.algorithm.as_str(), key.created_at);
    let values = params![key.kid, algorithm, key.sealed, made, key.active_from, unless_since];
    Ok(INSERT_SIGNING_KEY.execute(connection, values)? == 1)
}

fn key(row: &Row<'_>) -> Result<SealedKey, StoreError> {
    let algorithm: String = row.get("algorithm")?;
    Ok(SealedKey {
        kid: row.get("kid")?,
        algorithm: SigningAlgorithm::parse(&algorithm)
            .ok_or(StoreError::row("a key is for no signing algorithm"))?,
        sealed: row.get("sealed")?,
        created_at: row.get("created_at")?,
        active_from: row.get("active_from")?,
    })
}

statements! {
    SIGNING_KEYS = "SELECT * FROM signing_keys ORDER BY active_from, kid";
    INSERT_SIGNING_KEY = "INSERT INTO signing_keys (kid, algorithm, sealed, created_at, active_from)
        SELECT ?1, ?2, ?3, ?4, ?5
        WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE algorithm = ?2 AND created_at >= ?6)";
    SWEEP_SIGNING_KEYS = "DELETE FROM signing_keys WHERE EXISTS (
        SELECT 1 FROM signing_keys AS later
        WHERE later.algorithm = signing_keys.algorithm AND later.active_from > signing_keys.active_from
        AND later.active_from <= ?1)";
    SIGNING_KEY_NAMES = "SELECT kid FROM signing_keys";
    WITHDRAW_SIGNING_KEY = "DELETE FROM signing_keys WHERE kid = ?1";
}
