//! What passes between the page in a frame and the site's page around it: the token that comes with each request, in the place of a cookie,
//! and the words that the site's page is told. What is shown in the frame is not decided here.

use actix_web::{HttpRequest, HttpResponse};
use protocol::service::{BINDING_HEADER, Binding, FinishedLogin, UnboundLogin};
use serde::Serialize;
use serde_json::json;

use super::{client, language};
use crate::attempt::waiting::Waiting;
use crate::error::ApiError;
use crate::pages;
use crate::shared::Shared;

/// The secret of the token for this login, where a request brings one.
pub(super) fn secret<'a>(request: &'a HttpRequest, id: &str) -> Option<&'a str> {
    let token = request.headers().get(BINDING_HEADER)?.to_str().ok()?;
    token.strip_prefix(id)?.strip_prefix('.')
}

/// What the site's page is told while something is asked; nothing on the service's own pages.
pub(super) fn asks(app: &Shared, waiting: &Waiting) -> Option<String> {
    let row = waiting.row();
    waiting.attempt().kind.site_page()?;
    let mut require = row.missing.clone();
    require.extend(row.exists.as_ref().map(|exists| exists.contact.kind));
    let token = format!("{}.{}", row.id, waiting.secret());
    let binding = Binding { token, require, expires_in: row.expires_at - app.clock.now() };
    let (state, iss) = whose(app, waiting);
    Some(message(&UnboundLogin { binding, state, iss }))
}

/// The login is done: the site's page gets its code.
pub(super) fn finished(
    app: &Shared,
    request: &HttpRequest,
    waiting: &Waiting,
    code: String,
) -> Result<HttpResponse, ApiError> {
    let (state, iss) = whose(app, waiting);
    told(app, request, waiting, &message(&FinishedLogin { code, state, iss }))
}

/// There will be no login.
pub(super) fn failed(
    app: &Shared,
    request: &HttpRequest,
    waiting: &Waiting,
    error: &ApiError,
) -> Result<HttpResponse, ApiError> {
    let (state, iss) = whose(app, waiting);
    let problem = json!({
        "error": error.code.as_str(), "error_description": error.description, "state": state, "iss": iss
    });
    told(app, request, waiting, &message(&problem))
}

fn told(
    app: &Shared,
    request: &HttpRequest,
    waiting: &Waiting,
    message: &str,
) -> Result<HttpResponse, ApiError> {
    Ok(pages::binding_ended(
        app,
        client(app, waiting.attempt())?,
        message,
        language(waiting.attempt(), request),
    ))
}

fn whose(app: &Shared, waiting: &Waiting) -> (String, String) {
    (waiting.row().state.clone().unwrap_or_default(), app.config.public_url.as_str().into())
}

/// As the widget reads it.
fn message(what: &impl Serialize) -> String {
    let mut message = serde_json::to_value(what).unwrap_or_default();
    message["type"] = "weixin-login".into();
    message.to_string()
}
