//! What a person asks for on their own account: to be forgotten, by and by, and to have one identity less.

use async_trait::async_trait;

use super::StoreError;
use super::audit::By;
use super::logouts::{Ended, Ending};
use crate::clock::Seconds;

/// The verbs for it. A login of the account's person, by whichever verb, brings an account back that is to be forgotten.
#[async_trait]
pub trait Deletions: Send + Sync {
    /// Ends every session and grant of an account now, and has it forgotten at `delete_at`. `None`: there is no such account.
    async fn delete_later(
        &self,
        account_id: &str,
        delete_at: Seconds,
        by: By,
        ending: Ending<'_>,
    ) -> Result<Option<Ended>, StoreError>;
    /// When an account is to be forgotten, if it is.
    async fn delete_at(&self, account_id: &str) -> Result<Option<Seconds>, StoreError>;
    /// At most `most` accounts whose time has come.
    async fn due_deletions(&self, now: Seconds, most: u32) -> Result<Vec<String>, StoreError>;
    /// Forgets an account whose time has come. `None`: a login has brought it back, or it is gone.
    async fn delete_if_due(&self, account_id: &str, ending: Ending<'_>) -> Result<Option<Ended>, StoreError>;
    /// Takes an identity from an account, unless it is the last one: nobody could log in to that any more.
    async fn unlink_identity(
        &self,
        account_id: &str,
        appid: &str,
        openid: &str,
        now: Seconds,
    ) -> Result<bool, StoreError>;
}
