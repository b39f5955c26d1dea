//! The page that asks for a phone number or an email address, for the code that was sent there, and what becomes of two accounts.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use askama::Template;
use protocol::service::{ContactKind, ErrorCode};
use serde::Deserialize;
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
    told: Option<String>,
}

/// What the page's colours are, where it stands in another.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scheme {
    /// As the browser says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

#[derive(Template)]
#[template(path = "binding_frame.html")]
struct BindingFrame<'a> {
    frame: Frame,
    path: String,
    origin: &'a str,
    scheme: &'a str,
}

#[derive(Template)]
#[template(path = "binding_ended.html")]
struct BindingEnded<'a> {
    frame: Frame,
    told: &'a str,
}

/// The page in a frame of a page of `origin`, before anything is asked.
pub(crate) fn binding_frame(
    app: &Shared,
    client: &Client,
    id: &str,
    origin: &str,
    scheme: Scheme,
    language: Language,
) -> HttpResponse {
    let scheme = match scheme {
        Scheme::Auto => "light dark",
        Scheme::Light => "light",
        Scheme::Dark => "dark",
    };
    let path = crate::attempt::address::binding(&app.config.public_url, id);
    let frame = Frame::of(app, client, language);
    page(StatusCode::OK, BindingFrame { frame, path, origin, scheme }.render())
}

/// What takes its place when there is nothing more to ask. `told` is for the page around it.
pub(crate) fn binding_ended(app: &Shared, client: &Client, told: &str, language: Language) -> HttpResponse {
    let frame = Frame::of(app, client, language);
    page(StatusCode::OK, BindingEnded { frame, told }.render())
}

impl BindingPage<'_> {
    fn is_phone(&self, kind: &ContactKind) -> bool {
        *kind == ContactKind::Phone
    }
}

/// Where the page stands.
pub(crate) enum Place<'a> {
    /// In a window: where the login ends.
    Window(&'a str),
    /// In a frame: what the page around it is told.
    Framed(String),
}

/// The page. Browsers apply form-action to the redirect that follows the form, too.
pub(crate) fn binding(
    app: &Shared,
    client: &Client,
    id: &str,
    form: &BindingForm,
    wrong: Option<&ApiError>,
    place: Place<'_>,
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
    let (leads_to, told) = match place {
        Place::Window(leads_to) => (leads_to, None),
        Place::Framed(told) => ("", Some(told)),
    };
    let shown = BindingPage { frame, path, form, title, text, wrong, take, back: None, told };
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
    let shown = BindingPage { frame, path, form, title, text, wrong, take, back, told: None };
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
