//! The calls to the WeChat program on this computer. When they are made, and what comes of them, `flow` decides.
//!
//! Whoever listens on that port is not trusted: no credentials, no redirects, 64 kB at most, a time limit always.

use flow::clock::Millis;
use flow::event::Found;
use protocol::fast_login::{
    AUTHORIZE_PATH, Authorize, CHECK_LOGIN_PATH, CheckLogin, DialogCorner, Ready, Redirect, Unusable,
};
use protocol::service::StartedLogin;
use web_sys::RequestCredentials;

use crate::http::{Answer, Call};
use crate::json::BrowserJson;

/// WeChat's dialog waits for a person; the attempt itself dies sooner.
const AUTHORIZE_LIMIT: u32 = 600_000;

/// Asks who is logged in there.
pub fn check_login(started: &StartedLogin, desktop: usize, limit: Millis) -> Option<Call> {
    let body = CheckLogin(started.weixin_login().ok()?).write::<BrowserJson>();
    ask(started, desktop, CHECK_LOGIN_PATH, body, limit as u32)
}

/// Has WeChat ask the person, in a window with this corner; waits as long as they take.
pub fn authorize(found: &Found, corner: DialogCorner) -> Option<Call> {
    let started = &found.started;
    let login = started.weixin_login().ok()?;
    let authorize_uuid = found.ready.authorize_uuid.clone();
    let body = Authorize { corner, login, authorize_uuid }.write::<BrowserJson>();
    ask(started, found.desktop, AUTHORIZE_PATH, body, AUTHORIZE_LIMIT)
}

/// Reads the answer to [`check_login`]. An errcode may come with any status: the body alone tells.
///
/// # Errors
/// [`Unusable`]: every one of them, silence too, means the QR code.
pub fn checked(answer: &Answer) -> Result<Ready, Unusable> {
    Ready::read::<BrowserJson>(&answer.body)
}

/// Reads the answer to [`authorize`].
///
/// # Errors
/// As [`checked`].
pub fn authorized(answer: &Answer) -> Result<Redirect, Unusable> {
    Redirect::read::<BrowserJson>(&answer.body)
}

fn ask(started: &StartedLogin, desktop: usize, path: &str, body: String, limit: u32) -> Option<Call> {
    let mut address = started.desktop_urls.get(desktop)?.clone();
    address.push_str(path);
    let body = Some((body, "application/json"));
    Some(Call { address, body, secret: None, credentials: RequestCredentials::Omit, limit })
}
