//! A contact is named, a code goes there, and the code proves it: the steps of a login that waits, and of a person on their own page. What
//! comes of a proof is not decided here.

use actix_web::HttpRequest;
use protocol::service::{ContactKind, ErrorCode, SentCode};

use crate::config::Client;
use crate::contact::{Contact, narrow};
use crate::error::ApiError;
use crate::secret::{SecretHash, random_digits};
use crate::sender::{CodeMessage, Purpose};
use crate::shared::Shared;
use crate::store::bindings::{AskedContact, BindingRow, OwnBinding};
use crate::store::contacts::ProvenContact;
use crate::store::logins::Person;
use crate::text::Language;

/// Digits of a code.
const DIGITS: usize = 6;
/// How often one may be entered.
const MOST_TRIES: u8 = 5;
/// Seconds that it is good for, while what asks for it lives.
const CODE_LIFETIME: i64 = 600;
/// Seconds until another one may go to the same contact.
const RESEND_AFTER: i64 = 60;
/// Codes that one login may have sent.
const MOST_CODES: u8 = 6;

pub(crate) fn refused(code: ErrorCode, description: &'static str) -> ApiError {
    ApiError::new(code, description)
}

pub(crate) fn nothing_is_asked() -> ApiError {
    refused(ErrorCode::InvalidRequest, "nothing is asked for")
}

pub(crate) fn over() -> ApiError {
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
pub(crate) fn open(app: &Shared, row: &BindingRow) -> Result<(), ApiError> {
    if row.expires_at <= app.clock.now() {
        return Err(refused(ErrorCode::AttemptExpired, "the login has waited too long; start again"));
    }
    if row.is_taken { Err(over()) } else { Ok(()) }
}

/// A contact of the kind that is asked for; what people write is read by the configuration.
pub(crate) fn read_contact(app: &Shared, kind: ContactKind, text: &str) -> Result<Contact, ApiError> {
    let contact = match kind {
        ContactKind::Phone => app.config.sms.as_ref().and_then(|sms| Contact::phone(text, &sms.regions)),
        ContactKind::Email => Contact::email(text),
    };
    contact.ok_or_else(|| refused(ErrorCode::ContactInvalid, "no code can be sent there"))
}

/// Sends a code to a contact, whoever it may be.
pub(crate) async fn send_code(
    app: &Shared,
    request: &HttpRequest,
    own: &mut OwnBinding,
    contact: &Contact,
    purpose: Purpose,
    site: &Client,
    language: Language,
) -> Result<SentCode, ApiError> {
    let (row, now) = (own.row(), app.clock.now());
    if !row.missing.contains(&contact.kind()) {
        return Err(refused(ErrorCode::InvalidRequest, "the site does not ask for that"));
    }
    let target = format!("{} {}", contact.kind().as_str(), contact.mailbox());
    if let Some(resend_at) = row.resend_at.get(&target).filter(|at| **at > now) {
        return Err(slow_down(resend_at - now));
    }
    if row.codes_sent >= MOST_CODES {
        return Err(slow_down(row.expires_at - now));
    }
    let whose = name_of(&row.person);
    app.limits.code(&app.config, request, &[&whose, &target]).await.map_err(ApiError::slow_down)?;
    let code = random_digits();
    let asked = AskedContact {
        kind: contact.kind(),
        value: contact.value().into(),
        code_hash: hash(own, contact.value(), &code),
        tries_left: MOST_TRIES,
        expires_at: row.expires_at.min(now + CODE_LIFETIME),
    };
    let expires_in = asked.expires_at - now;
    let fleeting = &*app.store.fleeting;
    let is_ours = own
        .change(fleeting, now, |row| {
            row.asked = Some(asked);
            row.exists = None;
            row.codes_sent += 1;
            row.resend_at.insert(target.clone(), now + RESEND_AFTER);
        })
        .await?;
    if !is_ours {
        // Another page of this browser has just had one sent.
        return Err(slow_down(RESEND_AFTER));
    }
    let message = CodeMessage {
        contact,
        code: &code,
        purpose,
        language,
        client_id: &site.id,
        client_name: site.name.say(language),
        expires_in,
        emulator: app.config.weixin.is_emulator(),
        now,
    };
    if let Err(error) = app.senders.send(message).await {
        tracing::error!(%error, "a code was not sent");
        // It may have gone all the same, and is good then; the next one may go at once.
        let undo = own.change(fleeting, now, |row| {
            row.codes_sent -= 1;
            row.resend_at.remove(&target);
        });
        undo.await?;
        return Err(refused(ErrorCode::SenderUnavailable, "the code could not be sent; try again"));
    }
    Ok(SentCode { contact: contact.shown(), resend_after: RESEND_AFTER, expires_in })
}

/// By a key that the store does not have: six digits are tried out in no time.
fn hash(own: &OwnBinding, value: &str, code: &str) -> SecretHash {
    SecretHash::keyed(own.secret(), &format!("{value} {code}"))
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

/// Compares a code: what it proves, where it is right. `None`: somebody else has changed the row meanwhile, and nothing is known yet.
///
/// # Errors
/// It is wrong, and has cost a try before that is answered, however many come at once; or none is good any more.
pub(crate) async fn compare(
    app: &Shared,
    own: &mut OwnBinding,
    code: &str,
) -> Result<Option<ProvenContact>, ApiError> {
    let (code, now) = (digits(code), app.clock.now());
    let asked = own.row().asked.as_ref();
    let asked = asked.filter(|asked| asked.expires_at > now && asked.tries_left > 0).ok_or_else(too_old)?;
    if code.len() != DIGITS {
        return Err(wrong(asked.tries_left));
    }
    if hash(own, &asked.value, &code).matches(&asked.code_hash) {
        return Ok(Some(ProvenContact { kind: asked.kind, value: asked.value.clone(), take: false }));
    }
    let tries_left = asked.tries_left - 1;
    let counted = own.change(&*app.store.fleeting, now, |row| {
        if let Some(asked) = &mut row.asked {
            asked.tries_left = tries_left;
        }
    });
    if counted.await? { Err(wrong(tries_left)) } else { Ok(None) }
}
