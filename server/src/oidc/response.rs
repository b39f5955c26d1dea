//! How the endpoints that programs call answer: JSON, not stored, readable by the pages of registered origins.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde_json::json;

use crate::http::origin::origin;
use crate::oauth_error::{OAuthError, OAuthErrorCode};
use crate::shared::Shared;

/// A refusal as RFC 6749 §5.2 wants it.
pub fn refusal(app: &Shared, request: &HttpRequest, error: &OAuthError) -> HttpResponse {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = builder(app, request, status);
    if error.code == OAuthErrorCode::InvalidClient && request.headers().contains_key(header::AUTHORIZATION) {
        response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"weixin-login\""));
    }
    if let Some(seconds) = error.retry_after {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    response.json(json!({ "error": error.code.as_str(), "error_description": error.description }))
}

/// The beginning of an answer that a page of a registered origin may read (CORS), without cookies.
pub fn builder(app: &Shared, request: &HttpRequest, status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.insert_header((header::VARY, "Origin"));
    if let Some(origin) = origin(request).filter(|origin| app.config.client_of_origin(origin).is_some()) {
        response.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin));
        response.insert_header((header::ACCESS_CONTROL_EXPOSE_HEADERS, "WWW-Authenticate, Retry-After"));
    }
    response
}

/// `OPTIONS` of those endpoints.
pub async fn preflight(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    builder(&app, &request, StatusCode::NO_CONTENT)
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "600"))
        .finish()
}

/// `OPTIONS` of what everybody may read: scripts of any page, with whatever headers their libraries send.
pub async fn public_preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "*, Authorization"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "600"))
        .finish()
}
