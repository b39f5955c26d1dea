//! The service's own page: `GET /login?return_to=&client_id=`, and `POST /login/{id}/renew` for its QR code. What is shown is
//! picked by what the person holds and by what the operator has: the widget, a tap inside WeChat, or help for a phone.
//!
//! The attempt is bound to the browser by a cookie of its own, so that two tabs log in independently.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::device::Device;
use protocol::ids::Product;
use protocol::service::{ErrorCode, Problem, StartedLogin};
use serde::Deserialize;

use super::return_to::{ReturnTo, client_for};
use crate::attempt::address::{again, link};
use crate::attempt::begin::{NewAttempt, StartError, begin, tap_address};
use crate::attempt::{BrowserProof, cookie, proves};
use crate::config::Client;
use crate::error::ApiError;
use crate::http::language;
use crate::http::origin::is_own_page;
use crate::http::user_agent::{browser_and_system, device};
use crate::pages::{self, Refusal, phone};
use crate::shared::Shared;
use crate::store::attempts::Destination;
use crate::store::{AttemptKind, StoreError};
use crate::text::Language;

/// On a phone: show the QR code, for there is a second one to scan with.
const ALL_THE_SAME: &str = "device=computer";

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
    let destination = Destination::ReturnTo(return_to.as_str().into());
    page(&app, &request, client, destination, language)
        .await
        .unwrap_or_else(|error| pages::store_away(&app, &request, &error, language))
}

/// How the person answers.
#[derive(Clone, Copy)]
enum Way {
    /// Fast login, or WeChat's QR page.
    Website,
    /// Inside WeChat, from a tap.
    Tap,
    /// Our own QR code, scanned by a phone.
    Scene,
}

/// Starts a hosted attempt where this browser can answer one, and shows its page.
pub async fn page(
    app: &Shared,
    request: &HttpRequest,
    client: &Client,
    destination: Destination,
    language: Language,
) -> Result<HttpResponse, StoreError> {
    let public_url = &app.config.public_url;
    let all_the_same = request.query_string().split('&').any(|pair| pair == ALL_THE_SAME);
    let way = match device(request) {
        Device::InsideWeixin if app.config.weixin.service_account.is_some() => Way::Tap,
        // WeChat shows its QR page to nobody inside WeChat, and opens no other browser.
        Device::InsideWeixin => {
            return Ok(phone::help(app, client, &link(public_url, client, &destination), None, language));
        }
        Device::Phone if !all_the_same => {
            let here = again(public_url, &client.id, &destination);
            let here = format!("{here}&lang={}&{ALL_THE_SAME}", language.tag());
            let link = link(public_url, client, &destination);
            return Ok(phone::help(app, client, &link, Some(&here), language));
        }
        _ if client.scenes => Way::Scene,
        _ => Way::Website,
    };
    let new = NewAttempt {
        client,
        kind: match way {
            Way::Scene => AttemptKind::OwnScene(destination),
            Way::Website | Way::Tap => AttemptKind::Hosted(destination),
        },
        product: match way {
            Way::Website => Product::Website,
            Way::Tap | Way::Scene => Product::ServiceAccount,
        },
        computer: browser_and_system(request),
        state: None,
        lang: Some(language.tag().into()),
    };
    let started = match begin(app, new).await {
        Ok(started) => started,
        Err(StartError::SlowDown(wait)) => return Ok(pages::slow_down(app, request, wait, language)),
        Err(StartError::Store(error)) => return Err(error),
    };
    let mut response = match way {
        Way::Tap => match tap_address(&started.login) {
            Some(authorize) => phone::tap(app, client, &authorize, language),
            None => {
                let why = Refusal::Code(ErrorCode::Misconfigured);
                pages::refusal_at(app, Some(client), why, language, None)
            }
        },
        Way::Website | Way::Scene => pages::login(app, client, &started.login, language),
    };
    cookie::bind(public_url, request, &mut response, &started, app.clock.now());
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
    let row = app.store.fleeting.attempt(&id).await?.ok_or_else(unknown)?;
    let secret = cookie::secret(&app.config.public_url, &request, &row.id).ok_or_else(unknown)?;
    let (proof, product) = match row.kind {
        AttemptKind::Hosted(_) => (BrowserProof::Cookie(&secret), Product::Website),
        AttemptKind::OwnScene(_) => (BrowserProof::SceneCookie(&secret), Product::ServiceAccount),
        _ => return Err(unknown()),
    };
    if !proves(&row, &proof) {
        return Err(unknown());
    }
    let client = app.config.client(&row.client_id).ok_or_else(unknown)?;
    let computer = browser_and_system(&request);
    let new = NewAttempt { client, kind: row.kind, product, computer, state: None, lang: row.lang };
    let started = begin(&app, new).await?;
    let mut response = HttpResponse::Ok().json(&started.login);
    cookie::bind(&app.config.public_url, &request, &mut response, &started, app.clock.now());
    Ok(response)
}
