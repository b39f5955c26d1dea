//! This browser's login: cookies, and `GET`, `POST`, `DELETE /session`.
//!
//! Two kinds of cookies, never mixed: the *SSO session*, made by a hosted callback alone, which stands for the service itself; and the
//! *site session* of one client, made by a hosted callback too, or by `POST /session`, with a cookie for each client.
//! `GET /session` answers with the latter, and to a page with that of a client which has registered its origin: see [`asked_by`].

pub mod ending;
pub mod listing;

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::service::{ErrorCode, Person, Problem, RedeemSession};
use serde::Deserialize;

use self::ending::Offline;
use crate::clock::Seconds;
use crate::config::Client;
use crate::error::ApiError;
use crate::http::cookies;
use crate::http::origin::{is_site_page, origin};
use crate::http::user_agent::browser_and_system;
use crate::pkce::CodeVerifier;
use crate::secret::{SecretHash, random_word};
use crate::shared::Shared;
use crate::store::{AccountRow, SessionRow, StoreError};
use crate::token::{self, RedeemAt, Redeemed};

/// A session dies when it is not used for this long.
pub const IDLE_LIFETIME: Seconds = 7 * 24 * 3600;
/// A session dies after this long in any case.
pub const ABSOLUTE_LIFETIME: Seconds = 30 * 24 * 3600;
/// A session that was used this recently is not written again.
const TOUCH_EVERY: Seconds = 300;

/// Bytes of a nickname in a header, where each is three: more than WeChat takes from anybody, and few enough for nginx, whose buffer for
/// all headers of an answer is 4 kB.
const LONGEST_HEADER_NICKNAME: usize = 128;
/// Bytes of a picture's address in a header.
const LONGEST_HEADER_PICTURE: usize = 1024;

/// All but RFC 3986's unreserved characters.
const PERCENT_ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The name of the service's own cookie, honoured by `/authorize`.
const SSO_COOKIE: &str = "weixin-login-sso";

/// The name of a client's own cookie. An id may hold what no cookie's name can: it has the id's hash, as far as that tells clients apart.
fn site_cookie(client_id: &str) -> String {
    format!("weixin-login-session-{}", &SecretHash::of(client_id).hex()[..16])
}

/// The name of a cookie of ours. `__Host-` makes it this host's alone; plain http on localhost cannot have it.
pub fn cookie_name(app: &Shared, name: &str) -> String {
    if app.config.public_url.is_localhost() { name.into() } else { format!("__Host-{name}") }
}

/// A cookie of ours.
pub fn cookie(app: &Shared, name: &str, value: String, lifetime: Seconds) -> Cookie<'static> {
    Cookie::build(cookie_name(app, name), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(!app.config.public_url.is_localhost())
        .max_age(Duration::seconds(lifetime))
        .finish()
}

/// Takes a cookie of ours back, by its whole name; no other cookie of the domain is touched.
pub fn expired_cookie(app: &Shared, whole_name: String) -> Cookie<'static> {
    Cookie::build(whole_name, "")
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(!app.config.public_url.is_localhost())
        .max_age(Duration::ZERO)
        .finish()
}

/// The value of a cookie of ours.
pub fn cookie_value(app: &Shared, request: &HttpRequest, name: &str) -> Option<String> {
    cookies::value(request, &cookie_name(app, name)).map(str::to_owned)
}

/// Makes the SSO session of a login. Its cookie is new, whatever the browser brought. Somebody who logs in once more goes on in
/// the same session, so that a logout still reaches every client of it; somebody else's session in this browser ends.
pub async fn begin_sso(
    app: &Shared,
    request: &HttpRequest,
    account_id: String,
    auth_time: Seconds,
) -> Result<(SessionRow, Cookie<'static>), StoreError> {
    let before = current_sso(app, request).await?;
    let mut sid = random_word();
    match before {
        Some(session) if session.account_id == account_id => sid = session.sid,
        Some(session) => ending::end(app, &session, Offline::Stays).await?,
        None => {}
    }
    let of = Of { account_id, client_id: None, device: browser_and_system(request) };
    let (session, secret) = keep(app, sid, of, auth_time).await?;
    Ok((session, cookie(app, SSO_COOKIE, secret, ABSOLUTE_LIFETIME)))
}

/// Makes a session of a client that has no cookie here: its tokens carry its name. Gives that name.
pub async fn begin_without_cookie(
    app: &Shared,
    account_id: &str,
    client_id: &str,
    auth_time: Seconds,
) -> Result<String, StoreError> {
    // Who redeems is the client's backend: its name would say nothing of the person's browser.
    let device = String::new();
    let of = Of { account_id: account_id.to_owned(), client_id: Some(client_id.to_owned()), device };
    let (session, _) = keep(app, random_word(), of, auth_time).await?;
    Ok(session.sid)
}

/// Makes a client's site session, whatever the browser brought, and gives its cookie. The one that it had with this client ends: its
/// cookie is lost, and nobody could end it here any more.
pub async fn begin(
    app: &Shared,
    request: &HttpRequest,
    account_id: String,
    client_id: String,
    auth_time: Seconds,
) -> Result<Cookie<'static>, StoreError> {
    begin_as(app, request, random_word(), account_id, client_id, auth_time).await
}

async fn begin_as(
    app: &Shared,
    request: &HttpRequest,
    sid: String,
    account_id: String,
    client_id: String,
    auth_time: Seconds,
) -> Result<Cookie<'static>, StoreError> {
    if let Some(before) = current_site(app, request, &client_id).await? {
        ending::end(app, &before, Offline::Stays).await?;
    }
    let name = site_cookie(&client_id);
    let of = Of { account_id, client_id: Some(client_id), device: browser_and_system(request) };
    let (_, secret) = keep(app, sid, of, auth_time).await?;
    Ok(cookie(app, &name, secret, ABSOLUTE_LIFETIME))
}

/// Whose session it is, for which client, in which browser.
struct Of {
    account_id: String,
    client_id: Option<String>,
    device: String,
}

/// The session, and the secret that its cookie is to hold.
async fn keep(
    app: &Shared,
    sid: String,
    Of { account_id, client_id, device }: Of,
    auth_time: Seconds,
) -> Result<(SessionRow, String), StoreError> {
    let now = app.clock.now();
    let secret = random_word();
    let session = SessionRow {
        sid,
        secret_hash: SecretHash::of(&secret),
        account_id,
        client_id,
        device,
        auth_time,
        idle_until: now + IDLE_LIFETIME,
        expires_at: now + ABSOLUTE_LIFETIME,
    };
    app.lasting.insert_session(&session).await?;
    Ok((session, secret))
}

/// The living session of the service itself in this browser.
pub async fn current_sso(app: &Shared, request: &HttpRequest) -> Result<Option<SessionRow>, StoreError> {
    let session = current(app, request, SSO_COOKIE).await?;
    Ok(session.filter(|session| session.client_id.is_none()))
}

/// The living session of that client in this browser. A cookie that holds the secret of another one's is none.
async fn current_site(
    app: &Shared,
    request: &HttpRequest,
    client_id: &str,
) -> Result<Option<SessionRow>, StoreError> {
    let session = current(app, request, &site_cookie(client_id)).await?;
    Ok(session.filter(|session| session.client_id.as_deref() == Some(client_id)))
}

/// The living session that the browser's cookie of this name stands for.
async fn current(app: &Shared, request: &HttpRequest, name: &str) -> Result<Option<SessionRow>, StoreError> {
    let Some(secret) = cookie_value(app, request, name) else { return Ok(None) };
    let now = app.clock.now();
    let Some(session) = app.lasting.session(&SecretHash::of(&secret), now).await? else { return Ok(None) };
    if session.idle_until < now + IDLE_LIFETIME - TOUCH_EVERY {
        app.lasting.touch_session(&session.sid, now + IDLE_LIFETIME).await?;
    }
    Ok(Some(session))
}

#[derive(Deserialize)]
struct SessionQuery {
    client_id: Option<String>,
}

/// The clients whose sessions this request is about. A page of a registered origin hears of the clients that have registered it, and
/// of no other. Where the Origin is nobody's that is no proof of anything (a proxy passes on that of whoever sent a form, and a page of the
/// service's own origin sends none): then it is the clients that have registered the origin the service lives under, or all of
/// them, where none has. `client_id` leaves one of these.
fn asked_by<'a>(app: &'a Shared, request: &HttpRequest) -> Result<Vec<&'a Client>, ApiError> {
    let query = web::Query::<SessionQuery>::from_query(request.query_string());
    let query = query
        .map_err(|_| ApiError::new(ErrorCode::InvalidRequest, "client_id is there twice, or no text"))?;
    let of_origin = |origin: &str| {
        let clients = app.config.clients.iter();
        clients.filter(|client| client.origins.iter().any(|known| known == origin)).collect::<Vec<_>>()
    };
    let mut clients = origin(request).map(of_origin).unwrap_or_default();
    if clients.is_empty() {
        clients = of_origin(app.config.public_url.origin());
    }
    if clients.is_empty() {
        clients = app.config.clients.iter().collect();
    }
    clients.retain(|client| query.client_id.as_ref().is_none_or(|id| *id == client.id));
    Ok(clients)
}

/// `GET /session`: 200 with the [`Person`], in headers too, or 401; the newest, where several clients have the page's origin. The
/// nickname's header is percent-encoded UTF-8, of which it has the first 128 bytes; an address of a picture that is longer than 1,024 is
/// in the body alone.
#[utoipa::path(
    get,
    path = "/session",
    params(("client_id" = Option<String>, Query, description = "where several clients share an origin")),
    responses((status = 200, body = Person), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn get(app: web::Data<Shared>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let mut newest: Option<SessionRow> = None;
    for client in asked_by(&app, &request)? {
        let session = current_site(&app, &request, &client.id).await?;
        newest = newest.into_iter().chain(session).max_by_key(|session| session.auth_time);
    }
    let Some(session) = newest else {
        return Err(ApiError::new(ErrorCode::LoginRequired, "nobody is logged in here"));
    };
    let client_id = session.client_id.unwrap_or_default();
    let person = person(&app, &session.account_id, client_id, session.auth_time).await?;
    let mut response = HttpResponse::Ok();
    // For proxies that ask before each request and read no JSON: nginx's `auth_request`.
    response.insert_header(("weixin-login-sub", person.sub.as_str()));
    let nickname = &person.nickname[..person.nickname.floor_char_boundary(LONGEST_HEADER_NICKNAME)];
    let nickname = utf8_percent_encode(nickname, PERCENT_ENCODED).to_string();
    response.insert_header(("weixin-login-nickname", nickname));
    // Half an address leads nowhere: a long one is in the body alone.
    if let Some(picture) = person.picture.as_ref().filter(|picture| picture.len() <= LONGEST_HEADER_PICTURE) {
        let picture = utf8_percent_encode(picture, CONTROLS).to_string();
        response.insert_header(("weixin-login-picture", picture));
    }
    Ok(response.json(person))
}

/// `POST /session`: an embedded code and its verifier become the site's session. Same site only.
#[utoipa::path(
    post,
    path = "/session",
    request_body = RedeemSession,
    responses((status = 200, body = Person), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn post(
    app: web::Data<Shared>,
    request: HttpRequest,
    body: web::Json<RedeemSession>,
) -> Result<HttpResponse, ApiError> {
    only_site_pages(&app, &request)?;
    let RedeemSession { code, code_verifier } = body.into_inner();
    let code_verifier = CodeVerifier::parse(&code_verifier).ok_or_else(|| {
        ApiError::new(ErrorCode::InvalidGrant, "code_verifier is not 43 to 128 letters, digits and -._~")
    })?;
    let origin = origin(&request).unwrap_or(app.config.public_url.origin());
    let redeemed = token::redeem(&app, RedeemAt::Session { origin }, &code, &code_verifier).await?;
    let Redeemed { account_id, client_id, auth_time, sid } = redeemed;
    // First who it is: an operator may have deleted the account since the code was made.
    let person = person(&app, &account_id, client_id.clone(), auth_time).await?;
    let cookie = begin_as(&app, &request, sid, account_id, client_id, auth_time).await?;
    Ok(HttpResponse::Ok().cookie(cookie).json(person))
}

/// `DELETE /session`: logs out of the site, and of the service in this browser. 204, also where nobody was logged in. Another client's
/// site session stays.
#[utoipa::path(
    delete,
    path = "/session",
    params(("client_id" = Option<String>, Query, description = "where several clients share an origin")),
    responses((status = 204), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn delete(app: web::Data<Shared>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    only_site_pages(&app, &request)?;
    let clients = asked_by(&app, &request)?;
    for session in of_clients(&app, &request, &clients).await? {
        ending::end(&app, &session, Offline::Stays).await?;
    }
    let mut response = HttpResponse::NoContent().finish();
    take_cookies_of(&app, &request, &clients, &mut response);
    Ok(response)
}

/// All sessions of this browser, as far as they live: the service's first.
pub async fn here(app: &Shared, request: &HttpRequest) -> Result<Vec<SessionRow>, StoreError> {
    of_clients(app, request, &app.config.clients.iter().collect::<Vec<_>>()).await
}

async fn of_clients(
    app: &Shared,
    request: &HttpRequest,
    clients: &[&Client],
) -> Result<Vec<SessionRow>, StoreError> {
    let mut sessions: Vec<SessionRow> = current_sso(app, request).await?.into_iter().collect();
    for client in clients {
        sessions.extend(current_site(app, request, &client.id).await?);
    }
    Ok(sessions)
}

/// Takes the cookies of all sessions back.
pub fn take_cookies(app: &Shared, request: &HttpRequest, response: &mut HttpResponse) {
    take_cookies_of(app, request, &app.config.clients.iter().collect::<Vec<_>>(), response);
}

fn take_cookies_of(app: &Shared, request: &HttpRequest, clients: &[&Client], response: &mut HttpResponse) {
    let of_sites = clients.iter().map(|client| site_cookie(&client.id));
    for name in std::iter::once(SSO_COOKIE.to_owned()).chain(of_sites) {
        let name = cookie_name(app, &name);
        if cookies::is_there(request, &name) {
            // A cookie of our own making is a header.
            let _ = response.add_cookie(&expired_cookie(app, name));
        }
    }
}

fn only_site_pages(app: &Shared, request: &HttpRequest) -> Result<(), ApiError> {
    if is_site_page(&app.config, request) {
        Ok(())
    } else {
        Err(ApiError::new(
            ErrorCode::UnregisteredOrigin,
            "only a registered page of the same site may do this",
        ))
    }
}

async fn person(
    app: &Shared,
    account_id: &str,
    client_id: String,
    auth_time: Seconds,
) -> Result<Person, ApiError> {
    let account = app.lasting.account(account_id).await?;
    let Some(AccountRow { nickname, picture, .. }) = account else {
        return Err(ApiError::new(ErrorCode::LoginRequired, "the account of this session is gone"));
    };
    let sub = app.lasting.subject(&client_id, account_id).await?;
    Ok(Person { sub, nickname, picture, client_id, auth_time })
}
