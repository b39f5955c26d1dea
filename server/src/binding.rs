//! First-login binding: what a site requires of a person beside WeChat's word, asked for after that and before the client gets anything.
//!
//! The steps, whoever shows them: a contact is named and a code goes there; the code proves it; and where the contact is another account's,
//! the person says what becomes of the two. Nothing tells whether anybody here has a contact before it is proven. Whether all is there that
//! is required is not decided here, but in the transaction that keeps the login.

pub mod page;
pub mod widget;

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use protocol::service::{ContactKind, ErrorCode, JoinAccounts, SentCode};

use crate::attempt::ConsumedAttempt;
use crate::attempt::waiting::Waiting;
use crate::config::Client;
use crate::contact::{Contact, narrow};
use crate::error::ApiError;
use crate::login::{self, LoginError, Unbound, Who};
use crate::report;
use crate::secret::{SecretHash, random_digits};
use crate::sender::CodeMessage;
use crate::shared::Shared;
use crate::store::bindings::{AskedContact, BindingRow, TakenContact};
use crate::store::contacts::ProvenContact;
use crate::store::logins::Person;
use crate::store::{AttemptEnd, StoreError};
use crate::text::Language;

/// Digits of a code.
const DIGITS: usize = 6;
/// How often one may be entered.
const MOST_TRIES: u8 = 5;
/// Seconds that it is good for, while the login waits.
const CODE_LIFETIME: i64 = 600;
/// Seconds until another one may go to the same contact.
const RESEND_AFTER: i64 = 60;
/// Codes that one login may have sent.
const MOST_CODES: u8 = 6;

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

fn refused(code: ErrorCode, description: &'static str) -> ApiError {
    ApiError::new(code, description)
}

fn over() -> ApiError {
    refused(ErrorCode::AttemptUsed, "this login has ended")
}

fn too_old() -> ApiError {
    refused(ErrorCode::ContactCodeExpired, "the code is too old or was used; have another one sent")
}

fn wrong(tries_left: u8) -> ApiError {
    let wrong = refused(ErrorCode::ContactCodeWrong, "the code is not the one that was sent");
    ApiError { tries_left: Some(tries_left), ..wrong }
}

fn slow_down(seconds: i64) -> ApiError {
    let seconds = u64::try_from(seconds).unwrap_or(1).max(1);
    let description = "too many codes; come again after Retry-After seconds";
    ApiError { retry_after: Some(seconds), ..refused(ErrorCode::SlowDown, description) }
}

/// While it lives, and nobody ends it.
fn open(app: &Shared, waiting: &Waiting) -> Result<(), ApiError> {
    let attempt = waiting.attempt();
    report::is_about(attempt.kind.login_of(&attempt.id));
    if waiting.row().expires_at <= app.clock.now() {
        return Err(refused(ErrorCode::AttemptExpired, "the login has waited too long; start again"));
    }
    if waiting.row().is_taken { Err(over()) } else { Ok(()) }
}

fn client<'a>(app: &'a Shared, waiting: &Waiting) -> Result<&'a Client, ApiError> {
    let client = app.config.client(&waiting.attempt().client_id);
    client.ok_or_else(|| refused(ErrorCode::UnknownClient, "the client of this login is gone"))
}

/// A contact of the kind that is asked for; what people write is read by the configuration.
fn read_contact(app: &Shared, kind: ContactKind, text: &str) -> Result<Contact, ApiError> {
    let contact = match kind {
        ContactKind::Phone => app.config.sms.as_ref().and_then(|sms| Contact::phone(text, &sms.regions)),
        ContactKind::Email => Contact::email(text),
    };
    contact.ok_or_else(|| refused(ErrorCode::ContactInvalid, "no code can be sent there"))
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
    let client = client(app, waiting)?;
    let (row, now) = (waiting.row(), app.clock.now());
    if !row.missing.contains(&contact.kind()) {
        return Err(refused(ErrorCode::InvalidRequest, "the site does not ask for that"));
    }
    let before =
        row.asked.as_ref().filter(|asked| asked.kind == contact.kind() && asked.value == contact.value());
    if let Some(resend_at) = before.and_then(|asked| asked.resend_at).filter(|at| *at > now) {
        return Err(slow_down(resend_at - now));
    }
    if row.codes_sent >= MOST_CODES {
        return Err(slow_down(row.expires_at - now));
    }
    let (whose, target) = (name_of(&row.person), format!("{} {}", contact.kind().as_str(), contact.value()));
    app.limits.code(&app.config, request, &[&whose, &target]).await.map_err(ApiError::slow_down)?;
    let code = random_digits();
    let asked = AskedContact {
        kind: contact.kind(),
        value: contact.value().into(),
        code_hash: hash(waiting, contact.value(), &code),
        tries_left: MOST_TRIES,
        expires_at: row.expires_at.min(now + CODE_LIFETIME),
        resend_at: Some(now + RESEND_AFTER),
    };
    let expires_in = asked.expires_at - now;
    let fleeting = &*app.store.fleeting;
    let is_ours = waiting
        .change(fleeting, now, |row| {
            row.asked = Some(asked);
            row.exists = None;
            row.codes_sent += 1;
        })
        .await?;
    if !is_ours {
        // Another page of this browser has just had one sent.
        return Err(slow_down(RESEND_AFTER));
    }
    let message = CodeMessage {
        contact,
        code: &code,
        language,
        client_id: &client.id,
        client_name: client.name.say(language),
        expires_in,
        emulator: app.config.weixin.is_emulator(),
        now,
    };
    if let Err(error) = app.senders.send(message).await {
        tracing::error!(%error, "a code was not sent");
        // It may have gone all the same, and is good then; the next one may go at once.
        let undo = waiting.change(fleeting, now, |row| {
            row.codes_sent -= 1;
            if let Some(asked) = &mut row.asked {
                asked.resend_at = None;
            }
        });
        undo.await?;
        return Err(refused(ErrorCode::SenderUnavailable, "the code could not be sent; try again"));
    }
    Ok(SentCode { contact: contact.shown(), resend_after: RESEND_AFTER, expires_in })
}

/// By a key that the store does not have: six digits are tried out in no time.
fn hash(waiting: &Waiting, value: &str, code: &str) -> SecretHash {
    SecretHash::keyed(waiting.secret(), &format!("{value} {code}"))
}

fn name_of(person: &Person) -> String {
    match person {
        Person::Identity(identity) => format!("identity {} {}", identity.appid, identity.openid),
        Person::Account(id) => format!("account {id}"),
    }
}

/// The digits of what a person has entered or pasted.
fn digits(text: &str) -> String {
    text.chars().map(narrow).filter(char::is_ascii_digit).take(DIGITS + 1).collect()
}

/// Compares a code, and goes on where it is right. Each one costs a try before it is answered, however many come at once.
async fn enter_code(
    app: &Shared,
    request: &HttpRequest,
    waiting: &mut Waiting,
    code: &str,
) -> Result<Step, ApiError> {
    let (code, now, fleeting) = (digits(code), app.clock.now(), &*app.store.fleeting);
    loop {
        open(app, waiting)?;
        let row = waiting.row();
        let Some(asked) = &row.asked else {
            // It was proven, and the store failed before the login was kept.
            if !row.proven.is_empty() && row.exists.is_none() && row.missing.is_empty() {
                return finish(app, request, waiting, |_| ()).await;
            }
            return Err(too_old());
        };
        if asked.expires_at <= now || asked.tries_left == 0 {
            return Err(too_old());
        }
        let tries_left = asked.tries_left;
        if code.len() != DIGITS {
            return Err(wrong(tries_left));
        }
        if hash(waiting, &asked.value, &code).matches(&asked.code_hash) {
            let proven = ProvenContact { kind: asked.kind, value: asked.value.clone(), take: false };
            let kind = asked.kind;
            let attempt = waiting.take(fleeting, now, |row| {
                row.asked = None;
                row.missing.retain(|missing| *missing != kind);
                row.proven.retain(|proven| proven.kind != kind);
                row.proven.push(proven);
            });
            if let Some(attempt) = attempt.await? {
                return end(app, request, waiting, attempt).await;
            }
        } else {
            let tries_left = tries_left - 1;
            let counted = waiting.change(fleeting, now, |row| {
                if let Some(asked) = &mut row.asked {
                    asked.tries_left = tries_left;
                }
            });
            if counted.await? {
                return Err(wrong(tries_left));
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
    let require = &client(app, waiting)?.require;
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
