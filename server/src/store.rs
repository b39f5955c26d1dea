//! What the service remembers: two traits by lifetime, [`Lasting`] and [`Fleeting`], of small verbs.
//!
//! Each verb is one atomic statement, takes `now` from the caller's clock, and gives back plain rows: what a row proves is
//! decided by the steps. Knows no HTTP and no WeChat. Of secrets only hashes come here.

mod address;
pub mod attempts;
mod error;
pub mod grants;
pub mod keys;
pub mod logins;
pub mod logouts;
mod open;
pub mod people;
mod postgres;
mod redis;
pub mod scenes;
mod sqlite;
mod sqlx_error;

pub use address::{Address, PostgresAddress};
pub use attempts::{AttemptEnd, AttemptKind, AttemptRow};
pub(crate) use error::NEWER;
pub use error::{Cause, StoreError};
pub use logins::Store;
pub use open::open_existing;
pub use postgres::{Channel, PostgresStore};
pub use redis::{Redis, RedisStore};
pub use sqlite::SqliteStore;

use async_trait::async_trait;
use protocol::service::LoginResult;
use serde::{Deserialize, Serialize};

use self::grants::GrantRow;
use self::logins::{BeginGrant, LogIn, LoggedIn};
use crate::clock::Seconds;
use crate::secret::SecretHash;

/// How long an attempt is still known after its death: whoever comes late gets a word.
pub const TOMBSTONE_LIFETIME: Seconds = 3600;

/// Our own authorization code, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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
    /// Where a callback has made it: which browser that was.
    pub browser: Option<Browser>,
    /// When the person logged in.
    pub auth_time: Seconds,
    /// It dies when it is not used until then.
    pub idle_until: Seconds,
    /// It dies then in any case.
    pub expires_at: Seconds,
}

/// A browser that comes with several callbacks at once, as a session of it keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// Of what it proves to be itself with, whichever of its open attempts is answered.
    pub hash: SecretHash,
    /// What the secret of the session's cookie was derived with, beside that proof and a master key: so each of the callbacks gives
    /// the same cookie, and nobody else can.
    pub salt: String,
}

/// Our person, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AccountRow {
    /// Its own random id; clients see a `sub` instead.
    pub id: String,
    /// As WeChat last told it.
    pub nickname: String,
    /// As WeChat last told it.
    pub picture: Option<String>,
}

/// A person as one app of WeChat's sees them, for [`Lasting::account_of_identity`].
#[derive(Debug, Clone, Serialize)]
pub struct IdentityRow {
    /// Which app.
    pub appid: String,
    /// The person there.
    pub openid: String,
    /// The person in all apps of one open-platform account.
    pub unionid: Option<String>,
    /// To keep, as WeChat told it.
    pub nickname: String,
    /// To keep, as WeChat told it.
    pub picture: Option<String>,
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
    async fn account_of_identity(&self, identity: &IdentityRow, now: Seconds) -> Result<Found, StoreError>;
    /// What this client calls this account; made at its first sight.
    async fn subject(&self, client_id: &str, account_id: &str) -> Result<String, StoreError>;
    /// An account.
    async fn account(&self, account_id: &str) -> Result<Option<AccountRow>, StoreError>;
    /// Keeps a login: the account of the person, as [`account_of_identity`](Self::account_of_identity) finds it; what the client calls
    /// it, as [`subject`](Self::subject); and the sessions of the browser. All of it in one transaction, and logins of one account
    /// one after the other. `None`: the account is gone; then nothing is kept.
    ///
    /// Of each session, where `before` is the cookie of a living one of the same client (of the service itself, for `sso`): the same
    /// person's at the service goes on, with its `sid` and everything else new; every other one ends, its grants with refresh tokens
    /// stay, and who is to be told of that is in the answer. Without such a cookie, a living session of the same account, client
    /// and `browser.hash` that is at most [`AT_ONCE`](logins::AT_ONCE) seconds old is given as it is: another callback of this browser
    /// has made it. Else a new one is made.
    async fn log_in(&self, login: LogIn, now: Seconds) -> Result<Option<LoggedIn>, StoreError> {
        logins::log_in(self, login, now).await
    }
    /// Keeps what a code gives: the session that it makes, if it makes one; what the client calls the account; the grant and its first
    /// refresh token, as [`insert_grant`](grants::Grants::insert_grant). All of it in one transaction. `None`: the account or the
    /// session is gone, and no grant is kept.
    async fn begin_grant(&self, grant: BeginGrant, now: Seconds) -> Result<Option<GrantRow>, StoreError> {
        logins::begin_grant(self, grant, now).await
    }
    /// Keeps a session, in the place of the one that has its `sid`.
    async fn insert_session(&self, session: &SessionRow) -> Result<(), StoreError>;
    /// A living session by its cookie's hash.
    async fn session(&self, secret_hash: &SecretHash, now: Seconds)
    -> Result<Option<SessionRow>, StoreError>;
    /// A session was used: its idle time ends later.
    async fn touch_session(&self, sid: &str, idle_until: Seconds) -> Result<(), StoreError>;
    /// Clears away at most `most` rows that have expired; gives how many. None are left when it gives 0.
    async fn sweep_lasting(&self, now: Seconds, most: u32) -> Result<u64, StoreError>;
}

/// What lives for minutes.
#[async_trait]
pub trait Fleeting: scenes::Scenes {
    /// Keeps an attempt, and the scene that it shows, both or neither.
    async fn insert_attempt(
        &self,
        attempt: &AttemptRow,
        scene: Option<&scenes::SceneRow>,
    ) -> Result<(), StoreError>;
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
    /// A living, unused code.
    async fn code(&self, code_hash: &SecretHash, now: Seconds) -> Result<Option<CodeRow>, StoreError>;
    /// A code, whatever became of it: a used one is kept for a while.
    async fn code_or_tombstone(&self, code_hash: &SecretHash) -> Result<Option<CodeRow>, StoreError>;
    /// Uses a living code; of many callers one gets `true`.
    async fn take_code(&self, code_hash: &SecretHash, now: Seconds) -> Result<bool, StoreError>;
    /// Clears away at most `most` rows that have expired; gives how many. None are left when it gives 0.
    async fn sweep_fleeting(&self, now: Seconds, most: u32) -> Result<u64, StoreError>;
}
