//! A person's own phone numbers and addresses, on their own page: another one, by a code that goes there, alone or in the place of one that
//! is there; and one less. A site that requires one asks at the next login.
//!
//! What is asked is kept as for a login that waits, in the hands of the session's cookie.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::{ContactKind, ErrorCode};
use serde::Deserialize;

use super::asking::{Asking, answer, back, by_own_form, by_own_page, client};
use crate::attempt::waiting::LIFETIME;
use crate::authorization::see_other;
use crate::binding::form::{self, can_be_mended, is_change};
use crate::binding::page::{CodeForm, ContactForm, JoinForm};
use crate::binding::proof::{compare, nothing_is_asked, open, read_contact, refused, send_code};
use crate::config::Client;
use crate::contact::Contact;
use crate::error::ApiError;
use crate::http::language;
use crate::pages::{self, OwnContact, Refusal};
use crate::secret::random_word;
use crate::sender::Purpose;
use crate::session::secret_of;
use crate::shared::Shared;
use crate::store::StoreError;
use crate::store::bindings::{BindingRow, OwnBinding, TakenContact};
use crate::store::contacts::{Bound, ProvenContact};
use crate::store::logins::Person;
use crate::text::Language;

/// The kinds, in the order in which they are shown.
const KINDS: [ContactKind; 2] = [ContactKind::Phone, ContactKind::Email];

/// Which contact a form of the page is about.
#[derive(Deserialize)]
pub struct Named {
    #[serde(default)]
    kind: String,
    /// One that is there; none, where another one comes.
    #[serde(default)]
    value: String,
}

/// What the page shows of a person's contacts, and of which kinds there may be one more.
pub(crate) async fn listed(
    app: &Shared,
    account_id: &str,
    language: Language,
) -> Result<(Vec<OwnContact>, Vec<ContactKind>), StoreError> {
    let store = &app.store.lasting;
    let (known, seen) =
        (store.contacts_of_account(account_id).await?, store.subjects_of_account(account_id).await?);
    let of_kind = |kind| known.iter().filter(move |contact| contact.kind == kind);
    let sites = |kind| -> Vec<String> {
        let asks =
            |client: &&Client| client.require.contains(&kind) && seen.iter().any(|(id, _)| *id == client.id);
        app.config.clients.iter().filter(asks).map(|client| client.name.say(language).to_owned()).collect()
    };
    let own = KINDS.into_iter().flat_map(of_kind).map(|contact| OwnContact {
        kind: contact.kind,
        shown: Contact::kept(contact.kind, contact.value.clone()).shown(),
        value: contact.value.clone(),
        may_change: is_sent(app, contact.kind),
        required_by: if of_kind(contact.kind).count() == 1 { sites(contact.kind) } else { Vec::new() },
    });
    let more = KINDS.into_iter().filter(|kind| is_sent(app, *kind) && of_kind(*kind).next().is_none());
    Ok((own.collect(), more.collect()))
}

fn is_sent(app: &Shared, kind: ContactKind) -> bool {
    match kind {
        ContactKind::Phone => app.config.sms.is_some(),
        ContactKind::Email => app.config.email.is_some(),
    }
}

/// `POST /account/contacts`: another one is to come.
pub async fn begin(app: web::Data<Shared>, request: HttpRequest, named: web::Form<Named>) -> HttpResponse {
    let begin = async |asking: Asking| {
        let kind = ContactKind::parse(&named.kind).filter(|kind| is_sent(&app, *kind));
        let Some(kind) = kind else { return Ok(Some(unknown(&app, &request))) };
        let row = BindingRow {
            replaces: Some(named.value.clone()).filter(|value| !value.is_empty()),
            ..BindingRow::new(
                random_word(),
                asking.session.secret_hash,
                Person::Account(asking.account_id),
                vec![kind],
                app.clock.now() + LIFETIME,
            )
        };
        app.store.fleeting.insert_binding(&row).await?;
        Ok(Some(see_other(&address(&app, &row.id))))
    };
    by_own_form(&app, &request, begin).await
}

/// `POST /account/contacts/end`: one less.
pub async fn end(app: web::Data<Shared>, request: HttpRequest, named: web::Form<Named>) -> HttpResponse {
    let end = async |asking: Asking| {
        let Some(kind) = ContactKind::parse(&named.kind) else { return Ok(Some(unknown(&app, &request))) };
        // Somebody else's is as unknown as one that has gone.
        let store = &app.store.lasting;
        if store.unbind_contact(&asking.account_id, kind, &named.value, app.clock.now()).await? {
            app.webhooks.soon();
        }
        Ok(Some(back(&app)))
    };
    by_own_form(&app, &request, end).await
}

/// `GET /account/contacts/{id}`: what is asked for now.
pub async fn get(app: web::Data<Shared>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let shown = async |asking: Asking| {
        let own = own(&app, &request, &asking, &id).await?;
        Ok(Some(own.map_or_else(|| back(&app), |own| page(&app, &request, &own, is_change(&request), None))))
    };
    answer(&app, &request, shown).await
}

/// `POST /account/contacts/{id}/contact`.
pub async fn contact(
    app: web::Data<Shared>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<ContactForm>,
) -> HttpResponse {
    let sent = async |asking: Asking| {
        let Some(mut own) = own(&app, &request, &asking, &id).await? else { return Ok(Some(back(&app))) };
        let contact = match own.row().missing.first() {
            Some(kind) => read_contact(&app, *kind, &form.contact),
            None => Err(nothing_is_asked()),
        };
        let sent = match contact {
            Ok(contact) => send(&app, &request, &asking, &mut own, &contact).await,
            Err(error) => Err(error),
        };
        Ok(Some(next(&app, &request, &own, true, sent.map_err(|error| (error, &*form.contact)))))
    };
    by_own_page(&app, &request, sent).await
}

/// `POST /account/contacts/{id}/code`.
pub async fn code(
    app: web::Data<Shared>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<CodeForm>,
) -> HttpResponse {
    let entered = async |asking: Asking| {
        let Some(mut own) = own(&app, &request, &asking, &id).await? else { return Ok(Some(back(&app))) };
        if form.again {
            let asked = own.row().asked.clone();
            let sent = match asked.map(|asked| Contact::kept(asked.kind, asked.value)) {
                Some(contact) => send(&app, &request, &asking, &mut own, &contact).await,
                None => Err(refused(ErrorCode::InvalidRequest, "no code was sent yet")),
            };
            return Ok(Some(next(&app, &request, &own, false, sent.map_err(|error| (error, "")))));
        }
        let (fleeting, now) = (&*app.store.fleeting, app.clock.now());
        loop {
            // It was proven, and the store failed before it was kept.
            let row = own.row();
            if row.asked.is_none() && row.missing.is_empty() && row.exists.is_none() {
                return keep(&app, &asking, own).await;
            }
            match compare(&app, &mut own, &form.code).await {
                Ok(Some(proven)) => {
                    if own.change(fleeting, now, |row| row.has_proven(proven)).await? {
                        return keep(&app, &asking, own).await;
                    }
                }
                Ok(None) => {}
                Err(error) => return Ok(Some(next(&app, &request, &own, false, Err((error, ""))))),
            }
            if !own.look_again(fleeting).await? || open(&app, own.row()).is_err() {
                return Ok(Some(back(&app)));
            }
        }
    };
    by_own_page(&app, &request, entered).await
}

/// `POST /account/contacts/{id}/join`: the proven contact is another account's; the person takes it, or names another one.
pub async fn decide(
    app: web::Data<Shared>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<JoinForm>,
) -> HttpResponse {
    let decided = async |asking: Asking| {
        let Some(mut own) = own(&app, &request, &asking, &id).await? else { return Ok(Some(back(&app))) };
        let Some(TakenContact { contact, .. }) = own.row().exists.clone() else {
            return Ok(Some(see_other(&address(&app, &id))));
        };
        let takes = form.answer == "take";
        let changed = own.change(&*app.store.fleeting, app.clock.now(), |row| {
            row.exists = None;
            if takes {
                row.proven = vec![ProvenContact { take: true, ..contact }];
            } else {
                row.missing = vec![contact.kind];
            }
        });
        if changed.await? && takes {
            keep(&app, &asking, own).await
        } else {
            Ok(Some(see_other(&address(&app, &id))))
        }
    };
    by_own_page(&app, &request, decided).await
}

/// What was begun under this name, in this browser, by this person; while it lives.
async fn own(
    app: &Shared,
    request: &HttpRequest,
    asking: &Asking,
    id: &str,
) -> Result<Option<OwnBinding>, StoreError> {
    let Some(secret) = secret_of(app, request, &asking.session) else { return Ok(None) };
    let Some((row, changes)) = app.store.fleeting.binding(id).await? else { return Ok(None) };
    let is_own = matches!(&row.person, Person::Account(id) if *id == asking.account_id);
    let own = OwnBinding::of(row, changes, &secret).filter(|_| is_own);
    Ok(own.filter(|own| open(app, own.row()).is_ok()))
}

async fn send(
    app: &Shared,
    request: &HttpRequest,
    asking: &Asking,
    own: &mut OwnBinding,
    contact: &Contact,
) -> Result<(), ApiError> {
    let site = client(app, asking.client_id.as_deref())
        .ok_or_else(|| refused(ErrorCode::UnknownClient, "no client is configured"))?;
    let language = language::of(request);
    send_code(app, request, own, contact, Purpose::Account, site, language).await.map(drop)
}

/// Gives the account what was proven.
async fn keep(
    app: &Shared,
    asking: &Asking,
    mut own: OwnBinding,
) -> Result<Option<HttpResponse>, StoreError> {
    let (fleeting, lasting, now) = (&*app.store.fleeting, &app.store.lasting, app.clock.now());
    let Some(contact) = own.row().proven.last().cloned() else { return Ok(Some(back(app))) };
    let replaces = own.row().replaces.clone();
    match lasting.bind_contact(&asking.account_id, &contact, replaces.as_deref(), now).await? {
        Bound::Kept => {
            app.webhooks.soon();
            own.change(fleeting, now, |row| row.is_taken = true).await?;
            Ok(Some(back(app)))
        }
        Bound::Taken => {
            let owner = lasting.contact(contact.kind, &contact.value).await?;
            let account_id = owner.map(|owner| owner.account_id).unwrap_or_default();
            own.change(fleeting, now, |row| {
                row.proven.clear();
                row.exists = Some(TakenContact { contact, account_id, may_join: false });
            })
            .await?;
            Ok(Some(see_other(&address(app, &own.row().id))))
        }
        Bound::NoAccount => Ok(None),
    }
}

fn address(app: &Shared, id: &str) -> String {
    format!("{}/account/contacts/{id}", app.config.public_url.path())
}

fn unknown(app: &Shared, request: &HttpRequest) -> HttpResponse {
    pages::refusal(app, Refusal::Code(ErrorCode::InvalidRequest), language::of(request), None)
}

/// After a step: the page is loaded anew, so that no form is sent twice; or shown with what was wrong, and what was written.
fn next(
    app: &Shared,
    request: &HttpRequest,
    own: &OwnBinding,
    change: bool,
    step: Result<(), (ApiError, &str)>,
) -> HttpResponse {
    match step {
        Ok(()) => see_other(&address(app, &own.row().id)),
        Err((error, written)) => match error.code {
            code if can_be_mended(code) => page(app, request, own, change, Some((&error, written))),
            ErrorCode::TemporarilyUnavailable => {
                pages::refusal(app, Refusal::StoreAway, language::of(request), None)
            }
            code => pages::refusal(app, Refusal::Code(code), language::of(request), None),
        },
    }
}

fn page(
    app: &Shared,
    request: &HttpRequest,
    own: &OwnBinding,
    change: bool,
    wrong: Option<(&ApiError, &str)>,
) -> HttpResponse {
    let row = own.row();
    let written = wrong.map_or("", |(_, written)| written);
    let Some(form) = form::of(row, change, written, app.clock.now()) else { return back(app) };
    let (error, replaces) = (wrong.map(|(error, _)| error), row.replaces.is_some());
    let page = pages::own_contact(app, address(app, &row.id), &form, replaces, error, language::of(request));
    form::with_status_of(page, error)
}
