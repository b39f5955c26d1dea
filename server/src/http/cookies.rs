//! The one reader of cookies, which finds ours whatever lies beside them, and the one maker. What they are worth is not known here.
//!
//! Other software of the same domain sets cookies too, in other encodings and other centuries: a header is never read as a whole.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header::{COOKIE, HeaderMap};

use crate::clock::Seconds;
use crate::config::PublicUrl;

/// The name of a cookie of ours. `__Host-` makes it this host's alone; plain http on localhost cannot have it.
pub(crate) fn whole_name(public_url: &PublicUrl, name: &str) -> String {
    if public_url.is_localhost() { name.into() } else { format!("__Host-{name}") }
}

/// A cookie of ours.
pub(crate) fn make(public_url: &PublicUrl, name: &str, value: String, lifetime: Seconds) -> Cookie<'static> {
    let mut cookie = taken_back(public_url, whole_name(public_url, name));
    cookie.set_value(value);
    cookie.set_max_age(Duration::seconds(lifetime));
    cookie
}

/// Takes a cookie of ours back, by its whole name; no other cookie of the domain is touched.
pub(crate) fn taken_back(public_url: &PublicUrl, whole_name: String) -> Cookie<'static> {
    Cookie::build(whole_name, "")
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(!public_url.is_localhost())
        .max_age(Duration::ZERO)
        .finish()
}

/// The value of a cookie of ours.
pub(crate) fn ours<'a>(public_url: &PublicUrl, request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    value(request, &whole_name(public_url, name))
}

/// The value of the cookie of this name. Where it is there with two values somebody else has set one of them, and none is believed.
fn value<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let mut values = pairs(request.headers()).filter(|(found, _)| *found == name.as_bytes());
    let (_, value) = values.next()?;
    if values.any(|(_, other)| other != value) {
        tracing::warn!(name, "a cookie came with two values, and none of them is believed");
        return None;
    }
    std::str::from_utf8(value).ok()
}

/// Whether there is a cookie of this name, whatever its value.
pub(crate) fn is_there(request: &HttpRequest, name: &str) -> bool {
    pairs(request.headers()).any(|(found, _)| found == name.as_bytes())
}

/// Name and value of each cookie whose name begins so.
pub(crate) fn beginning_with<'a>(request: &'a HttpRequest, prefix: &str) -> Vec<(&'a str, &'a str)> {
    let ours = pairs(request.headers()).filter(|(name, _)| name.starts_with(prefix.as_bytes()));
    ours.filter_map(|(name, value)| Some((std::str::from_utf8(name).ok()?, std::str::from_utf8(value).ok()?)))
        .collect()
}

/// Every `name=value`, in all headers: proxies that speak HTTP/2 may send one for each (RFC 9113 §8.2.3).
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    let pieces = headers.get_all(COOKIE).flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
    pieces.filter_map(|piece| {
        let equals = piece.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (piece[..equals].trim_ascii(), piece[equals + 1..].trim_ascii());
        Some((name, value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::cookie::Cookie;
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;

    const OURS: &str = "__Host-weixin-login-session";

    fn request(headers: &[Vec<u8>]) -> HttpRequest {
        let header = |bytes: &Vec<u8>| HeaderValue::from_bytes(bytes).expect("a header");
        headers
            .iter()
            .map(header)
            .fold(TestRequest::default(), |request, value| request.append_header((COOKIE, value)))
            .to_http_request()
    }

    #[test]
    fn two_values_are_none_and_twice_the_same_is_one() {
        for (header, expected) in [
            ("a=1; a=1", Some("1")),
            ("a=1; a=2", None),
            ("a=\"1\"; a=1", Some("1")),
            ("a=; b=1", Some("")),
            ("b=a=1", None),
            ("A=1", None),
        ] {
            let request = request(&[header.as_bytes().to_vec()]);
            assert_eq!(value(&request, "a"), expected, "{header}");
        }
    }

    /// What a header may hold, but what parts cookies.
    fn foreign() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(
            prop_oneof![Just(b'='), Just(b'"'), Just(b' '), 0x20..=0x3a_u8, 0x3c..=0x7e_u8, 0x80..=0xff_u8],
            0..12,
        )
    }

    proptest! {
        #[test]
        fn ours_is_found_beside_anything(
            before in prop::collection::vec(foreign(), 0..4),
            after in prop::collection::vec(foreign(), 0..4),
            lines in 0_usize..3,
        ) {
            let ours = format!("{OURS}=secret").into_bytes();
            let separator: &[u8] = b"; ";
            let headers = match lines {
                0 => vec![[before, vec![ours], after].concat().join(separator)],
                1 => vec![before.join(separator), [vec![ours], after].concat().join(separator)],
                _ => [before, vec![ours], after].concat(),
            };
            let request = request(&headers);
            prop_assert_eq!(value(&request, OURS), Some("secret"));
        }

        #[test]
        fn what_a_strict_reader_finds_is_found(header in "([ab]=[0-9a-z%\"]{0,3}|c|;|, |[^\\x00-\\x1f\\x7f-\\xff;]{0,4}|; ){0,8}") {
            prop_assume!(header.is_ascii());
            let request = request(&[header.clone().into_bytes()]);
            let pieces = header.split(';').filter(|piece| !piece.trim().is_empty());
            let strict: Option<Vec<Cookie<'_>>> = pieces.map(|piece| Cookie::parse(piece).ok()).collect();
            for name in ["a", "b"] {
                let values = strict.iter().flatten().filter(|cookie| cookie.name() == name);
                // That reader takes the quotation marks off by itself, once.
                let mut found: Vec<&str> = values.map(Cookie::value).collect();
                found.dedup();
                if let [only] = found[..] {
                    prop_assert_eq!(value(&request, name), Some(only), "{}", header);
                }
            }
        }
    }
}
