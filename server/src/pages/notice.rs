//! Pages that say one thing: why there is no login and what to do, or how something has ended. None is a dead end: each leads on,
//! by a button that tries again or back to the site.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use protocol::service::ErrorCode;

use super::{Frame, page};
use crate::config::Client;
use crate::error::ApiError;
use crate::limits::Wait;
use crate::report;
use crate::shared::Shared;
use crate::store::StoreError;
use crate::text::{self, Language, Refusal, Sentence, say};

/// As much as is shown of a host that somebody else has named.
const LONGEST_HOST: usize = 100;

#[derive(Template)]
#[template(path = "notice.html")]
pub(super) struct NoticePage<'a> {
    pub(super) frame: Frame,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    pub(super) code: &'a str,
    /// Of the login that did not end well, where one had begun: the log has it too.
    pub(super) report: Option<String>,
    /// What the button says, and where it leads.
    pub(super) button: Option<(&'a str, &'a str)>,
    /// Good news have a tick.
    pub(super) is_good: bool,
    /// Whether the person may go on to the site from here: a phone that has let a computer in is done.
    pub(super) leads_back: bool,
}

impl<'a> NoticePage<'a> {
    /// A page that says this and leads back to the site.
    pub(super) fn new(frame: Frame, (title, text): (Sentence, Sentence), code: &'a str) -> Self {
        let (title, text) = (say(title, frame.language), say(text, frame.language));
        Self { frame, title, text, code, report: None, button: None, is_good: false, leads_back: true }
    }
}

/// Why there is no login, what to do, and the button that begins it anew; where nobody knows which site it was for.
pub(crate) fn refusal(
    app: &Shared,
    refusal: Refusal,
    language: Language,
    start_again: Option<&str>,
) -> HttpResponse {
    refused(Frame::new(app, language), refusal, text::START_AGAIN, start_again)
}

/// The same for a login to this site.
pub(crate) fn refusal_at(
    app: &Shared,
    client: Option<&Client>,
    refusal: Refusal,
    language: Language,
    start_again: Option<&str>,
) -> HttpResponse {
    let frame = match client {
        Some(client) => Frame::of(app, client, language),
        None => Frame::new(app, language),
    };
    refused(frame, refusal, text::START_AGAIN, start_again)
}

/// Our own store does not answer, which the log hears: whoever asked for this page may ask once more.
pub(crate) fn store_away(
    app: &Shared,
    request: &HttpRequest,
    error: &StoreError,
    language: Language,
) -> HttpResponse {
    tracing::error!(%error, "the store did not answer");
    let here = here(request);
    refused(Frame::new(app, language), Refusal::StoreAway, text::TRY_AGAIN, here.as_deref())
}

/// To somebody who comes too often.
pub(crate) fn slow_down(app: &Shared, request: &HttpRequest, wait: Wait, language: Language) -> HttpResponse {
    let (frame, why) = (Frame::new(app, language), Refusal::Code(ErrorCode::SlowDown));
    let mut response = refused(frame, why, text::TRY_AGAIN, here(request).as_deref());
    response.headers_mut().insert(RETRY_AFTER, wait.seconds().into());
    response
}

/// The service was opened under another host than its own: which, and the way to the page there.
pub(crate) fn other_host(app: &Shared, asked: &str, there: &str, language: Language) -> HttpResponse {
    let asked: String = asked.chars().take(LONGEST_HOST).collect();
    let text = say(text::OTHER_HOST_HINT, language)
        .replace("{expected}", app.config.public_url.host())
        .replace("{asked}", &asked);
    let frame = Frame::new(app, language);
    let notice = NoticePage {
        text: &text,
        button: Some((say(text::GO_THERE, language), there)),
        ..NoticePage::new(frame, (text::OTHER_HOST, text::OTHER_HOST_HINT), "wrong_address")
    };
    page(StatusCode::MISDIRECTED_REQUEST, notice.render())
}

/// After a logout.
pub(crate) fn signed_out(app: &Shared, language: Language) -> HttpResponse {
    let frame = Frame::new(app, language);
    let notice = NoticePage::new(frame, (text::SIGNED_OUT, ["", "", ""]), "");
    page(StatusCode::OK, NoticePage { is_good: true, ..notice }.render())
}

/// The page that was asked for; what came by a form is not sent twice.
fn here(request: &HttpRequest) -> Option<String> {
    let address = request.uri().path_and_query()?.as_str();
    // `//` would lead to another host.
    (request.method().is_safe() && address.starts_with('/') && !address.starts_with("//"))
        .then(|| address.to_owned())
}

fn refused(frame: Frame, refusal: Refusal, button: Sentence, leads_to: Option<&str>) -> HttpResponse {
    let status = match refusal {
        Refusal::Code(ErrorCode::AccessDenied) => StatusCode::OK,
        Refusal::Code(code) => ApiError::new(code, "").status_code(),
        Refusal::SceneExpired => StatusCode::GONE,
        Refusal::StoreAway => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    };
    let button = leads_to.map(|leads_to| (say(button, frame.language), leads_to));
    let report = report::number();
    let notice = NoticePage { button, report, ..NoticePage::new(frame, refusal.words(), refusal.code()) };
    page(status, notice.render())
}
