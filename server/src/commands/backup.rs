//! `backup` and `restore`: everything that the service remembers, with the keys that open it, in one file.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::CommandError;
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::{KeyRing, LoadError, MasterKeyError, MasterKeys};
use crate::secret_file;
use crate::store::{Address, Backup, BackupError, Counts, SqliteStore, StoreError};

impl From<BackupError> for CommandError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Store(error) => error.into(),
            error => Self::Refused(error.to_string()),
        }
    }
}

/// Copies the store and the master keys into a file that is not there yet, while the service goes on.
pub fn back_up(config: &Config, to: &Path, clock: &Clock) -> Result<String, CommandError> {
    let store = sqlite(config)?;
    if !store.exists() {
        return Err(StoreError::Missing(store.display().to_string()).into());
    }
    let files = master_key_files(config);
    let texts = files.iter().map(|file| text_of(file)).collect::<Result<Vec<_>, _>>()?;
    MasterKeys::read(&files)?;
    let rows = SqliteStore::back_up(store, to, &texts, clock.now())?;
    // What nobody could open is no backup.
    let opened = open_keys(&SqliteStore::read_backup(to)?, &texts);
    if let Err(error) = opened {
        let _ = std::fs::remove_file(to);
        return Err(error);
    }
    let mut text = table(&rows);
    let _ = writeln!(
        text,
        "all of it is in {} now, with the master key: whoever reads it can sign in your name",
        to.display()
    );
    Ok(text)
}

/// Puts store and master keys where the configuration has them and nothing is yet.
pub fn restore(config: &Config, from: &Path, clock: &Clock) -> Result<String, CommandError> {
    let store = sqlite(config)?;
    let backup = SqliteStore::read_backup(from)?;
    let files = master_key_files(config);
    // A file that is there stays, and has to be good; one that is not is made of the backup's.
    let mut texts = Vec::new();
    let mut missing = Vec::new();
    for (place, file) in files.iter().enumerate() {
        match (file.exists(), backup.master_keys.get(place)) {
            (true, _) => texts.push(text_of(file)?),
            (false, Some(key)) => {
                texts.push(key.clone());
                missing.push((file, key));
            }
            (false, None) => {
                let words = format!(
                    "{} is not there, and the backup has {} master keys",
                    file.display(),
                    backup.master_keys.len()
                );
                return Err(CommandError::Refused(words));
            }
        }
    }
    open_keys(&backup, &texts)?;
    // The keys are there before the store is: one that nothing opens would stand in the way of the next try.
    SqliteStore::restore(from, store, || {
        missing.iter().try_for_each(|(file, key)| {
            secret_file::write(file, key)
                .map_err(|source| BackupError::File { file: file.to_path_buf(), source })
        })
    })?;
    let mut text = table(&backup.rows);
    let age = super::age(clock.now().saturating_sub(backup.taken_at).max(0));
    let _ = writeln!(
        text,
        "all of it is in {} now, as it was {age} ago: who has logged out since is logged in again",
        store.display()
    );
    Ok(text)
}

fn sqlite(config: &Config) -> Result<&Path, CommandError> {
    match &config.store {
        Address::Sqlite(file) => Ok(file),
        Address::Postgres(_) => Err(CommandError::Refused(
            "`store` is a PostgreSQL: pg_dump and pg_restore copy it, and the master key files are copied apart from it"
                .into(),
        )),
    }
}

fn master_key_files(config: &Config) -> Vec<PathBuf> {
    match &*config.master_key_files {
        [] => config.master_key_beside_the_store().into_iter().collect(),
        files => files.to_vec(),
    }
}

fn text_of(file: &Path) -> Result<String, CommandError> {
    let read = secret_file::read(file);
    Ok(read.map_err(|source| MasterKeyError::File { file: file.into(), source })?)
}

/// Whether these master keys open every signing key.
fn open_keys(backup: &Backup, texts: &[String]) -> Result<(), CommandError> {
    let Some(masters) = MasterKeys::of_texts(texts) else {
        return Err(CommandError::Refused("a master key in the backup is not 32 bytes in base64".into()));
    };
    KeyRing::open(&backup.signing_keys, &masters).map(drop).map_err(|error| LoadError::from(error).into())
}

fn table(rows: &Counts) -> String {
    rows.iter().filter(|(name, _)| !name.starts_with('_')).fold(String::new(), |mut text, (name, rows)| {
        let _ = writeln!(text, "{rows:>9}  {name}");
        text
    })
}
