//! The verbs for looking at people and their sessions: for the person's own list, and for operators.

use async_trait::async_trait;
use serde::Deserialize;

use super::audit::AuditRow;
use super::logouts::{Ended, Ending};
use super::{SessionRow, StoreError};
use crate::clock::Seconds;

/// A person as one app of WeChat's sees them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnownIdentity {
    /// Which app; empty where an import told a unionid alone, which then stands for the openid too.
    pub appid: String,
    /// The person there.
    pub openid: String,
    /// The person in all apps of one open-platform account.
    pub unionid: Option<String>,
}

/// An account as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAccount {
    /// Its id.
    pub id: String,
    /// As WeChat last told it.
    pub nickname: String,
    /// When it was made.
    pub created_at: Seconds,
    /// When the person last logged in.
    pub updated_at: Seconds,
}

/// The verbs for people and their sessions.
#[async_trait]
pub trait People: Send + Sync {
    /// Accounts, the newest first; at most `most`.
    async fn accounts(&self, most: u32) -> Result<Vec<ListedAccount>, StoreError>;
    /// The accounts that have this id, `sub`, openid or unionid, now or once, or this contact in its one form; at most `most`.
    async fn find_accounts(
        &self,
        word: &str,
        contact: &str,
        most: u32,
    ) -> Result<Vec<ListedAccount>, StoreError>;
    /// How WeChat knows this account.
    async fn identities_of_account(&self, account_id: &str) -> Result<Vec<KnownIdentity>, StoreError>;
    /// What each client calls this account: client and `sub`.
    async fn subjects_of_account(&self, account_id: &str) -> Result<Vec<(String, String)>, StoreError>;
    /// The account that some client calls this, or has called so.
    async fn account_of_subject(&self, sub: &str) -> Result<Option<String>, StoreError>;
    /// Whether this client has called so an account that was merged into this one.
    async fn was_called(&self, client_id: &str, account_id: &str, sub: &str) -> Result<bool, StoreError>;
    /// What clients have called accounts that were merged into this one, where they call this one otherwise: client and `sub`.
    async fn retired_subjects(&self, account_id: &str) -> Result<Vec<(String, String)>, StoreError>;
    /// What has happened to an account, and to those that were merged into it, the first first.
    async fn history(&self, account_id: &str) -> Result<Vec<AuditRow>, StoreError>;
    /// Accounts of which WeChat says one unionid, and that no login merges, at most `most`: the unionid, and each account of it.
    async fn duplicates(&self, most: u32) -> Result<Vec<(String, String)>, StoreError>;
    /// The living sessions of an account, or of everybody, the newest login first; at most `most`.
    async fn sessions(
        &self,
        account_id: Option<&str>,
        now: Seconds,
        most: u32,
    ) -> Result<Vec<SessionRow>, StoreError>;
    /// A living session by its public name.
    async fn session_of_sid(&self, sid: &str, now: Seconds) -> Result<Option<SessionRow>, StoreError>;
    /// Makes one account of two, as an operator says: identities of `from` are `into`'s, and so is what each client calls the person
    /// where it knows `into` by no name yet; where it does, that one stays, and the other is known for ever as an older one. Sessions
    /// and grants of `from` end, and it is an older name of `into`.
    async fn merge_accounts(&self, from: &str, into: &str, ending: Ending<'_>) -> Result<Ended, StoreError>;
    /// Forgets a person: identities, names at clients, sessions, grants.
    async fn delete_account(&self, account_id: &str, ending: Ending<'_>) -> Result<Ended, StoreError>;
}
