//! `sessions list` and `sessions revoke`: who is logged in, and no longer.

use std::fmt::Write;

use super::{CommandError, account_id, age, master_keys};
use crate::backchannel::{BackChannel, CLAIM, Teller, Told};
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::KeyRing;
use crate::store::logouts::{Ended, Ending, LogoutRow};
use crate::store::{self, Lasting};

/// How many sessions a list shows.
const MOST: u32 = 1_000;

/// `sessions list`: the living sessions of everybody, or of the account of this id or `sub`.
///
/// # Errors
/// [`CommandError`]
pub async fn list(config: &Config, clock: &Clock, of: Option<&str>) -> Result<String, CommandError> {
    let store = store::open_existing(&config.store).await?;
    let account_id = match of {
        Some(name) => Some(account_id(config, &*store, name).await?),
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
    let store = store::open_existing(&config.store).await?;
    let unknown = || CommandError::Unknown(format!("no session is called {sid}"));
    let told = config.backchannel_clients();
    let Ended { logouts, .. } = store.end_session(sid, ending(clock, &told)).await?.ok_or_else(unknown)?;
    Ok(format!("session {sid} is revoked\n{}", tell(config, clock, &*store, logouts).await))
}

/// An operator's: everything goes, and the command tells the clients itself. Whom it does not reach is told by the service.
pub(super) fn ending<'a>(clock: &Clock, tell: &'a [&'a str]) -> Ending<'a> {
    let now = clock.now();
    Ending { offline: true, tell, due_at: now + CLAIM, now }
}

/// Tells the clients, and says line by line which have heard it. Nothing in here undoes the end.
pub(super) async fn tell(
    config: &Config,
    clock: &Clock,
    store: &dyn Lasting,
    logouts: Vec<LogoutRow>,
) -> String {
    let told = async {
        let rows = store.signing_keys().await?;
        let ring = KeyRing::open(&rows, &master_keys(config, rows.is_empty())?)?;
        let backchannel = BackChannel::new(config.backchannel_private_addresses)?;
        let teller = Teller { config, clock, store, ring: &ring };
        Ok::<_, Box<dyn std::error::Error>>(backchannel.tell(&teller, logouts).await?)
    };
    match told.await {
        Err(error) => format!("the clients are NOT told yet: {error}\n"),
        Ok(told) => told.into_iter().fold(String::new(), |mut text, (client_id, told)| {
            let how = match told {
                Told::Heard => "was told",
                Told::Never => "could NOT be told",
                Told::Later => "could NOT be told yet: a running service goes on trying for a day",
            };
            let _ = writeln!(text, "client {client_id} {how}");
            text
        }),
    }
}
