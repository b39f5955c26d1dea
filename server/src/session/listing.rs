//! `GET /sessions`: where a person is logged in; `POST /sessions/{sid}/end`: no longer there. Somebody else may have shown them a QR
//! code, or a computer was left open: this is where it is seen and ended.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::ErrorCode;

use super::ending::{Offline, end};
use super::{here, take_cookies};
use crate::authorization::see_other;
use crate::clock::Seconds;
use crate::origin::is_own_page;
use crate::pages::{self, Refusal};
use crate::shared::Shared;
use crate::store::{SessionRow, StoreError};
use crate::text::{Language, language};

/// More are not shown; the oldest are left out.
const MOST: u32 = 100;

/// A login, as the person sees it.
pub struct Listed {
    /// Its public name.
    pub sid: String,
    /// The sites that it has logged in to, by the names in the configuration.
    pub sites: String,
    /// When.
    pub auth_time: Seconds,
    /// Whether it is the browser that asks.
    pub is_here: bool,
}

/// `GET /sessions`: the person's own, newest first.
pub async fn get(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let language = language::of(&request);
    match list(&app, &request, language).await {
        Ok(Some(sessions)) => pages::sessions(&app, &sessions, language),
        Ok(None) => pages::refusal(&app, Refusal::Code(ErrorCode::LoginRequired), language, None),
        Err(error) => pages::store_away(&app, &request, &error, language),
    }
}

/// `POST /sessions/{sid}/end`, by the form of that page: a session of the same person ends, with all that was granted in it.
pub async fn post(app: web::Data<Shared>, request: HttpRequest, sid: web::Path<String>) -> HttpResponse {
    let language = language::of(&request);
    if !is_own_page(&app.config, &request) {
        return pages::refusal(&app, Refusal::Code(ErrorCode::InvalidRequest), language, None);
    }
    match end_own(&app, &request, &sid).await {
        Ok(Some(response)) => response,
        Ok(None) => pages::refusal(&app, Refusal::Code(ErrorCode::LoginRequired), language, None),
        Err(error) => pages::store_away(&app, &request, &error, language),
    }
}

async fn list(
    app: &Shared,
    request: &HttpRequest,
    language: Language,
) -> Result<Option<Vec<Listed>>, StoreError> {
    let own = here(app, request).await?;
    let Some(SessionRow { account_id, .. }) = own.first() else { return Ok(None) };
    let mut listed = Vec::new();
    for session in app.lasting.sessions(Some(account_id), app.clock.now(), MOST).await? {
        let mut clients: Vec<String> =
            app.lasting.session_clients(&session.sid).await?.into_iter().map(|(id, _)| id).collect();
        clients.extend(session.client_id.filter(|id| !clients.contains(id)));
        let names: Vec<&str> = clients
            .iter()
            .filter_map(|id| app.config.client(id))
            .map(|client| client.name.say(language))
            .collect();
        listed.push(Listed {
            sites: names.join(", "),
            auth_time: session.auth_time,
            is_here: own.iter().any(|own| own.sid == session.sid),
            sid: session.sid,
        });
    }
    Ok(Some(listed))
}

async fn end_own(app: &Shared, request: &HttpRequest, sid: &str) -> Result<Option<HttpResponse>, StoreError> {
    let own = here(app, request).await?;
    let Some(SessionRow { account_id, .. }) = own.first() else { return Ok(None) };
    let session = app.lasting.session_of_sid(sid, app.clock.now()).await?;
    // Somebody else's is as unknown as one that has ended.
    if let Some(session) = session.filter(|session| session.account_id == *account_id) {
        end(app, &session, Offline::Goes).await?;
    }
    let mut response = see_other(&format!("{}/sessions", app.config.public_url.as_str()));
    if here(app, request).await?.is_empty() {
        take_cookies(app, request, &mut response);
    }
    Ok(Some(response))
}
