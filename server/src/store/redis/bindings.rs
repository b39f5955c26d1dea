//! Logins that wait for a contact, in Redis: each is one hash, and what changes is the whole of it.

use async_trait::async_trait;

use super::{NewRow, RedisStore, field, number, scripts};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::bindings::{BindingRow, Bindings};

impl RedisStore {
    fn binding_key(&self, id: &str) -> String {
        self.redis.key(id, "binding")
    }
}

#[async_trait]
impl Bindings for RedisStore {
    async fn insert_binding(&self, row: &BindingRow) -> Result<(), StoreError> {
        let changing = vec![("changes", "0".to_owned()), ("binding", row.to_json()?)];
        // The name alone never changes.
        let new = NewRow::new(self.binding_key(&row.id), row.expires_at, &row.id)?;
        self.insert(&[NewRow { changing, ..new }]).await
    }

    async fn binding(&self, id: &str) -> Result<Option<(BindingRow, i64)>, StoreError> {
        let Some((_, fields)) = self.row::<String>(self.binding_key(id)).await? else { return Ok(None) };
        let json =
            field(&fields, "binding").ok_or(StoreError::row("a login that waits is not of its form"))?;
        Ok(Some((BindingRow::of_json(json)?, number(&fields, "changes")?)))
    }

    async fn change_binding(&self, row: &BindingRow, changes: i64, now: Seconds) -> Result<bool, StoreError> {
        let arguments = [now.to_string(), changes.to_string(), row.to_json()?, row.expires_at.to_string()];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.redis.run(&scripts().change_binding, &[self.binding_key(&row.id)], &arguments).await
    }
}
