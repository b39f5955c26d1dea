//! A copy of the whole file in another one, taken at one moment while logins go on, and the way back. What else is needed to use it
//! travels in it: the master keys. A copy is whole and proven, or not there at all.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup as Copying;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::NamedTempFile;

use super::file::{Access, StoreFile};
use super::{SqliteStore, keys, migrations};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::keys::SealedKey;

/// Between two tries while somebody holds the file.
const PAUSE: Duration = Duration::from_millis(50);
/// What a backup has beside the store's own tables.
const TABLES: &str = "
    CREATE TABLE backup (taken_at INTEGER NOT NULL) STRICT;
    CREATE TABLE backup_rows (name TEXT NOT NULL PRIMARY KEY, rows INTEGER NOT NULL) STRICT;
    CREATE TABLE backup_master_keys (place INTEGER NOT NULL PRIMARY KEY, key TEXT NOT NULL) STRICT;
";
const FORGET_TABLES: &str = "DROP TABLE backup; DROP TABLE backup_rows; DROP TABLE backup_master_keys";

/// How many rows each table has.
pub type Counts = BTreeMap<String, i64>;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store, or the copy of it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be made.
    #[error("{} cannot be written: {source}", file.display())]
    File {
        /// Which one.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing is written over.
    #[error("{} is there already: nothing is written over it", .0.display())]
    IsThere(PathBuf),
    /// It was made by something else.
    #[error("{} is no backup that this program has made", .0.display())]
    NoBackup(PathBuf),
    /// It is not what it was.
    #[error("{} is damaged: {why}", file.display())]
    Damaged {
        /// Which one.
        file: PathBuf,
        /// What SQLite says, or what is missing.
        why: String,
    },
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What a backup holds.
#[derive(Debug)]
pub struct Backup {
    /// When it was taken.
    pub taken_at: Seconds,
    /// The master keys' files, in the configuration's order.
    pub master_keys: Vec<String>,
    /// What they must open.
    pub signing_keys: Vec<SealedKey>,
    /// What it has to give back.
    pub rows: Counts,
}

impl SqliteStore {
    /// Copies the file, as it stands at one moment, with these master keys. For a thread that may wait.
    ///
    /// # Errors
    /// [`BackupError`]; then nothing is there that was not there before.
    pub fn back_up(
        file: &Path,
        to: &Path,
        master_keys: &[String],
        now: Seconds,
    ) -> Result<Counts, BackupError> {
        refuse_to_overwrite(to)?;
        let store = StoreFile::new(file).connect(Access::Read)?;
        migrations::applied(&store)?.fits(&migrations::versions(), || file.display().to_string())?;
        let written = copied(&store, to, |copy| {
            let rows = counts(copy)?;
            copy.execute_batch(TABLES)?;
            copy.execute("INSERT INTO backup (taken_at) VALUES (?1)", [now])?;
            for (name, rows) in &rows {
                copy.execute("INSERT INTO backup_rows (name, rows) VALUES (?1, ?2)", (name, rows))?;
            }
            for (place, key) in master_keys.iter().enumerate() {
                copy.execute(
                    "INSERT INTO backup_master_keys (place, key) VALUES (?1, ?2)",
                    (i64::try_from(place).unwrap_or(i64::MAX), key),
                )?;
            }
            Ok(())
        })?;
        let rows = read(written.path(), to)?.rows;
        keep(written, to)?;
        Ok(rows)
    }

    /// Puts the store that a backup holds where there is none yet, once what it needs has been put there. For a thread that may wait.
    ///
    /// # Errors
    /// [`BackupError`], or what it needs cannot be had; then there is no store that was not there before.
    pub fn restore(
        from: &Path,
        to: &Path,
        what_it_needs: impl FnOnce() -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        for ending in ["", "-wal", "-shm", "-journal"] {
            let mut name = to.as_os_str().to_owned();
            name.push(ending);
            refuse_to_overwrite(Path::new(&name))?;
        }
        let Backup { rows, .. } = Self::read_backup(from)?;
        let written = copied(&open(from)?, to, |copy| Ok(copy.execute_batch(FORGET_TABLES)?))?;
        let copy = open(written.path())?;
        prove(&copy, from)?;
        compare(&rows, &counts(&copy)?, from)?;
        drop(copy);
        what_it_needs()?;
        keep(written, to)
    }

    /// What a backup holds, if all of it is there.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn read_backup(file: &Path) -> Result<Backup, BackupError> {
        read(file, file)
    }
}

/// Reads and proves a backup, which errors call by another name.
fn read(file: &Path, name: &Path) -> Result<Backup, BackupError> {
    let backup = open(file)?;
    let is_backup = backup.table_exists(None, "backup").map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => BackupError::NoBackup(name.into()),
        _ => BackupError::Damaged { file: name.into(), why: error.to_string() },
    })?;
    if !is_backup {
        return Err(BackupError::NoBackup(name.into()));
    }
    prove(&backup, name)?;
    let applied = migrations::applied(&backup)?;
    applied.unknown_to(&migrations::versions())?;
    let taken_at = backup.query_row("SELECT taken_at FROM backup", [], |row| row.get(0))?;
    let rows = backup
        .prepare("SELECT name, rows FROM backup_rows")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Counts, _>>()?;
    compare(&rows, &counts(&backup)?, name)?;
    let master_keys = backup
        .prepare("SELECT key FROM backup_master_keys ORDER BY place")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(Backup { taken_at, master_keys, signing_keys: keys::all(&backup)?, rows })
}

/// A file that has no others beside it: nobody writes there.
fn open(file: &Path) -> Result<Connection, BackupError> {
    if !file.exists() {
        let source = io::ErrorKind::NotFound.into();
        return Err(StoreError::file(file, source).into());
    }
    Ok(Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

/// A copy beside where it will stand, for its owner alone, on the disk.
fn copied(
    from: &Connection,
    to: &Path,
    change: impl FnOnce(&Connection) -> Result<(), BackupError>,
) -> Result<NamedTempFile, BackupError> {
    let failed = |source| BackupError::File { file: to.into(), source };
    // Mode 0600 from its first moment.
    let written = tempfile::Builder::new().prefix(".weixin-login-").suffix(".new").tempfile_in(folder(to));
    let written = written.map_err(failed)?;
    let mut copy = Connection::open(written.path())?;
    // All pages in one step: as one moment has them, and nobody who writes meanwhile makes it begin anew.
    Copying::new(from, &mut copy)?.run_to_completion(i32::MAX, PAUSE, None)?;
    // One file, whatever the store goes by.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.pragma_update(None, "synchronous", "FULL")?;
    change(&copy)?;
    copy.close().map_err(|(_, error)| error)?;
    written.as_file().sync_all().map_err(failed)?;
    Ok(written)
}

/// Gives it its name, unless somebody else has it by now.
fn keep(written: NamedTempFile, to: &Path) -> Result<(), BackupError> {
    written.persist_noclobber(to).map_err(|refused| match refused.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::IsThere(to.into()),
        _ => BackupError::File { file: to.into(), source: refused.error },
    })?;
    // The new name is an entry of the folder, which is on the disk only when that is.
    let on_disk = File::open(folder(to)).and_then(|folder| folder.sync_all());
    on_disk.map_err(|source| BackupError::File { file: to.into(), source })
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn refuse_to_overwrite(file: &Path) -> Result<(), BackupError> {
    match std::fs::symlink_metadata(file) {
        Ok(_) => Err(BackupError::IsThere(file.into())),
        Err(_) => Ok(()),
    }
}

/// Every page, every index, and every row that another one names.
fn prove(copy: &Connection, name: &Path) -> Result<(), BackupError> {
    let damaged = |why: String| BackupError::Damaged { file: name.into(), why };
    let said = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    match said {
        Ok(said) if said == "ok" => {}
        Ok(said) => return Err(damaged(said)),
        Err(error) => return Err(damaged(error.to_string())),
    }
    let mut alone = copy.prepare("PRAGMA foreign_key_check")?;
    match alone.query([])?.next()? {
        Some(row) => {
            Err(damaged(format!("a row of {} names one that is not there", row.get::<_, String>(0)?)))
        }
        None => Ok(()),
    }
}

fn compare(rows: &Counts, found: &Counts, name: &Path) -> Result<(), BackupError> {
    for (table, rows) in rows {
        let found = found.get(table).copied().unwrap_or_default();
        if found != *rows {
            let why = format!("of {rows} rows of {table} {found} are there");
            return Err(BackupError::Damaged { file: name.into(), why });
        }
    }
    Ok(())
}

/// The store's own tables: how many rows each has.
fn counts(copy: &Connection) -> Result<Counts, BackupError> {
    let mut names = copy.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'backup%'",
    )?;
    let names = names.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let mut rows = Counts::new();
    for name in names {
        let count = copy.query_row(&format!("SELECT count(*) FROM \"{name}\""), [], |row| row.get(0))?;
        rows.insert(name, count);
    }
    Ok(rows)
}
