//! Which pages of other origins may read what a route answers (Fetch, CORS protocol). Which route is read by whom stands in the
//! table of routes.

use actix_cors::Cors as Registered;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CONTENT_TYPE, HeaderMap, HeaderValue, VARY,
};
use actix_web::middleware::{Condition, Next};
use actix_web::{Error, HttpRequest, HttpResponse, Route, web};
use protocol::service::{BINDING_HEADER, SECRET_HEADER};

use super::headers::header_value;
use super::origin::origin;
use crate::config::Config;
use crate::current::Current;

/// Who may read the answers of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cors {
    /// No page but the service's own.
    Own,
    /// Pages that clients have registered, whose widget asks; `null` is nobody.
    Widgets,
    /// The same, and they ask as whoever is logged in here.
    WidgetsWithCookies,
    /// Pages that clients have registered, which speak OAuth by themselves.
    Clients,
    /// Every page: there is nothing of a person in it.
    Everybody,
}

/// For a row whose pages are the widget's.
pub(crate) fn widgets(cors: Cors, config: &Current<Config>) -> Condition<Registered> {
    let config = config.clone();
    let registered = Registered::default()
        .allowed_origin_fn(move |origin, _| {
            origin.to_str().is_ok_and(|origin| config.get().client_of_origin(origin).is_some())
        })
        .allowed_methods([Method::GET, Method::POST, Method::DELETE])
        .allowed_headers([CONTENT_TYPE.as_str(), SECRET_HEADER, BINDING_HEADER, "last-event-id"])
        .max_age(600);
    match cors {
        Cors::Widgets => Condition::new(true, registered),
        Cors::WidgetsWithCookies => Condition::new(true, registered.supports_credentials()),
        Cors::Own | Cors::Clients | Cors::Everybody => Condition::new(false, registered),
    }
}

/// The middleware of a row that others read: whatever is answered, refusals too.
pub(crate) async fn readable(
    cors: Cors,
    config: web::Data<Config>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let readers = match cors {
        Cors::Clients => registered(&config, response.request()),
        Cors::Everybody => Some(HeaderValue::from_static("*")),
        Cors::Own | Cors::Widgets | Cors::WidgetsWithCookies => None,
    };
    let headers = response.headers_mut();
    if let Some(readers) = readers {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, readers);
        if cors == Cors::Clients {
            let exposed = HeaderValue::from_static("WWW-Authenticate, Retry-After");
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }
    if cors == Cors::Clients {
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    Ok(response)
}

/// Lets a registered page read what is refused before the routes: else its script is told of no answer at all.
pub(crate) fn readable_by_registered(config: &Config, request: &HttpRequest, headers: &mut HeaderMap) {
    if let Some(origin) = registered(config, request) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
}

/// The question that a browser asks before, where the row does not answer it by itself.
pub(crate) fn preflight(cors: Cors) -> Option<Route> {
    let (methods, may_have) = match cors {
        Cors::Clients => ("GET, POST", "Authorization, Content-Type"),
        // Scripts of any page, with whatever headers their libraries send.
        Cors::Everybody => ("GET, HEAD", "*, Authorization"),
        Cors::Own | Cors::Widgets | Cors::WidgetsWithCookies => return None,
    };
    let answer = move || async move {
        HttpResponse::NoContent()
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, methods))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, may_have))
            .insert_header((ACCESS_CONTROL_MAX_AGE, "600"))
            .finish()
    };
    Some(web::method(Method::OPTIONS).to(answer))
}

/// The `Origin`, where a client has registered it.
fn registered(config: &Config, request: &HttpRequest) -> Option<HeaderValue> {
    origin(request).filter(|origin| config.client_of_origin(origin).is_some()).map(header_value)
}
