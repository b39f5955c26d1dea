//! What a scene begins with: its number, and the words by which a person knows the computer again. Its pages are in
//! [`crate::scene`].

use protocol::service::Scene;

use super::address::scan_url;
use crate::clock::Seconds;
use crate::config::PublicUrl;
use crate::qr;
use crate::secret::random_number;
use crate::store::AttemptRow;
use crate::store::scenes::{MOST_TRIES, Progress, SceneRow};

/// How long a scene lives.
pub const LIFETIME: Seconds = 300;

/// The scene of this attempt.
pub(super) fn row(attempt: &AttemptRow, computer: String, now: Seconds) -> SceneRow {
    SceneRow {
        id: attempt.id.clone(),
        number: random_number(10..=99).to_string(),
        computer,
        started_at: now,
        progress: Progress::Waiting,
        tries_left: MOST_TRIES,
        leg_id: None,
        account_id: None,
        expires_at: attempt.expires_at,
    }
}

/// What the computer shows of it.
pub(super) fn shown(public_url: &PublicUrl, scene: SceneRow) -> Scene {
    let scan_url = scan_url(public_url, &scene.id);
    let (qr_path, qr_size) = qr::draw(&scan_url).map(|drawn| (drawn.path, drawn.size)).unwrap_or_default();
    let qr_size = i64::try_from(qr_size).unwrap_or_default();
    Scene { scan_url, number: scene.number, qr_path, qr_size }
}
