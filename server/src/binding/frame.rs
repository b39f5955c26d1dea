//! The same page in a frame of the site's own page, where the widget puts it: `GET /binding/{id}/frame` is empty, and its script brings the
//! token, which it finds as its window's name, to `POST /binding/{id}/frame` and to the forms of `page`. What they answer takes the place of
//! what was asked, and has a word for the site's page: that somebody is asked, or how the login ended.
//!
//! No cookie is needed, for in a frame of another site there may be none. Only the page of the attempt's own origin can frame it, and only
//! that origin is told.

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::{BINDING_HEADER, Binding, ErrorCode, FinishedLogin, UnboundLogin};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::page::{language, own_form, said, shown_next};
use super::proof::refused;
use super::{client, open};
use crate::attempt::CallbackError;
use crate::attempt::waiting::Waiting;
use crate::error::ApiError;
use crate::http::headers::{content_security_policy, header_value};
use crate::http::language;
use crate::http::origin::sec_fetch_dest;
use crate::pages::{self, Refusal, Scheme};
use crate::shared::Shared;
use crate::text::Language;

/// What the widget says of the page around it.
#[derive(Deserialize)]
struct Dress {
    #[serde(default)]
    theme: Scheme,
}

#[derive(Deserialize)]
struct Shown {
    /// Another contact than the one that was named.
    change: Option<String>,
}

/// `GET /binding/{id}/frame`: nothing of the login, for whoever has its name.
pub async fn get(app: web::Data<Shared>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let shown = async {
        let attempt = app.store.fleeting.attempt(&id).await?;
        let attempt = attempt.ok_or(CallbackError::UnknownAttempt)?;
        let page = attempt.kind.site_page().ok_or(CallbackError::OtherBrowser)?;
        let client = app.config.client(&attempt.client_id);
        let client = client.ok_or_else(|| refused(ErrorCode::UnknownClient, "the client is gone"))?;
        let begun = attempt.lang.as_deref().and_then(Language::parse);
        let language = begun.unwrap_or_else(|| language::of(&request));
        // In a window of its own somebody could be led to prove a contact for somebody else's login.
        if sec_fetch_dest(&request) == Some("document") {
            return Ok(pages::refusal_at(&app, Some(client), Refusal::NotAFrame, language, None));
        }
        let dress = web::Query::<Dress>::from_query(request.query_string());
        let scheme = dress.map(|dress| dress.theme).unwrap_or_default();
        let mut response = pages::binding_frame(&app, client, &attempt.id, &page.origin, scheme, language);
        let policy = header_value(&content_security_policy(&app.config, &page.origin));
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        Ok(response)
    };
    said(&app, &request, shown.await)
}

/// `POST /binding/{id}/frame`: what is asked now.
pub async fn post(app: web::Data<Shared>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let shown = async {
        let waiting = own_form(&app, &request, &id).await?;
        let change = web::Query::<Shown>::from_query(request.query_string());
        let change = change.is_ok_and(|shown| shown.change.is_some());
        shown_next(&app, &request, &waiting, change, None, open(&app, &waiting))
    };
    said(&app, &request, shown.await)
}

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
pub(super) fn finished(app: &Shared, request: &HttpRequest, waiting: &Waiting, code: String) -> HttpResponse {
    let (state, iss) = whose(app, waiting);
    told(app, request, waiting, &message(&FinishedLogin { code, state, iss }))
}

/// There will be no login.
pub(super) fn failed(
    app: &Shared,
    request: &HttpRequest,
    waiting: &Waiting,
    error: &ApiError,
) -> HttpResponse {
    let (state, iss) = whose(app, waiting);
    let problem = json!({
        "error": error.code.as_str(), "error_description": error.description, "state": state, "iss": iss
    });
    told(app, request, waiting, &message(&problem))
}

fn told(app: &Shared, request: &HttpRequest, waiting: &Waiting, message: &str) -> HttpResponse {
    match client(app, waiting) {
        Ok(client) => pages::binding_ended(app, client, message, language(waiting, request)),
        Err(error) => said(app, request, Err(error)),
    }
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
