//! The verbs for scenes: our own QR code, what becomes of it on the phone, and the number that joins the two.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::clock::Seconds;

/// How often a wrong number may be entered.
pub const MOST_TRIES: u8 = 3;

/// How far a scene has come, as it is kept. That it has expired is seen from its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Nobody has tapped yet.
    Waiting,
    /// Somebody has.
    Scanned,
    /// The person has let the computer in.
    Approved,
    /// The person refused, or the number was wrong too often.
    Denied,
}

impl Progress {
    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scanned => "scanned",
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }

    /// Reads the word in the store.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Scanned, Self::Approved, Self::Denied]
            .into_iter()
            .find(|progress| progress.as_str() == text)
    }
}

/// A scene, as it is kept beside its attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SceneRow {
    /// The attempt's public name.
    pub id: String,
    /// The two digits that the computer shows.
    pub number: String,
    /// Which browser and system asked, for the person to read.
    pub computer: String,
    /// When.
    pub started_at: Seconds,
    /// How far it has come.
    pub progress: Progress,
    /// How often the number may still be wrong.
    pub tries_left: u8,
    /// The attempt by which a phone answers, once WeChat has said who holds it.
    pub leg_id: Option<String>,
    /// Who holds it.
    pub account_id: Option<String>,
    /// When it dies.
    pub expires_at: Seconds,
}

/// What came of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// It was right: the computer is let in.
    Right,
    /// It was not, and may be entered so often again.
    Wrong {
        /// Not zero.
        tries_left: u8,
    },
    /// There is nothing to enter it for: the scene is over, or another phone's.
    Over,
}

/// The verbs for scenes.
#[async_trait]
pub trait Scenes: Send + Sync {
    /// A scene, whatever became of it.
    async fn scene(&self, id: &str) -> Result<Option<SceneRow>, StoreError>;
    /// Somebody has tapped; `false` when the scene is over.
    async fn scan_scene(&self, id: &str, now: Seconds) -> Result<bool, StoreError>;
    /// WeChat has said who holds the phone. The first person has the scene; the same one may come by another leg. `false`: too
    /// late, or somebody else's.
    async fn bind_scene(
        &self,
        id: &str,
        leg_id: &str,
        account_id: &str,
        now: Seconds,
    ) -> Result<bool, StoreError>;
    /// A number was entered on that phone. Of many at once each costs a try.
    async fn enter_number(
        &self,
        id: &str,
        leg_id: &str,
        number: &str,
        now: Seconds,
    ) -> Result<Entered, StoreError>;
    /// The person refused, on that phone or, while nobody has the scene, on any; `false` when it was over.
    async fn deny_scene(&self, id: &str, leg_id: &str, now: Seconds) -> Result<bool, StoreError>;
}
