//! How the endpoints that programs call answer: JSON, not stored, readable by the pages of registered origins.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
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
