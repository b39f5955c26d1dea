//! `store`, and what belongs to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{ConfigError, wrong};
use crate::secret_file;
use crate::store::{Address, PostgresAddress};

/// What only a PostgreSQL has.
pub(super) struct RawPostgres {
    pub password_file: Option<PathBuf>,
    pub connections: Option<u32>,
    pub timeout_seconds: Option<u32>,
}

/// Reads where the store is. A refusal repeats no address of a PostgreSQL: it may have a password.
pub(super) fn parse(
    value: &str,
    postgres: RawPostgres,
    folder: &Path,
    secret_files: &mut Vec<PathBuf>,
) -> Result<Address, ConfigError> {
    if value.starts_with("postgres:") || value.starts_with("postgresql:") {
        return parse_postgres(value, postgres, folder, secret_files).map(Address::Postgres);
    }
    let RawPostgres { password_file, connections, timeout_seconds } = postgres;
    for (key, is_there) in [
        ("store_password_file", password_file.is_some()),
        ("store_connections", connections.is_some()),
        ("store_timeout_seconds", timeout_seconds.is_some()),
    ] {
        if is_there {
            return Err(wrong(key, "is PostgreSQL's, and `store` is a file"));
        }
    }
    let file = value.strip_prefix("sqlite:").map(|file| file.strip_prefix("//").unwrap_or(file));
    let file = match file {
        Some(file) if !file.is_empty() && !file.contains('?') && file != ":memory:" => folder.join(file),
        _ => return Err(wrong("store", "must be `sqlite:FILE` or `postgres://user@host/database`")),
    };
    let holds = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // SQLite would say "unable to open database file".
    match (file.is_dir(), holds.is_dir()) {
        (true, _) => Err(wrong("store", format!("is {}, which is a folder", file.display()))),
        (_, false) => {
            let problem = format!("is {}, and there is no folder {}", file.display(), holds.display());
            Err(wrong("store", problem))
        }
        _ => Ok(Address::Sqlite(file)),
    }
}

fn parse_postgres(
    value: &str,
    raw: RawPostgres,
    folder: &Path,
    secret_files: &mut Vec<PathBuf>,
) -> Result<PostgresAddress, ConfigError> {
    let positive = |key: &str, value: Option<u32>, default: u32| match value.unwrap_or(default) {
        0 => Err(wrong(key, "must be 1 or more")),
        value => Ok(value),
    };
    let connections = positive("store_connections", raw.connections, 16)?;
    let seconds = positive("store_timeout_seconds", raw.timeout_seconds, 5)?;
    let time_limit = Duration::from_secs(seconds.into());
    let address =
        PostgresAddress::parse(value, connections, time_limit).map_err(|problem| wrong("store", problem))?;
    let Some(file) = raw.password_file.map(|file| folder.join(file)) else { return Ok(address) };
    let password = secret_file::read(&file).map_err(|error| {
        wrong("store_password_file", format!("is {}, which cannot be read: {error}", file.display()))
    })?;
    if password.is_empty() {
        return Err(wrong("store_password_file", format!("is {}, which is empty", file.display())));
    }
    secret_files.push(file);
    Ok(address.with_password(&password))
}
