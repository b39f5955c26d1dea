//! What an operator does from the command line, beside a running service: both work on the same store. Each command gives the
//! text to print.

mod accounts;
mod keys;
mod sessions;

use std::fmt::Write;

use crate::clock::Seconds;
use crate::config::Config;
use crate::keys::{LoadError, MasterKeyError, MasterKeys};
use crate::store::people::People;
use crate::store::{Lasting, SqliteStore, StoreError};

pub use accounts::{delete as delete_account, merge as merge_accounts, show as show_account};
pub use keys::{list as list_keys, rotate as rotate_keys, withdraw as withdraw_key};
pub use sessions::{list as list_sessions, revoke as revoke_session};

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The store, or the keys in it.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The master keys.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// Nothing has this name.
    #[error("{0}")]
    Unknown(String),
    /// It would do harm as it was asked; the sentence says what to add.
    #[error("{0}")]
    Refused(String),
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Load(error.into())
    }
}

/// `clients hash-secret`: what stands in `secret_sha256` for this secret.
pub fn hash_secret(secret: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The configured master keys; the default file is made only for a store that has no keys yet, and never replaced.
pub(crate) fn master_keys(config: &Config, first_start: bool) -> Result<MasterKeys, MasterKeyError> {
    let beside_the_store = config.store.with_extension("master-key");
    match (&*config.master_key_files, first_start) {
        ([], true) => MasterKeys::read_or_make(&beside_the_store),
        ([], false) => MasterKeys::read(&[beside_the_store]),
        (files, _) => MasterKeys::read(files),
    }
}

async fn account_id(store: &SqliteStore, name: &str) -> Result<String, CommandError> {
    if store.account(name).await?.is_some() {
        return Ok(name.to_owned());
    }
    store.account_of_subject(name).await?.ok_or_else(|| unknown_account(name))
}

fn unknown_account(name: &str) -> CommandError {
    CommandError::Unknown(format!("no account has the id, and no client has the sub, {name}"))
}

fn age(seconds: Seconds) -> String {
    match seconds {
        ..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A nickname is hostile text, and a terminal obeys what it prints.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
