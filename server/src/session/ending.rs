//! The end of a session everywhere: on the server, in what was granted, and at every client that logged in within it.

use crate::shared::Shared;
use crate::store::{SessionRow, StoreError};

/// What becomes of grants with refresh tokens when their session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offline {
    /// They stay: a client asked to act while the person is away (Back-Channel Logout §2.7).
    Stays,
    /// They go: the session is revoked, not left.
    Goes,
}

/// Ends a session on the server, with what was granted in it, and tells every client that has logged in within it.
///
/// # Errors
/// The store's; then nothing has ended.
pub async fn end(app: &Shared, session: &SessionRow, offline: Offline) -> Result<(), StoreError> {
    let clients = app.lasting.session_clients(&session.sid).await?;
    app.lasting.delete_session_of_sid(&session.sid).await?;
    app.lasting.revoke_session_grants(&session.sid, offline == Offline::Goes, app.clock.now()).await?;
    app.backchannel.tell(app, &session.sid, clients).await;
    Ok(())
}
