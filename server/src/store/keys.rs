//! The verbs that every lasting store has for signing keys. What a row's times mean is decided in the key ring.

use async_trait::async_trait;

use super::StoreError;
use crate::clock::Seconds;
use crate::keys::SealedKey;

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
