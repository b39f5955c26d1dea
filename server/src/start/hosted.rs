//! The service's own page: `GET /login?return_to=&client_id=`, and `POST /login/{id}/renew` for its QR code.
//!
//! The attempt is bound to the browser by a cookie of its own, so that two tabs log in independently.

use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::{ErrorCode, Kind, Problem, StartedLogin};
use serde::Deserialize;

use super::return_to::{ReturnTo, client_for};
use super::{ATTEMPT_LIFETIME, Start, Started, start};
use crate::authorization::Authorization;
use crate::callback::{BrowserProof, proves};
use crate::config::Client;
use crate::error::ApiError;
use crate::origin::is_own_page;
use crate::pages::{self, Refusal};
use crate::session::{cookie, cookie_name, cookie_value, expired_cookie};
use crate::shared::Shared;
use crate::store::StoreError;
use crate::text::Language;

/// How many attempts one browser may have open; the oldest goes.
const MOST_ATTEMPTS: usize = 5;
const COOKIE: &str = "weixin-login-attempt-";

#[derive(Deserialize)]
struct LoginQuery {
    return_to: Option<String>,
    client_id: Option<String>,
}

/// `GET /login`: the page with the widget.
pub async fn login(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let language = Language::of(&request);
    let Ok(query) = web::Query::<LoginQuery>::from_query(request.query_string()) else {
        return pages::refusal(&app, Refusal::Code(ErrorCode::InvalidRequest), language, None);
    };
    let Some(return_to) = ReturnTo::parse(&app.config, query.return_to.as_deref().unwrap_or("/")) else {
        return pages::refusal(&app, Refusal::BadReturnTo, language, None);
    };
    let Some(client) = client_for(&app.config, query.client_id.as_deref(), &return_to) else {
        return pages::refusal(&app, Refusal::Code(ErrorCode::UnknownClient), language, None);
    };
    let begin = Start::Hosted { return_to: return_to.as_str().into() };
    page(&app, &request, client, begin, language).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the store did not answer");
        pages::refusal(&app, Refusal::Code(ErrorCode::TemporarilyUnavailable), language, None)
    })
}

/// Starts a hosted attempt, and shows its page.
pub async fn page(
    app: &Shared,
    request: &HttpRequest,
    client: &Client,
    begin: Start,
    language: Language,
) -> Result<HttpResponse, StoreError> {
    let started = start(app, client, begin, Some(language.as_str().into())).await?;
    let mut response = pages::login(app, &started.login, language);
    bind(app, request, &mut response, &started);
    Ok(response)
}

/// `POST /login/{id}/renew`: a new attempt with the same end as one that this browser started. The old one stays good.
#[utoipa::path(
    post,
    path = "/login/{id}/renew",
    params(("id" = String, Path, description = "of StartedLogin")),
    responses((status = 200, body = StartedLogin), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn renew(
    app: web::Data<Shared>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let unknown = || ApiError::new(ErrorCode::UnknownAttempt, "no attempt of this browser has this id");
    if !is_own_page(&app.config, &request) {
        return Err(unknown());
    }
    let row = app.fleeting.attempt(&id).await?.filter(|row| row.kind == Kind::Hosted).ok_or_else(unknown)?;
    let secret = attempt_cookie(&app, &request, &row.id).ok_or_else(unknown)?;
    if !proves(&row, &BrowserProof::Cookie(&secret)) {
        return Err(unknown());
    }
    let client = app.config.client(&row.client_id).ok_or_else(unknown)?;
    let begin = match row.authorization.as_deref().and_then(Authorization::from_row) {
        Some(authorization) => Start::Authorize { authorization },
        None => Start::Hosted { return_to: row.return_to.unwrap_or_default() },
    };
    let started = start(&app, client, begin, row.lang).await?;
    let mut response = HttpResponse::Ok().json(&started.login);
    bind(&app, &request, &mut response, &started);
    Ok(response)
}

/// The secret that this browser has of an attempt.
pub fn attempt_cookie(app: &Shared, request: &HttpRequest, id: &str) -> Option<String> {
    let value = cookie_value(app, request, &format!("{COOKIE}{id}"))?;
    value.split_once('.').map(|(_, secret)| secret.to_owned())
}

/// Gives the browser the attempt's cookie, and takes its oldest ones where it has too many. The value tells the age.
fn bind(app: &Shared, request: &HttpRequest, response: &mut HttpResponse, started: &Started) {
    let prefix = cookie_name(app, COOKIE);
    let mut open: Vec<Cookie<'static>> = request
        .cookies()
        .map(|cookies| cookies.iter().filter(|cookie| cookie.name().starts_with(&prefix)).cloned().collect())
        .unwrap_or_default();
    open.sort_by_key(|cookie| cookie.value().split_once('.').and_then(|(at, _)| at.parse::<i64>().ok()));
    let too_many = (open.len() + 1).saturating_sub(MOST_ATTEMPTS);
    let gone = open.iter().take(too_many).map(|cookie| expired_cookie(app, cookie.name().to_owned()));
    let value = format!("{}.{}", app.clock.now(), started.secret);
    let new = cookie(app, &format!("{COOKIE}{}", started.login.id), value, ATTEMPT_LIFETIME);
    for cookie in gone.chain([new]) {
        // A cookie of our own making is a header.
        let _ = response.add_cookie(&cookie);
    }
}
