//! The calls to the WeChat program on this computer. When they are made, and what comes of them, `flow` decides.
//!
//! Whoever listens on that port is not trusted: no credentials, no redirects, 64 kB at most, a time limit always.

use protocol::fast_login::{
    AUTHORIZE_PATH, Authorize, CHECK_LOGIN_PATH, CheckLogin, DialogCorner, Login, Ready, Redirect, Unusable,
};
use protocol::ids::AuthorizeUuid;
use wasm_bindgen::JsValue;
use web_sys::{AbortSignal, RequestCredentials, Window};

use crate::fetch::Post;
use crate::json::BrowserJson;

/// Asks who is logged in there.
///
/// # Errors
/// [`Unusable`]: every one of them, silence too, means the QR code.
pub async fn check_login(
    window: &Window,
    desktop_url: &str,
    login: Login,
    signal: AbortSignal,
) -> Result<Ready, Unusable> {
    let body = CheckLogin(login).write::<BrowserJson>();
    Ready::read::<BrowserJson>(&ask(window, desktop_url, CHECK_LOGIN_PATH, body, signal).await?)
}

/// Has WeChat ask the person; waits as long as they take.
///
/// # Errors
/// As [`check_login`].
pub async fn authorize(
    window: &Window,
    desktop_url: &str,
    login: Login,
    authorize_uuid: AuthorizeUuid,
    signal: AbortSignal,
) -> Result<Redirect, Unusable> {
    let body = Authorize { corner: corner(window), login, authorize_uuid }.write::<BrowserJson>();
    Redirect::read::<BrowserJson>(&ask(window, desktop_url, AUTHORIZE_PATH, body, signal).await?)
}

async fn ask(
    window: &Window,
    desktop_url: &str,
    path: &str,
    body: String,
    signal: AbortSignal,
) -> Result<String, Unusable> {
    let mut address = String::from(desktop_url);
    address.push_str(path);
    let post = Post { address: &address, body, header: None, credentials: RequestCredentials::Omit, signal };
    // An errcode may come with any status: the body alone tells.
    post.send(window).await.map(|answer| answer.body).map_err(|_| Unusable::NotUnderstood)
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
