//! Contacts in SQLite: the verbs.

use async_trait::async_trait;
use protocol::service::ContactKind;

use super::SqliteStore;
use super::accounts::account;
use super::audit::note;
use super::logins::log_in;
use super::statement::statements;
use super::terms::{CONTACT, CONTACTS_OF_ACCOUNT, contact, give, on_terms, say};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::audit::{By, What};
use crate::store::contacts::{Bound, ContactRow, Contacts, OnTerms, ProvenContact, Terms};
use crate::store::logins::LogIn;
use crate::store::webhooks::Event;

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

    async fn bind_contact(
        &self,
        account_id: &str,
        contact: &ProvenContact,
        replaces: Option<&str>,
        now: Seconds,
    ) -> Result<Bound, StoreError> {
        let (account_id, contact) = (account_id.to_owned(), contact.clone());
        let replaces = replaces.filter(|replaced| *replaced != contact.value).map(str::to_owned);
        let bind = self.write.all(move |connection| {
            let Some(account) = account(connection, &account_id)? else { return Ok(Bound::NoAccount) };
            if !give(connection, &account.id, &contact, By::Person, now)? {
                return Ok(Bound::Taken);
            }
            let kind = contact.kind.as_str();
            if let Some(replaced) = &replaces
                && UNBIND.execute(connection, [&*account.id, kind, replaced.as_str()])? > 0
            {
                note(connection, &account.id, What::Unbound, By::Person, Some(kind), now)?;
            }
            Ok(Bound::Kept)
        });
        bind.await
    }

    async fn unbind_contact(
        &self,
        account_id: &str,
        kind: ContactKind,
        value: &str,
        now: Seconds,
    ) -> Result<bool, StoreError> {
        let (account_id, value) = (account_id.to_owned(), value.to_owned());
        let unbind = self.write.all(move |connection| {
            let gone = UNBIND.execute(connection, [&*account_id, kind.as_str(), &*value])? > 0;
            if gone {
                let what = (What::Unbound, Event::ContactUnbound);
                say(connection, &account_id, what, kind, By::Person, now)?;
            }
            Ok(gone)
        });
        unbind.await
    }
}

statements! {
    UNBIND = "DELETE FROM contacts WHERE account_id = ?1 AND kind = ?2 AND value = ?3";
}
