//! The site's own page, which is never left: `POST /login`, from registered origins only.

use actix_web::error::JsonPayloadError;
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::ids::{Product, State};
use protocol::service::{ErrorCode, Kind, Problem, StartLogin, StartedLogin};

use crate::attempt::begin::{NewAttempt, StartError, begin};
use crate::error::{ApiError, not_json};
use crate::http::origin::origin;
use crate::http::user_agent::browser_and_system;
use crate::pkce::CodeChallenge;
use crate::shared::Shared;
use crate::store::AttemptKind;
use crate::store::attempts::SitePage;

/// 128 bits in hexadecimal digits, the poorest alphabet in use. That they are random nobody can see: a page that makes a poor one
/// weakens its own login alone.
const SHORTEST_STATE: usize = 32;
/// Longer than any nonce that a site needs.
const LONGEST_NONCE: usize = 512;

/// The bodies of `POST /login`: JSON, and JSON that is called `text/plain`. A browser asks nobody before a page of another site sends
/// that (Fetch, CORS-safelisted request-header), which saves a journey. The question before would protect nothing here: no cookie
/// is read, and `Origin`, which no page can forge, is compared below.
pub fn bodies(limit: usize) -> web::JsonConfig {
    web::JsonConfig::default()
        .limit(limit)
        .content_type(|mime| mime.essence_str() == "text/plain")
        .error_handler(|error, request| match error {
            JsonPayloadError::ContentType => {
                ApiError::new(ErrorCode::InvalidRequest, "the body must be application/json or text/plain")
                    .into()
            }
            other => not_json(other, request),
        })
}

/// `POST /login`: 201 with a `StartedLogin`. The JSON may be called `text/plain`.
#[utoipa::path(
    post,
    path = "/login",
    request_body = StartLogin,
    responses((status = 201, body = StartedLogin), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn login(
    app: web::Data<Shared>,
    request: HttpRequest,
    body: web::Json<StartLogin>,
) -> Result<HttpResponse, ApiError> {
    let StartLogin { client_id, kind, result, code_challenge, nonce, lang, state } = body.into_inner();
    let invalid = |description| Err(ApiError::new(ErrorCode::InvalidRequest, description));
    let Some(client) = app.config.client(&client_id) else {
        return Err(ApiError::new(ErrorCode::UnknownClient, "no client of this name is configured"));
    };
    let Some(origin) = origin(&request).filter(|origin| client.origins.iter().any(|known| known == origin))
    else {
        return Err(ApiError::new(
            ErrorCode::UnregisteredOrigin,
            "this page's origin is not among the client's origins",
        ));
    };
    let is_scene = match kind {
        None => client.scenes,
        Some(Kind::Scene) if client.scenes => true,
        Some(Kind::Embedded) if app.config.weixin.website.is_some() => false,
        Some(Kind::Scene) => return invalid("this client is not configured for scenes"),
        Some(Kind::Embedded) => return invalid("there is no website app: this service has scenes alone"),
        Some(Kind::Hosted) => return invalid("a hosted attempt begins at GET /login or /authorize"),
    };
    let Some(code_challenge) = CodeChallenge::parse(&code_challenge) else {
        return invalid("code_challenge must be an S256 challenge: 43 characters of base64url");
    };
    if nonce.as_ref().is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
        return invalid("nonce is too long");
    }
    let state = match state.map(State::parse) {
        None => None,
        Some(Ok(state)) if state.as_str().len() >= SHORTEST_STATE => Some(state),
        Some(Ok(_) | Err(_)) => return invalid("state must be 32 to 128 random letters and digits"),
    };
    let lang = lang.filter(|lang| lang.len() <= 16);
    let page =
        SitePage { origin: origin.into(), result, code_challenge: code_challenge.as_str().into(), nonce };
    let new = NewAttempt {
        client,
        kind: if is_scene { AttemptKind::SiteScene(page) } else { AttemptKind::Embedded(page) },
        product: if is_scene { Product::ServiceAccount } else { Product::Website },
        computer: browser_and_system(&request),
        state,
        lang,
    };
    let started = begin(&app, new).await.map_err(|error| match error {
        // The page's own state alone can be there already.
        StartError::Store(error) if error.is_duplicate() => {
            let description = "the state was used before; start again with another one";
            ApiError::new(ErrorCode::AttemptUsed, description)
        }
        other @ (StartError::SlowDown(_) | StartError::Store(_)) => other.into(),
    })?;
    Ok(HttpResponse::Created().json(started.login))
}
