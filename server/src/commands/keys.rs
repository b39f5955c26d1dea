//! `keys list`, `keys rotate` and `keys withdraw`: what signs tokens.

use std::fmt::Write;

use super::{CommandError, age, master_keys};
use crate::clock::{Clock, Seconds};
use crate::config::Config;
use crate::keys::{self, KeyRing, LoadError, MasterKeys, SigningKey};
use crate::store::keys::SealedKey;
use crate::store::{self, Lasting};

/// `keys list`: every key that is published, and what it does.
///
/// # Errors
/// [`CommandError`]
pub async fn list(config: &Config, clock: &Clock) -> Result<String, CommandError> {
    let rows = store::open_existing(&config.store).await?.signing_keys().await?;
    let now = clock.now();
    Ok(rows.iter().fold(String::new(), |mut text, row| {
        let does = match row.active_from {
            _ if is_active(row, &rows, now) => "signs".to_owned(),
            from if from > now => format!("signs in {} min", (from - now + 59) / 60),
            _ => "signs no more".to_owned(),
        };
        let (algorithm, age) = (row.algorithm.as_str(), age(now - row.created_at));
        let _ = writeln!(text, "{}  {algorithm}  {does}  made {age} ago", row.kid);
        text
    }))
}

/// `keys rotate`: announces new keys. A running service takes them up by itself.
///
/// # Errors
/// [`CommandError`]
pub async fn rotate(config: &Config, clock: &Clock) -> Result<String, CommandError> {
    let store = store::open_existing(&config.store).await?;
    let (_, masters) = open(&*store, config).await?;
    let active_from = keys::rotate(&*store, &masters, clock.now()).await?;
    Ok(format!(
        "new keys are published and sign from {active_from} on (in {} minutes)\n",
        (active_from - clock.now()) / 60
    ))
}

/// `keys withdraw`: a key that has leaked is gone, from the next second on, with every token that it has signed. If it was the one
/// that signs, a new one does so at once, unannounced.
///
/// # Errors
/// [`CommandError`]
pub async fn withdraw(config: &Config, clock: &Clock, kid: &str) -> Result<String, CommandError> {
    let store = store::open_existing(&config.store).await?;
    let (rows, masters) = open(&*store, config).await?;
    let unknown = || CommandError::Unknown(format!("no key is called {kid}; `keys list` names them"));
    let row = rows.iter().find(|row| row.kid == kid).ok_or_else(unknown)?;
    let now = clock.now();
    let successor = is_active(row, &rows, now).then(|| SigningKey::make(row.algorithm, &masters, now, now));
    if !store.withdraw_signing_key(kid, successor.as_ref()).await? {
        return Err(unknown());
    }
    let mut text = format!("key {kid} is withdrawn, and tokens that it has signed are refused\n");
    if let Some(successor) = successor {
        let _ = writeln!(text, "key {} signs in its place", successor.kid);
    }
    let minutes = keys::JWKS_MAX_AGE / 60;
    let _ = writeln!(
        text,
        "clients may still hold the old /jwks for {minutes} minutes, and take what is signed with it"
    );
    Ok(text)
}

/// The keys, which must open: new ones under another master key than those in use would stop every node.
async fn open(store: &dyn Lasting, config: &Config) -> Result<(Vec<SealedKey>, MasterKeys), CommandError> {
    let rows = store.signing_keys().await?;
    let masters = master_keys(config, rows.is_empty())?;
    KeyRing::open(&rows, &masters).map_err(LoadError::from)?;
    Ok((rows, masters))
}

/// Whether tokens of its algorithm are signed with it now.
fn is_active(key: &SealedKey, rows: &[SealedKey], now: Seconds) -> bool {
    let by_age = |row: &&SealedKey| (row.active_from, row.kid.clone());
    let of_algorithm = || rows.iter().filter(|row| row.algorithm == key.algorithm);
    let newest = of_algorithm().filter(|row| row.active_from <= now).max_by_key(by_age);
    let first = || of_algorithm().filter(|row| row.active_from == row.created_at).min_by_key(by_age);
    newest.or_else(first).is_some_and(|signs| signs.kid == key.kid)
}
