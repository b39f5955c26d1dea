//! The page that asks for a phone number or an email address, for the code that was sent there, and what becomes of two accounts.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use askama::Template;
use protocol::service::{ContactKind, ErrorCode};
use url::Url;

use super::{Frame, page};
use crate::config::Client;
use crate::error::ApiError;
use crate::http::headers::{content_security_policy, header_value};
use crate::shared::Shared;
use crate::text::{self, Language, Sentence, account, binding as words, say};

/// What is asked.
pub(crate) enum BindingForm {
    /// Where a code may go.
    Contact {
        /// What is required.
        kind: ContactKind,
        /// What the person has written and is to mend.
        written: String,
    },
    /// The code.
    Code {
        /// Where it has gone.
        kind: ContactKind,
        /// As it may be shown.
        contact: String,
    },
    /// What becomes of two accounts.
    Question {
        /// As it may be shown.
        contact: String,
        /// Whether they may become one.
        may_join: bool,
    },
}

#[derive(Template)]
#[template(path = "binding.html")]
struct BindingPage<'a> {
    frame: Frame,
    path: String,
    form: &'a BindingForm,
    title: &'a str,
    text: String,
    wrong: Option<String>,
    /// The button that takes the contact from another account.
    take: &'a str,
    /// Where it leads without all that.
    back: Option<String>,
}

impl BindingPage<'_> {
    fn is_phone(&self, kind: &ContactKind) -> bool {
        *kind == ContactKind::Phone
    }
}

/// The page. Browsers apply form-action to the redirect that follows the form, too: `leads_to` is where the login ends.
pub(crate) fn binding(
    app: &Shared,
    client: &Client,
    id: &str,
    form: &BindingForm,
    wrong: Option<&ApiError>,
    leads_to: &str,
    language: Language,
) -> HttpResponse {
    let frame = Frame::of(app, client, language);
    let (title, text) = match form {
        BindingForm::Contact { kind, .. } => {
            let title = if *kind == ContactKind::Phone { words::PHONE_TITLE } else { words::EMAIL_TITLE };
            (title, say(words::WHY, language).replace("{site}", client.name.say(language)))
        }
        BindingForm::Code { contact, .. } => {
            (words::CODE_TITLE, say(words::SENT_TO, language).replace("{contact}", &in_one_line(contact)))
        }
        BindingForm::Question { contact, may_join } => {
            let question = if *may_join { words::EXISTS } else { words::EXISTS_OLD };
            (words::EXISTS_TITLE, say(question, language).replace("{contact}", &in_one_line(contact)))
        }
    };
    let title = say(title, language);
    let wrong = wrong.map(|error| explained(error, form, words::NOT_SENT, language));
    let path = crate::attempt::address::binding(&app.config.public_url, id);
    let take = say(words::TAKE, language);
    let shown = BindingPage { frame, path, form, title, text, wrong, take, back: None };
    let mut response = page(StatusCode::OK, shown.render());
    let headers = response.headers_mut();
    // Under no-referrer the form's Origin would be `null`.
    headers.insert(REFERRER_POLICY, header_value("same-origin"));
    if let Ok(leads_to) = Url::parse(leads_to) {
        let origin = match leads_to.origin().ascii_serialization() {
            // An app's own scheme.
            origin if origin == "null" => format!("{}:", leads_to.scheme()),
            origin => origin,
        };
        let policy = content_security_policy(&app.config, "'none'");
        let policy = policy.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
        headers.insert(CONTENT_SECURITY_POLICY, header_value(&policy));
    }
    response
}

/// The same for a person's own account, where `replaces` says that the new contact takes another one's place.
pub(crate) fn own_contact(
    app: &Shared,
    path: String,
    form: &BindingForm,
    replaces: bool,
    wrong: Option<&ApiError>,
    language: Language,
) -> HttpResponse {
    let frame = Frame::new(app, language);
    let (title, text) = match form {
        BindingForm::Contact { kind, .. } => {
            let title = match (kind, replaces) {
                (ContactKind::Phone, false) => words::PHONE_TITLE,
                (ContactKind::Email, false) => words::EMAIL_TITLE,
                (ContactKind::Phone, true) => account::CHANGE_PHONE,
                (ContactKind::Email, true) => account::CHANGE_EMAIL,
            };
            (title, say(if replaces { account::CHANGE_WHY } else { account::ADD_WHY }, language).to_owned())
        }
        BindingForm::Code { contact, .. } => {
            (words::CODE_TITLE, say(words::SENT_TO, language).replace("{contact}", &in_one_line(contact)))
        }
        BindingForm::Question { contact, .. } => {
            (words::EXISTS_TITLE, say(account::TAKEN, language).replace("{contact}", &in_one_line(contact)))
        }
    };
    let title = say(title, language);
    let wrong = wrong.map(|error| explained(error, form, account::NOT_SENT, language));
    let (take, back) = (say(account::MOVE, language), Some(format!("{}/account", frame.prefix)));
    let shown = BindingPage { frame, path, form, title, text, wrong, take, back };
    let mut response = page(StatusCode::OK, shown.render());
    response.headers_mut().insert(REFERRER_POLICY, header_value("same-origin"));
    response
}

/// A number is no sentence to be broken.
fn in_one_line(contact: &str) -> String {
    contact.replace(' ', "\u{a0}")
}

/// What was wrong, and what to do.
fn explained(error: &ApiError, form: &BindingForm, not_sent: Sentence, language: Language) -> String {
    let sentence = match (error.code, form) {
        (ErrorCode::ContactInvalid, BindingForm::Contact { kind: ContactKind::Phone, .. }) => {
            words::PHONE_INVALID
        }
        (ErrorCode::ContactInvalid, _) => words::EMAIL_INVALID,
        (ErrorCode::ContactCodeWrong, _) if error.tries_left != Some(0) => words::CODE_WRONG,
        (ErrorCode::ContactCodeWrong | ErrorCode::ContactCodeExpired, _) => words::CODE_EXPIRED,
        (ErrorCode::SlowDown, _) => words::WAIT,
        _ => not_sent,
    };
    say(sentence, language)
        .replace("{left}", &error.tries_left.unwrap_or_default().to_string())
        .replace("{seconds}", &error.retry_after.unwrap_or_default().to_string())
}
