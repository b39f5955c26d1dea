//! Contacts in SQLite: the verbs.

use async_trait::async_trait;
use protocol::service::ContactKind;

use super::SqliteStore;
use super::logins::log_in;
use super::terms::{CONTACT, CONTACTS_OF_ACCOUNT, contact, on_terms};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::contacts::{ContactRow, Contacts, OnTerms, Terms};
use crate::store::logins::LogIn;

#[async_trait]
impl Contacts for SqliteStore {
    async fn contacts_of_account(&self, account_id: &str) -> Result<Vec<ContactRow>, StoreError> {
        self.read.read(|connection| CONTACTS_OF_ACCOUNT.all(connection, [account_id], contact)).await
    }

    async fn contact(&self, kind: ContactKind, value: &str) -> Result<Option<ContactRow>, StoreError> {
        self.read.read(|connection| CONTACT.first(connection, [kind.as_str(), value], contact)).await
    }

    async fn log_in_on_terms(&self, login: LogIn, terms: Terms, now: Seconds) -> Result<OnTerms, StoreError> {
        let kept = self.write.all(move |connection| {
            on_terms(connection, &terms, now, |connection| log_in(connection, login, now))
        });
        kept.await
    }
}
