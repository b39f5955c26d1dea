//! This browser's login: cookies, and `GET`, `POST`, `DELETE /session`.
//!
//! Two kinds of cookies, never mixed: the *SSO session*, made by a hosted callback alone, which stands for the service itself; and the
//! *site session* of one client, made by a hosted callback too, or by `POST /session`, with a cookie for each client.
//! `GET /session` answers with the latter, and to a page with that of a client which has registered its origin: see [`asked_by`].

pub mod ending;
pub mod listing;

use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::service::{ErrorCode, Person, Problem, RedeemSession};
use serde::Deserialize;

use self::ending::Offline;
use crate::clock::{Clock, Seconds};
use crate::code::{self, RedeemAt};
use crate::config::Client;
use crate::error::ApiError;
use crate::http::cookies;
use crate::http::origin::{is_site_page, origin};
use crate::http::user_agent::browser_and_system;
use crate::pkce::CodeVerifier;
use crate::secret::{SecretHash, random_name, random_word};
use crate::shared::Shared;
use crate::store::logins::NewSession;
use crate::store::{AccountRow, Browser, CodeRow, SessionRow, StoreError};

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

/// A session that is to be made in a browser, and the secret that its cookie is to hold.
pub struct NewCookie {
    /// For the store.
    pub session: NewSession,
    name: String,
    secret: String,
    /// What the browser proves to be itself with.
    browser: Option<String>,
}

impl NewCookie {
    /// Of the service itself: honoured by `/authorize`. Its cookie is new, whatever the browser brought.
    pub fn of_service(app: &Shared, request: &HttpRequest, browser: Option<&str>) -> Self {
        Self::new(app, request, SSO_COOKIE.into(), browser)
    }

    /// Of one client.
    pub fn of_client(app: &Shared, request: &HttpRequest, client_id: &str, browser: Option<&str>) -> Self {
        Self::new(app, request, site_cookie(client_id), browser)
    }

    fn new(app: &Shared, request: &HttpRequest, name: String, browser: Option<&str>) -> Self {
        let salt = random_word();
        let secret = match browser {
            Some(browser) => secrets(app, &name, browser, &salt).next(),
            None => None,
        };
        let secret = secret.unwrap_or_else(random_word);
        let before = cookies::ours(&app.config.public_url, request, &name).map(SecretHash::of);
        let session = NewSession {
            before,
            browser: browser.map(|browser| Browser { hash: SecretHash::of(browser), salt }),
            device: browser_and_system(request),
            ..without_cookie(SecretHash::of(&secret), &app.clock)
        };
        Self { session, name, secret, browser: browser.map(str::to_owned) }
    }

    /// The cookie of the session that the store has kept: this one, or the one that another callback of this browser has made.
    pub fn cookie(self, app: &Shared, kept: &SessionRow) -> Option<Cookie<'static>> {
        let secret = if self.session.secret_hash == kept.secret_hash {
            self.secret
        } else {
            let browser = kept.browser.as_ref()?;
            secrets(app, &self.name, &self.browser?, &browser.salt)
                .find(|secret| SecretHash::of(secret).matches(&kept.secret_hash))?
        };
        Some(cookies::make(&app.config.public_url, &self.name, secret, ABSOLUTE_LIFETIME))
    }
}

/// What a session's cookie may hold, by each master key: the same for every callback of this browser that knows the salt.
fn secrets(app: &Shared, name: &str, browser: &str, salt: &str) -> impl Iterator<Item = String> {
    let text = format!("cookie {name} of {browser} with {salt}");
    app.keys
        .masters()
        .derive_by_each(text.as_bytes())
        .map(|secret| URL_SAFE_NO_PAD.encode(secret))
        .collect::<Vec<_>>()
        .into_iter()
}

/// A session that no browser has a cookie of: its client's tokens carry its name. Who makes it is the client's backend, whose name would
/// say nothing of the person's browser.
pub fn without_cookie(secret_hash: SecretHash, clock: &Clock) -> NewSession {
    let now = clock.now();
    NewSession {
        sid: random_name(clock),
        secret_hash,
        before: None,
        browser: None,
        device: String::new(),
        auth_time: now,
        idle_until: now + IDLE_LIFETIME,
        expires_at: now + ABSOLUTE_LIFETIME,
    }
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
    let Some(secret) = cookies::ours(&app.config.public_url, request, name) else { return Ok(None) };
    let now = app.clock.now();
    let Some(session) = app.store.lasting.session(&SecretHash::of(secret), now).await? else {
        return Ok(None);
    };
    if session.idle_until < now + IDLE_LIFETIME - TOUCH_EVERY {
        app.store.lasting.touch_session(&session.sid, now + IDLE_LIFETIME).await?;
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
    let (_, person) = person(&app, &session.account_id, client_id, session.auth_time).await?;
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
    let at = RedeemAt::Session { origin: origin(&request).unwrap_or(app.config.public_url.origin()) };
    let refused =
        || ApiError::new(ErrorCode::InvalidGrant, "the code is unknown, used, expired or not for here");
    let found = code::find(&*app.store.fleeting, at, &code, Some(&code_verifier)).await?;
    let CodeRow { code_hash, client_id, account_id, auth_time, grant_id, .. } = found.ok_or_else(refused)?;
    let now = app.clock.now();
    if !app.store.fleeting.take_code(&code_hash, now).await? {
        // Somebody has a code that was used: whoever was first, nothing that came from it is good (RFC 6749 §4.1.2). A code that has
        // only expired has made no session.
        if let Some(session) = app.store.lasting.session_of_sid(&grant_id, now).await? {
            app.metrics.token_presented("session", "reused");
            tracing::warn!(client = client_id, "a code came twice; the session that it made ends");
            ending::end(&app, &session, Offline::Goes).await?;
        }
        return Err(refused());
    }
    // First who it is: an operator may have deleted the account since the code was made.
    let (account_id, person) = person(&app, &account_id, client_id.clone(), auth_time).await?;
    // The one that it had with this client ends: its cookie is lost, and nobody could end it here any more.
    if let Some(before) = current_site(&app, &request, &client_id).await? {
        ending::end(&app, &before, Offline::Stays).await?;
    }
    let new = NewCookie::of_client(&app, &request, &client_id, None);
    let session = NewSession { auth_time, ..new.session.clone() };
    // Named by the code, whose reuse ends it.
    let session = session.row(grant_id, account_id, Some(client_id));
    app.store.lasting.insert_session(&session).await?;
    app.metrics.token_presented("session", "granted");
    let mut response = HttpResponse::Ok();
    if let Some(cookie) = new.cookie(&app, &session) {
        response.cookie(cookie);
    }
    Ok(response.json(person))
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

/// What this browser holds of a session of its own.
pub(crate) fn secret_of(app: &Shared, request: &HttpRequest, session: &SessionRow) -> Option<String> {
    let name = session.client_id.as_deref().map_or(SSO_COOKIE.into(), site_cookie);
    cookies::ours(&app.config.public_url, request, &name).map(Into::into)
}

/// Takes the cookies of all sessions back.
pub fn take_cookies(app: &Shared, request: &HttpRequest, response: &mut HttpResponse) {
    take_cookies_of(app, request, &app.config.clients.iter().collect::<Vec<_>>(), response);
}

fn take_cookies_of(app: &Shared, request: &HttpRequest, clients: &[&Client], response: &mut HttpResponse) {
    let of_sites = clients.iter().map(|client| site_cookie(&client.id));
    for name in std::iter::once(SSO_COOKIE.to_owned()).chain(of_sites) {
        let name = cookies::whole_name(&app.config.public_url, &name);
        if cookies::is_there(request, &name) {
            // A cookie of our own making is a header.
            let _ = response.add_cookie(&cookies::taken_back(&app.config.public_url, name));
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

/// The account that stands for this id, and who that is for this client.
async fn person(
    app: &Shared,
    account_id: &str,
    client_id: String,
    auth_time: Seconds,
) -> Result<(String, Person), ApiError> {
    let account = app.store.lasting.account(account_id).await?;
    let Some(AccountRow { id, nickname, picture }) = account else {
        return Err(ApiError::new(ErrorCode::LoginRequired, "the account of this session is gone"));
    };
    let sub = app.store.lasting.subject(&client_id, &id, app.clock.now()).await?;
    Ok((id, Person { sub, nickname, picture: app.shown(picture), client_id, auth_time }))
}
