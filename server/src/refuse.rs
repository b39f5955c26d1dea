//! What is refused before any route: floods, other hosts, bodies that are no JSON, addresses that lead nowhere.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::JsonPayloadError;
use actix_web::http::Method;
use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HOST, VARY};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError, web};
use protocol::service::ErrorCode;

use crate::error::ApiError;
use crate::headers::header_value;
use crate::limits::Limit;
use crate::oauth_error::OAuthError;
use crate::oidc::response;
use crate::origin::origin;
use crate::pages::{self, Refusal};
use crate::shared::Shared;
use crate::text::Language;

/// Counts a request to a row of the table of routes, and says no where there were too many. A preflight asks for nothing yet.
pub(crate) async fn floods(
    limit: Limit,
    app: web::Data<Shared>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<EitherBody<BoxBody>>, Error> {
    let may_go_on = match *request.method() {
        Method::OPTIONS => Ok(()),
        _ => app.limits.request(&app.config, limit, request.request()),
    };
    let Err(wait) = may_go_on else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let response = if limit == Limit::Tokens {
        response::refusal(&app, request.request(), &OAuthError::slow_down(wait))
    } else if request.method() == Method::GET {
        pages::slow_down(&app, wait, Language::of(request.request()))
    } else {
        ApiError::slow_down(wait).error_response()
    };
    Ok(request.into_response(response).map_into_right_body())
}

/// On localhost any page of the web could make its own name point here: only our own Host is answered.
pub async fn other_hosts(
    app: web::Data<Shared>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<BoxBody>>, Error> {
    let public_url = &app.config.public_url;
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    if public_url.is_localhost() && host != Some(public_url.host()) {
        let response =
            HttpResponse::MisdirectedRequest().body("this service answers only under its public_url\n");
        let response = readable(&app, request.request(), response);
        return Ok(request.into_response(response).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_boxed_body().map_into_left_body())
}

/// Lets a registered page read what is refused here, before the routes and their CORS: else its script is told of no answer at all.
fn readable(app: &Shared, request: &HttpRequest, mut response: HttpResponse) -> HttpResponse {
    let registered = origin(request).filter(|origin| app.config.client_of_origin(origin).is_some());
    if let Some(origin) = registered {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, header_value(origin));
        response.headers_mut().insert(VARY, header_value("Origin"));
    }
    response
}

/// A body that is not the JSON which a route takes.
pub fn json(error: JsonPayloadError, _: &HttpRequest) -> Error {
    let description = match error {
        JsonPayloadError::ContentType => "the body must be application/json",
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
            "the body is too long"
        }
        _ => "the body is not the JSON that this route takes",
    };
    ApiError::new(ErrorCode::InvalidRequest, description).into()
}

/// A page for people, who may have mistyped.
pub async fn unknown_path(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    pages::refusal(&app, Refusal::NotFound, Language::of(&request), None)
}
