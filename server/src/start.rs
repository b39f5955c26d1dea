//! An attempt begins: what is kept of it, and what the browser is told.

pub mod embedded;
pub mod hosted;
pub mod return_to;
pub mod scene;

use protocol::ids::{Product, State};
use protocol::service::{Kind, LoginResult, StartedLogin};

use crate::authorization::Authorization;
use crate::clock::Seconds;
use crate::config::Client;
use crate::error::ApiError;
use crate::limits::Wait;
use crate::pkce::CodeChallenge;
use crate::secret::{SecretHash, random_state, random_word};
use crate::shared::Shared;
use crate::store::{AttemptRow, StoreError};
use crate::text::Language;

/// How long an attempt lives.
pub const ATTEMPT_LIFETIME: Seconds = 600;
/// When the widget should put a new one in its place.
pub const RENEW_AFTER: Seconds = 300;

/// How the person answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Fast login, or WeChat's QR page.
    Website,
    /// Inside WeChat, from a tap.
    Tap,
    /// Our own QR code, scanned by a phone, which is shown what this computer is.
    Scene {
        /// Which browser and system.
        computer: String,
    },
}

/// Where an attempt ends.
#[derive(Clone)]
pub enum Start {
    /// Ends at `return_to`.
    Hosted {
        /// An address that was checked.
        return_to: String,
    },
    /// Ends at a client's redirect_uri, with a code.
    Authorize {
        /// A request that was checked.
        authorization: Authorization,
    },
    /// Ends in a message to `origin`.
    Embedded {
        /// A registered one.
        origin: String,
        /// Where the code may be redeemed.
        result: LoginResult,
        /// S256.
        code_challenge: CodeChallenge,
        /// For an ID token.
        nonce: Option<String>,
        /// Made by the page. Good only where nobody has used it.
        state: Option<State>,
    },
    /// A phone's leg: ends at the question which computer is let in.
    Leg {
        /// The scene that was scanned.
        scene_id: String,
    },
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

/// Starts an attempt.
pub async fn start(
    app: &Shared,
    client: &Client,
    way: Way,
    start: Start,
    lang: Option<String>,
) -> Result<Started, StartError> {
    // A leg belongs to a scene, which was counted.
    if !matches!(start, Start::Leg { .. }) {
        app.limits.client_start(client).map_err(StartError::SlowDown)?;
    }
    let pages_state = match &start {
        // Of a scene the state goes to nobody but this page, which has no use for one of its own.
        Start::Embedded { state: Some(state), .. } if way == Way::Website => Some(state.as_str().to_owned()),
        _ => None,
    };
    let (id, state, secret) = (random_word(), pages_state.unwrap_or_else(random_state), random_word());
    let now = app.clock.now();
    let lifetime = if matches!(way, Way::Scene { .. }) { scene::LIFETIME } else { ATTEMPT_LIFETIME };
    let mut row = AttemptRow {
        id: id.clone(),
        kind: Kind::Hosted,
        product: if way == Way::Website { Product::Website } else { Product::ServiceAccount },
        scene_id: None,
        state_hash: SecretHash::of(&state),
        secret_hash: SecretHash::of(&secret),
        client_id: client.id.clone(),
        origin: None,
        result: None,
        code_challenge: None,
        nonce: None,
        return_to: None,
        authorization: None,
        lang,
        expires_at: now + lifetime,
        taken_at: None,
        outcome: None,
    };
    match start {
        Start::Hosted { return_to } => row.return_to = Some(return_to),
        Start::Authorize { authorization } => row.authorization = Some(authorization.to_row()),
        Start::Leg { scene_id } => row.scene_id = Some(scene_id),
        Start::Embedded { origin, result, code_challenge, nonce, .. } => {
            row.kind = Kind::Embedded;
            row.origin = Some(origin);
            row.result = Some(result);
            row.code_challenge = Some(code_challenge.as_str().into());
            row.nonce = nonce;
        }
    }
    let language = row.lang.as_deref().and_then(Language::parse).unwrap_or(Language::En);
    let on_our_page = row.kind == Kind::Hosted;
    let way_is_website = way == Way::Website;
    let scene = match way {
        Way::Scene { computer } => {
            row.kind = Kind::Scene;
            Some(scene::begin(app, &row, computer).await?)
        }
        Way::Website | Way::Tap => None,
    };
    app.fleeting.insert_attempt(&row).await?;
    let weixin = &app.config.weixin;
    let appid = weixin.app(row.product).filter(|_| scene.is_none());
    let login = StartedLogin {
        id,
        kind: row.kind,
        secret: (!on_our_page).then(|| secret.clone()),
        state,
        iss: app.config.public_url.as_str().into(),
        appid: appid.map(|app| app.appid.as_str().into()),
        redirect_uri: format!("{}/callback", app.config.public_url.as_str()),
        open_url: weixin.open_url.clone(),
        desktop_urls: if way_is_website { weixin.desktop_urls.clone() } else { Vec::new() },
        expires_in: lifetime,
        renew_in: lifetime.min(RENEW_AFTER),
        client_name: client.name.say(language).into(),
        emulator: weixin.is_emulator(),
        scene,
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
