//! What a scene begins with: its number, and the words by which a person knows the computer again. Its pages are in
//! [`crate::scene`].

use protocol::service::Scene;

use crate::clock::Seconds;
use crate::qr;
use crate::secret::random_number;
use crate::shared::Shared;
use crate::store::scenes::{MOST_TRIES, Progress, SceneRow};
use crate::store::{AttemptRow, StoreError};

/// How long a scene lives.
pub const LIFETIME: Seconds = 300;

/// Keeps the scene of this attempt, and gives what the computer shows.
pub(super) async fn begin(app: &Shared, row: &AttemptRow, computer: String) -> Result<Scene, StoreError> {
    let number = random_number(10..=99).to_string();
    app.fleeting
        .insert_scene(&SceneRow {
            id: row.id.clone(),
            number: number.clone(),
            computer,
            started_at: app.clock.now(),
            progress: Progress::Waiting,
            tries_left: MOST_TRIES,
            leg_id: None,
            account_id: None,
            expires_at: row.expires_at,
        })
        .await?;
    let scan_url = scan_url(app, &row.id);
    let (qr_path, qr_size) = qr::draw(&scan_url).map(|drawn| (drawn.path, drawn.size)).unwrap_or_default();
    let qr_size = i64::try_from(qr_size).unwrap_or_default();
    Ok(Scene { scan_url, number, qr_path, qr_size })
}

/// What a scene's QR code holds.
pub fn scan_url(app: &Shared, id: &str) -> String {
    format!("{}/scan/{id}", app.config.public_url.as_str())
}
