//! The file, and how a connection to it is made: WAL, so that readers never wait; synchronous=FULL, so that what was answered is
//! on the disk.

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::store::StoreError;

/// More statements than the store has.
const STATEMENTS: usize = 128;

/// What a connection that writes keeps of the file, in kB: what is changed by all who are committed together, without a page of it being
/// written before its time.
const WRITER_CACHE: i32 = 16 * 1024;

/// Where the store is.
#[derive(Debug, Clone)]
pub(super) struct StoreFile(PathBuf);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Reads alone. It waits for nobody: the one who reads does.
    Read,
    /// Writes too; SQLite itself waits so long for another writer.
    Write(Duration),
}

impl StoreFile {
    pub(super) fn new(file: &Path) -> Self {
        Self(file.to_owned())
    }

    /// A connection to a file that is there.
    pub(super) fn connect(&self, access: Access) -> Result<Connection, StoreError> {
        let (mode, patience) = match access {
            Access::Read => (OpenFlags::SQLITE_OPEN_READ_ONLY, Duration::ZERO),
            Access::Write(patience) => (OpenFlags::SQLITE_OPEN_READ_WRITE, patience),
        };
        // A connection is used by one thread at a time.
        let connection = Connection::open_with_flags(&self.0, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(patience)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        if access != Access::Read {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "cache_size", -WRITER_CACHE)?;
            // What a piece of a transaction would need to be taken back is half of all that is written, and no crash asks for it.
            connection.pragma_update(None, "temp_store", "MEMORY")?;
        }
        Ok(connection)
    }

    /// Makes the file where there is none. Who is who is the owner's alone to read. SQLite gives the files beside it the same mode.
    /// What an operator has opened to a group stays so; what everybody may read nobody has chosen.
    pub(super) fn make_for_the_owner_alone(&self) -> Result<(), StoreError> {
        self.make().map_err(|error| StoreError::file(&self.0, error))
    }

    fn make(&self) -> std::io::Result<()> {
        let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&self.0)?;
        if made.metadata()?.permissions().mode() & 0o007 == 0 {
            return Ok(());
        }
        for ending in ["", "-wal", "-shm"] {
            let mut name = self.0.as_os_str().to_owned();
            name.push(ending);
            match std::fs::set_permissions(&name, Permissions::from_mode(0o600)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}
