//! Logins that wait for a contact: WeChat has said who it is, the attempt is taken, and nothing else is made before the person has proven
//! what the site asks for. And people who prove a contact on their own page. A row changes as a whole, and only for who has seen it as it is.

use std::collections::BTreeMap;

use async_trait::async_trait;
use protocol::service::ContactKind;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::contacts::ProvenContact;
use super::logins::Person;
use crate::clock::Seconds;
use crate::secret::SecretHash;

/// A login that waits, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingRow {
    /// Its attempt's public name.
    pub id: String,
    /// Of the attempt's cookie (the service's own page), or of the secret in the token (a site's page).
    pub secret_hash: SecretHash,
    /// Of a site's page, which compares it; it was good for its attempt alone, and that is taken.
    pub state: Option<String>,
    /// Who has logged in.
    pub person: Person,
    /// When it dies.
    pub expires_at: Seconds,
    /// What is asked for, in this order.
    pub missing: Vec<ContactKind>,
    /// What was proven so far.
    pub proven: Vec<ProvenContact>,
    /// The account that the person has chosen to be one with.
    pub join: Option<String>,
    /// Where a code has gone that may still be entered.
    pub asked: Option<AskedContact>,
    /// A proven contact that is another account's, while the person has not said what becomes of the two.
    pub exists: Option<TakenContact>,
    /// How many codes were sent.
    pub codes_sent: u8,
    /// Each mailbox or number that has got one, and before when it gets no other. A node of the version before writes none.
    #[serde(default)]
    pub resend_at: BTreeMap<String, Seconds>,
    /// Somebody ends the login in this moment, or has.
    pub is_taken: bool,
    /// On a person's own page: the contact of the same kind that goes when the new one is proven.
    pub replaces: Option<String>,
}

/// Where a code has gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedContact {
    /// What it is.
    pub kind: ContactKind,
    /// [`ContactRow::value`](super::contacts::ContactRow::value).
    pub value: String,
    /// Of the code, by a key that the browser alone has.
    pub code_hash: SecretHash,
    /// How often a code may be entered.
    pub tries_left: u8,
    /// When the code is good for nothing.
    pub expires_at: Seconds,
}

/// A proven contact that is another account's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenContact {
    /// The contact.
    pub contact: ProvenContact,
    /// Whose it is.
    pub account_id: String,
    /// Whether the two accounts may become one.
    pub may_join: bool,
}

impl BindingRow {
    /// Of this person, who has proven nothing yet.
    pub fn new(
        id: String,
        secret_hash: SecretHash,
        person: Person,
        missing: Vec<ContactKind>,
        expires_at: Seconds,
    ) -> Self {
        Self {
            id,
            secret_hash,
            state: None,
            person,
            expires_at,
            missing,
            proven: Vec::new(),
            join: None,
            asked: None,
            exists: None,
            codes_sent: 0,
            resend_at: BTreeMap::new(),
            is_taken: false,
            replaces: None,
        }
    }

    /// What was asked for is there.
    pub fn has_proven(&mut self, contact: ProvenContact) {
        let kind = contact.kind;
        self.asked = None;
        self.missing.retain(|missing| *missing != kind);
        self.proven.retain(|proven| proven.kind != kind);
        self.proven.push(contact);
    }

    /// For a store.
    pub(super) fn to_json(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::Row(error.into()))
    }

    /// From a store. What serde says of a value may repeat it.
    pub(super) fn of_json(json: &str) -> Result<Self, StoreError> {
        serde_json::from_str(json).map_err(|_| StoreError::row("a login that waits is not of its form"))
    }
}

/// A row in the hands of the browser that has its secret.
pub struct OwnBinding {
    row: BindingRow,
    changes: i64,
    secret: String,
}

impl OwnBinding {
    /// This row, which was changed so often, where this is its secret.
    pub fn of(row: BindingRow, changes: i64, secret: &str) -> Option<Self> {
        let is_own = SecretHash::of(secret).matches(&row.secret_hash);
        is_own.then(|| Self { row, changes, secret: secret.to_owned() })
    }

    /// What is kept.
    pub fn row(&self) -> &BindingRow {
        &self.row
    }

    /// What the browser holds: a key for what may be tried out by whoever has the store alone.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Changes it, where nobody else has meanwhile.
    pub async fn change(
        &mut self,
        store: &(impl Bindings + ?Sized),
        now: Seconds,
        change: impl FnOnce(&mut BindingRow),
    ) -> Result<bool, StoreError> {
        let mut row = self.row.clone();
        change(&mut row);
        let is_changed = store.change_binding(&row, self.changes, now).await?;
        if is_changed {
            self.row = row;
            self.changes += 1;
        }
        Ok(is_changed)
    }

    /// Looks once more, after somebody else has changed it; whether it is still there.
    pub async fn look_again(&mut self, store: &(impl Bindings + ?Sized)) -> Result<bool, StoreError> {
        let Some((row, changes)) = store.binding(&self.row.id).await? else { return Ok(false) };
        (self.row, self.changes) = (row, changes);
        Ok(true)
    }
}

/// The verbs for logins that wait.
#[async_trait]
pub trait Bindings: Send + Sync {
    /// Keeps one.
    async fn insert_binding(&self, row: &BindingRow) -> Result<(), StoreError>;
    /// One, with the number of its changes, until it is cleared away.
    async fn binding(&self, id: &str) -> Result<Option<(BindingRow, i64)>, StoreError>;
    /// Changes a living one which was changed so often, and no oftener; of many callers one gets `true`.
    async fn change_binding(&self, row: &BindingRow, changes: i64, now: Seconds) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_of_a_node_of_the_version_before_is_read() {
        let person = Person::Account("account".into());
        let row =
            BindingRow::new("id".into(), SecretHash::of("secret"), person, vec![ContactKind::Phone], 600);
        let mut before = serde_json::to_value(&row).expect("JSON");
        let members = before.as_object_mut().expect("an object");
        for later in ["resend_at", "replaces"] {
            assert!(members.remove(later).is_some(), "{later}");
        }
        assert_eq!(BindingRow::of_json(&before.to_string()).expect("a row"), row);
        let asked = json!({ "kind": "phone", "value": "+8613800138000", "code_hash": row.secret_hash,
            "tries_left": 5, "expires_at": 600, "resend_at": 60 });
        before["asked"] = asked;
        assert!(BindingRow::of_json(&before.to_string()).expect("a row").asked.is_some());
    }
}
