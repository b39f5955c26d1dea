//! What must outlive everything: who is who, and who is logged in. A verb that touches many rows is one transaction in every store.

use async_trait::async_trait;

use super::accounts::{AccountRow, Found, IdentityRow};
use super::contacts::Contacts;
use super::deletions::Deletions;
use super::error::StoreError;
use super::grants::{GrantRow, Grants};
use super::import::Import;
use super::keys::Keys;
use super::logins::{BeginGrant, LogIn, LoggedIn};
use super::logouts::{Ending, Logouts};
use super::people::People;
use super::sessions::SessionRow;
use super::webhooks::Webhooks;
use crate::clock::Seconds;
use crate::secret::SecretHash;

/// The verbs for what must outlive everything.
#[async_trait]
pub trait Lasting: Contacts + Deletions + Grants + Import + Keys + Logouts + People + Webhooks {
    /// Asks whether the store answers, and takes a write as far as the disk.
    async fn ping(&self) -> Result<(), StoreError>;
    /// Finds the account of an identity (its own, else that of its unionid) or makes one, and keeps nickname and picture.
    ///
    /// Where its own account and others of its unionid turn out to be one person's, they are merged: the one that was made first
    /// stays, and the others become older names of it, as [`merge_accounts`](People::merge_accounts) says. A unionid that takes the
    /// place of another one merges nothing.
    async fn account_of_identity(
        &self,
        identity: &IdentityRow,
        ending: Ending<'_>,
    ) -> Result<Found, StoreError>;
    /// What this client calls this account; made at its first sight.
    async fn subject(&self, client_id: &str, account_id: &str, now: Seconds) -> Result<String, StoreError>;
    /// An account, by its id or by that of one which was merged into it.
    async fn account(&self, account_id: &str) -> Result<Option<AccountRow>, StoreError>;
    /// Keeps a login: the account of the person, as [`account_of_identity`](Self::account_of_identity) finds it; what the client calls
    /// it, as [`subject`](Self::subject); and the sessions of the browser. Where there is an account to join, it and the person's are
    /// merged by the same rule. All of it in one transaction, and logins of one account one after the other. `None`: the account, or
    /// the one to join, is gone; then nothing is kept.
    ///
    /// Of each session, where `before` is the cookie of a living one of the same client (of the service itself, for `sso`): the same
    /// person's at the service goes on, with its `sid` and everything else new; every other one ends, its grants with refresh tokens
    /// stay, and who is to be told of that is in the answer. Without such a cookie, a living session of the same account, client
    /// and `browser.hash` that is at most [`AT_ONCE`](super::logins::AT_ONCE) seconds old is given as it is: another callback of this browser
    /// has made it. Else a new one is made.
    async fn log_in(&self, login: LogIn, now: Seconds) -> Result<Option<LoggedIn>, StoreError>;
    /// Keeps what a code gives: the session that it makes, if it makes one; what the client calls the account; the grant and its first
    /// refresh token, as [`insert_grant`](Grants::insert_grant). All of it in one transaction. `None`: the account or the
    /// session is gone, and no grant is kept.
    async fn begin_grant(&self, grant: BeginGrant, now: Seconds) -> Result<Option<GrantRow>, StoreError>;
    /// Keeps a session, in the place of the one that has its `sid`.
    async fn insert_session(&self, session: &SessionRow) -> Result<(), StoreError>;
    /// A living session by its cookie's hash.
    async fn session(&self, secret_hash: &SecretHash, now: Seconds)
    -> Result<Option<SessionRow>, StoreError>;
    /// A session was used: its idle time ends later.
    async fn touch_session(&self, sid: &str, idle_until: Seconds) -> Result<(), StoreError>;
    /// Clears away at most `most` rows that have expired; gives how many. None are left when it gives 0.
    async fn sweep_lasting(&self, now: Seconds, most: u32) -> Result<u64, StoreError>;
}
