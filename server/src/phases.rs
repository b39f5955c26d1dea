//! `POST /phases`: what people see of the widget, told by a sample of pages. It is counted, and nothing else is known of it.
//!
//! The widget itself tells only its page (`weixin-login-phase`); `assets/phases.js` passes that on.

use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use protocol::service::{ErrorCode, Problem};

use crate::error::ApiError;
use crate::http::origin::origin;
use crate::metrics::PHASES;
use crate::shared::Shared;

/// A page of the service's own or of a registered origin says that somebody sees this: the word alone, as `navigator.sendBeacon` sends it.
#[utoipa::path(
    post,
    path = "/phases",
    request_body(content = String, content_type = "text/plain"),
    responses((status = 204), (status = "4XX", body = Problem))
)]
pub async fn post(
    app: web::Data<Shared>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    let from = origin(&request).unwrap_or_default();
    if from != app.config.public_url.origin() && app.config.client_of_origin(from).is_none() {
        return Err(ApiError::new(ErrorCode::UnregisteredOrigin, "no client has registered this origin"));
    }
    let phase = PHASES.into_iter().find(|phase| phase.as_bytes() == body.trim_ascii());
    let phase =
        phase.ok_or(ApiError::new(ErrorCode::InvalidRequest, "the body is no phase of the widget"))?;
    app.metrics.phase_shown(phase);
    Ok(HttpResponse::NoContent().finish())
}
