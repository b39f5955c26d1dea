//! `sessions list` and `sessions revoke`: who is logged in, and no longer.

use std::fmt::Write;

use super::{CommandError, account_id, age, master_keys};
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::KeyRing;
use crate::session::backchannel::BackChannel;
use crate::store::grants::Grants;
use crate::store::keys::Keys;
use crate::store::people::People;
use crate::store::{SessionRow, SqliteStore, StoreError};

/// How many sessions a list shows.
const MOST: u32 = 1_000;

/// A session's name, and the clients that have logged in within it, each with what it calls the person.
pub(super) type Ended = (String, Vec<(String, String)>);

/// `sessions list`: the living sessions of everybody, or of the account of this id or `sub`.
///
/// # Errors
/// [`CommandError`]
pub async fn list(config: &Config, clock: &Clock, of: Option<&str>) -> Result<String, CommandError> {
    let store = SqliteStore::open(&config.store).await?;
    let account_id = match of {
        Some(name) => Some(account_id(&store, name).await?),
        None => None,
    };
    let sessions = store.sessions(account_id.as_deref(), clock.now(), MOST).await?;
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

/// `sessions revoke`: ends a session with everything that was granted in it, and tells its clients by the back channel.
///
/// # Errors
/// [`CommandError`]; that a client could not be told is in the text, for the session has ended all the same.
pub async fn revoke(config: &Config, clock: &Clock, sid: &str) -> Result<String, CommandError> {
    let store = SqliteStore::open(&config.store).await?;
    let unknown = || CommandError::Unknown(format!("no session is called {sid}"));
    let session = store.session_of_sid(sid, clock.now()).await?.ok_or_else(unknown)?;
    let ended = end(&store, clock, &[session]).await?;
    Ok(format!("session {sid} is revoked\n{}", tell(config, clock, &store, ended).await))
}

/// Ends sessions with everything that was granted in them; gives who is to be told.
pub(super) async fn end(
    store: &SqliteStore,
    clock: &Clock,
    sessions: &[SessionRow],
) -> Result<Vec<Ended>, StoreError> {
    let mut ended = Vec::new();
    for SessionRow { sid, .. } in sessions {
        ended.push((sid.clone(), store.session_clients(sid).await?));
        store.delete_session_of_sid(sid).await?;
        store.revoke_session_grants(sid, true, clock.now()).await?;
    }
    Ok(ended)
}

/// Tells the clients, and says line by line which have heard it. Nothing in here undoes the end.
pub(super) async fn tell(config: &Config, clock: &Clock, store: &SqliteStore, ended: Vec<Ended>) -> String {
    let told = async {
        let rows = store.signing_keys().await?;
        let ring = KeyRing::open(&rows, &master_keys(config, rows.is_empty())?)?;
        let backchannel = BackChannel::new(config.backchannel_private_addresses)?;
        Ok::<_, Box<dyn std::error::Error>>(
            backchannel.tell_and_wait(config, &ring, clock.now(), ended).await,
        )
    };
    match told.await {
        Err(error) => format!("the clients were NOT told: {error}\n"),
        Ok(told) => told.into_iter().fold(String::new(), |mut text, (client_id, has_heard)| {
            let how = if has_heard { "was told" } else { "could NOT be told" };
            let _ = writeln!(text, "client {client_id} {how}");
            text
        }),
    }
}
