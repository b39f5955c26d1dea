//! `webhooks list` and `webhooks replay`: what clients are still to hear.

use std::fmt::Write;

use super::{CommandError, age, printable};
use crate::clock::Clock;
use crate::config::Config;
use crate::store;

/// How many events a list shows.
const MOST: u32 = 1_000;

/// `webhooks list`: what clients have not heard yet, the oldest first; of everybody, or of this client.
///
/// # Errors
/// [`CommandError`]
pub async fn list(config: &Config, clock: &Clock, client: Option<&str>) -> Result<String, CommandError> {
    known(config, client)?;
    let store = store::open_existing(&config.store).await?;
    let events = store.events(client, MOST).await?;
    let now = clock.now();
    let mut text = String::new();
    for event in &events {
        let _ = write!(
            text,
            "{}  {}  {}  sub {}  {} old  ",
            event.id,
            printable(&event.client_id),
            event.event,
            event.sub,
            age(now - event.happened_at)
        );
        let _ = match event.tries {
            0 => writeln!(text, "not tried yet"),
            tries => writeln!(text, "tried {tries} times, again in {} s", (event.due_at - now).max(0)),
        };
    }
    let _ = writeln!(text, "{} events", events.len());
    Ok(text)
}

/// `webhooks replay`: everything that waits is tried anew at once; of everybody, or of this client.
///
/// # Errors
/// [`CommandError`]
pub async fn replay(config: &Config, clock: &Clock, client: Option<&str>) -> Result<String, CommandError> {
    known(config, client)?;
    let store = store::open_existing(&config.store).await?;
    let count = store.replay_events(client, clock.now()).await?;
    Ok(format!("{count} events are due; a running service sends them within a minute\n"))
}

fn known(config: &Config, client: Option<&str>) -> Result<(), CommandError> {
    match client {
        Some(id) if config.client(id).is_none() => {
            Err(CommandError::Unknown(format!("no client is called {}", printable(id))))
        }
        _ => Ok(()),
    }
}
