//! Who sent a request: the check in front of every change that a cookie authorizes.
//!
//! Sec-Fetch-Site first, for no page can forge it; the exact Origin where a browser does not send it. `null` is nobody.

use actix_web::HttpRequest;
use actix_web::dev::RequestHead;
use actix_web::http::header::{HeaderName, ORIGIN};

use crate::config::Config;

/// The `Origin` header, where it is one.
pub fn origin(request: &HttpRequest) -> Option<&str> {
    header(request, ORIGIN).filter(|origin| *origin != "null")
}

/// Whether a page of the service itself sent this.
pub fn is_own_page(config: &Config, request: &HttpRequest) -> bool {
    match sec_fetch_site(request) {
        Some(site) => site == "same-origin",
        None => origin(request) == Some(config.public_url.origin()),
    }
}

/// Whether a page of the same site sent this, and it is either the service's own or a registered one: the only pages that may
/// use the session cookie to change something.
pub fn is_site_page(config: &Config, request: &HttpRequest) -> bool {
    if is_own_page(config, request) {
        return true;
    }
    let same_site = sec_fetch_site(request).is_none_or(|site| site == "same-site");
    same_site && origin(request).is_some_and(|origin| config.client_of_origin(origin).is_some())
}

/// How the browser uses the answer: `document`, `iframe`, `empty`; `None` where it does not say.
pub fn sec_fetch_dest(request: &HttpRequest) -> Option<&str> {
    header(request, HeaderName::from_static("sec-fetch-dest"))
}

/// Whether a browser loads this before anybody has asked for it, to have it or to show it sooner: speculation rules, a link that is
/// hovered over, a page of last visits.
pub(crate) fn is_unasked(head: &RequestHead) -> bool {
    // Chromium and Firefox; Chromium and Safari before that; Firefox and Safari long ago.
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| {
        let purpose = head.headers().get(name).map(|purpose| purpose.as_bytes().to_ascii_lowercase());
        let words = purpose.iter().flat_map(|purpose| purpose.split(|byte| !byte.is_ascii_alphanumeric()));
        words.into_iter().any(|word| [b"prefetch".as_slice(), b"prerender", b"preview"].contains(&word))
    })
}

fn sec_fetch_site(request: &HttpRequest) -> Option<&str> {
    header(request, HeaderName::from_static("sec-fetch-site"))
}

fn header(request: &HttpRequest, name: HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}
