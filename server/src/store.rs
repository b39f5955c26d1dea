//! What the service remembers: two traits by lifetime, [`Lasting`] and [`Fleeting`], of small verbs.
//!
//! Each verb is one atomic statement, takes `now` from the caller's clock, and gives back plain rows: what a row proves is
//! decided by the steps. Knows no HTTP and no WeChat. Of secrets only hashes come here.

mod error;
pub mod grants;
pub mod keys;
pub mod logouts;
pub mod people;
pub mod scenes;
mod sqlite;
mod sqlx_error;

pub(crate) use error::NEWER;
pub use error::{Cause, StoreError};
pub use sqlite::SqliteStore;

use async_trait::async_trait;
use protocol::ids::Product;
use protocol::service::{Kind, LoginResult};

use crate::clock::Seconds;
use crate::secret::SecretHash;

/// How long an attempt is still known after its death: whoever comes late gets a word.
pub const TOMBSTONE_LIFETIME: Seconds = 3600;

/// One try, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// Its public name.
    pub id: String,
    /// How it is answered.
    pub kind: Kind,
    /// Which app of ours WeChat is asked for.
    pub product: Product,
    /// The scene that a phone answers by this attempt.
    pub scene_id: Option<String>,
    /// Of WeChat's state.
    pub state_hash: SecretHash,
    /// Of the cookie (our own page) or of the header's secret (the site's page).
    pub secret_hash: SecretHash,
    /// Who is logged in to.
    pub client_id: String,
    /// The page that started it (embedded).
    pub origin: Option<String>,
    /// Where its code may be redeemed (embedded).
    pub result: Option<LoginResult>,
    /// PKCE's S256 challenge (embedded).
    pub code_challenge: Option<String>,
    /// For an ID token.
    pub nonce: Option<String>,
    /// Where the browser goes at the end (hosted).
    pub return_to: Option<String>,
    /// The client's authorization request, which the code at the end is for (hosted).
    pub authorization: Option<String>,
    /// The language of its pages.
    pub lang: Option<String>,
    /// When it dies.
    pub expires_at: Seconds,
    /// When a callback took it; `None` while it waits.
    pub taken_at: Option<Seconds>,
    /// How it ended, once it has: a word of the callback's.
    pub outcome: Option<String>,
}

/// Our own authorization code, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRow {
    /// Of the code.
    pub code_hash: SecretHash,
    /// Where it may be redeemed.
    pub redeem_at: LoginResult,
    /// Whose it is.
    pub client_id: String,
    /// Where it was sent; `web_message:<origin>` for an embedded one.
    pub redirect_uri: String,
    /// PKCE's S256 challenge.
    pub code_challenge: Option<String>,
    /// For an ID token.
    pub nonce: Option<String>,
    /// What is granted: space-separated.
    pub scope: String,
    /// Who has logged in.
    pub account_id: String,
    /// The session of the login, where the browser has one.
    pub sid: Option<String>,
    /// The name of the grant that its redemption makes, so that its reuse can revoke that.
    pub grant_id: String,
    /// When.
    pub auth_time: Seconds,
    /// When it dies.
    pub expires_at: Seconds,
    /// When it was used; `None` while it is good.
    pub used_at: Option<Seconds>,
}

/// A browser's login, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Its public name.
    pub sid: String,
    /// Of the cookie.
    pub secret_hash: SecretHash,
    /// Who.
    pub account_id: String,
    /// For which client alone; `None`: the SSO session.
    pub client_id: Option<String>,
    /// The browser and the system, in names of our own; empty where they are not known.
    pub device: String,
    /// When the person logged in.
    pub auth_time: Seconds,
    /// It dies when it is not used until then.
    pub idle_until: Seconds,
    /// It dies then in any case.
    pub expires_at: Seconds,
}

/// Our person, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Its own random id; clients see a `sub` instead.
    pub id: String,
    /// As WeChat last told it.
    pub nickname: String,
    /// As WeChat last told it.
    pub picture: Option<String>,
}

/// A person as one app of WeChat's sees them, for [`Lasting::account_of_identity`].
#[derive(Debug, Clone, Copy)]
pub struct IdentityRow<'a> {
    /// Which app.
    pub appid: &'a str,
    /// The person there.
    pub openid: &'a str,
    /// The person in all apps of one open-platform account.
    pub unionid: Option<&'a str>,
    /// To keep, as WeChat told it.
    pub nickname: &'a str,
    /// To keep, as WeChat told it.
    pub picture: Option<&'a str>,
}

/// Whose an identity is, as [`Lasting::account_of_identity`] finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The account.
    pub account: AccountRow,
    /// Others of the same unionid, where this identity had another one before or none: what the clients have seen keeps them apart.
    pub same_unionid: Vec<String>,
}

/// What must outlive everything: who is who, and who is logged in.
#[async_trait]
pub trait Lasting: grants::Grants + keys::Keys + logouts::Logouts + people::People {
    /// Asks whether the store answers, and takes a write as far as the disk.
    async fn ping(&self) -> Result<(), StoreError>;
    /// Finds the account of an identity (its own, else that of its unionid) or makes one, joins a unionid that turned up later,
    /// and keeps nickname and picture. An identity never changes its account, so no client's `sub` changes.
    async fn account_of_identity(&self, identity: IdentityRow<'_>, now: Seconds)
    -> Result<Found, StoreError>;
    /// What this client calls this account; made at its first sight.
    async fn subject(&self, client_id: &str, account_id: &str) -> Result<String, StoreError>;
    /// An account.
    async fn account(&self, account_id: &str) -> Result<Option<AccountRow>, StoreError>;
    /// Keeps a session, in the place of the one that has its `sid`.
    async fn insert_session(&self, session: &SessionRow) -> Result<(), StoreError>;
    /// A living session by its cookie's hash.
    async fn session(&self, secret_hash: &SecretHash, now: Seconds)
    -> Result<Option<SessionRow>, StoreError>;
    /// A session was used: its idle time ends later.
    async fn touch_session(&self, sid: &str, idle_until: Seconds) -> Result<(), StoreError>;
    /// Clears away at most `most` rows that have expired; gives how many.
    async fn sweep_lasting(&self, now: Seconds, most: u32) -> Result<u64, StoreError>;
}

/// What lives for minutes.
#[async_trait]
pub trait Fleeting: scenes::Scenes {
    /// Keeps an attempt.
    async fn insert_attempt(&self, attempt: &AttemptRow) -> Result<(), StoreError>;
    /// An attempt by its state, whatever became of it.
    async fn attempt_by_state(&self, state_hash: &SecretHash) -> Result<Option<AttemptRow>, StoreError>;
    /// An attempt by its public name, whatever became of it.
    async fn attempt(&self, id: &str) -> Result<Option<AttemptRow>, StoreError>;
    /// Takes a waiting, living attempt; of many callers one gets `true`.
    async fn take_attempt(&self, id: &str, now: Seconds) -> Result<bool, StoreError>;
    /// Says how a taken attempt ended.
    async fn finish_attempt(&self, id: &str, outcome: &str) -> Result<(), StoreError>;
    /// Keeps a code.
    async fn insert_code(&self, code: &CodeRow) -> Result<(), StoreError>;
    /// A living, unused code.
    async fn code(&self, code_hash: &SecretHash, now: Seconds) -> Result<Option<CodeRow>, StoreError>;
    /// A code, whatever became of it: a used one is kept for a while.
    async fn code_or_tombstone(&self, code_hash: &SecretHash) -> Result<Option<CodeRow>, StoreError>;
    /// Uses a living code; of many callers one gets `true`.
    async fn take_code(&self, code_hash: &SecretHash, now: Seconds) -> Result<bool, StoreError>;
    /// Clears away at most `most` rows that have expired; gives how many.
    async fn sweep_fleeting(&self, now: Seconds, most: u32) -> Result<u64, StoreError>;
}
