//! A person's own page, and what it asks and says on the way to the end of an account.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::REFERRER_POLICY;
use askama::Template;
use protocol::ids::Product;
use protocol::service::ContactKind;

use super::notice::NoticePage;
use super::sessions::{Listed, Listing, Offered, Time};
use super::{Frame, page};
use crate::clock::{Seconds, rfc3339};
use crate::http::headers::header_value;
use crate::shared::Shared;
use crate::text::account as words;
use crate::text::{self, Language, Sentence, say};

/// A person as an app of WeChat's knows them.
pub struct Identity {
    /// Which of our apps; none, where it is ours no more.
    pub product: Option<Product>,
    /// Of the app.
    pub appid: String,
    /// The person there.
    pub openid: String,
    /// Whether there is another one to log in with.
    pub may_go: bool,
}

impl Identity {
    fn name(&self) -> Sentence {
        match self.product {
            Some(Product::Website) => words::WEBSITE_APP,
            Some(Product::ServiceAccount) => words::SERVICE_ACCOUNT,
            None => words::OTHER_APP,
        }
    }
}

/// A contact of a person's.
pub struct OwnContact {
    /// What it is.
    pub kind: ContactKind,
    /// As whoever looks over the person's shoulder may see it.
    pub shown: String,
    /// For the forms.
    pub value: String,
    /// Whether a code can be sent to another one.
    pub may_change: bool,
    /// The sites that ask for one at the next login when it is gone, by their names.
    pub required_by: Vec<String>,
}

impl OwnContact {
    fn kind_name(&self) -> Sentence {
        match self.kind {
            ContactKind::Phone => text::binding::PHONE,
            ContactKind::Email => text::binding::EMAIL,
        }
    }

    /// What its removal means.
    fn warning(&self, language: &Language) -> String {
        say(words::REQUIRED_BY, *language)
            .replace("{sites}", &self.required_by.join(say(text::AND, *language)))
    }
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    frame: Frame,
    person: &'a Listing,
    contacts: Vec<OwnContact>,
    more: Vec<(&'static str, &'static str)>,
    identities: Vec<Identity>,
    logins: Vec<(&'a Listed, Time)>,
    grants: Vec<(&'a Offered, Time)>,
}

#[derive(Template)]
#[template(path = "ask_delete.html")]
struct AskDeletePage {
    frame: Frame,
}

/// The page. What can be ended has a button of its own; nothing needs a script.
pub(crate) fn account(
    app: &Shared,
    person: &Listing,
    (contacts, more): (Vec<OwnContact>, Vec<ContactKind>),
    identities: Vec<Identity>,
    language: Language,
) -> HttpResponse {
    let logins = person.logins.iter().map(|login| (login, Time::of(login.auth_time))).collect();
    let grants = person.grants.iter().map(|grant| (grant, Time::of(grant.since))).collect();
    let more = more.into_iter().map(|kind| match kind {
        ContactKind::Phone => (kind.as_str(), say(words::ADD_PHONE, language)),
        ContactKind::Email => (kind.as_str(), say(words::ADD_EMAIL, language)),
    });
    let (frame, more) = (Frame::new(app, language), more.collect());
    let account = AccountPage { frame, person, contacts, more, identities, logins, grants };
    with_forms(page(StatusCode::OK, account.render()))
}

/// Whether the account is to be deleted.
pub(crate) fn ask_delete(app: &Shared, language: Language) -> HttpResponse {
    with_forms(page(StatusCode::OK, AskDeletePage { frame: Frame::new(app, language) }.render()))
}

/// The account is to be deleted, on that day.
pub(crate) fn to_be_deleted(app: &Shared, at: Seconds, language: Language) -> HttpResponse {
    let at = rfc3339(at);
    let date = at.split('T').next().unwrap_or_default();
    let title = say(words::TO_BE_DELETED, language).replace("{date}", date);
    let notice =
        NoticePage::new(Frame::new(app, language), (words::TO_BE_DELETED, words::TO_BE_DELETED_TEXT), "");
    page(StatusCode::OK, NoticePage { title: &title, ..notice }.render())
}

/// The login is too long ago for what was asked.
pub(crate) fn log_in_first(app: &Shared, login: Option<&str>, language: Language) -> HttpResponse {
    let frame = Frame::new(app, language);
    let notice = NoticePage::new(frame, (words::LOG_IN_FIRST, words::LOG_IN_FIRST_TEXT), "");
    let button = login.map(|login| (say(text::START_AGAIN, language), login));
    page(StatusCode::FORBIDDEN, NoticePage { button, leads_back: false, ..notice }.render())
}

fn with_forms(mut response: HttpResponse) -> HttpResponse {
    // Under no-referrer the forms' Origin would be `null`.
    response.headers_mut().insert(REFERRER_POLICY, header_value("same-origin"));
    response
}
