//! The calls to the WeChat program on this computer. When they are made, and what comes of them, `flow` decides.
//!
//! Whoever listens on that port is not trusted: no credentials, no redirects, 64 kB at most, a time limit always.

use alloc::string::String;

use protocol::fast_login::{
    AUTHORIZE_PATH, Authorize, CHECK_LOGIN_PATH, CheckLogin, DialogCorner, Login, Ready, Redirect, Unusable,
};
use protocol::ids::AuthorizeUuid;
use wasm_bindgen::JsValue;
use web_sys::{RequestCredentials, Window};

use crate::fetch::{Outcome, Post};
use crate::json::BrowserJson;

/// WeChat's dialog waits for a person; the attempt itself dies sooner.
const AUTHORIZE_LIMIT: u64 = 600_000;

/// Asks who is logged in there.
pub fn check_login(desktop_url: &str, login: Login, limit: u64) -> Post {
    ask(desktop_url, CHECK_LOGIN_PATH, CheckLogin(login).write::<BrowserJson>(), limit)
}

/// Has WeChat ask the person; waits as long as they take.
pub fn authorize(window: &Window, desktop_url: &str, login: Login, authorize_uuid: AuthorizeUuid) -> Post {
    let body = Authorize { corner: corner(window), login, authorize_uuid }.write::<BrowserJson>();
    ask(desktop_url, AUTHORIZE_PATH, body, AUTHORIZE_LIMIT)
}

/// Reads the answer to [`check_login`].
///
/// # Errors
/// [`Unusable`]: every one of them, silence too, means the QR code.
pub fn checked(outcome: Outcome) -> Result<Ready, Unusable> {
    Ready::read::<BrowserJson>(&body(outcome)?)
}

/// Reads the answer to [`authorize`].
///
/// # Errors
/// As [`checked`].
pub fn authorized(outcome: Outcome) -> Result<Redirect, Unusable> {
    Redirect::read::<BrowserJson>(&body(outcome)?)
}

/// An errcode may come with any status: the body alone tells.
fn body(outcome: Outcome) -> Result<String, Unusable> {
    outcome.map(|answer| answer.body).map_err(|_| Unusable::NotUnderstood)
}

fn ask(desktop_url: &str, path: &str, body: String, limit: u64) -> Post {
    let mut address = String::from(desktop_url);
    address.push_str(path);
    Post { address, body, header: None, credentials: RequestCredentials::Omit, limit }
}

/// The middle of the browser's window, where the person is looking.
fn corner(window: &Window) -> DialogCorner {
    let pixels =
        |length: Result<JsValue, JsValue>| length.ok().and_then(|n| n.as_f64()).unwrap_or(0.0) as i32;
    DialogCorner::centred(
        pixels(window.screen_x()),
        pixels(window.screen_y()),
        pixels(window.outer_width()),
        pixels(window.outer_height()),
    )
}
