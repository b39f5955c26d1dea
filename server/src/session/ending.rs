//! The end of a session everywhere: on the server, in what was granted, and at every client that logged in within it.

use crate::shared::Shared;
use crate::store::logouts::Ending;
use crate::store::{SessionRow, StoreError};

/// What becomes of grants with refresh tokens when their session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offline {
    /// They stay: a client asked to act while the person is away (Back-Channel Logout §2.7).
    Stays,
    /// They go: the session is revoked, not left.
    Goes,
}

/// Ends a session on the server, with what was granted in it; every client that has logged in within it is told by and by.
///
/// # Errors
/// The store's; then nothing has ended.
pub async fn end(app: &Shared, session: &SessionRow, offline: Offline) -> Result<(), StoreError> {
    let now = app.clock.now();
    let tell = app.config.backchannel_clients();
    let ending = Ending { offline: offline == Offline::Goes, tell: &tell, due_at: now, now };
    let ended = app.store.lasting.end_session(&session.sid, ending).await?;
    app.webhooks.soon();
    // Of two who end it at once, one finds it.
    if ended.is_some_and(|ended| !ended.logouts.is_empty()) {
        app.backchannel.soon.notify_one();
    }
    Ok(())
}
