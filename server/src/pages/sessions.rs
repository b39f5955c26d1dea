//! The page where a person sees where they are logged in, and ends it.

use actix_web::HttpResponse;
use actix_web::cookie::time::OffsetDateTime;
use actix_web::http::StatusCode;
use actix_web::http::header::REFERRER_POLICY;
use askama::Template;

use super::{Frame, page};
use crate::headers::header_value;
use crate::session::listing::{Listed, Listing};
use crate::shared::Shared;
use crate::text::{self, Language};

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage<'a> {
    frame: Frame,
    person: &'a Listing,
    logins: Vec<Line<'a>>,
}

struct Line<'a> {
    login: &'a Listed,
    /// For the script, which says it in the person's own time.
    since: String,
    /// Without the script.
    since_words: String,
}

/// The page: a line and a button for each login, and a button for all of them.
pub(crate) fn sessions(app: &Shared, person: &Listing, language: Language) -> HttpResponse {
    let logins = person.logins.iter().map(|login| {
        let since =
            OffsetDateTime::from_unix_timestamp(login.auth_time).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (hour, minute) = (since.hour(), since.minute());
        Line {
            login,
            since: format!("{}T{hour:02}:{minute:02}Z", since.date()),
            since_words: format!("{} {hour:02}:{minute:02} UTC", since.date()),
        }
    });
    let sessions = SessionsPage { frame: Frame::new(app, language), person, logins: logins.collect() };
    let mut response = page(StatusCode::OK, sessions.render());
    // Under no-referrer the forms' Origin would be `null`.
    response.headers_mut().insert(REFERRER_POLICY, header_value("same-origin"));
    response
}
