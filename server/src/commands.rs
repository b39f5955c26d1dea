//! What an operator does from the command line, beside a running service: both work on the same store. Each command gives the
//! text to print.

mod accounts;
mod backup;
mod grants;
mod import;
mod keys;
mod people_file;
mod sessions;
mod store;
mod webhooks;

use std::fmt::Write;

use crate::clock::Seconds;
use crate::config::Config;
use crate::contact::{Contact, Regions};
use crate::keys::{LoadError, MasterKeyError, MasterKeys};
use crate::store::people::ListedAccount;
use crate::store::{Lasting, StoreError};

pub use accounts::{
    delete as delete_account, duplicates, find as find_accounts, list as list_accounts,
    merge as merge_accounts, show as show_account,
};
pub use backup::{back_up, restore};
pub use grants::{list as list_grants, revoke as revoke_grants};
pub use import::{export as export_accounts, import as import_accounts};
pub use keys::{list as list_keys, rotate as rotate_keys, withdraw as withdraw_key};
pub use people_file::Format;
pub use sessions::{list as list_sessions, revoke as revoke_session};
pub use store::copy as copy_store;
pub use webhooks::{list as list_events, replay as replay_events};

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
    match (&*config.master_key_files, config.master_key_beside_the_store(), first_start) {
        ([], Some(beside_the_store), true) => MasterKeys::read_or_make(&beside_the_store),
        ([], Some(beside_the_store), false) => MasterKeys::read(&[beside_the_store]),
        (files, ..) => MasterKeys::read(files),
    }
}

/// The one account that is known by this name.
async fn account_id(config: &Config, store: &dyn Lasting, name: &str) -> Result<String, CommandError> {
    let found = named(config, store, name, 2).await?;
    match &*found {
        [account] => Ok(account.id.clone()),
        [] => Err(unknown_account(name)),
        _ => Err(CommandError::Refused(format!(
            "more than one account is known by {name}: `weixin-login accounts find` lists them"
        ))),
    }
}

/// The accounts that are known by this.
async fn named(
    config: &Config,
    store: &dyn Lasting,
    name: &str,
    most: u32,
) -> Result<Vec<ListedAccount>, CommandError> {
    let contact = Contact::email(name).or_else(|| Contact::phone(name, &regions(config).ok()?));
    let contact = contact.as_ref().map_or("", Contact::value);
    Ok(store.find_accounts(name, contact, most).await?)
}

/// Where phone numbers may be, as for those that are proven here.
fn regions(config: &Config) -> Result<Regions, CommandError> {
    match &config.sms {
        Some(sms) => Ok(sms.regions.clone()),
        None => Regions::parse("CN", &[]).map_err(CommandError::Refused),
    }
}

fn unknown_account(name: &str) -> CommandError {
    CommandError::Unknown(format!(
        "no account is known by {name}: it is no account's id, sub, openid, unionid, phone number or email address"
    ))
}

fn age(seconds: Seconds) -> String {
    match seconds {
        ..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A nickname is hostile text, and a terminal obeys what it prints: control characters move its cursor, and format characters
/// (Unicode's Cf, bidi controls among them) turn a line around or hide a part of it.
fn printable(text: &str) -> String {
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
    let printed = |c: char| match c.general_category() {
        GeneralCategory::Format => None,
        GeneralCategory::Control | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => {
            Some('\u{fffd}')
        }
        _ => Some(c),
    };
    text.chars().filter_map(printed).collect()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_name_turns_no_line_of_a_terminal_around() {
        for (name, printed) in [
            ("陈锴 😀", "陈锴 😀"),
            ("a\u{202e}evil\u{202c}b", "aevilb"),
            ("\u{2066}a\u{2069}\u{200f}\u{200e}\u{61c}", "a"),
            ("ad\u{200b}min\u{feff}\u{ad}\u{2060}", "admin"),
            ("\u{e0041}\u{e0042}tag\u{fff9}\u{fffb}", "tag"),
            ("\u{1b}[31m\r\n\u{9b}x\u{7f}", "\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}x\u{fffd}"),
            ("two\u{2028}lines\u{2029}", "two\u{fffd}lines\u{fffd}"),
        ] {
            assert_eq!(printable(name), printed);
        }
    }
}
