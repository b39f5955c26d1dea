//! What our tokens say: OpenID Connect Core §2, RFC 9068 §2.2, Back-Channel Logout §2.4. Who signs them is not known here.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Seconds that an ID token is good for. It proves a login to the client that asked, in that moment.
pub const ID_TOKEN_LIFE: i64 = 600;
/// Seconds that an access token is good for (RFC 9700 §2.2.1: short).
pub const ACCESS_TOKEN_LIFE: i64 = 600;
/// Seconds that a logout token is good for (Back-Channel Logout §2.4: at most two minutes).
pub const LOGOUT_TOKEN_LIFE: i64 = 120;

/// An ID token. Of the person it says `sub` and what contacts were proven, by scope; the rest is at `/userinfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// `{public_url}`.
    pub iss: String,
    /// The person, for this client.
    pub sub: String,
    /// The client.
    pub aud: String,
    /// Seconds since 1970, like the others.
    pub exp: i64,
    /// When this token was made.
    pub iat: i64,
    /// When the person was last seen at WeChat.
    pub auth_time: i64,
    /// The session that a logout ends.
    pub sid: String,
    /// The authorization request's, in its first ID token only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// What the person has proven, as far as the client may know.
    #[serde(flatten)]
    pub contacts: ContactClaims,
}

/// The claims of the scopes `email` and `phone` (OpenID Connect Core §5.1). All are proven: none is kept that is not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactClaims {
    /// Its domain is in small letters and in ASCII.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `true`, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// `true`, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
}

/// An access token. Good at `/userinfo` as long as its grant stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// `{public_url}`.
    pub iss: String,
    /// The person, for this client.
    pub sub: String,
    /// The issuer itself: there is no other resource here.
    pub aud: String,
    /// Seconds since 1970, like the others.
    pub exp: i64,
    /// When this token was made.
    pub iat: i64,
    /// When the person was last seen at WeChat.
    pub auth_time: i64,
    /// A name of this token's own.
    pub jti: String,
    /// The client.
    pub client_id: String,
    /// What it may read.
    pub scope: String,
    /// The grant that it came from.
    pub grant_id: String,
}

/// A logout token, for one client of a session that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutTokenClaims {
    /// `{public_url}`.
    pub iss: String,
    /// The person, for this client.
    pub sub: String,
    /// The client.
    pub aud: String,
    /// Seconds since 1970, like the other one.
    pub exp: i64,
    /// When this token was made.
    pub iat: i64,
    /// A name of this token's own, so that a client can see a replay.
    pub jti: String,
    /// The session that has ended.
    pub sid: String,
    /// What this token says.
    pub events: Value,
}

impl LogoutTokenClaims {
    /// The one event of a logout token.
    pub fn logout_event() -> Value {
        json!({ "http://schemas.openid.net/event/backchannel-logout": {} })
    }
}
