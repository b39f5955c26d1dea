//! The gate that every request passes on its way in and out: whose world it is for, its entry in the log, the fault that strikes
//! it, and how much and how slowly a client may send.

use std::any::Any;
use std::net::Shutdown;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Extensions, Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{Method, StatusCode, Uri, header, uri::PathAndQuery};
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream;
use actix_web::web::{Bytes, PayloadConfig};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::stream;
use serde_json::json;

use crate::desktop::DesktopMode;
use crate::fault::{Call, Fault, huge};
use crate::namespaces::{Here, Worlds, split};
use crate::query::Query;
use crate::requests::{Outcome, RequestRecord};
use crate::world::World;
use crate::{desktop, open, sns};

/// Nothing that WeChat takes is as long as this, and no scenario either.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;
/// A client that has not sent its body by then, by the wall clock, hangs.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn limits(config: &mut web::ServiceConfig) {
    config.app_data(PayloadConfig::new(BODY_LIMIT));
}

/// A second handle on a connection's socket, to close it under the server's feet.
struct Wire(socket2::Socket);

/// Keeps that handle with each connection.
pub(crate) fn keep_wire(connection: &dyn Any, data: &mut Extensions) {
    let plain = connection.downcast_ref::<TcpStream>();
    let secured = connection
        .downcast_ref::<actix_tls::accept::rustls_0_23::TlsStream<TcpStream>>()
        .map(|stream| stream.get_ref().0);
    if let Some(stream) = plain.or(secured)
        && let Ok(socket) = socket2::SockRef::from(stream).try_clone()
    {
        data.insert(Wire(socket));
    }
}

/// The body as it came, for handlers that read it as what it is.
#[derive(Clone)]
pub(crate) struct Sent(pub Bytes);

/// Why WeChat would refuse this request, or what it may dislike: a handler's word for the log and the control page.
#[derive(Clone)]
pub(crate) struct Remark(pub String);

/// Gives the answer its word for the log.
pub(crate) fn remarked(mut response: HttpResponse, remark: impl Into<String>) -> HttpResponse {
    response.extensions_mut().insert(Remark(remark.into()));
    response
}

/// The query and, of a POST, the form: the first of several wins, the address before the body.
pub(crate) fn parameters(request: &HttpRequest) -> Query {
    let sent = request.extensions().get::<Sent>().cloned();
    parameters_of(request.query_string(), request.headers(), sent.as_ref().map_or(b"", |sent| &sent.0))
}

fn parameters_of(query: &str, headers: &header::HeaderMap, body: &[u8]) -> Query {
    let form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    match form && !body.is_empty() {
        true => Query::parse(&format!("{query}&{}", String::from_utf8_lossy(body))),
        false => Query::parse(query),
    }
}

/// Marks the request as gone when its future is dropped unanswered.
struct Departure<'a> {
    world: &'a World,
    order: u64,
    answered: bool,
}

impl Drop for Departure<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.world.change(|state, _| state.log.lose(self.order));
        }
    }
}

pub(crate) async fn gate(
    worlds: web::Data<Worlds>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let named = match split(request.path()) {
        None => None,
        Some((name, rest)) => match worlds.get(name) {
            Some(world) => Some((world, rest.to_owned())),
            None => {
                let word =
                    format!("no namespace is named {name:?}: make it with PUT /control/namespaces/{name}");
                let answer = HttpResponse::NotFound().json(json!({ "error": word }));
                return Ok(request.into_response(answer));
            }
        },
    };
    if let Some((_, rest)) = &named {
        lead_to(&mut request, rest);
    }
    let body = match tokio::time::timeout(BODY_PATIENCE, request.extract::<Bytes>()).await {
        Err(_) => return Ok(request.into_response(HttpResponse::RequestTimeout().finish())),
        Ok(Err(error)) => {
            let answer = error.as_response_error().error_response();
            return Ok(request.into_response(answer));
        }
        Ok(Ok(body)) => body,
    };
    let again = body.clone();
    let again = stream::once(async move { Ok::<_, PayloadError>(again) });
    request.set_payload(Payload::Stream { payload: Box::pin(again) });
    let asked = parameters_of(request.query_string(), request.headers(), &body);
    let world = match named {
        Some((world, _)) => world,
        None if request.path().starts_with("/api/") || request.path() == "/cgi-bin/stable_token" => {
            worlds.owner(request.path(), &asked.clone().with_json(&body))
        }
        None => worlds.owner(request.path(), &asked),
    };
    request.extensions_mut().insert(Here(world.clone()));
    let path = request.path();
    if path == "/" || path == "/healthz" || path.starts_with("/control") {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    request.extensions_mut().insert(Sent(body.clone()));
    let call = Call::of(path);
    let order = world.change(|state, _| state.log.arrive(describe(&request, call, &asked, &body)));
    let mut departure = Departure { world: &world, order, answered: false };
    let preflight = request.method() == Method::OPTIONS;
    let fault = if preflight { None } else { world.change(|state, _| state.faults.take(call)) };
    let response = pass(&world, call, fault, request, next).await?;
    let status = response.status();
    let remark = response.response().extensions().get::<Remark>().map(|Remark(word)| word.clone());
    let (method, path) = (response.request().method(), response.request().path());
    match &remark {
        None => tracing::info!(status = status.as_u16(), "{method} {path}"),
        Some(word) => tracing::warn!(status = status.as_u16(), "{method} {path}: {word}"),
    }
    world.change(|state, _| state.log.answer(order, status.as_u16(), remark));
    departure.answered = true;
    Ok(response)
}

/// Goes on as if this path had been asked for.
fn lead_to(request: &mut ServiceRequest, path: &str) {
    let path = if path.is_empty() { "/" } else { path };
    let target = match request.query_string() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    let mut parts = request.uri().clone().into_parts();
    // A part of a path and a query that were one is one again.
    parts.path_and_query = PathAndQuery::try_from(target).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

async fn pass(
    world: &World,
    call: Call,
    fault: Option<Fault>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // A port is shared by all namespaces: where one of them has no desktop, its callers alone are cut off.
    let desktop = matches!(call, Call::CheckLogin | Call::Authorize);
    if desktop && world.read(|state, _| state.desktop.mode) == DesktopMode::Absent {
        return cut(request.conn_data::<Wire>()).await;
    }
    let answer = match fault {
        None => return Ok(next.call(request).await?.map_into_boxed_body()),
        Some(Fault::Delay { millis }) => {
            world.sleep(Duration::from_millis(millis)).await;
            return Ok(next.call(request).await?.map_into_boxed_body());
        }
        Some(Fault::Hang) => {
            let cleared = world.read(|state, _| state.faults.cleared());
            world.wait(Duration::MAX / 4, |state, _| (state.faults.cleared() != cleared).then_some(())).await;
            return Ok(next.call(request).await?.map_into_boxed_body());
        }
        Some(Fault::Cut) => return cut(request.conn_data::<Wire>()).await,
        Some(Fault::LoseAnswer) => {
            let response = next.call(request).await?;
            return cut(response.request().conn_data::<Wire>()).await;
        }
        Some(Fault::Status { status }) => {
            gateway_page(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY))
        }
        Some(Fault::Html) => gateway_page(StatusCode::OK),
        Some(Fault::Huge) => huge("text/plain"),
        Some(Fault::ErrorPage { number }) => open::numbered_page(number),
        Some(Fault::Errcode { errcode }) => match call {
            Call::CheckLogin | Call::Authorize => desktop::errcode_answer(call, errcode),
            Call::LongPoll => open::poll_answer(request.query_string(), errcode, ""),
            _ => sns::errcode_answer(errcode),
        },
    };
    Ok(request.into_response(answer))
}

fn describe(request: &ServiceRequest, call: Call, asked: &Query, body: &[u8]) -> RequestRecord {
    let header = |name: header::HeaderName| {
        request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    RequestRecord {
        order: 0,
        call,
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        body: String::from_utf8_lossy(body).into_owned(),
        asked: asked.first_of_each(),
        origin: header(header::ORIGIN),
        user_agent: header(header::USER_AGENT),
        outcome: Outcome::InFlight,
        remark: None,
    }
}

/// Closes the connection. The server then notices and drops this future with it.
async fn cut<T>(wire: Option<&Wire>) -> T {
    if let Some(Wire(socket)) = wire {
        // A connection that is gone already is as cut as one can be.
        let _ = socket.shutdown(Shutdown::Both);
    }
    std::future::pending().await
}

fn gateway_page(status: StatusCode) -> HttpResponse {
    let title = status.canonical_reason().unwrap_or("Error");
    HttpResponse::build(status).content_type("text/html").body(format!(
        "<html>\r\n<head><title>{0} {title}</title></head>\r\n<body>\r\n<center><h1>{0} {title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
        status.as_u16()
    ))
}
