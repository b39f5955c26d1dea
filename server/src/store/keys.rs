//! Signing keys as they are kept, and the verbs that every lasting store has for them. What a row's times mean is decided in the key ring.

use async_trait::async_trait;

use super::StoreError;
use crate::clock::Seconds;
use crate::signing_algorithm::SigningAlgorithm;

/// A signing key, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedKey {
    /// The key's name in tokens and in the JWKS: its thumbprint (RFC 7638).
    pub kid: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// PKCS #8, sealed by the master key.
    pub sealed: Vec<u8>,
    /// When it was made and published; seconds since 1970.
    pub created_at: i64,
    /// From when on it signs; until the next one's `active_from`.
    pub active_from: i64,
}

/// The verbs for signing keys.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Every signing key.
    async fn signing_keys(&self) -> Result<Vec<SealedKey>, StoreError>;
    /// Adds a key, unless one of its algorithm was made at `unless_since` or later: of two nodes that find a key missing or old
    /// at the same moment, one adds it. Whether this one did.
    async fn insert_signing_key(&self, key: &SealedKey, unless_since: Seconds) -> Result<bool, StoreError>;
    /// Removes the keys whose successor has been active since `since` or longer; gives how many.
    async fn sweep_signing_keys(&self, since: Seconds) -> Result<u64, StoreError>;
    /// The names of every signing key: enough to see whether the rows have changed.
    async fn signing_key_names(&self) -> Result<Vec<String>, StoreError>;
    /// Removes a key, and puts another one in its place; `false`, and nothing is put, when it is not there.
    async fn withdraw_signing_key(
        &self,
        kid: &str,
        successor: Option<&SealedKey>,
    ) -> Result<bool, StoreError>;
}
