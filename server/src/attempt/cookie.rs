//! The cookies of attempts: each attempt of the service's own pages has one, so that two tabs log in independently. It stays until the
//! attempt expires.

use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse};

use super::begin::{ATTEMPT_LIFETIME, Started};
use crate::clock::Seconds;
use crate::config::PublicUrl;
use crate::http::cookies;

/// How many attempts one browser may have open; the oldest goes.
const MOST_ATTEMPTS: usize = 5;
const COOKIE: &str = "weixin-login-attempt-";

/// The secret that this browser has of an attempt.
pub fn secret(public_url: &PublicUrl, request: &HttpRequest, id: &str) -> Option<String> {
    let value = cookies::ours(public_url, request, &format!("{COOKIE}{id}"))?;
    value.split_once('.').map(|(_, secret)| secret.to_owned())
}

/// The secret of the oldest attempt that this browser has open: the same one, whichever of them is answered.
pub fn oldest_secret(public_url: &PublicUrl, request: &HttpRequest) -> Option<String> {
    let (_, value) = open(public_url, request).into_iter().next()?;
    value.split_once('.').map(|(_, secret)| secret.to_owned())
}

/// Gives the browser a new attempt's cookie, and takes its oldest ones where it has too many. The value tells the age.
pub fn bind(
    public_url: &PublicUrl,
    request: &HttpRequest,
    response: &mut HttpResponse,
    Started { login, secret }: &Started,
    now: Seconds,
) {
    let open = open(public_url, request);
    let too_many = (open.len() + 1).saturating_sub(MOST_ATTEMPTS);
    let gone =
        open.iter().take(too_many).map(|(name, _)| cookies::taken_back(public_url, (*name).to_owned()));
    let new = cookies::make(
        public_url,
        &format!("{COOKIE}{}", login.id),
        format!("{now}.{secret}"),
        ATTEMPT_LIFETIME,
    );
    for cookie in gone.chain([new]) {
        // A cookie of our own making is a header.
        let _ = response.add_cookie(&cookie);
    }
}

/// The cookie of an attempt once more, for as long as its login waits.
pub fn prolonged(
    public_url: &PublicUrl,
    id: &str,
    secret: &str,
    lifetime: Seconds,
    now: Seconds,
) -> Cookie<'static> {
    cookies::make(public_url, &format!("{COOKIE}{id}"), format!("{now}.{secret}"), lifetime)
}

/// Whole name and value of each, the oldest first: of one second in the order of the browser, which is the same at each request.
fn open<'a>(public_url: &PublicUrl, request: &'a HttpRequest) -> Vec<(&'a str, &'a str)> {
    let mut open = cookies::beginning_with(request, &cookies::whole_name(public_url, COOKIE));
    open.sort_by_key(|(_, value)| value.split_once('.').and_then(|(at, _)| at.parse::<i64>().ok()));
    open
}
