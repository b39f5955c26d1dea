//! A login by the service account's own QR code: what the computer hears of it, how it ends there, and the phone's pages.
//!
//! The two never meet but in the scene's row, and by the number that the person carries from one screen to the other. How a scene
//! begins is in `attempt/scene.rs`; a phone's leg through WeChat is an attempt of its own, and ends in `callback/hosted.rs`.

pub mod events;
pub mod finish;
pub mod phone;
pub mod still;

use actix_web::HttpRequest;
use protocol::service::{Kind, SECRET_HEADER, SceneEvent};

use crate::attempt::{BrowserProof, CallbackError, cookie, proves};
use crate::clock::Seconds;
use crate::error::ApiError;
use crate::http::origin::{is_own_page, origin};
use crate::report;
use crate::shared::Shared;
use crate::store::AttemptRow;
use crate::store::scenes::{Progress, SceneRow};

/// How far a scene has come, as the computer hears it.
fn event(scene: &SceneRow, now: Seconds) -> SceneEvent {
    match scene.progress {
        Progress::Denied => SceneEvent::Denied,
        _ if scene.expires_at <= now => SceneEvent::Expired,
        Progress::Waiting => SceneEvent::Waiting,
        Progress::Scanned => SceneEvent::Scanned,
        Progress::Approved => SceneEvent::Approved,
    }
}

/// What a computer brings to prove that a scene is its own: the cookie on the service's own page, the secret elsewhere.
enum Computer {
    Cookie(String),
    Secret { secret: String, origin: String },
}

impl Computer {
    fn of(app: &Shared, request: &HttpRequest, id: &str) -> Self {
        let secret = request.headers().get(SECRET_HEADER).and_then(|secret| secret.to_str().ok());
        match secret {
            Some(secret) => Self::Secret {
                secret: secret.into(),
                // A page reads a stream of its own origin without an Origin header.
                origin: match origin(request) {
                    Some(origin) => origin.into(),
                    None if is_own_page(&app.config, request) => app.config.public_url.origin().into(),
                    None => String::new(),
                },
            },
            None => Self::Cookie(cookie::secret(&app.config.public_url, request, id).unwrap_or_default()),
        }
    }

    fn proof(&self) -> BrowserProof<'_> {
        match self {
            Self::Cookie(cookie) => BrowserProof::SceneCookie(cookie),
            Self::Secret { secret, origin } => BrowserProof::SceneSecret { secret, origin },
        }
    }
}

/// The scene's attempt, for the computer that began it. Of any other attempt nothing is told, not even that it is there.
async fn own_attempt(
    app: &Shared,
    request: &HttpRequest,
    id: &str,
) -> Result<(AttemptRow, Computer), ApiError> {
    let computer = Computer::of(app, request, id);
    match app.store.fleeting.attempt(id).await? {
        Some(row) if row.kind.on_the_wire() == Kind::Scene && proves(&row, &computer.proof()) => {
            report::is_about(id);
            Ok((row, computer))
        }
        _ => Err(CallbackError::UnknownAttempt.into()),
    }
}
