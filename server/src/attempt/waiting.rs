//! An attempt that was taken and waits for a contact: it is found by whoever proves to be the browser that answered it, changes step by step,
//! and is taken once more, for the one end of its login.

use protocol::service::ContactKind;

use super::{CallbackError, ConsumedAttempt};
use crate::clock::Seconds;
use crate::secret::{SecretHash, random_word};
use crate::store::bindings::{BindingRow, OwnBinding};
use crate::store::logins::Person;
use crate::store::{AttemptEnd, AttemptRow, Fleeting, StoreError};

/// How long a login waits.
pub const LIFETIME: Seconds = 600;

/// A login that waits, in the hands of the browser that answered it.
///
/// Only [`find`] makes one.
pub struct Waiting {
    attempt: AttemptRow,
    own: OwnBinding,
}

/// Has a login wait, and says so of its attempt. Gives the token for a site's page; the service's own pages have the attempt's cookie.
pub async fn begin(
    store: &dyn Fleeting,
    attempt: &ConsumedAttempt,
    person: Person,
    state: Option<&str>,
    missing: Vec<ContactKind>,
    now: Seconds,
) -> Result<String, StoreError> {
    let attempt = attempt.row();
    let secret = random_word();
    let is_site_page = attempt.kind.site_page().is_some();
    let secret_hash = if is_site_page { SecretHash::of(&secret) } else { attempt.secret_hash };
    let row = BindingRow {
        state: state.map(Into::into),
        ..BindingRow::new(attempt.id.clone(), secret_hash, person, missing, now + LIFETIME)
    };
    store.insert_binding(&row).await?;
    store.end_attempt(&attempt.id, AttemptEnd::Waits, None).await?;
    Ok(format!("{}.{secret}", attempt.id))
}

/// What a browser proves itself with.
pub enum Proof<'a> {
    /// The attempt's cookie, on the service's own pages.
    Cookie(&'a str),
    /// The secret in the token, from a page of the origin that started the attempt.
    Token {
        /// The second half.
        secret: &'a str,
        /// The request's `Origin`.
        origin: &'a str,
    },
    /// The same secret, from the service's own page in a frame of such a page.
    Frame(&'a str),
}

/// The login that waits under this name, for the browser that answered it.
pub async fn find(store: &dyn Fleeting, id: &str, proof: Proof<'_>) -> Result<Waiting, CallbackError> {
    let attempt = store.attempt(id).await?.ok_or(CallbackError::UnknownAttempt)?;
    let Some((row, changes)) = store.binding(id).await? else {
        // It was cleared away; its attempt is for a while longer.
        let has_waited = attempt.end == Some(AttemptEnd::Waits);
        return Err(if has_waited { CallbackError::Expired } else { CallbackError::UnknownAttempt });
    };
    let (secret, is_its_page) = match (&proof, attempt.kind.site_page()) {
        (Proof::Cookie(secret), None) => (*secret, true),
        (Proof::Token { secret, origin }, Some(page)) => (*secret, page.origin == *origin),
        (Proof::Frame(secret), Some(_)) => (*secret, true),
        _ => return Err(CallbackError::OtherBrowser),
    };
    let own = OwnBinding::of(row, changes, secret).filter(|_| is_its_page);
    Ok(Waiting { attempt, own: own.ok_or(CallbackError::OtherBrowser)? })
}

impl Waiting {
    /// What is kept of it.
    pub fn row(&self) -> &BindingRow {
        self.own.row()
    }

    /// What was kept of its attempt.
    pub fn attempt(&self) -> &AttemptRow {
        &self.attempt
    }

    /// The secret that the browser has brought.
    pub fn secret(&self) -> &str {
        self.own.secret()
    }

    /// What is asked for, for the steps of a proof.
    pub fn own(&mut self) -> &mut OwnBinding {
        &mut self.own
    }

    /// Changes it, where nobody else has meanwhile.
    pub async fn change(
        &mut self,
        store: &dyn Fleeting,
        now: Seconds,
        change: impl FnOnce(&mut BindingRow),
    ) -> Result<bool, StoreError> {
        self.own.change(store, now, change).await
    }

    /// Looks once more, after somebody else has changed it; whether it is still there.
    pub async fn look_again(&mut self, store: &dyn Fleeting) -> Result<bool, StoreError> {
        self.own.look_again(store).await
    }

    /// Takes it for the end of its login, with a last change; of many callers one gets its attempt.
    pub async fn take(
        &mut self,
        store: &dyn Fleeting,
        now: Seconds,
        change: impl FnOnce(&mut BindingRow),
    ) -> Result<Option<ConsumedAttempt>, StoreError> {
        if self.row().is_taken {
            return Ok(None);
        }
        let is_taken = self
            .change(store, now, |row| {
                change(row);
                row.is_taken = true;
            })
            .await?;
        Ok(is_taken.then(|| ConsumedAttempt::that_waited(self.attempt.clone())))
    }
}
