//! Logins that wait for a contact, in SQLite.

use async_trait::async_trait;
use rusqlite::params;

use super::SqliteStore;
use super::statement::statements;
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::bindings::{BindingRow, Bindings};

#[async_trait]
impl Bindings for SqliteStore {
    async fn insert_binding(&self, row: &BindingRow) -> Result<(), StoreError> {
        let (id, expires_at, json) = (row.id.clone(), row.expires_at, row.to_json()?);
        let insert = self.write.one(move |connection| {
            INSERT_BINDING.execute(connection, params![id, json, expires_at]).map(drop)
        });
        insert.await
    }

    async fn binding(&self, id: &str) -> Result<Option<(BindingRow, i64)>, StoreError> {
        let row = self.read.read(|connection| {
            BINDING.first(connection, [id], |row| Ok((row.get::<_, String>("binding")?, row.get("changes")?)))
        });
        row.await?.map(|(json, changes)| Ok((BindingRow::of_json(&json)?, changes))).transpose()
    }

    async fn change_binding(&self, row: &BindingRow, changes: i64, now: Seconds) -> Result<bool, StoreError> {
        let (id, expires_at, json) = (row.id.clone(), row.expires_at, row.to_json()?);
        let change = self.write.one(move |connection| {
            Ok(CHANGE_BINDING.execute(connection, params![id, changes, now, json, expires_at])? == 1)
        });
        change.await
    }
}

statements! {
    INSERT_BINDING = "INSERT INTO bindings (id, changes, binding, expires_at) VALUES (?1, 0, ?2, ?3)";
    BINDING = "SELECT binding, changes FROM bindings WHERE id = ?1";
    CHANGE_BINDING = "UPDATE bindings SET changes = changes + 1, binding = ?4, expires_at = ?5
        WHERE id = ?1 AND changes = ?2 AND expires_at > ?3";
    SWEEP_BINDINGS = "DELETE FROM bindings WHERE id IN (SELECT id FROM bindings WHERE expires_at <= ?1 LIMIT ?2)";
}
