//! `GET /callback`: WeChat's redirect. A hosted attempt ends here; an embedded one gets a page that posts on, and nothing more.

use std::time::Duration;

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::ids::State;
use protocol::service::ErrorCode;
use serde::Deserialize;
use tokio::time::Instant;

use super::code_of;
use crate::attempt::address::{self, start_again, way_back};
use crate::attempt::{BrowserProof, CallbackError, ConsumedAttempt, consume, cookie, find, proves};
use crate::authorization::see_other;
use crate::binding;
use crate::config::Client;
use crate::exchange::Exchange;
use crate::http::headers::{content_security_policy, header_value};
use crate::http::language;
use crate::http::origin::sec_fetch_dest;
use crate::login::{self, LoginError, Who};
use crate::pages::{self, Refusal};
use crate::shared::Shared;
use crate::store::attempts::{Destination, SitePage};
use crate::store::{AttemptEnd, AttemptKind, AttemptRow, StoreError};
use crate::text::Language;

/// How long a second load of a callback waits for the first to end: WeChat's two answers at their slowest.
const WAIT_FOR_FIRST: Duration = Duration::from_secs(12);
/// News that another node has ended it may be lost.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct CallbackQuery {
    code: Option<String>,
    state: Option<String>,
}

/// `GET /callback?code=&state=`; without a code, or with WeChat's word in its place, the person has refused.
pub async fn get(
    app: web::Data<Shared>,
    exchange: web::Data<Exchange>,
    request: HttpRequest,
) -> HttpResponse {
    let language = language::of(&request);
    let refuse = |refusal| pages::refusal(&app, refusal, language, None);
    let Ok(query) = web::Query::<CallbackQuery>::from_query(request.query_string()) else {
        return refuse(Refusal::Code(ErrorCode::InvalidRequest));
    };
    let CallbackQuery { code, state } = query.into_inner();
    let Some(state) = state.and_then(|state| State::parse(state).ok()) else {
        return refuse(Refusal::Code(ErrorCode::UnknownAttempt));
    };
    let row = match find(app.store.fleeting.as_ref(), &state).await {
        Ok(row) => row,
        Err(error) => return refuse(refusal_of(error)),
    };
    let stuck = Stuck {
        client: app.config.client(&row.client_id),
        again: start_again(&app.config.public_url, &row.client_id, &row.kind),
        language,
    };
    match &row.kind {
        AttemptKind::Embedded(page) => embedded_page(&app, &request, &row, page, language),
        AttemptKind::OwnScene(_) | AttemptKind::SiteScene(_) => {
            stuck.page(&app, Refusal::Code(ErrorCode::UnknownAttempt))
        }
        AttemptKind::Hosted(_) | AttemptKind::Leg { .. } => {
            let cookie = cookie::secret(&app.config.public_url, &request, &row.id);
            let Some(cookie) = cookie.filter(|cookie| proves(&row, &BrowserProof::Cookie(cookie))) else {
                return stuck.page(&app, Refusal::OtherBrowser);
            };
            let id = row.id.clone();
            match consume(app.store.fleeting.as_ref(), row, BrowserProof::Cookie(&cookie), app.clock.now())
                .await
            {
                Ok(attempt) => finish(&app, &exchange, &request, attempt, code, &stuck).await,
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
    exchange: &Exchange,
    request: &HttpRequest,
    attempt: ConsumedAttempt,
    code: Option<String>,
    stuck: &Stuck<'_>,
) -> HttpResponse {
    let ended = log_in(app, exchange, request, &attempt, code).await;
    let end = match &ended {
        Ok((_, end)) => *end,
        Err(Refusal::StoreAway) => AttemptEnd::StoreAway,
        Err(Refusal::Code(code)) => AttemptEnd::Refused(*code),
        Err(_) => AttemptEnd::Refused(ErrorCode::AttemptUsed),
    };
    let row = attempt.row();
    let scene_id = match &row.kind {
        AttemptKind::Leg { scene_id } => Some(scene_id),
        _ => None,
    };
    app.metrics.login_finished(row.kind.name(), row.product.as_str(), end.as_str());
    if let Some(scene_id) = scene_id.filter(|_| end == AttemptEnd::Refused(ErrorCode::AccessDenied)) {
        let denied = app.store.fleeting.deny_scene(scene_id, &row.id, app.clock.now()).await;
        if let Err(error) = denied {
            tracing::error!(%error, "the store did not take a scene's end");
        }
        app.notices.tell(scene_id);
    }
    // A login was kept with its attempt's end.
    if (scene_id.is_some() || ended.is_err())
        && let Err(error) = app.store.fleeting.end_attempt(&row.id, end, None).await
    {
        tracing::error!(%error, "the store did not take an attempt's end");
    }
    app.notices.tell(&attempt.row().id);
    match ended {
        Ok((response, _)) => response,
        Err(refusal) => match row.kind.destination() {
            // The client hears that the person refused; what a person can mend is said to the person.
            Some(Destination::Client(authorization)) if refusal == Refusal::Code(ErrorCode::AccessDenied) => {
                see_other(&authorization.denied(&app.config.public_url))
            }
            _ => stuck.page(app, refusal),
        },
    }
}

/// Exchange, account, sessions, and the way back.
async fn log_in(
    app: &Shared,
    exchange: &Exchange,
    request: &HttpRequest,
    attempt: &ConsumedAttempt,
    code: Option<String>,
) -> Result<(HttpResponse, AttemptEnd), Refusal> {
    let stored = |error: StoreError| {
        tracing::error!(%error, "the store did not answer");
        Refusal::StoreAway
    };
    let code = code_of(code).map_err(Refusal::Code)?;
    let identity = exchange.identity(attempt, code).await.map_err(|error| {
        error.log();
        Refusal::Code(error.code())
    })?;
    let row = attempt.row();
    match &row.kind {
        AttemptKind::Hosted(destination) => {
            let who = Who::of(login::person(identity));
            let kept = login::on_our_page(app, request, attempt, destination, who.clone()).await;
            let (location, cookies) = match kept {
                Ok(kept) => kept,
                Err(LoginError::Unbound(unbound)) => {
                    let waits = binding::page::begin(app, request, attempt, who.person, unbound).await;
                    return Ok((waits.map_err(stored)?, AttemptEnd::Waits));
                }
                Err(LoginError::NoAccount) => return Err(Refusal::Code(ErrorCode::LoginRequired)),
                Err(LoginError::NoClient) => return Err(Refusal::Code(ErrorCode::UnknownClient)),
                Err(LoginError::Store(error)) => return Err(stored(error)),
            };
            let mut response = see_other(&location);
            for cookie in cookies {
                // A cookie of our own making is a header.
                let _ = response.add_cookie(&cookie);
            }
            Ok((response, AttemptEnd::Done))
        }
        // A phone's leg logs nobody in here: it says who may let the computer in.
        AttemptKind::Leg { scene_id } => {
            let account = login::account(app, identity).await.map_err(stored)?;
            let now = app.clock.now();
            let bound = app.store.fleeting.bind_scene(scene_id, &row.id, &account.id, now).await;
            if bound.map_err(stored)? {
                Ok((see_other(&way_back(&app.config.public_url, &row.kind)), AttemptEnd::Done))
            } else {
                Err(Refusal::Code(ErrorCode::AttemptUsed))
            }
        }
        _ => Err(Refusal::Code(ErrorCode::UnknownAttempt)),
    }
}

/// A reload, a prefetch, the back button: waits for the first load, and gets nothing of it but the way.
async fn second_load(app: &Shared, id: &str, stuck: &Stuck<'_>) -> HttpResponse {
    let deadline = Instant::now() + WAIT_FOR_FIRST;
    let waiting = app.notices.wait(id);
    loop {
        let ended = waiting.changed();
        let row = match app.store.fleeting.attempt(id).await {
            Ok(Some(row)) => row,
            Ok(None) => {
                return stuck.page(app, Refusal::Code(ErrorCode::AttemptExpired));
            }
            Err(error) => {
                tracing::error!(%error, "the store did not answer");
                return stuck.page(app, Refusal::StoreAway);
            }
        };
        match row.end {
            Some(AttemptEnd::Done) => return see_other(&way_back(&app.config.public_url, &row.kind)),
            Some(AttemptEnd::Waits) => return see_other(&address::binding(&app.config.public_url, id)),
            Some(AttemptEnd::StoreAway) => return stuck.page(app, Refusal::StoreAway),
            Some(AttemptEnd::Refused(code)) => return stuck.page(app, Refusal::Code(code)),
            None if Instant::now() > deadline => {
                return stuck.page(app, Refusal::Code(ErrorCode::AttemptUsed));
            }
            None => drop(tokio::time::timeout(LOOK_AGAIN, ended).await),
        }
    }
}

/// The page that takes an embedded answer from the frame to its own origin; a late one too, whose page then hears so. Only that attempt's page can frame it, and a
/// window of its own gets nothing: a code that arrives there may be somebody else's.
fn embedded_page(
    app: &Shared,
    request: &HttpRequest,
    row: &AttemptRow,
    SitePage { origin, .. }: &SitePage,
    language: Language,
) -> HttpResponse {
    if sec_fetch_dest(request) == Some("document") {
        let client = app.config.client(&row.client_id);
        return pages::refusal_at(app, client, Refusal::NotAFrame, language, None);
    }
    let mut response = pages::callback_frame(app, origin, language);
    let csp = header_value(&content_security_policy(&app.config, origin));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, csp);
    response
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
