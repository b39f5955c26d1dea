//! What is refused before any route: floods, other hosts, addresses that are too long or lead nowhere, bodies that come too slowly or
//! are no JSON.

use std::future::ready;
use std::time::Duration;

use actix_web::body::{BoxBody, EitherBody, MessageBody, SizedStream, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::HOST;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use futures_util::{StreamExt, TryStreamExt, stream};
use protocol::service::ErrorCode;
use tokio::time::timeout;
use url::Url;

use crate::config::PublicUrl;
use crate::error::ApiError;
use crate::http::cors::readable_by_registered;
use crate::http::language;
use crate::http::origin::sec_fetch_dest;
use crate::limits::Limit;
use crate::misrouted;
use crate::oauth_error::OAuthError;
use crate::oidc::response;
use crate::pages::{self, Refusal};
use crate::shared::Shared;

/// Counts a request to a row of the table of routes, and says no where there were too many. A preflight asks for nothing yet.
pub(crate) async fn floods(
    limit: Limit,
    app: web::Data<Shared>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<EitherBody<BoxBody>>, Error> {
    let may_go_on = match *request.method() {
        Method::OPTIONS => Ok(()),
        _ => app.limits.request(&app.config, limit, request.request()).await,
    };
    let Err(wait) = may_go_on else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let response = if limit == Limit::Tokens {
        response::refusal(&app, request.request(), &OAuthError::slow_down(wait))
    } else if request.method() == Method::GET {
        pages::slow_down(&app, request.request(), wait, language::of(request.request()))
    } else {
        ApiError::slow_down(wait).error_response()
    };
    Ok(request.into_response(response).map_into_right_body())
}

/// Longer than any address that a site needs, and longer than nginx and Apache take.
const LONGEST_ADDRESS: usize = 8 * 1024;
/// A longer body is nobody's.
pub(crate) const LONGEST_BODY: usize = 16 * 1024;
/// A slower body is cut; a head has its own deadline.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// What lies in an address is kept with the attempt that it begins: a long one is refused.
pub(crate) async fn long_addresses(
    app: web::Data<Shared>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<BoxBody>>, Error> {
    let length = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if length <= LONGEST_ADDRESS {
        return Ok(next.call(request).await?.map_into_boxed_body().map_into_left_body());
    }
    let mut response = if request.method() == Method::GET {
        pages::refusal(&app, Refusal::Code(ErrorCode::InvalidRequest), language::of(request.request()), None)
    } else {
        ApiError::new(ErrorCode::InvalidRequest, "the address is longer than 8 kB").error_response()
    };
    *response.status_mut() = StatusCode::URI_TOO_LONG;
    readable_by_registered(&app.config, request.request(), response.headers_mut());
    Ok(request.into_response(response).map_into_right_body())
}

/// Reads the body, which is short for every route, before anything is done with the request: who sends it byte by byte, or without an
/// end, is cut.
pub(crate) async fn slow_bodies(
    app: web::Data<Shared>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<BoxBody>>, Error> {
    let mut payload = request.take_payload();
    let (status, description) = match timeout(BODY_WITHIN, whole(&mut payload)).await {
        Ok(Ok(Some(body))) => {
            request.set_payload(Payload::Stream { payload: Box::pin(stream::once(ready(Ok(body)))) });
            return Ok(next.call(request).await?.map_into_boxed_body().map_into_left_body());
        }
        Ok(Ok(None)) => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"),
        Ok(Err(_)) => (StatusCode::BAD_REQUEST, "the body cannot be read"),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "the body did not come in time"),
    };
    let refusal = ApiError::new(ErrorCode::InvalidRequest, description).error_response();
    let body = to_bytes(refusal.into_body()).await.unwrap_or_default();
    // The rest is held for as long as the answer takes: actix reads on, without an end, what nobody holds.
    let held = move |body| {
        let _ = &payload;
        Ok::<_, Error>(body)
    };
    let body = SizedStream::new(body.len() as u64, stream::once(ready(body)).map(held));
    let mut response = HttpResponse::build(status).content_type("application/json").force_close().body(body);
    readable_by_registered(&app.config, request.request(), response.headers_mut());
    Ok(request.into_response(response).map_into_right_body())
}

/// The whole body; `None` when it is too long.
async fn whole(payload: &mut Payload) -> Result<Option<Bytes>, PayloadError> {
    let mut body = BytesMut::new();
    while let Some(piece) = payload.try_next().await? {
        if body.len() + piece.len() > LONGEST_BODY {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(body.freeze()))
}

/// On localhost any page of the web could make its own name point here: only our own Host is answered. A person gets a page with the
/// way there; whoever runs the proxy, which often writes another Host, a line in the log.
pub async fn other_hosts(
    app: web::Data<Shared>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<BoxBody>>, Error> {
    let public_url = &app.config.public_url;
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // What the page of this very refusal is drawn with: the same for everybody, and nobody's secret.
    let is_asset =
        request.path().strip_prefix(public_url.path()).is_some_and(|path| path.starts_with("/assets/"));
    if !public_url.is_localhost() || is_asset || is_host_of(public_url, host) {
        return Ok(next.call(request).await?.map_into_boxed_body().map_into_left_body());
    }
    misrouted::other_host(public_url, host);
    let mut response = match sec_fetch_dest(request.request()) {
        Some("document" | "iframe") => {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let there = format!("{}{path}", public_url.origin());
            pages::other_host(&app, host, &there, language::of(request.request()))
        }
        _ => HttpResponse::MisdirectedRequest().body(format!(
            "this service was asked as {host:?}, and answers as {:?} alone: its public_url is {}\n",
            public_url.host(),
            public_url.as_str()
        )),
    };
    readable_by_registered(&app.config, request.request(), response.headers_mut());
    Ok(request.into_response(response).map_into_right_body())
}

/// Whether a Host header means our own, in any spelling: case, and a port that is the scheme's own.
fn is_host_of(public_url: &PublicUrl, host: &str) -> bool {
    let is_plain = !host.contains(['/', '\\', '@', '?', '#']);
    let origin = Url::parse(&format!("http://{host}")).map(|url| url.origin().ascii_serialization());
    is_plain && origin.is_ok_and(|origin| origin == public_url.origin())
}

/// What a browser fetches before anybody has asked for it: a failure, so that it asks again when somebody does. Nothing has been taken.
pub(crate) async fn unasked() -> HttpResponse {
    HttpResponse::ServiceUnavailable().body("come again when somebody asks for this page\n")
}

/// `HEAD` of a page that begins or takes something when it is opened: it is there, and nothing has begun.
pub(crate) async fn looked_at() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").finish()
}

/// A page for people, who may have mistyped; the operator hears of a proxy that changes paths.
pub async fn unknown_path(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    misrouted::unknown_path(&app.config.public_url, &request);
    pages::refusal(&app, Refusal::NotFound, language::of(&request), None)
}
