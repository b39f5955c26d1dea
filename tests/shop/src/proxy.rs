//! Passing `/weixin` on to the login service, as Nginx or Caddy would: streaming both ways, nothing added but where it came from.
//!
//! No redirect is followed, nothing decompressed, nothing retried: what the service says is what the browser gets.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use actix_web::body::{BodyStream, BoxBody, MessageBody, SizedStream};
use actix_web::http::{StatusCode, Version, header as actix_header};
use actix_web::{HttpRequest, HttpResponse, rt, web};
use futures_util::{StreamExt, stream};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Client, Method, Url};
use tokio::sync::mpsc;

use crate::StartError;

/// How long the service may take to start its answer; Nginx's own default. The answer itself may go on for ever.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// Said between two neighbours, never passed on: RFC 9110 §7.6.1.
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Said by proxies: what a browser says here itself would be believed.
const SAID_BY_PROXIES: &[&str] =
    &["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// The login service, as the shop reaches it.
#[derive(Clone)]
pub struct Service {
    client: Client,
    url: Arc<RwLock<Option<Url>>>,
    /// How visitors reach the shop: `http` or `https`.
    scheme: &'static str,
}

/// The service has not answered: it is away, not known yet, or said something that is not HTTP.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    #[error("the login service's address is not known yet")]
    NotKnown,
    #[error("the login service did not answer within {} s", ANSWERS_WITHIN.as_secs())]
    Slow,
    #[error("the login service does not answer: {0}")]
    Away(#[from] reqwest::Error),
    /// A proxy that quietly rewrites an address hides what it does to the service behind it.
    #[error("this address cannot be passed on unchanged")]
    Address,
}

impl Service {
    pub fn new(visitors_use_tls: bool) -> Result<Service, StartError> {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .referer(false)
            .connect_timeout(Duration::from_secs(5))
            // A kept connection may be closed by the service at the moment a request is sent on it.
            .pool_max_idle_per_host(0)
            .build()?;
        let scheme = if visitors_use_tls { "https" } else { "http" };
        Ok(Service { client, url: Arc::default(), scheme })
    }

    pub fn set_url(&self, url: &str) -> Result<(), StartError> {
        let parsed = Url::parse(url)
            .ok()
            .filter(|url| url.scheme() == "http" && url.path() == "/" && url.query().is_none())
            .ok_or_else(|| StartError::ServiceUrl(url.to_owned()))?;
        *self.url.write().unwrap_or_else(PoisonError::into_inner) = Some(parsed);
        Ok(())
    }

    /// Asks the service in the visitor's name: with the visitor's own address, host and scheme.
    pub async fn ask(
        &self,
        visitor: &HttpRequest,
        method: Method,
        path_and_query: &str,
        mut headers: HeaderMap,
        body: Option<Body>,
    ) -> Result<reqwest::Response, Unreachable> {
        let url = self.url_of(path_and_query)?;
        for name in SAID_BY_PROXIES {
            headers.remove(*name);
        }
        let host = host_of(visitor);
        set(&mut headers, "host", &host);
        set(&mut headers, "x-forwarded-host", &host);
        set(&mut headers, "x-forwarded-proto", self.scheme);
        if let Some(address) = visitor.peer_addr() {
            set(&mut headers, "x-forwarded-for", &plain(address.ip()).to_string());
        }
        let mut request = self.client.request(method, url).headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        match tokio::time::timeout(ANSWERS_WITHIN, request.send()).await {
            Ok(answer) => answer.map_err(|error| Unreachable::Away(error.without_url())),
            Err(_) => Err(Unreachable::Slow),
        }
    }

    fn url_of(&self, path_and_query: &str) -> Result<Url, Unreachable> {
        let known = self.url.read().unwrap_or_else(PoisonError::into_inner);
        let base = known.as_ref().ok_or(Unreachable::NotKnown)?;
        let text = format!("{}{path_and_query}", base.as_str().trim_end_matches('/'));
        let url = Url::parse(&text).map_err(|_| Unreachable::Address)?;
        if url.as_str() == text { Ok(url) } else { Err(Unreachable::Address) }
    }
}

/// Everything under `/weixin`.
pub async fn forward(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> HttpResponse {
    let path_and_query = request.uri().path_and_query().map_or("/", |address| address.as_str()).to_owned();
    let method = Method::from_bytes(request.method().as_str().as_bytes()).expect("a method is a method");
    let headers = request_headers(&request);
    let body = has_body(&request).then(|| streamed(payload));
    match service.ask(&request, method, &path_and_query, headers, body).await {
        Ok(answer) => passed_back(answer),
        Err(error) => {
            eprintln!("{error}");
            sorry(&error)
        }
    }
}

/// The visitor's headers without those of the connection, and without the body's length where there is no body.
fn request_headers(request: &HttpRequest) -> HeaderMap {
    let named_by_connection = named_by_connection(
        request.headers().get_all(actix_header::CONNECTION).filter_map(|value| value.to_str().ok()),
    );
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers() {
        if is_of_the_connection(name.as_str(), &named_by_connection) {
            continue;
        }
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            headers.append(name, value);
        }
    }
    headers
}

fn passed_back(answer: reqwest::Response) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let named_by_connection = named_by_connection(
        answer.headers().get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok()),
    );
    let length = answer
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse().ok());
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers() {
        // The length is written again from the body's own.
        if name != header::CONTENT_LENGTH && !is_of_the_connection(name.as_str(), &named_by_connection) {
            response.append_header((name.as_str(), value.as_bytes()));
        }
    }
    if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return response.finish();
    }
    let body: BoxBody = match length {
        Some(length) => SizedStream::new(length, answer.bytes_stream()).boxed(),
        None => BodyStream::new(answer.bytes_stream()).boxed(),
    };
    response.body(body)
}

/// A request may carry a body without saying how long it is: in chunks, or, by HTTP/2, without a word.
fn has_body(request: &HttpRequest) -> bool {
    let headers = request.headers();
    match headers.get(actix_header::CONTENT_LENGTH) {
        Some(length) => length != "0",
        None => {
            headers.contains_key(actix_header::TRANSFER_ENCODING)
                || (request.version() == Version::HTTP_2 && !request.method().is_safe())
        }
    }
}

/// The visitor's body, handed on piece by piece. Actix keeps it on its own thread; the client may read from another.
fn streamed(mut payload: web::Payload) -> Body {
    let (pieces, mut next) = mpsc::channel::<io::Result<web::Bytes>>(4);
    rt::spawn(async move {
        while let Some(piece) = payload.next().await {
            // A visitor who left in the middle must not look to the service like one who had finished.
            if pieces.send(piece.map_err(io::Error::other)).await.is_err() {
                break;
            }
        }
    });
    Body::wrap_stream(stream::poll_fn(move |context| next.poll_recv(context)))
}

fn sorry(error: &Unreachable) -> HttpResponse {
    let status = match error {
        Unreachable::NotKnown | Unreachable::Away(_) => StatusCode::BAD_GATEWAY,
        Unreachable::Slow => StatusCode::GATEWAY_TIMEOUT,
        Unreachable::Address => StatusCode::BAD_REQUEST,
    };
    let page = match error {
        Unreachable::Address => include_str!("address.html"),
        _ => include_str!("away.html"),
    };
    HttpResponse::build(status)
        .insert_header((actix_header::CACHE_CONTROL, "no-store"))
        .insert_header((actix_header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .content_type("text/html; charset=utf-8")
        .body(page)
}

/// The host and port that the visitor asked for: `Host`, or HTTP/2's `:authority`.
pub fn host_of(request: &HttpRequest) -> String {
    let host = request.headers().get(actix_header::HOST).and_then(|host| host.to_str().ok());
    host.or_else(|| request.uri().authority().map(|authority| authority.as_str()))
        .unwrap_or_default()
        .to_owned()
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// An IPv4 address that came in by an IPv6 socket, as what it is.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn named_by_connection<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

fn is_of_the_connection(name: &str, named: &[String]) -> bool {
    HOP_BY_HOP.contains(&name) || named.iter().any(|other| other == name)
}
