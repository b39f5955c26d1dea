//! `grants list` and `grants revoke`: which clients may act while the person is away, and no longer. Such a grant outlives its session.

use std::fmt::Write;

use super::{CommandError, account_id, age};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::grants::Chosen;
use crate::store::{self, Lasting};

/// How many grants a list shows, and how many end in one piece: a login waits no longer than that takes.
const MOST: u32 = 1_000;

/// `grants list`: the living grants with refresh tokens, of everybody, of the account of this id or `sub`, of this client.
///
/// # Errors
/// [`CommandError`]
pub async fn list(
    config: &Config,
    clock: &Clock,
    of: Option<&str>,
    client_id: Option<&str>,
) -> Result<String, CommandError> {
    let store = store::open_existing(&config.store).await?;
    let account_id = named(config, &*store, of).await?;
    let chosen = Chosen { id: None, account_id: account_id.as_deref(), client_id };
    let grants = store.offline_grants(chosen, clock.now(), MOST).await?;
    let mut text = String::new();
    for grant in &grants {
        let age = age(clock.now() - grant.created_at);
        let _ = writeln!(
            text,
            "{}  account {}  {}  given {age} ago: {}",
            grant.id, grant.account_id, grant.client_id, grant.scope
        );
    }
    let _ = writeln!(text, "{} grants", grants.len());
    Ok(text)
}

/// `grants revoke`: ends the grant of this id, or all of an account, of a client, of an account at a client; with every token that came
/// from them.
///
/// # Errors
/// [`CommandError`]; [`CommandError::Refused`] where nothing says which.
pub async fn revoke(
    config: &Config,
    clock: &Clock,
    id: Option<&str>,
    of: Option<&str>,
    client_id: Option<&str>,
) -> Result<String, CommandError> {
    if let (None, None, None) = (id, of, client_id) {
        return Err(CommandError::Refused("say which: a grant's id, --of or --client".to_owned()));
    }
    let store = store::open_existing(&config.store).await?;
    let account_id = named(config, &*store, of).await?;
    let chosen = Chosen { id, account_id: account_id.as_deref(), client_id };
    let mut ended = 0;
    loop {
        match store.end_offline_grants(chosen, clock.now(), MOST).await? {
            0 => break,
            piece => ended += piece,
        }
    }
    match (id, ended) {
        (Some(id), 0) => {
            Err(CommandError::Unknown(format!("no living grant is called {id}; `grants list` names them")))
        }
        _ => Ok(format!("{ended} grants are revoked\n")),
    }
}

async fn named(
    config: &Config,
    store: &dyn Lasting,
    of: Option<&str>,
) -> Result<Option<String>, CommandError> {
    match of {
        Some(name) => Ok(Some(account_id(config, store, name).await?)),
        None => Ok(None),
    }
}
