//! `GET /callback`: WeChat's redirect. A hosted attempt ends here; an embedded one gets a page that posts on, and nothing more.

use std::time::Duration;

use actix_web::cookie::Cookie;
use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::ids::State;
use protocol::service::{ErrorCode, Kind};
use serde::Deserialize;
use tokio::time::Instant;

use super::{BrowserProof, CallbackError, ConsumedAttempt, code_of, consume, find, proves};
use crate::authorization::{Authorization, see_other};
use crate::config::Client;
use crate::http::headers::{content_security_policy, header_value};
use crate::http::language;
use crate::http::origin::sec_fetch_dest;
use crate::pages::{self, Refusal};
use crate::session;
use crate::shared::Shared;
use crate::start::Start;
use crate::start::hosted::{again, attempt_cookie};
use crate::store::{AttemptRow, StoreError};
use crate::text::Language;

/// How long a second load of a callback waits for the first to end: WeChat's two answers at their slowest.
const WAIT_FOR_FIRST: Duration = Duration::from_secs(12);
/// Another node may be the one that ends it.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How an attempt ended, as its row says.
pub(crate) const DONE: &str = "done";
/// The same, where it was our own store: its page blames nobody else, also when it is loaded again.
const STORE_AWAY: &str = "store_away";

#[derive(Deserialize)]
struct CallbackQuery {
    code: Option<String>,
    state: Option<String>,
}

/// `GET /callback?code=&state=`; without a code, or with WeChat's word in its place, the person has refused.
pub async fn get(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let language = language::of(&request);
    let refuse = |refusal| pages::refusal(&app, refusal, language, None);
    let Ok(query) = web::Query::<CallbackQuery>::from_query(request.query_string()) else {
        return refuse(Refusal::Code(ErrorCode::InvalidRequest));
    };
    let CallbackQuery { code, state } = query.into_inner();
    let Some(state) = state.and_then(|state| State::parse(state).ok()) else {
        return refuse(Refusal::Code(ErrorCode::UnknownAttempt));
    };
    let row = match find(app.fleeting.as_ref(), &state).await {
        Ok(row) => row,
        Err(error) => return refuse(refusal_of(error)),
    };
    let stuck = Stuck { client: app.config.client(&row.client_id), again: start_again(&app, &row), language };
    match row.kind {
        Kind::Embedded => embedded_page(&app, &request, &row, language),
        Kind::Scene => stuck.page(&app, Refusal::Code(ErrorCode::UnknownAttempt)),
        Kind::Hosted => {
            let cookie = attempt_cookie(&app, &request, &row.id);
            let Some(cookie) = cookie.filter(|cookie| proves(&row, &BrowserProof::Cookie(cookie))) else {
                return stuck.page(&app, Refusal::OtherBrowser);
            };
            let id = row.id.clone();
            match consume(app.fleeting.as_ref(), row, BrowserProof::Cookie(&cookie), app.clock.now()).await {
                Ok(attempt) => finish(&app, &request, attempt, code, &stuck).await,
                Err(CallbackError::Used) => second_load(&app, &id, &stuck).await,
                Err(error) => stuck.page(&app, refusal_of(error)),
            }
        }
    }
}

/// What the page of a login that did not end well has to offer.
struct Stuck<'a> {
    client: Option<&'a Client>,
    again: Option<String>,
    language: Language,
}

impl Stuck<'_> {
    fn page(&self, app: &Shared, refusal: Refusal) -> HttpResponse {
        pages::refusal_at(app, self.client, refusal, self.language, self.again.as_deref())
    }
}

/// The attempt is taken: whatever happens now is said once, and kept for those who load the callback again.
async fn finish(
    app: &Shared,
    request: &HttpRequest,
    attempt: ConsumedAttempt,
    code: Option<String>,
    stuck: &Stuck<'_>,
) -> HttpResponse {
    let ended = log_in(app, request, &attempt, code).await;
    let outcome = match &ended {
        Ok(_) => DONE,
        Err(Refusal::StoreAway) => STORE_AWAY,
        Err(refusal) => refusal.code(),
    };
    let scene_id = attempt.row().scene_id.as_deref();
    app.metrics.login_finished(if scene_id.is_some() { "leg" } else { "hosted" }, outcome);
    if let Some(scene_id) = scene_id.filter(|_| outcome == ErrorCode::AccessDenied.as_str()) {
        let denied = app.fleeting.deny_scene(scene_id, &attempt.row().id, app.clock.now()).await;
        if let Err(error) = denied {
            tracing::error!(%error, "the store did not take a scene's end");
        }
        app.changes.tell(scene_id);
    }
    if let Err(error) = app.fleeting.finish_attempt(&attempt.row().id, outcome).await {
        tracing::error!(%error, "the store did not take an attempt's end");
    }
    app.finished.notify_waiters();
    match ended {
        Ok(response) => response,
        Err(refusal) => match authorization(attempt.row()) {
            // The client hears that the person refused; what a person can mend is said to the person.
            Some(authorization) if refusal == Refusal::Code(ErrorCode::AccessDenied) => {
                see_other(&authorization.denied(app))
            }
            _ => stuck.page(app, refusal),
        },
    }
}

/// Exchange, account, sessions, and the way back.
async fn log_in(
    app: &Shared,
    request: &HttpRequest,
    attempt: &ConsumedAttempt,
    code: Option<String>,
) -> Result<HttpResponse, Refusal> {
    let stored = |error: StoreError| {
        tracing::error!(%error, "the store did not answer");
        Refusal::StoreAway
    };
    let code = code_of(code).map_err(Refusal::Code)?;
    let identity = app.exchange.identity(attempt, code).await.map_err(|error| {
        error.log();
        Refusal::Code(error.code())
    })?;
    let account = crate::account::of_identity(app, identity).await.map_err(stored)?;
    let row = attempt.row();
    if let Some(scene_id) = &row.scene_id {
        // A phone's leg logs nobody in here: it says who may let the computer in.
        let now = app.clock.now();
        let bound = app.fleeting.bind_scene(scene_id, &row.id, &account.id, now).await.map_err(stored)?;
        return if bound {
            Ok(see_other(&way_back(app, row)))
        } else {
            Err(Refusal::Code(ErrorCode::AttemptUsed))
        };
    }
    let (location, cookies) = enter(app, request, row, account.id).await.map_err(stored)?;
    let mut response = see_other(&location);
    for cookie in cookies {
        // A cookie of our own making is a header.
        let _ = response.add_cookie(&cookie);
    }
    Ok(response)
}

/// The sessions of a login on the service's own page, and where the browser goes with their cookies.
pub(crate) async fn enter(
    app: &Shared,
    request: &HttpRequest,
    row: &AttemptRow,
    account_id: String,
) -> Result<(String, Vec<Cookie<'static>>), StoreError> {
    let now = app.clock.now();
    let (session, sso) = session::begin_sso(app, request, account_id, now).await?;
    if let Some(authorization) = authorization(row) {
        let address = authorization.granted(app, &row.client_id, &session).await?;
        return Ok((address, vec![sso]));
    }
    let site = session::begin(app, request, session.account_id, row.client_id.clone(), now).await?;
    Ok((way_back(app, row), vec![sso, site]))
}

/// A reload, a prefetch, the back button: waits for the first load, and gets nothing of it but the way.
async fn second_load(app: &Shared, id: &str, stuck: &Stuck<'_>) -> HttpResponse {
    let deadline = Instant::now() + WAIT_FOR_FIRST;
    loop {
        let ended = app.finished.notified();
        let row = match app.fleeting.attempt(id).await {
            Ok(Some(row)) => row,
            Ok(None) => {
                return stuck.page(app, Refusal::Code(ErrorCode::AttemptExpired));
            }
            Err(error) => {
                tracing::error!(%error, "the store did not answer");
                return stuck.page(app, Refusal::StoreAway);
            }
        };
        match row.outcome.as_deref() {
            Some(DONE) => return see_other(&way_back(app, &row)),
            Some(STORE_AWAY) => return stuck.page(app, Refusal::StoreAway),
            Some(code) => {
                let code = ErrorCode::parse(code).unwrap_or(ErrorCode::AttemptUsed);
                return stuck.page(app, Refusal::Code(code));
            }
            None if Instant::now() > deadline => {
                return stuck.page(app, Refusal::Code(ErrorCode::AttemptUsed));
            }
            // Either this node tells, or another one has written it.
            None => drop(tokio::time::timeout(LOOK_AGAIN, ended).await),
        }
    }
}

/// The page that takes an embedded answer from the frame to its own origin; a late one too, whose page then hears so. Only that attempt's page can frame it, and a
/// window of its own gets nothing: a code that arrives there may be somebody else's.
fn embedded_page(app: &Shared, request: &HttpRequest, row: &AttemptRow, language: Language) -> HttpResponse {
    let Some(origin) = row.origin.as_deref().filter(|_| sec_fetch_dest(request) != Some("document")) else {
        let client = app.config.client(&row.client_id);
        return pages::refusal_at(app, client, Refusal::NotAFrame, language, None);
    };
    let mut response = pages::callback_frame(app, origin, language);
    let csp = header_value(&content_security_policy(&app.config, origin));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, csp);
    response
}

/// The client's request that the attempt is for, where it is for one.
fn authorization(row: &AttemptRow) -> Option<Authorization> {
    row.authorization.as_deref().and_then(Authorization::from_row)
}

fn way_back(app: &Shared, row: &AttemptRow) -> String {
    if let Some(scene_id) = &row.scene_id {
        return format!("{}/scan/{scene_id}/confirm", app.config.public_url.path());
    }
    if let Some(authorization) = authorization(row) {
        // The first load has the code, and the client has had its answer.
        return authorization.home();
    }
    row.return_to.clone().unwrap_or_else(|| "/".into())
}

/// The address that begins the same login anew.
pub(crate) fn start_again(app: &Shared, row: &AttemptRow) -> Option<String> {
    let begin = match (&row.scene_id, authorization(row), &row.return_to) {
        (Some(scene_id), _, _) => Start::Leg { scene_id: scene_id.clone() },
        (None, Some(authorization), _) => Start::Authorize { authorization },
        (None, None, Some(return_to)) => Start::Hosted { return_to: return_to.clone() },
        (None, None, None) => return None,
    };
    again(app, &row.client_id, &begin)
}

fn refusal_of(error: CallbackError) -> Refusal {
    match error {
        CallbackError::UnknownAttempt => Refusal::Code(ErrorCode::UnknownAttempt),
        CallbackError::OtherBrowser => Refusal::OtherBrowser,
        CallbackError::Expired => Refusal::Code(ErrorCode::AttemptExpired),
        CallbackError::Used => Refusal::Code(ErrorCode::AttemptUsed),
        CallbackError::NotApproved => Refusal::Code(ErrorCode::LoginRequired),
        CallbackError::Denied => Refusal::Code(ErrorCode::AccessDenied),
        CallbackError::Store(error) => {
            tracing::error!(%error, "the store did not answer");
            Refusal::StoreAway
        }
    }
}
