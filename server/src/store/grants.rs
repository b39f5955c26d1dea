//! What clients were granted, and the refresh tokens of it: rows, and the verbs that every lasting store has for them. Tokens
//! themselves never come here, only their SHA-256.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::clock::Seconds;
use crate::secret::SecretHash;

/// What one login gave one client. Its tokens are good while it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantRow {
    /// In access tokens; chosen when the code is given out, so that reuse of the code finds it.
    pub id: String,
    /// The client's name in the configuration.
    pub client_id: String,
    /// Whose it is.
    pub account_id: String,
    /// What the client calls that account.
    pub sub: String,
    /// The session of the login.
    pub sid: String,
    /// Space-separated.
    pub scope: String,
    /// When the person was last seen at WeChat.
    pub auth_time: Seconds,
    /// When the code was redeemed.
    pub created_at: Seconds,
    /// The absolute limit: no rotation goes beyond it.
    pub expires_at: Seconds,
}

/// A refresh token that is presented.
#[derive(Debug, Clone, Copy)]
pub struct PresentedToken<'a> {
    /// Of the token.
    pub hash: SecretHash,
    /// The grant that it was given out for, where its tag proves that it was; such a one without a row was used.
    pub grant_id: Option<&'a str>,
    /// Who presents it.
    pub client_id: &'a str,
    /// What may take its place: the first one does, unless another one did a moment ago.
    pub successors: &'a [SecretHash],
    /// When the successor dies unused.
    pub idle_until: Seconds,
    /// For how many seconds after its use it still gives the same successor.
    pub grace: Seconds,
}

/// How the presentation of a refresh token ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was unused: the first of the successors took its place.
    Rotated(GrantRow),
    /// It was used a moment ago, and its successor is unused: the successor of this hash is given again.
    Again(GrantRow, SecretHash),
    /// It was used before: the grant is revoked now, with everything that came from it.
    Reused,
    /// It is unknown, another client's, expired, or its grant is gone.
    Refused,
}

/// Which grants are meant: those to which each of these that is given applies.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chosen<'a> {
    /// The one of this id.
    pub id: Option<&'a str>,
    /// Those of this account.
    pub account_id: Option<&'a str>,
    /// Those of this client.
    pub client_id: Option<&'a str>,
}

/// The verbs for grants and refresh tokens.
#[async_trait]
pub trait Grants: Send + Sync {
    /// Keeps a grant while its session lives, and its first refresh token if it has one: the token's hash, and when it dies
    /// unused. From then on its client is one of the session's. `false`: the session is over, and nothing was kept. A grant that
    /// was revoked before it was made stays revoked.
    async fn insert_grant(
        &self,
        grant: &GrantRow,
        refresh_token: Option<(SecretHash, Seconds)>,
    ) -> Result<bool, StoreError>;
    /// The grant of this id, while it stands.
    async fn grant(&self, id: &str, now: Seconds) -> Result<Option<GrantRow>, StoreError>;
    /// Ends a grant, or sees to it that it never begins; `keep_until` is when a row that is made for that may be swept away.
    async fn revoke_grant(&self, id: &str, now: Seconds, keep_until: Seconds) -> Result<(), StoreError>;
    /// The grant of a refresh token, used or not, standing or not: of this hash, else the one that its tag names.
    async fn refresh_token_grant(
        &self,
        hash: &SecretHash,
        tagged: Option<&str>,
    ) -> Result<Option<GrantRow>, StoreError>;
    /// Uses a refresh token; any second use but one within the grace revokes the grant. Of the tokens of a grant that have a tag it
    /// keeps the newest, and the one before.
    async fn rotate_refresh_token(
        &self,
        token: PresentedToken<'_>,
        now: Seconds,
    ) -> Result<Rotation, StoreError>;
    /// The grants with a refresh token that is good, the newest first, whether their session lives or not; at most `most`.
    async fn offline_grants(
        &self,
        chosen: Chosen<'_>,
        now: Seconds,
        most: u32,
    ) -> Result<Vec<GrantRow>, StoreError>;
    /// Ends at most `most` of those; gives how many.
    async fn end_offline_grants(
        &self,
        chosen: Chosen<'_>,
        now: Seconds,
        most: u32,
    ) -> Result<u64, StoreError>;
    /// Clears away at most `most` rows that have expired; gives how many. None are left when it gives 0.
    async fn sweep_grants(&self, now: Seconds, most: u32) -> Result<u64, StoreError>;
}
