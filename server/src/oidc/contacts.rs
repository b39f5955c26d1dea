//! What a client may know of the contacts that a person has proven (OpenID Connect Core §5.1): of each kind the one that was proven
//! last.

use protocol::service::ContactKind;

use super::scope::Scopes;
use crate::claims::ContactClaims;
use crate::shared::Shared;
use crate::store::StoreError;

/// Those that these scopes name.
pub(super) async fn claims(
    app: &Shared,
    account_id: &str,
    scopes: Scopes,
) -> Result<ContactClaims, StoreError> {
    let (email, phone) = (scopes.has(Scopes::EMAIL), scopes.has(Scopes::PHONE));
    if !email && !phone {
        return Ok(ContactClaims::default());
    }
    let contacts = app.store.lasting.contacts_of_account(account_id).await?;
    let last = |kind, is_asked: bool| {
        let contact = contacts.iter().find(|contact| is_asked && contact.kind == kind);
        contact.map(|contact| contact.value.clone())
    };
    let (email, phone_number) = (last(ContactKind::Email, email), last(ContactKind::Phone, phone));
    Ok(ContactClaims {
        email_verified: email.as_ref().map(|_| true),
        email,
        phone_number_verified: phone_number.as_ref().map(|_| true),
        phone_number,
    })
}
