//! The short-lived rows in Redis or Valkey, for several nodes. Losing it costs people a new start, and nothing else: what must
//! last is never kept here.
//!
//! A row is a hash: what never changes as JSON of the row's own type, what changes in fields beside it, by scripts that Redis runs one
//! after the other. A row's own time decides whether it lives, by the caller's `now`; Redis's only clears it away.

mod attempts;
mod bindings;
mod codes;
mod connection;
mod scenes;

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::LazyLock;

use redis::Script;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::connection::Redis;
use super::{StoreError, TOMBSTONE_LIFETIME};
use crate::clock::{Clock, Seconds};

/// The short-lived rows in a Redis.
pub struct RedisStore {
    redis: Redis,
    /// For how long a row is to be kept from now on; whether it lives is asked with the caller's time.
    clock: Clock,
}

/// What Redis runs as one.
struct Scripts {
    insert: Script,
    take: Script,
    end_attempt: Script,
    scan_scene: Script,
    bind_scene: Script,
    enter_number: Script,
    deny_scene: Script,
    change_binding: Script,
}

fn scripts() -> &'static Scripts {
    static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
        insert: Script::new(include_str!("redis/insert.lua")),
        take: Script::new(include_str!("redis/take.lua")),
        end_attempt: Script::new(include_str!("redis/end_attempt.lua")),
        scan_scene: Script::new(include_str!("redis/scan_scene.lua")),
        bind_scene: Script::new(include_str!("redis/bind_scene.lua")),
        enter_number: Script::new(include_str!("redis/enter_number.lua")),
        deny_scene: Script::new(include_str!("redis/deny_scene.lua")),
        change_binding: Script::new(include_str!("redis/change_binding.lua")),
    });
    &SCRIPTS
}

impl RedisStore {
    /// In this Redis.
    pub fn new(redis: Redis, clock: Clock) -> Self {
        Self { redis, clock }
    }

    /// For so long Redis keeps what dies then: whoever comes late gets a word.
    fn kept_for(&self, expires_at: Seconds) -> Seconds {
        expires_at.saturating_sub(self.clock.now()).max(0).saturating_add(TOMBSTONE_LIFETIME)
    }

    /// Keeps rows that are not there yet, all of them or none: keys of one tag.
    async fn insert(&self, rows: &[NewRow]) -> Result<(), StoreError> {
        let keys: Vec<String> = rows.iter().map(|row| row.key.clone()).collect();
        let arguments: Vec<String> = rows.iter().flat_map(|row| self.arguments(row)).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        if self.redis.run(&scripts().insert, &keys, &arguments).await? {
            Ok(())
        } else {
            Err(StoreError::Duplicate("Redis has a row of this name".into()))
        }
    }

    fn arguments(&self, row: &NewRow) -> Vec<String> {
        let changing = row.changing.iter().flat_map(|(name, value)| [(*name).to_owned(), value.clone()]);
        let kept_for = self.kept_for(row.expires_at).to_string();
        let count = (2 * row.changing.len()).to_string();
        let whole = [row.expires_at.to_string(), kept_for, row.json.clone(), count];
        whole.into_iter().chain(changing).collect()
    }

    /// A row as it was kept, and what has changed since.
    async fn row<T: DeserializeOwned>(
        &self,
        key: String,
    ) -> Result<Option<(T, HashMap<String, String>)>, StoreError> {
        let fields: HashMap<String, String> = self.redis.ask(redis::cmd("HGETALL").arg(key)).await?;
        let Some(row) = fields.get("row") else { return Ok(None) };
        // What serde says of a value may repeat it.
        let row =
            serde_json::from_str(row).map_err(|_| StoreError::row("a row in Redis is not of its form"))?;
        Ok(Some((row, fields)))
    }
}

/// A row that is to be kept.
struct NewRow {
    key: String,
    expires_at: Seconds,
    json: String,
    /// What scripts will change.
    changing: Vec<(&'static str, String)>,
}

impl NewRow {
    fn new<T: Serialize>(key: String, expires_at: Seconds, row: &T) -> Result<Self, StoreError> {
        let json = serde_json::to_string(row).map_err(|error| StoreError::Row(error.into()))?;
        Ok(Self { key, expires_at, json, changing: Vec::new() })
    }
}

fn field<'a>(fields: &'a HashMap<String, String>, name: &str) -> Option<&'a str> {
    fields.get(name).map(String::as_str)
}

fn number<T: FromStr>(fields: &HashMap<String, String>, name: &str) -> Result<T, StoreError> {
    let number = field(fields, name).and_then(|text| text.parse().ok());
    number.ok_or(StoreError::row("a number in Redis is none"))
}
