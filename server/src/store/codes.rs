//! Our own authorization codes, as they are kept.

use protocol::service::LoginResult;
use serde::{Deserialize, Serialize};

use crate::clock::Seconds;
use crate::secret::SecretHash;

/// Our own authorization code.
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
