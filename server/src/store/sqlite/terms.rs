//! The terms of a login in SQLite: what an account must have, and the contacts that it gets, within the login's transaction.

use protocol::service::ContactKind;
use rusqlite::{Connection, Row, params};
use serde_json::json;

use super::audit::note;
use super::statement::{Statement, statements};
use super::webhooks::tell_clients;
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::audit::{By, What};
use crate::store::contacts::{ContactRow, OnTerms, ProvenContact, Terms};
use crate::store::logins::LoggedIn;
use crate::store::webhooks::Event;

const SAVEPOINT: Statement = Statement("SAVEPOINT terms");
const RELEASE: Statement = Statement("RELEASE terms");
const ROLLBACK_TO: Statement = Statement("ROLLBACK TO terms");

/// Runs what keeps a login within a transaction, and takes it back where the account does not have what is required.
pub(super) fn on_terms(
    connection: &Connection,
    terms: &Terms,
    now: Seconds,
    keep: impl FnOnce(&Connection) -> Result<Option<LoggedIn>, StoreError>,
) -> Result<OnTerms, StoreError> {
    SAVEPOINT.execute(connection, [])?;
    let kept = match keep(connection)? {
        Some(kept) => match bind(connection, &kept.account.id, terms, now)? {
            None => OnTerms::LoggedIn(Box::new(kept)),
            Some(refused) => refused,
        },
        None => OnTerms::NoAccount,
    };
    if !matches!(kept, OnTerms::LoggedIn(_)) {
        ROLLBACK_TO.execute(connection, [])?;
    }
    RELEASE.execute(connection, [])?;
    Ok(kept)
}

/// Gives an account what was proven; why not, where that is another one's or something is missing still.
fn bind(
    connection: &Connection,
    account_id: &str,
    terms: &Terms,
    now: Seconds,
) -> Result<Option<OnTerms>, StoreError> {
    for contact in &terms.contacts {
        if !give(connection, account_id, contact, By::Login, now)? {
            return Ok(Some(OnTerms::Taken(contact.kind)));
        }
    }
    let has = CONTACTS_OF_ACCOUNT.all(connection, [account_id], contact)?;
    let is_missing = |kind: &ContactKind| has.iter().all(|contact| contact.kind != *kind);
    let missing: Vec<ContactKind> = terms.require.iter().copied().filter(is_missing).collect();
    Ok((!missing.is_empty()).then_some(OnTerms::Missing(missing)))
}

/// Gives an account a contact; `false`: it is another one's, and may not be taken.
pub(super) fn give(
    connection: &Connection,
    account_id: &str,
    contact: &ProvenContact,
    by: By,
    now: Seconds,
) -> Result<bool, StoreError> {
    let (kind, value) = (contact.kind, contact.value.as_str());
    let before = CONTACT.first(connection, [kind.as_str(), value], self::contact)?;
    let before = before.map(|before| before.account_id);
    let is_its_own = before.as_deref() == Some(account_id);
    let other = before.filter(|_| !is_its_own);
    if other.is_some() && !contact.take {
        return Ok(false);
    }
    KEEP_CONTACT.execute(connection, params![kind.as_str(), value, account_id, now])?;
    if let Some(other) = &other {
        say(connection, other, (What::Unbound, Event::ContactUnbound), kind, by, now)?;
    }
    if !is_its_own {
        say(connection, account_id, (What::Bound, Event::ContactBound), kind, by, now)?;
    }
    Ok(true)
}

/// That something has become of an account's contact, for its history and for the clients that know it.
pub(super) fn say(
    connection: &Connection,
    account_id: &str,
    (what, event): (What, Event),
    kind: ContactKind,
    by: By,
    now: Seconds,
) -> Result<(), StoreError> {
    note(connection, account_id, what, by, Some(kind.as_str()), now)?;
    tell_clients(connection, account_id, event, &json!({ "contact": kind.as_str() }), now)
}

/// A contact's row.
pub(super) fn contact(row: &Row<'_>) -> Result<ContactRow, StoreError> {
    let kind = ContactKind::parse(&row.get::<_, String>("kind")?);
    Ok(ContactRow {
        kind: kind.ok_or(StoreError::row("a contact is of no kind"))?,
        value: row.get("value")?,
        account_id: row.get("account_id")?,
        verified_at: row.get("verified_at")?,
    })
}

statements! {
    CONTACTS_OF_ACCOUNT = "SELECT * FROM contacts WHERE account_id = ?1 ORDER BY verified_at DESC, kind, value";
    CONTACT = "SELECT * FROM contacts WHERE kind = ?1 AND value = ?2";
    KEEP_CONTACT = "INSERT INTO contacts (kind, value, account_id, verified_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (kind, value) DO UPDATE SET account_id = ?3, verified_at = ?4";
}
