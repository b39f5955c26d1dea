//! What the `User-Agent` header says, read once and in one way. What the person holds is [`Device`]'s to tell.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;
use protocol::device::Device;

/// The header's text; empty where there is none.
///
/// Phones write their model's name into it, in Chinese as UTF-8 or GBK, or with a ®: what is no text is replaced, and the words
/// that count are read all the same.
pub fn user_agent(request: &HttpRequest) -> Cow<'_, str> {
    let header = request.headers().get(USER_AGENT);
    header.map(|value| String::from_utf8_lossy(value.as_bytes())).unwrap_or_default()
}

/// What the person holds who sent this request.
pub fn device(request: &HttpRequest) -> Device {
    Device::of(&user_agent(request))
}
