//! `store copy`: from the SQLite file to a PostgreSQL.

use std::fmt::Write;
use std::time::Duration;

use super::CommandError;
use crate::config::Config;
use crate::store::{self, Address, PostgresAddress};

/// How long one statement of it may take to connect; the rows take as long as they take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Copies everything that lasts, and says what is to be done then.
pub async fn copy(config: &Config, to: &str) -> Result<String, CommandError> {
    let Address::Sqlite(file) = &config.store else {
        return Err(CommandError::Refused("`store` in the configuration is no SQLite file".into()));
    };
    let to = PostgresAddress::parse(to, 1, PATIENCE)
        .map_err(|problem| CommandError::Refused(format!("--to {problem}")))?;
    let copied = store::copy(file, &to).await.map_err(|error| CommandError::Refused(error.to_string()))?;
    let mut text = String::new();
    for (table, rows) in copied {
        let _ = writeln!(text, "{rows:>9}  {table}");
    }
    let _ = writeln!(text, "all of it is in {to} now; put its address into `store`");
    if config.master_key_files.is_empty()
        && let Some(file) = config.master_key_beside_the_store()
    {
        let _ = writeln!(text, "and the master key: master_key_files = [\"{}\"]", file.display());
    }
    Ok(text)
}
