//! The service's own pages, made of `templates/` and the sentences of `text.rs`. Decides nothing about a login.

mod account;
mod assets;
mod avatar;
mod binding;
mod notice;
pub mod phone;
mod sessions;

pub(crate) use account::{Identity, OwnContact, account, ask_delete, log_in_first, to_be_deleted};
pub use assets::asset;
pub use avatar::avatar;
pub(crate) use binding::{BindingForm, Place, Scheme, binding, binding_ended, binding_frame, own_contact};
pub(crate) use notice::{other_host, refusal, refusal_at, signed_out, slow_down, store_away};
pub(crate) use sessions::{Listed, Listing, Offered, sessions};

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use protocol::ids::{AppId, State};
use protocol::qrconnect::page_address;
use protocol::service::StartedLogin;

use crate::config::{Accent, Client};
use crate::http::headers::{content_security_policy, header_value};
use crate::http::language;
use crate::shared::Shared;
pub use crate::text::Refusal;
use crate::text::{self, Language, Sentence, say};

/// What every page has around its middle.
struct Frame {
    prefix: String,
    language: Language,
    emulator: bool,
    localhost: bool,
    site: Option<Site>,
}

/// The site that a page is about, and the way back to it.
struct Site {
    name: String,
    home: Option<String>,
    logo: Option<String>,
    accent: Option<String>,
}

impl Frame {
    /// Of a page that is about no site, unless there is one alone.
    fn new(app: &Shared, language: Language) -> Self {
        let site = match app.config.clients.as_slice() {
            [client] => Some(Site::of(client, language)),
            _ => None,
        };
        Self {
            prefix: app.config.public_url.path().into(),
            language,
            emulator: app.config.weixin.is_emulator(),
            localhost: app.config.public_url.is_localhost(),
            site,
        }
    }

    fn of(app: &Shared, client: &Client, language: Language) -> Self {
        Self { site: Some(Site::of(client, language)), ..Self::new(app, language) }
    }

    fn say(&self, sentence: Sentence) -> &'static str {
        say(sentence, self.language)
    }
}

impl Site {
    fn of(client: &Client, language: Language) -> Self {
        Self {
            name: client.name.say(language).into(),
            home: client.home(),
            logo: client.logo.as_ref().map(|logo| logo.file_name.clone()),
            accent: client.accent.map(Accent::file_name),
        }
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
#[template(path = "sign_out.html")]
struct SignOutPage<'a> {
    frame: Frame,
    request: &'a str,
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
pub fn login(app: &Shared, client: &Client, login: &StartedLogin, language: Language) -> HttpResponse {
    let qr_page =
        match (AppId::parse(login.appid.clone().unwrap_or_default()), State::parse(login.state.clone())) {
            (Ok(appid), Ok(state)) => page_address(&login.open_url, &appid, &login.redirect_uri, &state),
            _ => String::new(),
        };
    let attempt = serde_json::to_string(login).unwrap_or_default();
    let frame = Frame::of(app, client, language);
    // Our own QR code needs no script; WeChat's page does.
    let still = login.scene.is_some().then(|| format!("{}/login/{}/still", frame.prefix, login.id));
    let qr_page = still.clone().unwrap_or(qr_page);
    let weixin = still.is_none().then_some(login.open_url.as_str());
    let client_name = &login.client_name;
    page(StatusCode::OK, LoginPage { frame, client_name, attempt, qr_page, still, weixin }.render())
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

/// The page in WeChat's frame that takes the answer to `origin`.
pub fn callback_frame(app: &Shared, origin: &str, language: Language) -> HttpResponse {
    let frame = Frame::new(app, language);
    page(StatusCode::OK, CallbackPage { frame, origin, iss: app.config.public_url.as_str() }.render())
}

/// `GET /`: the button, and what is configured.
pub async fn front(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let language = language::of(&request);
    let sites = app.config.clients.iter().filter_map(|client| {
        let origin = client.origins.first()?;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &client.id)
            .append_pair("return_to", &format!("{origin}/"))
            .finish();
        Some((client.name.say(language), query))
    });
    let frame = Frame::new(&app, language);
    page(StatusCode::OK, LandingPage { frame, sites: sites.collect() }.render())
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
