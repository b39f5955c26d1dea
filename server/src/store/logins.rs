//! What happens at the end of a login, and where its code is redeemed: what is told to the verbs that touch many rows, and what they
//! give.

use protocol::service::LoginResult;
use serde::{Deserialize, Serialize};

use super::accounts::{AccountRow, IdentityRow, News};
use super::codes::CodeRow;
use super::grants::GrantRow;
use super::logouts::LogoutRow;
use super::sessions::{Browser, SessionRow};
use crate::clock::Seconds;
use crate::secret::SecretHash;

/// Callbacks of one browser that come within so many seconds are one login.
pub const AT_ONCE: Seconds = 10;

/// A login that is to be kept, for [`Lasting::log_in`](super::Lasting::log_in).
#[derive(Debug, Clone, Serialize)]
pub struct LogIn {
    /// Who has logged in.
    pub person: Person,
    /// The account that the person has proven to be theirs too, and chosen to be one with.
    pub join: Option<String>,
    /// Whose login it is: the client that hears the `sub`.
    pub client_id: String,
    /// Who that client expects, where it does.
    pub expected_sub: Option<String>,
    /// The browser's login at the service itself, where it gets one.
    pub sso: Option<NewSession>,
    /// Its login at the client alone, where it gets one.
    pub site: Option<NewSession>,
    /// The clients that can be told of the end of a session.
    pub tell: Vec<String>,
}

/// Who has logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// As WeChat says.
    Identity(IdentityRow),
    /// The account that has let this computer in, from a phone.
    Account(String),
}

impl Person {
    /// What they are known by: the openid, or the account's name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Identity(identity) => &identity.openid,
            Self::Account(id) => id,
        }
    }
}

/// A session of a browser that is to be made.
#[derive(Debug, Clone, Serialize)]
pub struct NewSession {
    /// Its public name, unless one goes on.
    pub sid: String,
    /// Of its cookie.
    pub secret_hash: SecretHash,
    /// Of the cookie that the browser has brought.
    pub before: Option<SecretHash>,
    /// Where it is made by a callback: which browser that is.
    pub browser: Option<Browser>,
    /// [`SessionRow::device`].
    pub device: String,
    /// When the person logged in.
    pub auth_time: Seconds,
    /// It dies when it is not used until then.
    pub idle_until: Seconds,
    /// It dies then in any case.
    pub expires_at: Seconds,
}

impl NewSession {
    /// The row of this session.
    pub fn row(self, sid: String, account_id: String, client_id: Option<String>) -> SessionRow {
        SessionRow {
            sid,
            secret_hash: self.secret_hash,
            account_id,
            client_id,
            device: self.device,
            browser: self.browser,
            auth_time: self.auth_time,
            idle_until: self.idle_until,
            expires_at: self.expires_at,
        }
    }
}

/// A login that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LoggedIn {
    /// Whose it is.
    pub account: AccountRow,
    /// What has turned out of the person.
    pub news: News,
    /// What the client calls the account.
    pub sub: String,
    /// Whether it is who the client expects.
    pub is_expected: bool,
    /// The session of the service itself. Where its secret is not the one that was given, another callback of this browser has made
    /// it just now, and it stays as it is.
    pub sso: Option<SessionRow>,
    /// The session of the client; the same holds for its secret.
    pub site: Option<SessionRow>,
    /// Whom to tell of the sessions that this login has ended, those of merged accounts among them.
    pub logouts: Vec<LogoutRow>,
}

/// The end of an attempt whose person has logged in.
#[derive(Debug, Clone, Serialize)]
pub struct FinishLogin {
    /// The attempt, which was taken.
    pub attempt_id: String,
    /// The login.
    pub log_in: LogIn,
    /// The code that is given out for it, unless it is somebody else than the client expects.
    pub code: Option<NewCode>,
}

/// A code that is to be kept.
#[derive(Debug, Clone, Serialize)]
pub struct NewCode {
    /// Of the code.
    pub code_hash: SecretHash,
    /// [`CodeRow::redeem_at`].
    pub redeem_at: LoginResult,
    /// [`CodeRow::redirect_uri`].
    pub redirect_uri: String,
    /// [`CodeRow::code_challenge`].
    pub code_challenge: Option<String>,
    /// [`CodeRow::nonce`].
    pub nonce: Option<String>,
    /// [`CodeRow::scope`].
    pub scope: String,
    /// [`CodeRow::grant_id`].
    pub grant_id: String,
    /// [`CodeRow::expires_at`].
    pub expires_at: Seconds,
}

impl NewCode {
    /// The row of this code, for a login of this client.
    pub fn row(
        self,
        client_id: String,
        account_id: String,
        sid: Option<String>,
        auth_time: Seconds,
    ) -> CodeRow {
        CodeRow {
            code_hash: self.code_hash,
            redeem_at: self.redeem_at,
            client_id,
            redirect_uri: self.redirect_uri,
            code_challenge: self.code_challenge,
            nonce: self.nonce,
            scope: self.scope,
            account_id,
            sid,
            grant_id: self.grant_id,
            auth_time,
            expires_at: self.expires_at,
            used_at: None,
        }
    }
}

/// What a code gives at `/token`, for [`Lasting::begin_grant`](super::Lasting::begin_grant).
#[derive(Debug, Clone, Serialize)]
pub struct BeginGrant {
    /// [`GrantRow::id`].
    pub id: String,
    /// [`GrantRow::client_id`].
    pub client_id: String,
    /// [`GrantRow::account_id`].
    pub account_id: String,
    /// [`GrantRow::sid`].
    pub session: GrantSession,
    /// [`GrantRow::scope`].
    pub scope: String,
    /// [`GrantRow::auth_time`].
    pub auth_time: Seconds,
    /// [`GrantRow::expires_at`].
    pub expires_at: Seconds,
    /// Its first refresh token: the hash, and when it dies unused.
    pub refresh_token: Option<(SecretHash, Seconds)>,
}

/// The session that a grant belongs to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantSession {
    /// The one of the login, by its public name.
    OfLogin(String),
    /// One of the client alone, that is made with the grant: a site's page has no session of the service's in its browser.
    New(NewSession),
}

/// A code that is presented at `/token`, by a request in which everything was found right.
#[derive(Debug, Clone, Serialize)]
pub struct RedeemCode {
    /// Of the code.
    pub code_hash: SecretHash,
    /// What it gives.
    pub grant: BeginGrant,
    /// Until when it is known that its grant is revoked, where the code comes twice.
    pub keep_until: Seconds,
}

/// How the presentation of a code ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redemption {
    /// It was good, and is used now.
    Granted(GrantRow),
    /// It was used before: what it gave is revoked now.
    Reused,
    /// It is unknown or has expired; or its session or account is gone, and it is used now.
    Refused,
}

impl LoggedIn {
    /// The row of the code that is given out for this login.
    pub fn code(&self, code: NewCode, client_id: String, now: Seconds) -> CodeRow {
        let sid = self.sso.as_ref().map(|session| session.sid.clone());
        let auth_time = self.sso.as_ref().map_or(now, |session| session.auth_time);
        code.row(client_id, self.account.id.clone(), sid, auth_time)
    }
}
