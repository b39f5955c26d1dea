//! An attempt is taken, once: its state is looked up, and the browser proves that it is the one that started. The only room that makes a
//! [`ConsumedAttempt`].

use protocol::ids::State;
use protocol::service::ErrorCode;

use super::{BrowserProof, proves};
use crate::clock::Seconds;
use crate::error::ApiError;
use crate::report;
use crate::secret::SecretHash;
use crate::store::scenes::Progress;
use crate::store::{AttemptRow, Fleeting, StoreError};

/// An attempt that was answered by the browser which started it, taken from the store, and so good for one exchange.
///
/// Only [`consume`] makes one, and of one that waited for a contact [`Waiting::take`](super::waiting::Waiting::take). Not `Clone`. Whoever skips the check of state and browser has nothing to exchange with:
///
/// ```compile_fail,E0451
/// fn skip(row: weixin_login::store::AttemptRow) -> weixin_login::attempt::ConsumedAttempt {
///     weixin_login::attempt::ConsumedAttempt { row }
/// }
/// ```
#[derive(Debug)]
pub struct ConsumedAttempt {
    row: AttemptRow,
}

impl ConsumedAttempt {
    /// What was kept of it.
    pub fn row(&self) -> &AttemptRow {
        &self.row
    }

    /// Of a login that waited, which was taken as this was before.
    pub(super) fn that_waited(row: AttemptRow) -> Self {
        Self { row }
    }
}

/// Why a callback gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// No such state: made up, or long swept away.
    #[error("no attempt has this state")]
    UnknownAttempt,
    /// It is known, but was started by another browser or page.
    #[error("the attempt was started by another browser or page")]
    OtherBrowser,
    /// It is known, but too old.
    #[error("the attempt has expired")]
    Expired,
    /// It was answered before.
    #[error("the attempt was answered before")]
    Used,
    /// Nobody has let this computer in yet.
    #[error("the scene is not approved")]
    NotApproved,
    /// The person refused.
    #[error("the scene was denied")]
    Denied,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks the state up: which attempt is WeChat's answer for? It may be too old, or answered before: [`consume`] says so.
pub async fn find(store: &dyn Fleeting, state: &State) -> Result<AttemptRow, CallbackError> {
    let row = store.attempt_by_state(&SecretHash::of_state(state.as_str())).await?;
    let row = row.ok_or(CallbackError::UnknownAttempt)?;
    report::is_about(row.kind.login_of(&row.id));
    Ok(row)
}

/// Takes the attempt, for a browser that proves to be the one that started it. Of many callers one gets it.
pub async fn consume(
    store: &dyn Fleeting,
    row: AttemptRow,
    proof: BrowserProof<'_>,
    now: Seconds,
) -> Result<ConsumedAttempt, CallbackError> {
    if !proves(&row, &proof) {
        return Err(CallbackError::OtherBrowser);
    }
    if row.expires_at <= now {
        return Err(CallbackError::Expired);
    }
    if store.take_attempt(&row.id, now).await? {
        Ok(ConsumedAttempt { row })
    } else {
        Err(CallbackError::Used)
    }
}

/// Takes a scene whose person has let this computer in, for the browser that started it; gives that person's account.
pub async fn consume_scene(
    store: &dyn Fleeting,
    row: AttemptRow,
    proof: BrowserProof<'_>,
    now: Seconds,
) -> Result<(ConsumedAttempt, String), CallbackError> {
    let scene = store.scene(&row.id).await?.ok_or(CallbackError::UnknownAttempt)?;
    if !matches!(proof, BrowserProof::SceneCookie(_) | BrowserProof::SceneSecret { .. }) {
        return Err(CallbackError::OtherBrowser);
    }
    if scene.expires_at <= now {
        return Err(CallbackError::Expired);
    }
    match (scene.progress, scene.account_id) {
        (Progress::Approved, Some(account_id)) => Ok((consume(store, row, proof, now).await?, account_id)),
        (Progress::Denied, _) => Err(CallbackError::Denied),
        _ => Err(CallbackError::NotApproved),
    }
}

impl From<CallbackError> for ApiError {
    fn from(error: CallbackError) -> Self {
        match error {
            CallbackError::UnknownAttempt | CallbackError::OtherBrowser => {
                Self::new(ErrorCode::UnknownAttempt, "no attempt of this browser and page has this state")
            }
            CallbackError::Expired => {
                Self::new(ErrorCode::AttemptExpired, "the attempt has expired; start again")
            }
            CallbackError::Used => {
                Self::new(ErrorCode::AttemptUsed, "the attempt was answered before; start again")
            }
            CallbackError::NotApproved => {
                Self::new(ErrorCode::LoginRequired, "nobody has confirmed this login on a phone yet")
            }
            CallbackError::Denied => Self::new(ErrorCode::AccessDenied, "the person refused"),
            CallbackError::Store(error) => error.into(),
        }
    }
}
