//! The end of sessions, and the clients that are still to be told of it: rows, and the verbs that every lasting store has for them.

use async_trait::async_trait;
use serde::Deserialize;

use super::StoreError;
use crate::clock::Seconds;

/// A client that is to be told of a session's end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LogoutRow {
    /// The logout token's `jti`: who hears it twice knows it again.
    pub id: String,
    /// The session that has ended.
    pub sid: String,
    /// The client's name in the configuration.
    pub client_id: String,
    /// What the client calls the person.
    pub sub: String,
    /// When the session ended.
    pub ended_at: Seconds,
    /// How often it was tried, the try that is being made among them.
    pub tries: u32,
}

/// How sessions end.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// Grants with refresh tokens end too.
    pub offline: bool,
    /// The clients that can be told.
    pub tell: &'a [&'a str],
    /// From when on [`Logouts::claim_logouts`] gives out whom to tell.
    pub due_at: Seconds,
    /// When it happens.
    pub now: Seconds,
}

/// What has ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ended {
    /// How many sessions.
    pub sessions: usize,
    /// Whom to tell.
    pub logouts: Vec<LogoutRow>,
}

/// The verbs for the end of sessions.
#[async_trait]
pub trait Logouts: Send + Sync {
    /// Ends a session with what was granted in it, and keeps whom to tell. Of many callers one gets anything; `None` where there is
    /// no such session.
    async fn end_session(&self, sid: &str, ending: Ending<'_>) -> Result<Option<Ended>, StoreError>;
    /// The clients that have logged in within the living sessions of an account: session and client.
    async fn session_clients(&self, account_id: &str) -> Result<Vec<(String, String)>, StoreError>;
    /// Whom to tell now, at most `most`, those first who were tried the least. Nobody else gets these until `until`.
    async fn claim_logouts(
        &self,
        now: Seconds,
        until: Seconds,
        most: u32,
    ) -> Result<Vec<LogoutRow>, StoreError>;
    /// A try came to nothing: the next one is at `due_at`.
    async fn postpone_logout(&self, id: &str, due_at: Seconds) -> Result<(), StoreError>;
    /// Somebody was told, or never will be.
    async fn forget_logout(&self, id: &str) -> Result<(), StoreError>;
    /// When [`Logouts::claim_logouts`] gives somebody the next time.
    async fn next_logout(&self) -> Result<Option<Seconds>, StoreError>;
}
