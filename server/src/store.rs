//! What the service remembers: two traits by lifetime, [`Lasting`] and [`Fleeting`], of small verbs.
//!
//! Each verb is one atomic statement, takes `now` from the caller's clock, and gives back plain rows: what a row proves is
//! decided by the steps. Knows no HTTP and no WeChat. Of secrets only hashes come here.

mod accounts;
mod address;
pub mod attempts;
pub mod audit;
pub mod bindings;
mod channel;
mod codes;
pub mod contacts;
mod copy;
pub mod deletions;
mod error;
mod fleeting;
pub mod grants;
pub mod import;
pub mod keys;
mod lasting;
pub mod logins;
pub mod logouts;
mod open;
pub mod people;
mod postgres;
mod redis;
mod redis_address;
pub mod scenes;
mod sessions;
mod sqlite;
mod version;
pub mod webhooks;
mod whole;

pub use accounts::{AccountRow, Found, IdentityRow, News};
pub use address::{Address, PostgresAddress};
pub use attempts::{AttemptEnd, AttemptKind, AttemptRow};
pub use channel::Channel;
pub use codes::CodeRow;
pub use copy::{CopyError, copy};
pub use error::{Cause, StoreError};
pub use fleeting::{Fleeting, TOMBSTONE_LIFETIME};
pub use lasting::Lasting;
pub use open::open_existing;
pub use postgres::PostgresStore;
pub use redis::{Redis, RedisStore};
pub use redis_address::CacheAddress;
pub use sessions::{Browser, SessionRow};
pub use sqlite::{Backup, BackupError, Counts, SqliteStore};
pub use whole::{Store, Whole};
