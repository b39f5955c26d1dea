//! The service's own page: `GET /login?return_to=&client_id=`, and `POST /login/{id}/renew` for its QR code. What is shown is
//! picked by what the person holds and by what the operator has: the widget, a tap inside WeChat, or help for a phone.
//!
//! The attempt is bound to the browser by a cookie of its own, so that two tabs log in independently.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::device::Device;
use protocol::ids::{AppId, Scope, State};
use protocol::service::{ErrorCode, Kind, Problem, StartedLogin};
use protocol::service_account::authorize_address;
use serde::Deserialize;

use super::return_to::{ReturnTo, client_for};
use super::{ATTEMPT_LIFETIME, Start, StartError, Started, Way, start};
use crate::authorization::Authorization;
use crate::callback::{BrowserProof, proves};
use crate::config::Client;
use crate::error::ApiError;
use crate::http::cookies;
use crate::http::language;
use crate::http::origin::is_own_page;
use crate::http::user_agent::{browser_and_system, device};
use crate::pages::{self, Refusal, phone};
use crate::session::{cookie, cookie_name, cookie_value, expired_cookie};
use crate::shared::Shared;
use crate::store::StoreError;
use crate::text::Language;

/// How many attempts one browser may have open; the oldest goes.
const MOST_ATTEMPTS: usize = 5;
/// On a phone: show the QR code, for there is a second one to scan with.
const ALL_THE_SAME: &str = "device=computer";
const COOKIE: &str = "weixin-login-attempt-";

#[derive(Deserialize)]
struct LoginQuery {
    return_to: Option<String>,
    client_id: Option<String>,
}

/// `GET /login`: the page with the widget.
pub async fn login(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let language = language::of(&request);
    let Ok(query) = web::Query::<LoginQuery>::from_query(request.query_string()) else {
        return pages::refusal(&app, Refusal::Code(ErrorCode::InvalidRequest), language, None);
    };
    let Some(return_to) = ReturnTo::parse(&app.config, query.return_to.as_deref().unwrap_or("/")) else {
        return pages::refusal(&app, Refusal::BadReturnTo, language, None);
    };
    let Some(client) = client_for(&app.config, query.client_id.as_deref(), &return_to) else {
        let refusal = match query.client_id.as_deref() {
            None => Refusal::ClientNotNamed,
            Some(id) if app.config.client(id).is_some() => Refusal::BadReturnTo,
            Some(_) => Refusal::Code(ErrorCode::UnknownClient),
        };
        return pages::refusal(&app, refusal, language, None);
    };
    let begin = Start::Hosted { return_to: return_to.as_str().into() };
    page(&app, &request, client, begin, language)
        .await
        .unwrap_or_else(|error| pages::store_away(&app, &request, &error, language))
}

/// Starts a hosted attempt where this browser can answer one, and shows its page.
pub async fn page(
    app: &Shared,
    request: &HttpRequest,
    client: &Client,
    begin: Start,
    language: Language,
) -> Result<HttpResponse, StoreError> {
    let all_the_same = request.query_string().split('&').any(|pair| pair == ALL_THE_SAME);
    let way = match device(request) {
        Device::InsideWeixin if app.config.weixin.service_account.is_some() => Way::Tap,
        // WeChat shows its QR page to nobody inside WeChat, and opens no other browser.
        Device::InsideWeixin => {
            return Ok(phone::help(app, client, &link(app, client, &begin), None, language));
        }
        Device::Phone if !all_the_same => {
            let here = again(app, &client.id, &begin);
            let here = here.map(|here| format!("{here}&lang={}&{ALL_THE_SAME}", language.tag()));
            let link = link(app, client, &begin);
            return Ok(phone::help(app, client, &link, here.as_deref(), language));
        }
        _ if client.scenes => Way::Scene { computer: browser_and_system(request) },
        _ => Way::Website,
    };
    let started = match start(app, client, way.clone(), begin, Some(language.tag().into())).await {
        Ok(started) => started,
        Err(StartError::SlowDown(wait)) => return Ok(pages::slow_down(app, request, wait, language)),
        Err(StartError::Store(error)) => return Err(error),
    };
    let mut response = match way {
        Way::Tap => match tap_address(app, &started.login) {
            Some(authorize) => phone::tap(app, client, &authorize, language),
            None => {
                let why = Refusal::Code(ErrorCode::Misconfigured);
                pages::refusal_at(app, Some(client), why, language, None)
            }
        },
        Way::Website | Way::Scene { .. } => pages::login(app, client, &started.login, language),
    };
    bind(app, request, &mut response, &started);
    Ok(response)
}

/// What to open elsewhere: this login's beginning. A client's own beginning is its front page, for the rest of it lies in the
/// browser that began.
fn link(app: &Shared, client: &Client, begin: &Start) -> String {
    match begin {
        Start::Authorize { authorization } => authorization.home(),
        Start::Hosted { return_to } => {
            format!("{}{}", app.config.public_url.origin(), hosted_again(app, &client.id, return_to))
        }
        Start::Embedded { origin, .. } => origin.clone(),
        Start::Leg { scene_id } => format!("{}/scan/{scene_id}", app.config.public_url.as_str()),
    }
}

/// Where the same login begins anew, by what was read when it began: the path, and a query. `None` for a site's own page, which does
/// that itself.
pub fn again(app: &Shared, client_id: &str, begin: &Start) -> Option<String> {
    match begin {
        Start::Authorize { authorization } => {
            Some(format!("{}/authorize?{}", app.config.public_url.path(), authorization.query))
        }
        Start::Hosted { return_to } => Some(hosted_again(app, client_id, return_to)),
        Start::Leg { scene_id } => Some(format!("{}/scan/{scene_id}", app.config.public_url.path())),
        Start::Embedded { .. } => None,
    }
}

fn hosted_again(app: &Shared, client_id: &str, return_to: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("return_to", return_to)
        .append_pair("client_id", client_id)
        .finish();
    format!("{}/login?{query}", app.config.public_url.path())
}

/// Where a tap leads, inside WeChat.
pub fn tap_address(app: &Shared, login: &StartedLogin) -> Option<String> {
    let appid = AppId::parse(login.appid.clone()?).ok()?;
    let state = State::parse(login.state.clone()).ok()?;
    let open_url = &app.config.weixin.open_url;
    Some(authorize_address(open_url, &appid, &login.redirect_uri, Scope::SnsapiUserinfo, &state, true))
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
    let row = app.fleeting.attempt(&id).await?.filter(|row| row.scene_id.is_none()).ok_or_else(unknown)?;
    let secret = attempt_cookie(&app, &request, &row.id).ok_or_else(unknown)?;
    let (proof, way) = match row.kind {
        Kind::Scene => {
            (BrowserProof::SceneCookie(&secret), Way::Scene { computer: browser_and_system(&request) })
        }
        Kind::Hosted | Kind::Embedded => (BrowserProof::Cookie(&secret), Way::Website),
    };
    if !proves(&row, &proof) {
        return Err(unknown());
    }
    let client = app.config.client(&row.client_id).ok_or_else(unknown)?;
    let begin = match row.authorization.as_deref().and_then(Authorization::from_row) {
        Some(authorization) => Start::Authorize { authorization },
        None => Start::Hosted { return_to: row.return_to.unwrap_or_default() },
    };
    let started = start(&app, client, way, begin, row.lang).await?;
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
pub fn bind(app: &Shared, request: &HttpRequest, response: &mut HttpResponse, started: &Started) {
    let mut open = cookies::beginning_with(request, &cookie_name(app, COOKIE));
    open.sort_by_key(|(_, value)| value.split_once('.').and_then(|(at, _)| at.parse::<i64>().ok()));
    let too_many = (open.len() + 1).saturating_sub(MOST_ATTEMPTS);
    let gone = open.iter().take(too_many).map(|(name, _)| expired_cookie(app, (*name).to_owned()));
    let value = format!("{}.{}", app.clock.now(), started.secret);
    let new = cookie(app, &format!("{COOKIE}{}", started.login.id), value, ATTEMPT_LIFETIME);
    for cookie in gone.chain([new]) {
        // A cookie of our own making is a header.
        let _ = response.add_cookie(&cookie);
    }
}
