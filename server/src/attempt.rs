//! An attempt: how it begins, the cookie or the secret by which a browser proves to have started it, and the addresses between which
//! it goes on its way. One that waits for a contact is in [`waiting`]. Where it ends is in [`callback`](crate::callback) and, for a scene, in [`scene`](crate::scene).

pub mod address;
pub mod begin;
mod consumed;
pub mod cookie;
mod scene;
pub mod waiting;

pub use consumed::{CallbackError, ConsumedAttempt, consume, consume_scene, find};

use crate::secret::SecretHash;
use crate::store::{AttemptKind, AttemptRow};

/// What the browser brings to prove that it started the attempt.
pub enum BrowserProof<'a> {
    /// The cookie of a hosted attempt, or of a leg.
    Cookie(&'a str),
    /// The cookie of a scene that the service's own page shows.
    SceneCookie(&'a str),
    /// The secret of a scene that a site's page shows, sent by a page of the origin that started it.
    SceneSecret {
        /// From the header.
        secret: &'a str,
        /// The request's `Origin`.
        origin: &'a str,
    },
    /// An embedded attempt's callback page, which only that attempt's own origin can frame, posts to its own origin.
    Frame,
    /// An embedded attempt's secret, sent by a page of the origin that started it.
    Secret {
        /// From the header.
        secret: &'a str,
        /// The request's `Origin`.
        origin: &'a str,
    },
}

/// Whether this is the browser, and the page, that started the attempt.
pub fn proves(row: &AttemptRow, proof: &BrowserProof<'_>) -> bool {
    match (proof, &row.kind) {
        (BrowserProof::Cookie(cookie), AttemptKind::Hosted(_) | AttemptKind::Leg { .. })
        | (BrowserProof::SceneCookie(cookie), AttemptKind::OwnScene(_)) => {
            SecretHash::of(cookie).matches(&row.secret_hash)
        }
        (BrowserProof::Frame, AttemptKind::Embedded(_)) => true,
        (BrowserProof::Secret { secret, origin }, AttemptKind::Embedded(page))
        | (BrowserProof::SceneSecret { secret, origin }, AttemptKind::SiteScene(page)) => {
            SecretHash::of(secret).matches(&row.secret_hash) && page.origin == *origin
        }
        _ => false,
    }
}
