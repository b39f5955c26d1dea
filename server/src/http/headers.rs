//! What stands on every answer, errors included, whoever made it: a route may only be stricter, or name its one exception.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};

use crate::config::Config;
use crate::http::client_address::client_address;
use crate::report;

const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The number under which the log tells about this login.
const REPORT: HeaderName = HeaderName::from_static("weixin-login-report");

/// The headers of one configuration, made once.
pub struct Headers {
    csp: HeaderValue,
    https: bool,
}

impl Headers {
    /// Makes them.
    pub fn new(config: &Config) -> Self {
        Self {
            csp: header_value(&content_security_policy(config, "'none'")),
            https: !config.public_url.is_localhost(),
        }
    }
}

/// The policy of every page: no inline script or style, wasm, WeChat's frame, and `ancestors` as the only pages that may frame it.
pub fn content_security_policy(config: &Config, ancestors: &str) -> String {
    let weixin = &config.weixin;
    let desktop = weixin.desktop_urls.join(" ");
    let mut avatars =
        weixin.avatar_hosts.iter().map(|host| format!("https://{host}")).collect::<Vec<_>>().join(" ");
    if weixin.proxies_avatars {
        avatars.clear();
    } else if weixin.is_emulator() {
        avatars = format!("{avatars} {}", weixin.open_url);
    }
    let pictures = format!("'self' {avatars}");
    let pictures = pictures.trim_end();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src {pictures}; \
         connect-src 'self' {desktop}; frame-src {open_url}; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}",
        open_url = weixin.open_url,
    )
}

/// The middleware.
pub async fn secure(
    config: web::Data<Config>,
    ours: web::Data<Headers>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let path = request.path().to_owned();
    let from = client_address(&config, request.request());
    let method = request.method().clone();
    let mut response = next.call(request).await?;
    // Without the query: it carries codes and states.
    let login = report::of(&response.request().extensions());
    tracing::debug!(%method, path, ?from, login, status = response.status().as_u16(), "answered");
    if let Some(login) = login.filter(|_| response.status().as_u16() >= 400) {
        response.headers_mut().insert(REPORT, header_value(&login));
    }
    // A popup needs its opener until it has come back from WeChat. The route tells, however its path was spelt.
    let route = response.request().match_pattern().unwrap_or_default();
    let keeps_opener = ["/authorize", "/login", "/callback"]
        .iter()
        .any(|keeping| route.strip_prefix(config.public_url.path()) == Some(*keeping));
    let headers = response.headers_mut();
    put(headers, header::CONTENT_SECURITY_POLICY, ours.csp.clone());
    put(headers, header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    put(headers, header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    put(headers, header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    put(headers, COOP, HeaderValue::from_static(if keeps_opener { "unsafe-none" } else { "same-origin" }));
    if ours.https {
        let hsts = HeaderValue::from_static("max-age=31536000");
        put(headers, header::STRICT_TRANSPORT_SECURITY, hsts);
    }
    Ok(response)
}

/// A route's own word stands.
fn put(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if !headers.contains_key(&name) {
        headers.insert(name, value);
    }
}

/// A header of our own making: addresses that were parsed, and fixed words.
pub fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("parsed addresses have no control characters")
}
