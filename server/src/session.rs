//! This browser's login: cookies, and `GET`, `POST`, `DELETE /session`.
//!
//! Two cookies, never mixed: the *SSO session*, made by a hosted callback alone, which stands for the service itself; and the
//! *site session* of one client, made by a hosted callback too, or by `POST /session`. `GET /session` answers with the latter.

pub mod backchannel;
pub mod ending;
pub mod listing;

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::service::{ErrorCode, Person, Problem, RedeemSession};

use self::ending::Offline;
use crate::clock::Seconds;
use crate::cookies;
use crate::error::ApiError;
use crate::origin::{is_site_page, origin};
use crate::pkce::CodeVerifier;
use crate::secret::{SecretHash, random_word};
use crate::shared::Shared;
use crate::store::{AccountRow, SessionRow, StoreError};
use crate::token::{self, RedeemAt, Redeemed};
use crate::user_agent::browser_and_system;

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

/// Which session a cookie stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// The service's own, honoured by `/authorize`.
    Sso,
    /// One client's alone.
    Site,
}

impl SessionKind {
    fn cookie_name(self) -> &'static str {
        match self {
            Self::Sso => "weixin-login-sso",
            Self::Site => "weixin-login-session",
        }
    }
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
    let before = current(app, request, SessionKind::Sso).await?;
    let mut sid = random_word();
    match before {
        Some(session) if session.account_id == account_id => sid = session.sid,
        Some(session) => ending::end(app, &session, Offline::Stays).await?,
        None => {}
    }
    let of = Of { account_id, client_id: None, device: browser_and_system(request) };
    keep(app, SessionKind::Sso, sid, of, auth_time).await
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
    let (session, _) = keep(app, SessionKind::Site, random_word(), of, auth_time).await?;
    Ok(session.sid)
}

/// Makes a session with an id of its own, whatever the browser brought, and gives its cookie.
pub async fn begin(
    app: &Shared,
    request: &HttpRequest,
    kind: SessionKind,
    account_id: String,
    client_id: Option<String>,
    auth_time: Seconds,
) -> Result<Cookie<'static>, StoreError> {
    let of = Of { account_id, client_id, device: browser_and_system(request) };
    Ok(keep(app, kind, random_word(), of, auth_time).await?.1)
}

/// Whose session it is, for which client, in which browser.
struct Of {
    account_id: String,
    client_id: Option<String>,
    device: String,
}

async fn keep(
    app: &Shared,
    kind: SessionKind,
    sid: String,
    Of { account_id, client_id, device }: Of,
    auth_time: Seconds,
) -> Result<(SessionRow, Cookie<'static>), StoreError> {
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
    Ok((session, cookie(app, kind.cookie_name(), secret, ABSOLUTE_LIFETIME)))
}

/// The living session that the browser's cookie stands for.
pub async fn current(
    app: &Shared,
    request: &HttpRequest,
    kind: SessionKind,
) -> Result<Option<SessionRow>, StoreError> {
    let Some(secret) = cookie_value(app, request, kind.cookie_name()) else { return Ok(None) };
    let now = app.clock.now();
    let Some(session) = app.lasting.session(&SecretHash::of(&secret), now).await? else { return Ok(None) };
    if session.idle_until < now + IDLE_LIFETIME - TOUCH_EVERY {
        app.lasting.touch_session(&session.sid, now + IDLE_LIFETIME).await?;
    }
    Ok(Some(session))
}

/// `GET /session`: 200 with the [`Person`], in headers too, or 401. The nickname's header is percent-encoded UTF-8, of
/// which it has the first 128 bytes; an address of a picture that is longer than 1,024 is in the body alone.
#[utoipa::path(
    get,
    path = "/session",
    responses((status = 200, body = Person), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn get(app: web::Data<Shared>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let Some(session) = current(&app, &request, SessionKind::Site).await? else {
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
    let of = Of { account_id, client_id: Some(client_id), device: browser_and_system(&request) };
    let (_, cookie) = keep(&app, SessionKind::Site, sid, of, auth_time).await?;
    Ok(HttpResponse::Ok().cookie(cookie).json(person))
}

/// `DELETE /session`: logs out of the site, and of the service in this browser. 204, also where nobody was logged in.
#[utoipa::path(
    delete,
    path = "/session",
    responses((status = 204), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn delete(app: web::Data<Shared>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    only_site_pages(&app, &request)?;
    for session in here(&app, &request).await? {
        ending::end(&app, &session, Offline::Stays).await?;
    }
    let mut response = HttpResponse::NoContent().finish();
    take_cookies(&app, &request, &mut response);
    Ok(response)
}

/// Both sessions of this browser, as far as they live.
pub async fn here(app: &Shared, request: &HttpRequest) -> Result<Vec<SessionRow>, StoreError> {
    let sso = current(app, request, SessionKind::Sso).await?;
    let site = current(app, request, SessionKind::Site).await?;
    Ok(sso.into_iter().chain(site).collect())
}

/// Takes the cookies of both sessions back.
pub fn take_cookies(app: &Shared, request: &HttpRequest, response: &mut HttpResponse) {
    for kind in [SessionKind::Sso, SessionKind::Site] {
        let name = cookie_name(app, kind.cookie_name());
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
