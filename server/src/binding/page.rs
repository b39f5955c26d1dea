//! The steps of a binding on the service's own pages: `GET /binding/{id}` shows where the login stands, and the forms on it go to
//! `POST /binding/{id}/contact`, `…/code` and `…/join`. The attempt's cookie says whose it is; no script is needed. In a frame of a site's page
//! (`frame`) the same forms are sent with a token in the place of the cookie, and answered by what is asked next.

use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::{ContactKind, ErrorCode, JoinAccounts};
use serde::Deserialize;

use super::proof::{nothing_is_asked, read_contact, refused};
use super::{End, Step, client, decide, enter_code, form, language, open, send_code, site_page};
use crate::attempt::address::{self, way_back};
use crate::attempt::waiting::{self, LIFETIME, Proof, Waiting};
use crate::attempt::{ConsumedAttempt, cookie};
use crate::authorization::see_other;
use crate::contact::Contact;
use crate::error::ApiError;
use crate::http::language;
use crate::http::origin::is_own_page;
use crate::login::Unbound;
use crate::pages::{self, Place, Refusal};
use crate::shared::Shared;
use crate::store::attempts::Destination;
use crate::store::logins::Person;
use crate::store::{AttemptEnd, StoreError};

/// What the browser gets of a login that waits.
pub(crate) struct Waits {
    /// The page's path.
    pub(crate) location: String,
    /// The attempt's, which lives for as long as the login waits.
    pub(crate) cookie: Cookie<'static>,
}

/// Has the login of an attempt of our own page wait.
pub(crate) async fn location(
    app: &Shared,
    request: &HttpRequest,
    attempt: &ConsumedAttempt,
    person: Person,
    unbound: Unbound,
) -> Result<Waits, StoreError> {
    let (id, now) = (&attempt.row().id, app.clock.now());
    let public_url = &app.config.public_url;
    waiting::begin(&*app.store.fleeting, attempt, person, None, unbound.kinds(), now).await?;
    let secret = cookie::secret(public_url, request, id).unwrap_or_default();
    let cookie = cookie::prolonged(public_url, id, &secret, LIFETIME, now);
    Ok(Waits { location: address::binding(public_url, id), cookie })
}

/// The same, for a browser that has just come from WeChat.
pub(crate) async fn begin(
    app: &Shared,
    request: &HttpRequest,
    attempt: &ConsumedAttempt,
    person: Person,
    unbound: Unbound,
) -> Result<HttpResponse, StoreError> {
    let waits = location(app, request, attempt, person, unbound).await?;
    let mut response = see_other(&waits.location);
    // A cookie of our own making is a header.
    let _ = response.add_cookie(&waits.cookie);
    Ok(response)
}

/// The form with a contact; which kind the login waits for is known.
#[derive(Deserialize)]
pub struct ContactForm {
    #[serde(default)]
    pub(crate) contact: String,
}

/// The form with a code.
#[derive(Deserialize)]
pub struct CodeForm {
    #[serde(default)]
    pub(crate) code: String,
    /// Which button: another code, or the code that was entered.
    #[serde(default)]
    pub(crate) again: bool,
}

/// The form of the question.
#[derive(Deserialize)]
pub struct JoinForm {
    #[serde(default)]
    pub(crate) answer: String,
}

/// `GET /binding/{id}`.
pub async fn get(app: web::Data<Shared>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let shown = async {
        let waiting = own(&app, &request, &id).await?;
        if let Some(ended) = ended(&app, &waiting) {
            return Ok(ended);
        }
        open(&app, &waiting)?;
        Ok(page(&app, &request, &waiting, form::is_change(&request), None))
    };
    said(&app, &request, shown.await)
}

/// `POST /binding/{id}/contact`.
pub async fn contact(
    app: web::Data<Shared>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<ContactForm>,
) -> HttpResponse {
    let sent = async {
        let mut waiting = own_form(&app, &request, &id).await?;
        let sent = async {
            open(&app, &waiting)?;
            let (kind, language) = (kind(&waiting)?, language(waiting.attempt(), &request));
            let contact = read_contact(&app, kind, &form.contact)?;
            send_code(&app, &request, &mut waiting, &contact, language).await
        };
        let sent = sent.await;
        shown_next(&app, &request, &waiting, sent.is_err(), Some(&form.contact), sent.map(drop))
    };
    said(&app, &request, sent.await)
}

/// `POST /binding/{id}/code`.
pub async fn code(
    app: web::Data<Shared>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<CodeForm>,
) -> HttpResponse {
    let entered = async {
        let mut waiting = own_form(&app, &request, &id).await?;
        if let Some(ended) = ended(&app, &waiting) {
            return Ok(ended);
        }
        if form.again {
            let asked = waiting.row().asked.clone();
            let asked = asked.ok_or_else(|| refused(ErrorCode::InvalidRequest, "no code was sent yet"))?;
            let contact = Contact::kept(asked.kind, asked.value);
            let language = language(waiting.attempt(), &request);
            let sent = send_code(&app, &request, &mut waiting, &contact, language).await;
            return shown_next(&app, &request, &waiting, false, None, sent.map(drop));
        }
        let step = enter_code(&app, &request, &mut waiting, &form.code).await;
        stepped(&app, &request, &waiting, step)
    };
    said(&app, &request, entered.await)
}

/// `POST /binding/{id}/join`.
pub async fn join(
    app: web::Data<Shared>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<JoinForm>,
) -> HttpResponse {
    let decided = async {
        let mut waiting = own_form(&app, &request, &id).await?;
        let said = match form.answer.as_str() {
            "join" => JoinAccounts { join: true, take: false },
            "take" => JoinAccounts { join: false, take: true },
            _ => JoinAccounts { join: false, take: false },
        };
        let step = decide(&app, &request, &mut waiting, said).await;
        stepped(&app, &request, &waiting, step)
    };
    said(&app, &request, decided.await)
}

/// The login of this browser that waits under this name.
async fn own(app: &Shared, request: &HttpRequest, id: &str) -> Result<Waiting, ApiError> {
    let unknown = || refused(ErrorCode::UnknownAttempt, "no login of this browser waits under this name");
    let secret = cookie::secret(&app.config.public_url, request, id).ok_or_else(unknown)?;
    Ok(waiting::find(&*app.store.fleeting, id, Proof::Cookie(&secret)).await?)
}

pub(super) async fn own_form(app: &Shared, request: &HttpRequest, id: &str) -> Result<Waiting, ApiError> {
    if !is_own_page(&app.config, request) {
        return Err(refused(ErrorCode::UnknownAttempt, "a form of another page"));
    }
    match site_page::secret(request, id) {
        Some(secret) => Ok(waiting::find(&*app.store.fleeting, id, Proof::Frame(secret)).await?),
        None => own(app, request, id).await,
    }
}

fn kind(waiting: &Waiting) -> Result<ContactKind, ApiError> {
    let kind = waiting.row().missing.first().copied();
    kind.ok_or_else(nothing_is_asked)
}

/// A page of a login that has ended is loaded again: the way on, and nothing that is worth a login. In a frame the site's page is told.
fn ended(app: &Shared, waiting: &Waiting) -> Option<HttpResponse> {
    let attempt = waiting.attempt();
    (attempt.end == Some(AttemptEnd::Done) && attempt.kind.site_page().is_none())
        .then(|| see_other(&way_back(&app.config.public_url, &attempt.kind)))
}

fn stepped(
    app: &Shared,
    request: &HttpRequest,
    waiting: &Waiting,
    step: Result<Step, ApiError>,
) -> Result<HttpResponse, ApiError> {
    match step {
        Ok(Step::Finished(End::OnOurPage(location, cookies))) => {
            let mut response = see_other(&location);
            for cookie in cookies {
                // A cookie of our own making is a header.
                let _ = response.add_cookie(&cookie);
            }
            Ok(response)
        }
        Ok(Step::Finished(End::OnSitePage(code))) => site_page::finished(app, request, waiting, code),
        Ok(Step::Asks | Step::Exists(_)) => shown_next(app, request, waiting, false, None, Ok(())),
        Err(error) => shown_next(app, request, waiting, false, None, Err(error)),
    }
}

/// After a step: the page is loaded anew, so that no form is sent twice; or shown with what was wrong. In a frame it is what the script there
/// puts in the place of the form.
pub(super) fn shown_next(
    app: &Shared,
    request: &HttpRequest,
    waiting: &Waiting,
    change: bool,
    written: Option<&str>,
    step: Result<(), ApiError>,
) -> Result<HttpResponse, ApiError> {
    let is_framed = waiting.attempt().kind.site_page().is_some();
    let error = match step {
        Ok(()) if is_framed => return Ok(page(app, request, waiting, change, None)),
        Ok(()) => return Ok(see_other(&address::binding(&app.config.public_url, &waiting.row().id))),
        Err(error) => error,
    };
    match error.code {
        code if form::can_be_mended(code) => {
            open(app, waiting)?;
            Ok(page(app, request, waiting, change, Some((&error, written.unwrap_or_default()))))
        }
        ErrorCode::AttemptExpired | ErrorCode::AttemptUsed | ErrorCode::UnknownClient if is_framed => {
            site_page::failed(app, request, waiting, &error)
        }
        _ => Err(error),
    }
}

/// What a login that waits asks for now.
fn page(
    app: &Shared,
    request: &HttpRequest,
    waiting: &Waiting,
    change: bool,
    wrong: Option<(&ApiError, &str)>,
) -> HttpResponse {
    let (row, language) = (waiting.row(), language(waiting.attempt(), request));
    let refuse = |error: &ApiError| pages::refusal(app, Refusal::Code(error.code), language, None);
    let client = match client(app, waiting.attempt()) {
        Ok(client) => client,
        Err(error) => return refuse(&error),
    };
    let written = wrong.map_or("", |(_, written)| written);
    let Some(form) = form::of(row, change, written, app.clock.now()) else {
        return refuse(&nothing_is_asked());
    };
    let place = match (site_page::asks(app, waiting), waiting.attempt().kind.destination()) {
        (Some(told), _) => Place::Framed(told),
        (None, Some(Destination::Client(authorization))) => Place::Window(&authorization.redirect_uri),
        (None, Some(Destination::ReturnTo(address))) => Place::Window(address),
        (None, None) => Place::Window(""),
    };
    let error = wrong.map(|(error, _)| error);
    form::with_status_of(pages::binding(app, client, &row.id, &form, error, place, language), error)
}

/// A page, or why there is none.
pub(super) fn said(
    app: &Shared,
    request: &HttpRequest,
    page: Result<HttpResponse, ApiError>,
) -> HttpResponse {
    page.unwrap_or_else(|error| {
        let refusal = match error.code {
            ErrorCode::UnknownAttempt => Refusal::OtherBrowser,
            ErrorCode::TemporarilyUnavailable => Refusal::StoreAway,
            code => Refusal::Code(code),
        };
        pages::refusal(app, refusal, language::of(request), None)
    })
}
