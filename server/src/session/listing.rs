//! `GET /sessions`: where a person is logged in; `POST /sessions/{sid}/end`: no longer there; `POST /sessions/end`: nowhere any more;
//! `POST /sessions/grants/{id}/end`: a site may no longer act while the person is away. Somebody else may have shown them a QR
//! code, or a computer was left open: this is where it is seen and ended.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::ErrorCode;

use super::ending::{Offline, end};
use super::{here, take_cookies};
use crate::authorization::see_other;
use crate::http::language;
use crate::http::origin::is_own_page;
use crate::pages::{self, Listed, Listing, Offered, Refusal};
use crate::shared::Shared;
use crate::store::grants::{Chosen, GrantRow};
use crate::store::{SessionRow, StoreError};
use crate::text::Language;

/// More are not shown; the oldest are left out.
const MOST: u32 = 100;

/// `GET /sessions`: the person's own, newest first.
pub async fn get(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let language = language::of(&request);
    match list(&app, &request, language).await {
        Ok(Some(listing)) => pages::sessions(&app, &listing, language),
        Ok(None) => pages::refusal(&app, Refusal::Code(ErrorCode::LoginRequired), language, None),
        Err(error) => pages::store_away(&app, &request, &error, language),
    }
}

/// `POST /sessions/{sid}/end`, by the form of that page: a session of the same person ends, with all that was granted in it.
pub async fn post(app: web::Data<Shared>, request: HttpRequest, sid: web::Path<String>) -> HttpResponse {
    by_own_form(&app, &request, end_own(&app, &request, &sid)).await
}

/// `POST /sessions/end`, by the form of that page: every session of the person ends, with all that was ever granted.
pub async fn post_all(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    by_own_form(&app, &request, end_all(&app, &request)).await
}

/// `POST /sessions/grants/{id}/end`, by the form of that page: what a site was granted to the same person ends.
pub async fn post_grant(app: web::Data<Shared>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    by_own_form(&app, &request, end_grant(&app, &request, &id)).await
}

/// Does what a form of that page asks for; by a page of anybody else's nothing is begun. `None`: nobody is logged in here.
async fn by_own_form(
    app: &Shared,
    request: &HttpRequest,
    work: impl Future<Output = Result<Option<HttpResponse>, StoreError>>,
) -> HttpResponse {
    let language = language::of(request);
    if !is_own_page(&app.config, request) {
        return pages::refusal(app, Refusal::Code(ErrorCode::InvalidRequest), language, None);
    }
    match work.await {
        Ok(Some(response)) => response,
        Ok(None) => pages::refusal(app, Refusal::Code(ErrorCode::LoginRequired), language, None),
        Err(error) => pages::store_away(app, request, &error, language),
    }
}

/// What the page shows. `None`: nobody is logged in here.
pub(crate) async fn list(
    app: &Shared,
    request: &HttpRequest,
    language: Language,
) -> Result<Option<Listing>, StoreError> {
    let own = here(app, request).await?;
    let Some(SessionRow { account_id, .. }) = own.first() else { return Ok(None) };
    let Some(account) = app.store.lasting.account(account_id).await? else { return Ok(None) };
    let clients = app.store.lasting.session_clients(account_id).await?;
    // Each with the sessions that it is.
    let mut logins: Vec<(Listed, Vec<SessionRow>)> = Vec::new();
    for session in app.store.lasting.sessions(Some(account_id), app.clock.now(), MOST).await? {
        let names = clients
            .iter()
            .filter(|(sid, _)| *sid == session.sid)
            .map(|(_, client_id)| client_id)
            .chain(&session.client_id)
            .filter_map(|id| app.config.client(id))
            .map(|client| client.name.say(language).to_owned())
            .collect::<Vec<_>>();
        let is_here = own.iter().any(|own| own.sid == session.sid);
        let same =
            logins.iter().position(|(_, sessions)| sessions.iter().all(|other| is_one(other, &session)));
        let at = same.unwrap_or_else(|| {
            let listed = Listed {
                sid: session.sid.clone(),
                sites: Vec::new(),
                device: session.device.clone(),
                auth_time: session.auth_time,
                is_here,
            };
            logins.push((listed, Vec::new()));
            logins.len() - 1
        });
        let Some((listed, sessions)) = logins.get_mut(at) else { continue };
        listed.is_here |= is_here;
        for name in names {
            if !listed.sites.contains(&name) {
                listed.sites.push(name);
            }
        }
        sessions.push(session);
    }
    let chosen = Chosen { account_id: Some(account_id), ..Chosen::default() };
    let grants = app.store.lasting.offline_grants(chosen, app.clock.now(), MOST).await?;
    // A login that lives ends with its grants: only what has outlived its login has a line of its own.
    let outlived = |grant: &GrantRow| {
        !logins.iter().flat_map(|(_, sessions)| sessions).any(|session| session.sid == grant.sid)
    };
    let grants = grants.into_iter().filter(outlived).map(|grant| Offered {
        site: match app.config.client(&grant.client_id) {
            Some(client) => client.name.say(language).to_owned(),
            // Nobody can use it, until the operator brings the client back.
            None => grant.client_id,
        },
        id: grant.id,
        since: grant.created_at,
    });
    let grants = grants.collect();
    let logins = logins.into_iter().map(|(listed, _)| listed).collect();
    Ok(Some(Listing { nickname: account.nickname, picture: app.shown(account.picture), logins, grants }))
}

async fn end_own(app: &Shared, request: &HttpRequest, sid: &str) -> Result<Option<HttpResponse>, StoreError> {
    let own = here(app, request).await?;
    let Some(SessionRow { account_id, .. }) = own.first() else { return Ok(None) };
    let now = app.clock.now();
    let session = app.store.lasting.session_of_sid(sid, now).await?;
    // Somebody else's is as unknown as one that has ended.
    if let Some(session) = session.filter(|session| session.account_id == *account_id) {
        let others = app.store.lasting.sessions(Some(account_id), now, MOST).await?;
        if let Some(other) = others.iter().find(|other| is_one(other, &session)) {
            end(app, other, Offline::Goes).await?;
        }
        end(app, &session, Offline::Goes).await?;
    }
    let mut response = see_other(&format!("{}/sessions", app.config.public_url.as_str()));
    if here(app, request).await?.is_empty() {
        take_cookies(app, request, &mut response);
    }
    Ok(Some(response))
}

async fn end_grant(
    app: &Shared,
    request: &HttpRequest,
    id: &str,
) -> Result<Option<HttpResponse>, StoreError> {
    let own = here(app, request).await?;
    let Some(SessionRow { account_id, .. }) = own.first() else { return Ok(None) };
    // Somebody else's is as unknown as one that has ended.
    let chosen = Chosen { id: Some(id), account_id: Some(account_id), ..Chosen::default() };
    app.store.lasting.end_offline_grants(chosen, app.clock.now(), 1).await?;
    Ok(Some(see_other(&format!("{}/sessions", app.config.public_url.as_str()))))
}

/// A login on our own page has two sessions, ours and the site's: the person has done one thing, and sees one line.
fn is_one(one: &SessionRow, other: &SessionRow) -> bool {
    (one.auth_time, &one.device) == (other.auth_time, &other.device)
        && one.client_id.is_none() != other.client_id.is_none()
}

async fn end_all(app: &Shared, request: &HttpRequest) -> Result<Option<HttpResponse>, StoreError> {
    let own = here(app, request).await?;
    let Some(SessionRow { account_id, .. }) = own.first() else { return Ok(None) };
    loop {
        let sessions = app.store.lasting.sessions(Some(account_id), app.clock.now(), MOST).await?;
        if sessions.is_empty() {
            break;
        }
        for session in &sessions {
            end(app, session, Offline::Goes).await?;
        }
    }
    let chosen = Chosen { account_id: Some(account_id), ..Chosen::default() };
    while app.store.lasting.end_offline_grants(chosen, app.clock.now(), MOST).await? > 0 {}
    let mut response = pages::signed_out(app, language::of(request));
    take_cookies(app, request, &mut response);
    Ok(Some(response))
}
