//! An attempt begins: what is kept of it, and what the browser is told.

use protocol::ids::{AppId, Product, Scope, State};
use protocol::service::{Kind, StartedLogin};
use protocol::service_account::authorize_address;

use super::scene;
use crate::clock::Seconds;
use crate::config::Client;
use crate::error::ApiError;
use crate::limits::Wait;
use crate::report;
use crate::secret::{SecretHash, random_name, random_state, random_word};
use crate::shared::Shared;
use crate::store::{AttemptKind, AttemptRow, StoreError};
use crate::text::Language;

/// How long an attempt lives.
pub const ATTEMPT_LIFETIME: Seconds = 600;
/// When the widget should put a new one in its place.
pub const RENEW_AFTER: Seconds = 300;

/// An attempt that is to begin.
pub struct NewAttempt<'a> {
    /// Who is logged in to.
    pub client: &'a Client,
    /// What it is.
    pub kind: AttemptKind,
    /// Which app of ours WeChat is asked for.
    pub product: Product,
    /// Which browser and system shows it: a scene's phone says so.
    pub computer: String,
    /// Made by a site's page. Good only where nobody has used it.
    pub state: Option<State>,
    /// The language of its pages.
    pub lang: Option<String>,
}

/// A new attempt, and the secret that its browser must bring back.
pub struct Started {
    /// For the widget.
    pub login: StartedLogin,
    /// The cookie's value (hosted); also in `login.secret` (embedded).
    pub secret: String,
}

/// Why an attempt does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Too many have begun for this client.
    #[error("too many logins of this client have begun")]
    SlowDown(Wait),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins an attempt.
pub async fn begin(app: &Shared, new: NewAttempt<'_>) -> Result<Started, StartError> {
    let NewAttempt { client, kind, product, computer, state, lang } = new;
    // A leg belongs to a scene, which was counted.
    if !matches!(kind, AttemptKind::Leg { .. }) {
        app.limits.client_start(client).await.map_err(StartError::SlowDown)?;
    }
    // Of a scene the state goes to nobody but this page, which has no use for one of its own.
    let pages_state = state.filter(|_| matches!(kind, AttemptKind::Embedded(_)));
    let state = pages_state.map_or_else(|| random_state(&app.clock), |state| state.as_str().to_owned());
    let (id, secret) = (random_name(&app.clock), random_word());
    report::is_about(kind.login_of(&id));
    let on_the_wire = kind.on_the_wire();
    let lifetime = if on_the_wire == Kind::Scene { scene::LIFETIME } else { ATTEMPT_LIFETIME };
    let now = app.clock.now();
    let is_site_page = kind.site_page().is_some();
    let language = lang.as_deref().and_then(Language::parse).unwrap_or(Language::En);
    let row = AttemptRow {
        id: id.clone(),
        kind,
        product,
        state_hash: SecretHash::of_state(&state),
        secret_hash: SecretHash::of(&secret),
        client_id: client.id.clone(),
        lang,
        expires_at: now + lifetime,
        taken_at: None,
        end: None,
    };
    let scene = (on_the_wire == Kind::Scene).then(|| scene::row(&row, computer, now));
    app.store.fleeting.insert_attempt(&row, scene.as_ref()).await?;
    app.metrics.login_started(row.kind.name(), product.as_str());
    let weixin = &app.config.weixin;
    let appid = weixin.app(product).filter(|_| scene.is_none());
    let login = StartedLogin {
        id,
        kind: on_the_wire,
        secret: is_site_page.then(|| secret.clone()),
        state,
        iss: app.config.public_url.as_str().into(),
        appid: appid.map(|app| app.appid.as_str().into()),
        redirect_uri: format!("{}/callback", app.config.public_url.as_str()),
        open_url: weixin.open_url.clone(),
        desktop_urls: if product == Product::Website { weixin.desktop_urls.clone() } else { Vec::new() },
        expires_in: lifetime,
        renew_in: lifetime.min(RENEW_AFTER),
        client_name: client.name.say(language).into(),
        emulator: weixin.is_emulator(),
        scene: scene.map(|scene| scene::shown(&app.config.public_url, scene)),
    };
    Ok(Started { login, secret })
}

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::SlowDown(wait) => Self::slow_down(wait),
            StartError::Store(error) => error.into(),
        }
    }
}

/// Where a tap leads, inside WeChat.
pub fn tap_address(login: &StartedLogin) -> Option<String> {
    let appid = AppId::parse(login.appid.clone()?).ok()?;
    let state = State::parse(login.state.clone()).ok()?;
    Some(authorize_address(&login.open_url, &appid, &login.redirect_uri, Scope::SnsapiUserinfo, &state, true))
}
