//! The calls to the WeChat program on this computer. When they are made, and what comes of them, `flow` decides.
//!
//! Whoever listens on that port is not trusted: no credentials, no redirects, 64 kB at most, a time limit always.

use alloc::string::String;

use flow::clock::Millis;
use flow::event::Found;
use protocol::fast_login::{
    AUTHORIZE_PATH, Authorize, CHECK_LOGIN_PATH, CheckLogin, DialogCorner, Ready, Redirect, Unusable,
};
use protocol::service::StartedLogin;

use crate::browser::Browser;
use crate::json::BrowserJson;
use crate::service::{Answer, Post};

/// WeChat's dialog waits for a person; the attempt itself dies sooner.
const AUTHORIZE_LIMIT: i32 = 600_000;

/// Asks who is logged in there.
pub fn check_login(started: &StartedLogin, desktop: usize, limit: Millis) -> Option<Post<'_>> {
    let body = CheckLogin(started.weixin_login().ok()?).write::<BrowserJson>();
    ask(started, desktop, CHECK_LOGIN_PATH, body, limit as i32)
}

/// Has WeChat ask the person; waits as long as they take.
pub fn authorize<'a>(browser: &Browser, found: &'a Found) -> Option<Post<'a>> {
    let started = &found.started;
    let login = started.weixin_login().ok()?;
    let authorize_uuid = found.ready.authorize_uuid.clone();
    let body = Authorize { corner: corner(browser), login, authorize_uuid }.write::<BrowserJson>();
    ask(started, found.desktop, AUTHORIZE_PATH, body, AUTHORIZE_LIMIT)
}

/// Reads the answer to [`check_login`].
///
/// # Errors
/// [`Unusable`]: every one of them, silence too, means the QR code.
pub fn checked(answer: &Answer) -> Result<Ready, Unusable> {
    Ready::read::<BrowserJson>(answer.body()?)
}

/// Reads the answer to [`authorize`].
///
/// # Errors
/// As [`checked`].
pub fn authorized(answer: &Answer) -> Result<Redirect, Unusable> {
    Redirect::read::<BrowserJson>(answer.body()?)
}

impl Answer {
    /// An errcode may come with any status: the body alone tells.
    fn body(&self) -> Result<&str, Unusable> {
        self.body.as_deref().ok_or(Unusable::NotUnderstood)
    }
}

fn ask<'a>(
    started: &'a StartedLogin,
    desktop: usize,
    path: &str,
    body: String,
    limit: i32,
) -> Option<Post<'a>> {
    let mut address = started.desktop_urls.get(desktop)?.clone();
    address.push_str(path);
    Some(Post { address, body, secret: None, credentials: "omit", limit })
}

/// The middle of the browser's window, where the person is looking.
fn corner(browser: &Browser) -> DialogCorner {
    DialogCorner::centred(
        browser.measure("screenX"),
        browser.measure("screenY"),
        browser.measure("outerWidth"),
        browser.measure("outerHeight"),
    )
}
