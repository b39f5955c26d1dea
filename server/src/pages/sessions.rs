//! The page where a person sees where they are logged in, and ends it.

use actix_web::HttpResponse;
use actix_web::cookie::time::OffsetDateTime;
use actix_web::http::StatusCode;
use actix_web::http::header::REFERRER_POLICY;
use askama::Template;

use super::{Frame, page};
use crate::clock::Seconds;
use crate::http::headers::header_value;
use crate::shared::Shared;
use crate::text::{self, Language};

/// A person's logins, as that person sees them.
pub struct Listing {
    /// The name at WeChat.
    pub nickname: String,
    /// The avatar at WeChat.
    pub picture: Option<String>,
    /// Newest first.
    pub logins: Vec<Listed>,
    /// What sites may still do although the login that gave it has ended; newest first.
    pub grants: Vec<Offered>,
}

/// A grant that has outlived its session, as the person sees it.
pub struct Offered {
    /// Its name.
    pub id: String,
    /// The site, by its name in the configuration.
    pub site: String,
    /// Since when.
    pub since: Seconds,
}

/// A login, as the person sees it.
pub struct Listed {
    /// A public name of it.
    pub sid: String,
    /// The sites that it has logged in to, by the names in the configuration.
    pub sites: Vec<String>,
    /// The browser and the system; empty where they are not known.
    pub device: String,
    /// When.
    pub auth_time: Seconds,
    /// Whether it is the browser that asks.
    pub is_here: bool,
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage<'a> {
    frame: Frame,
    person: &'a Listing,
    logins: Vec<(&'a Listed, Time)>,
    grants: Vec<(&'a Offered, Time)>,
}

pub(super) struct Time {
    /// For the script, which says it in the person's own time.
    pub(super) datetime: String,
    /// Without the script.
    pub(super) words: String,
}

impl Time {
    pub(super) fn of(seconds: Seconds) -> Self {
        let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (date, hour, minute) = (time.date(), time.hour(), time.minute());
        Self {
            datetime: format!("{date}T{hour:02}:{minute:02}Z"),
            words: format!("{date} {hour:02}:{minute:02} UTC"),
        }
    }
}

/// The page: a line and a button for each login, and for each site that may still act after its login, and a button for all of them.
pub(crate) fn sessions(app: &Shared, person: &Listing, language: Language) -> HttpResponse {
    let logins = person.logins.iter().map(|login| (login, Time::of(login.auth_time))).collect();
    let grants = person.grants.iter().map(|grant| (grant, Time::of(grant.since))).collect();
    let sessions = SessionsPage { frame: Frame::new(app, language), person, logins, grants };
    let mut response = page(StatusCode::OK, sessions.render());
    // Under no-referrer the forms' Origin would be `null`.
    response.headers_mut().insert(REFERRER_POLICY, header_value("same-origin"));
    response
}
