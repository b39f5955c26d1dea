//! Both stores in one SQLite file: the default.
//!
//! One thread writes: SQLite has one writer anyway, and whoever waits for it is written together. Reads go on connections of
//! their own, on the thread of who asks.

mod accounts;
mod attempts;
mod audit;
mod backup;
mod bindings;
mod checkpoint;
mod contacts;
mod deletions;
mod error;
mod export;
mod file;
mod grants;
mod identity;
mod import;
mod keys;
mod lasting;
mod logins;
mod logouts;
mod migrations;
mod people;
#[cfg(test)]
mod plans;
mod reader;
mod scenes;
mod statement;
mod sweep;
mod terms;
mod webhooks;
mod writer;

use std::path::Path;
use std::time::Duration;

pub use self::backup::{Backup, BackupError, Counts};
pub(super) use self::export::rows_as_json;
use self::file::{Access, StoreFile};
use self::reader::Reader;
use self::writer::Writer;
use super::StoreError;

/// How long a start waits for whoever has the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// A SQLite file.
pub struct SqliteStore {
    write: Writer,
    read: Reader,
}

impl SqliteStore {
    /// Opens the file, makes it where there is none, and brings it to this version: for the service, and for nobody else.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let file = StoreFile::new(file);
        file.make_for_the_owner_alone()?;
        migrations::run(&mut file.connect(Access::Write(PATIENCE))?)?;
        Self::connect(file)
    }

    /// Opens the file that a service of this version has made: for commands beside it, which change nothing but what they say.
    pub async fn open_existing(file: &Path) -> Result<Self, StoreError> {
        if !file.exists() {
            return Err(StoreError::Missing(file.display().to_string()));
        }
        let store = Self::connect(StoreFile::new(file))?;
        // A file without that table is no store of ours, or one whose first start has not come so far.
        let applied = store.read.read(migrations::applied).await.unwrap_or_default();
        applied.fits(&migrations::versions(), || file.display().to_string())?;
        Ok(store)
    }

    fn connect(file: StoreFile) -> Result<Self, StoreError> {
        Ok(Self { write: Writer::start(file.clone())?, read: Reader::open(file)? })
    }
}
