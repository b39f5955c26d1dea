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
use crate::store::contacts::{ContactRow, OnTerms, Terms};
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
        let (kind, value) = (contact.kind, contact.value.as_str());
        let before = CONTACT.first(connection, [kind.as_str(), value], self::contact)?;
        let before = before.map(|before| before.account_id);
        let is_its_own = before.as_deref() == Some(account_id);
        let other = before.filter(|_| !is_its_own);
        if other.is_some() && !contact.take {
            return Ok(Some(OnTerms::Taken(kind)));
        }
        KEEP_CONTACT.execute(connection, params![kind.as_str(), value, account_id, now])?;
        if let Some(other) = &other {
            note(connection, other, What::Unbound, By::Login, Some(kind.as_str()), now)?;
        }
        if !is_its_own {
            note(connection, account_id, What::Bound, By::Login, Some(kind.as_str()), now)?;
            let data = json!({ "contact": kind.as_str() });
            tell_clients(connection, account_id, Event::ContactBound, &data, now)?;
        }
    }
    let has = CONTACTS_OF_ACCOUNT.all(connection, [account_id], contact)?;
    let is_missing = |kind: &ContactKind| has.iter().all(|contact| contact.kind != *kind);
    let missing: Vec<ContactKind> = terms.require.iter().copied().filter(is_missing).collect();
    Ok((!missing.is_empty()).then_some(OnTerms::Missing(missing)))
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
