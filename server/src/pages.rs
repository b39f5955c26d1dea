//! The service's own pages, made of `templates/` and the sentences of `text.rs`. Decides nothing about a login.

pub mod phone;

use actix_web::cookie::time::OffsetDateTime;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use askama::Template;
use protocol::ids::{AppId, State};
use protocol::qrconnect::page_address;
use protocol::service::{ErrorCode, StartedLogin};

use crate::error::ApiError;
use crate::headers::{content_security_policy, header_value};
use crate::limits::Wait;
use crate::session::listing::Listed;
use crate::shared::Shared;
pub use crate::text::Refusal;
use crate::text::{self, Language, Sentence, language, say};

/// As much as is shown of a host that somebody else has named.
const LONGEST_HOST: usize = 100;

/// What every page has around its middle.
struct Frame {
    prefix: String,
    language: Language,
    emulator: bool,
    localhost: bool,
}

impl Frame {
    fn new(app: &Shared, language: Language) -> Self {
        Self {
            prefix: app.config.public_url.path().into(),
            language,
            emulator: app.config.weixin.is_emulator(),
            localhost: app.config.public_url.is_localhost(),
        }
    }

    fn say(&self, sentence: Sentence) -> &'static str {
        say(sentence, self.language)
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    frame: Frame,
    client_name: &'a str,
    attempt: String,
    qr_page: String,
    still: Option<String>,
    weixin: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'a> {
    frame: Frame,
    title: &'a str,
    text: &'a str,
    code: &'a str,
    start_again: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "sign_out.html")]
struct SignOutPage<'a> {
    frame: Frame,
    request: &'a str,
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage<'a> {
    frame: Frame,
    sessions: Vec<SessionLine<'a>>,
}

struct SessionLine<'a> {
    sid: &'a str,
    sites: &'a str,
    since: String,
    since_words: String,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "callback.html")]
struct CallbackPage<'a> {
    frame: Frame,
    origin: &'a str,
    iss: &'a str,
}

#[derive(Template)]
#[template(path = "landing.html")]
struct LandingPage<'a> {
    frame: Frame,
    sites: Vec<(&'a str, String)>,
}

/// The hosted page: the widget in full, and WeChat's own page for browsers that cannot run it. The browser may find the way to WeChat
/// before the script asks for it.
pub fn login(app: &Shared, login: &StartedLogin, language: Language) -> HttpResponse {
    let qr_page =
        match (AppId::parse(login.appid.clone().unwrap_or_default()), State::parse(login.state.clone())) {
            (Ok(appid), Ok(state)) => page_address(&login.open_url, &appid, &login.redirect_uri, &state),
            _ => String::new(),
        };
    let attempt = serde_json::to_string(login).unwrap_or_default();
    let frame = Frame::new(app, language);
    // Our own QR code needs no script; WeChat's page does.
    let still = login.scene.is_some().then(|| format!("{}/login/{}/still", frame.prefix, login.id));
    let qr_page = still.clone().unwrap_or(qr_page);
    let weixin = still.is_none().then_some(login.open_url.as_str());
    let client_name = &login.client_name;
    page(StatusCode::OK, LoginPage { frame, client_name, attempt, qr_page, still, weixin }.render())
}

/// Why there is no login, what to do, and the button that does it.
pub fn refusal(
    app: &Shared,
    refusal: Refusal,
    language: Language,
    start_again: Option<&str>,
) -> HttpResponse {
    let (title, text) = refusal.words();
    let status = match refusal {
        Refusal::Code(ErrorCode::AccessDenied) => StatusCode::OK,
        Refusal::Code(code) => ApiError::new(code, "").status_code(),
        Refusal::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    };
    let notice = NoticePage {
        frame: Frame::new(app, language),
        title: say(title, language),
        text: say(text, language),
        code: refusal.code(),
        start_again,
    };
    page(status, notice.render())
}

/// To somebody who comes too often.
pub(crate) fn slow_down(app: &Shared, wait: Wait, language: Language) -> HttpResponse {
    let mut response = refusal(app, Refusal::Code(ErrorCode::SlowDown), language, None);
    response.headers_mut().insert(RETRY_AFTER, wait.seconds().into());
    response
}

/// The service was opened under another host than its own: which, and the way to the page there.
pub fn other_host(app: &Shared, asked: &str, there: &str, language: Language) -> HttpResponse {
    let asked: String = asked.chars().take(LONGEST_HOST).collect();
    let text = say(text::OTHER_HOST_HINT, language)
        .replace("{expected}", app.config.public_url.host())
        .replace("{asked}", &asked);
    let notice = NoticePage {
        frame: Frame::new(app, language),
        title: say(text::OTHER_HOST, language),
        text: &text,
        code: "wrong_address",
        start_again: Some(there),
    };
    page(StatusCode::MISDIRECTED_REQUEST, notice.render())
}

/// After a logout.
pub fn signed_out(app: &Shared, language: Language) -> HttpResponse {
    let title = say(text::SIGNED_OUT, language);
    let notice =
        NoticePage { frame: Frame::new(app, language), title, text: "", code: "", start_again: None };
    page(StatusCode::OK, notice.render())
}

/// Before a logout that a link asked for: `request` is its query, which the form brings back, and `way_back` where it leads.
pub fn ask_sign_out(app: &Shared, request: &str, way_back: Option<&str>, language: Language) -> HttpResponse {
    let mut response =
        page(StatusCode::OK, SignOutPage { frame: Frame::new(app, language), request }.render());
    let headers = response.headers_mut();
    // Under no-referrer the form's Origin would be `null`.
    headers.insert(REFERRER_POLICY, header_value("same-origin"));
    if let Some(origin) = way_back.and_then(origin_of) {
        // Browsers apply form-action to the redirect that follows the form, too.
        let policy = content_security_policy(&app.config, "'none'");
        let policy = policy.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
        headers.insert(CONTENT_SECURITY_POLICY, header_value(&policy));
    }
    response
}

fn origin_of(address: &str) -> Option<String> {
    url::Url::parse(address)
        .ok()
        .map(|url| url.origin().ascii_serialization())
        .filter(|origin| origin != "null")
}

/// Where a person is logged in, with a button for each.
pub fn sessions(app: &Shared, sessions: &[Listed], language: Language) -> HttpResponse {
    let sessions = sessions.iter().map(|session| {
        let since =
            OffsetDateTime::from_unix_timestamp(session.auth_time).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (hour, minute) = (since.hour(), since.minute());
        SessionLine {
            sid: &session.sid,
            sites: &session.sites,
            since: format!("{}T{hour:02}:{minute:02}Z", since.date()),
            since_words: format!("{} {hour:02}:{minute:02} UTC", since.date()),
            is_here: session.is_here,
        }
    });
    let sessions = SessionsPage { frame: Frame::new(app, language), sessions: sessions.collect() };
    let mut response = page(StatusCode::OK, sessions.render());
    // Under no-referrer the forms' Origin would be `null`.
    response.headers_mut().insert(REFERRER_POLICY, header_value("same-origin"));
    response
}

/// The page in WeChat's frame that takes the answer to `origin`.
pub fn callback_frame(app: &Shared, origin: &str, language: Language) -> HttpResponse {
    let frame = Frame::new(app, language);
    page(StatusCode::OK, CallbackPage { frame, origin, iss: app.config.public_url.as_str() }.render())
}

/// `GET /`: the button, and what is configured.
pub async fn front(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let sites = app.config.clients.iter().filter_map(|client| {
        let origin = client.origins.first()?;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &client.id)
            .append_pair("return_to", &format!("{origin}/"))
            .finish();
        Some((client.name.as_str(), query))
    });
    let frame = Frame::new(&app, language::of(&request));
    page(StatusCode::OK, LandingPage { frame, sites: sites.collect() }.render())
}

/// `GET /assets/{name}`: what the pages load.
pub async fn asset(name: web::Path<String>) -> HttpResponse {
    let (content_type, content) = match name.as_str() {
        "pages.css" => ("text/css; charset=utf-8", include_str!("../assets/pages.css")),
        "phone.js" => ("text/javascript; charset=utf-8", include_str!("../assets/phone.js")),
        "icon.svg" => ("image/svg+xml", include_str!("../assets/icon.svg")),
        "callback.js" => ("text/javascript; charset=utf-8", include_str!("../assets/callback.js")),
        _ => return HttpResponse::NotFound().finish(),
    };
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .body(content)
}

fn page(status: StatusCode, rendered: askama::Result<String>) -> HttpResponse {
    match rendered {
        Ok(html) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html),
        Err(error) => {
            tracing::error!(%error, "a page was not made");
            HttpResponse::InternalServerError().finish()
        }
    }
}
