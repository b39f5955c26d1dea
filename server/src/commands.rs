//! What an operator does from the command line, beside a running service: both work on the same store.

use std::fmt::Write;

use crate::clock::{Clock, Seconds};
use crate::config::Config;
use crate::keys::{self, KeyRing, LoadError, MasterKeys};
use crate::store::grants::Grants;
use crate::store::keys::Keys;
use crate::store::people::People;
use crate::store::{Lasting, SqliteStore, StoreError};

/// How many sessions a list shows.
const MOST_SESSIONS: u32 = 1_000;

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The store, or the keys in it.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The master keys.
    #[error(transparent)]
    MasterKey(#[from] keys::MasterKeyError),
    /// Nothing has this name.
    #[error("{0}")]
    Unknown(String),
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Load(error.into())
    }
}

/// `keys rotate`: announces new keys. A running service takes them up by itself.
pub async fn rotate_keys(config: &Config, clock: &Clock) -> Result<String, CommandError> {
    let store = SqliteStore::open(&config.store).await?;
    let rows = store.signing_keys().await?;
    let masters = master_keys(config, rows.is_empty())?;
    // Keys under another master key than the ones in use would stop every node.
    KeyRing::open(&rows, &masters).map_err(LoadError::from)?;
    let active_from = keys::rotate(&store, &masters, clock.now()).await?;
    Ok(format!(
        "new keys are published and sign from {active_from} on (in {} minutes)\n",
        (active_from - clock.now()) / 60
    ))
}

/// `sessions list`: the living sessions of everybody, or of the account of this id or `sub`.
pub async fn list_sessions(config: &Config, clock: &Clock, of: Option<&str>) -> Result<String, CommandError> {
    let store = SqliteStore::open(&config.store).await?;
    let account_id = match of {
        Some(name) => Some(account_id(&store, name).await?),
        None => None,
    };
    let sessions = store.sessions(account_id.as_deref(), clock.now(), MOST_SESSIONS).await?;
    let mut text = String::new();
    for session in &sessions {
        let client = session.client_id.as_deref().unwrap_or("(this service)");
        let age = age(clock.now() - session.auth_time);
        let _ =
            writeln!(text, "{}  account {}  {client}  logged in {age} ago", session.sid, session.account_id);
    }
    let _ = writeln!(text, "{} sessions", sessions.len());
    Ok(text)
}

/// `sessions revoke`: ends a session with everything that was granted in it. The clients are not called: this program has no
/// network of the service's; their access tokens are dead at once.
pub async fn revoke_session(config: &Config, clock: &Clock, sid: &str) -> Result<String, CommandError> {
    let store = SqliteStore::open(&config.store).await?;
    if !store.delete_session_of_sid(sid).await? {
        return Err(CommandError::Unknown(format!("no session is called {sid}")));
    }
    store.revoke_session_grants(sid, true, clock.now()).await?;
    Ok(format!("session {sid} is revoked\n"))
}

/// `accounts show`: who this is, by account id or by any client's `sub`.
pub async fn show_account(config: &Config, clock: &Clock, name: &str) -> Result<String, CommandError> {
    let store = SqliteStore::open(&config.store).await?;
    let id = account_id(&store, name).await?;
    let account = store.account(&id).await?.ok_or_else(|| unknown_account(name))?;
    let mut text = format!("account   {id}\nnickname  {}\n", printable(&account.nickname));
    for identity in store.identities_of_account(&id).await? {
        let unionid = identity.unionid.as_deref().unwrap_or("none");
        let _ = writeln!(
            text,
            "weixin    appid {}  openid {}  unionid {unionid}",
            identity.appid, identity.openid
        );
    }
    for (client_id, sub) in store.subjects_of_account(&id).await? {
        let _ = writeln!(text, "sub       {sub} at {client_id}");
    }
    let sessions = store.sessions(Some(&id), clock.now(), MOST_SESSIONS).await?;
    let _ = writeln!(text, "sessions  {}", sessions.len());
    Ok(text)
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
pub(crate) fn master_keys(config: &Config, first_start: bool) -> Result<MasterKeys, keys::MasterKeyError> {
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
