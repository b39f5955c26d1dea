//! What clients are still to hear of their people by a webhook: rows, and the verbs that every lasting store has for them. The rows are
//! written within the verbs that make them true, for the clients that are listening.

use async_trait::async_trait;

use super::StoreError;
use crate::clock::Seconds;

/// What has become of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A client sees an account for the first time.
    AccountCreated,
    /// Two accounts are one.
    AccountMerged,
    /// An account is forgotten.
    AccountDeleted,
    /// A phone number or an address was proven.
    ContactBound,
    /// A phone number or an address is not the account's any more.
    ContactUnbound,
    /// A login has ended before its time.
    SessionEnded,
}

impl Event {
    /// As it is kept and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountCreated => "account.created",
            Self::AccountMerged => "account.merged",
            Self::AccountDeleted => "account.deleted",
            Self::ContactBound => "contact.bound",
            Self::ContactUnbound => "contact.unbound",
            Self::SessionEnded => "session.ended",
        }
    }
}

/// An event that a client is to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The same at each try: who hears it twice knows it again.
    pub id: String,
    /// The client's name in the configuration.
    pub client_id: String,
    /// What the client calls the person.
    pub sub: String,
    /// [`Event::as_str`]
    pub event: String,
    /// What there is to say beside the `sub`: a JSON object.
    pub data: String,
    /// When it happened.
    pub happened_at: Seconds,
    /// When it is tried next.
    pub due_at: Seconds,
    /// How often it was tried, the try that is being made among them.
    pub tries: u32,
}

/// The verbs for what clients are to hear.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// From now on these clients are listening, and no other: events are kept for them alone.
    async fn keep_webhook_clients(&self, clients: &[&str]) -> Result<(), StoreError>;
    /// What a client is to hear now, at most `most`: of each account the first event that it has not heard. Nobody else gets an event of
    /// these accounts for it until `until`.
    async fn claim_events(
        &self,
        client_id: &str,
        now: Seconds,
        until: Seconds,
        most: u32,
    ) -> Result<Vec<EventRow>, StoreError>;
    /// A try came to nothing: the next one is at `due_at`, and what follows it waits.
    async fn postpone_event(&self, id: &str, due_at: Seconds) -> Result<(), StoreError>;
    /// The client has heard it, or never will: the next one of the account is due.
    async fn forget_event(&self, id: &str, now: Seconds) -> Result<(), StoreError>;
    /// When [`Webhooks::claim_events`] gives this client something the next time.
    async fn next_event(&self, client_id: &str) -> Result<Option<Seconds>, StoreError>;
    /// What is still to be heard, by everybody or by one client, the oldest first; at most `most`.
    async fn events(&self, client_id: Option<&str>, most: u32) -> Result<Vec<EventRow>, StoreError>;
    /// Everything is due now, of everybody or of one client; gives how much that is.
    async fn replay_events(&self, client_id: Option<&str>, now: Seconds) -> Result<u64, StoreError>;
    /// Clears away at most `most` events that happened by then; gives how many. None are left when it gives 0.
    async fn sweep_events(&self, until: Seconds, most: u32) -> Result<u64, StoreError>;
}
