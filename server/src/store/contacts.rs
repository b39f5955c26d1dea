//! Contacts: phone numbers and email addresses that people have proven to be theirs. Each is one account's, or nobody's. What a site asks for
//! is asked in the transaction that keeps the login, so that nobody gets in without it whatever happens beside.

use async_trait::async_trait;
use protocol::service::ContactKind;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::logins::{LogIn, LoggedIn};
use crate::clock::Seconds;

/// A contact, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRow {
    /// What it is.
    pub kind: ContactKind,
    /// In its one form: E.164, or an address whose domain is in small letters and in ASCII.
    pub value: String,
    /// Whose it is.
    pub account_id: String,
    /// When that was proven last.
    pub verified_at: Seconds,
}

/// A contact that the person who logs in has proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenContact {
    /// What it is.
    pub kind: ContactKind,
    /// [`ContactRow::value`].
    pub value: String,
    /// The person says that whoever has it here has it no more.
    pub take: bool,
}

/// On what a login is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// What the account must have.
    pub require: Vec<ContactKind>,
    /// What it gets.
    pub contacts: Vec<ProvenContact>,
}

impl Terms {
    /// Whether anybody may come.
    pub fn are_none(&self) -> bool {
        self.require.is_empty() && self.contacts.is_empty()
    }
}

/// What became of a login that is kept on terms. But for the first nothing of it is kept, and no account was made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTerms {
    /// It is kept.
    LoggedIn(Box<LoggedIn>),
    /// The account is gone, or the one to join.
    NoAccount,
    /// The account lacks these, in the order in which they are required.
    Missing(Vec<ContactKind>),
    /// A proven contact of this kind belongs to another account.
    Taken(ContactKind),
}

/// What became of a contact that a person has proven on their own page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// It is the account's.
    Kept,
    /// It is another account's, and stays so.
    Taken,
    /// The account is gone.
    NoAccount,
}

/// The verbs for contacts.
#[async_trait]
pub trait Contacts: Send + Sync {
    /// Those of an account, the one proven last first.
    async fn contacts_of_account(&self, account_id: &str) -> Result<Vec<ContactRow>, StoreError>;
    /// Whose a contact is.
    async fn contact(&self, kind: ContactKind, value: &str) -> Result<Option<ContactRow>, StoreError>;
    /// Keeps a login as [`log_in`](super::Lasting::log_in), where the account that it finds has what is required once it has got what was
    /// proven. Of two accounts that prove one contact at once one gets it.
    async fn log_in_on_terms(&self, login: LogIn, terms: Terms, now: Seconds) -> Result<OnTerms, StoreError>;
    /// Gives an account what its person has proven, in the place of the contact of the same kind that `replaces` names, where it has that.
    async fn bind_contact(
        &self,
        account_id: &str,
        contact: &ProvenContact,
        replaces: Option<&str>,
        now: Seconds,
    ) -> Result<Bound, StoreError>;
    /// Takes a contact from an account, as its person says; whether it had it. A site that requires one asks at the next login.
    async fn unbind_contact(
        &self,
        account_id: &str,
        kind: ContactKind,
        value: &str,
        now: Seconds,
    ) -> Result<bool, StoreError>;
}
