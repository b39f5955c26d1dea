//! First-login binding: what a site requires of a person beside WeChat's word, asked for after that and before the client gets anything.
//!
//! The steps, whoever shows them: a contact is named and a code goes there; the code proves it; and where the contact is another account's,
//! the person says what becomes of the two. Nothing tells whether anybody here has a contact before it is proven. Whether all is there that
//! is required is not decided here, but in the transaction that keeps the login.

pub(crate) mod form;
pub mod frame;
pub mod page;
pub(crate) mod proof;
mod site_page;
pub mod widget;

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use protocol::service::{ContactKind, ErrorCode, JoinAccounts, SentCode};

use self::proof::{over, refused};
use crate::attempt::ConsumedAttempt;
use crate::attempt::waiting::Waiting;
use crate::config::Client;
use crate::contact::Contact;
use crate::error::ApiError;
use crate::http;
use crate::login::{self, LoginError, Unbound, Who};
use crate::report;
use crate::sender::Purpose;
use crate::shared::Shared;
use crate::store::bindings::{BindingRow, TakenContact};
use crate::store::contacts::ProvenContact;
use crate::store::{AttemptEnd, AttemptRow, StoreError};
use crate::text::Language;

/// How a step ends.
enum Step {
    /// The login is done.
    Finished(End),
    /// There is more to ask.
    Asks,
    /// A proven contact is another account's.
    Exists(TakenContact),
}

/// Where a login ends that has waited.
enum End {
    /// On the service's own page: where the browser goes, and the cookies of its sessions.
    OnOurPage(String, Vec<Cookie<'static>>),
    /// On a site's page: its code.
    OnSitePage(String),
}

/// While it lives, and nobody ends it.
fn open(app: &Shared, waiting: &Waiting) -> Result<(), ApiError> {
    let attempt = waiting.attempt();
    report::is_about(attempt.kind.login_of(&attempt.id));
    proof::open(app, waiting.row())
}

fn client<'a>(app: &'a Shared, attempt: &AttemptRow) -> Result<&'a Client, ApiError> {
    let client = app.config.client(&attempt.client_id);
    client.ok_or_else(|| refused(ErrorCode::UnknownClient, "the client of this login is gone"))
}

/// The language in which the login was begun.
fn language(attempt: &AttemptRow, request: &HttpRequest) -> Language {
    let begun = attempt.lang.as_deref().and_then(Language::parse);
    begun.unwrap_or_else(|| http::language::of(request))
}

/// Sends a code to a contact, whoever it may be.
async fn send_code(
    app: &Shared,
    request: &HttpRequest,
    waiting: &mut Waiting,
    contact: &Contact,
    language: Language,
) -> Result<SentCode, ApiError> {
    open(app, waiting)?;
    let site = client(app, waiting.attempt())?;
    proof::send_code(app, request, waiting.own(), contact, Purpose::Login, site, language).await
}

/// Compares a code, and goes on where it is right.
async fn enter_code(
    app: &Shared,
    request: &HttpRequest,
    waiting: &mut Waiting,
    code: &str,
) -> Result<Step, ApiError> {
    let (now, fleeting) = (app.clock.now(), &*app.store.fleeting);
    loop {
        open(app, waiting)?;
        let row = waiting.row();
        // It was proven, and the store failed before the login was kept.
        if row.asked.is_none() && !row.proven.is_empty() && row.exists.is_none() && row.missing.is_empty() {
            return finish(app, request, waiting, |_| ()).await;
        }
        if let Some(proven) = proof::compare(app, waiting.own(), code).await? {
            let attempt = waiting.take(fleeting, now, |row| row.has_proven(proven));
            if let Some(attempt) = attempt.await? {
                return end(app, request, waiting, attempt).await;
            }
        }
        if !waiting.look_again(fleeting).await? {
            return Err(over());
        }
    }
}

/// What becomes of two accounts, by the person's word.
async fn decide(
    app: &Shared,
    request: &HttpRequest,
    waiting: &mut Waiting,
    said: JoinAccounts,
) -> Result<Step, ApiError> {
    open(app, waiting)?;
    let Some(TakenContact { contact, account_id, may_join }) = waiting.row().exists.clone() else {
        return Err(refused(ErrorCode::InvalidRequest, "nothing is asked that this would answer"));
    };
    if said.join && (said.take || !may_join) {
        return Err(refused(ErrorCode::InvalidRequest, "these two accounts may not become one"));
    }
    if said.join || said.take {
        return finish(app, request, waiting, |row| {
            row.exists = None;
            row.join = said.join.then_some(account_id).or(row.join.take());
            row.proven.push(ProvenContact { take: said.take, ..contact });
        })
        .await;
    }
    let require = &client(app, waiting.attempt())?.require;
    let asks = waiting.change(&*app.store.fleeting, app.clock.now(), |row| {
        row.exists = None;
        row.missing.push(contact.kind);
        row.missing.sort_by_key(|kind| require.iter().position(|required| required == kind));
    });
    if asks.await? { Ok(Step::Asks) } else { Err(over()) }
}

async fn finish(
    app: &Shared,
    request: &HttpRequest,
    waiting: &mut Waiting,
    change: impl FnOnce(&mut BindingRow),
) -> Result<Step, ApiError> {
    let taken = waiting.take(&*app.store.fleeting, app.clock.now(), change).await?;
    end(app, request, waiting, taken.ok_or_else(over)?).await
}

/// Keeps the login with what was proven; or gives the attempt back, with what is to be asked next.
async fn end(
    app: &Shared,
    request: &HttpRequest,
    waiting: &mut Waiting,
    attempt: ConsumedAttempt,
) -> Result<Step, ApiError> {
    let row = waiting.row();
    let who = Who { person: row.person.clone(), contacts: row.proven.clone(), join: row.join.clone() };
    let kept = match (attempt.row().kind.destination(), attempt.row().kind.site_page()) {
        (Some(destination), _) => login::on_our_page(app, request, &attempt, destination, who)
            .await
            .map(|(location, cookies)| End::OnOurPage(location, cookies)),
        (None, Some(page)) => login::on_site_page(app, &attempt, page, who).await.map(End::OnSitePage),
        (None, None) => return Err(over()),
    };
    match kept {
        Ok(end) => {
            let row = waiting.attempt();
            app.metrics.login_finished(row.kind.name(), row.product.as_str(), AttemptEnd::Done.as_str());
            Ok(Step::Finished(end))
        }
        Err(LoginError::Unbound(Unbound::Missing(kinds))) => {
            give_back(app, waiting, |row| row.missing = kinds).await?;
            Ok(Step::Asks)
        }
        Err(LoginError::Unbound(Unbound::Taken(kind))) => {
            let exists = taken_contact(app, waiting, kind).await;
            let told = exists.as_ref().ok().cloned();
            give_back(app, waiting, |row| {
                if told.is_some() {
                    row.proven.retain(|proven| proven.kind != kind);
                    row.exists = told;
                }
            })
            .await?;
            Ok(Step::Exists(exists?))
        }
        Err(error) => {
            // Where the store is away it does not take this either, and the login begins anew.
            give_back(app, waiting, |_| ()).await?;
            Err(error.into())
        }
    }
}

async fn give_back(
    app: &Shared,
    waiting: &mut Waiting,
    change: impl FnOnce(&mut BindingRow),
) -> Result<(), StoreError> {
    let given = waiting.change(&*app.store.fleeting, app.clock.now(), |row| {
        change(row);
        row.is_taken = false;
    });
    given.await.map(drop)
}

/// Whose a proven contact is, and whether that account may become one with the person's.
///
/// Not for ever by the contact alone: a number that was given up gets another owner after some months, and an address may, too. Where the
/// account has proven it a short time ago it is the same owner's still; and an account that WeChat does not know has nothing else to be
/// known by.
async fn taken_contact(app: &Shared, waiting: &Waiting, kind: ContactKind) -> Result<TakenContact, ApiError> {
    let lasting = &app.store.lasting;
    let contact = waiting.row().proven.iter().find(|proven| proven.kind == kind).cloned().ok_or_else(over)?;
    let owned = lasting.contact(kind, &contact.value).await?;
    // Its owner has gone in this moment: the next try gets it.
    let owned = owned.ok_or_else(|| {
        refused(ErrorCode::TemporarilyUnavailable, "the contact has just changed; try again")
    })?;
    let is_recent = app.clock.now() - owned.verified_at < app.config.join_within;
    let may_join = waiting.row().join.is_none()
        && app.config.join_within > 0
        && (is_recent || lasting.identities_of_account(&owned.account_id).await?.is_empty());
    Ok(TakenContact { contact, account_id: owned.account_id, may_join })
}
