//! What lives for minutes: attempts, scenes, codes, and logins that wait for a contact.

use async_trait::async_trait;

use super::attempts::{AttemptEnd, AttemptRow};
use super::bindings::Bindings;
use super::codes::CodeRow;
use super::error::StoreError;
use super::scenes::{SceneRow, Scenes};
use crate::clock::Seconds;
use crate::secret::SecretHash;

/// How long an attempt is still known after its death: whoever comes late gets a word.
pub const TOMBSTONE_LIFETIME: Seconds = 3600;

/// The verbs for what lives for minutes.
#[async_trait]
pub trait Fleeting: Bindings + Scenes {
    /// Keeps an attempt, and the scene that it shows, both or neither.
    async fn insert_attempt(&self, attempt: &AttemptRow, scene: Option<&SceneRow>) -> Result<(), StoreError>;
    /// An attempt by its state, whatever became of it.
    async fn attempt_by_state(&self, state_hash: &SecretHash) -> Result<Option<AttemptRow>, StoreError>;
    /// An attempt by its public name, whatever became of it.
    async fn attempt(&self, id: &str) -> Result<Option<AttemptRow>, StoreError>;
    /// Takes a waiting, living attempt; of many callers one gets `true`.
    async fn take_attempt(&self, id: &str, now: Seconds) -> Result<bool, StoreError>;
    /// Says how a taken attempt ended, and keeps the code that is given out for it, both or neither.
    async fn end_attempt(&self, id: &str, end: AttemptEnd, code: Option<&CodeRow>) -> Result<(), StoreError>;
    /// Keeps a code.
    async fn insert_code(&self, code: &CodeRow) -> Result<(), StoreError>;
    /// A code, whatever became of it: a used one is kept for a while.
    async fn code(&self, code_hash: &SecretHash) -> Result<Option<CodeRow>, StoreError>;
    /// Uses a living code; of many callers one gets `true`.
    async fn take_code(&self, code_hash: &SecretHash, now: Seconds) -> Result<bool, StoreError>;
    /// Clears away at most `most` rows that have expired; gives how many. None are left when it gives 0.
    async fn sweep_fleeting(&self, now: Seconds, most: u32) -> Result<u64, StoreError>;
}
