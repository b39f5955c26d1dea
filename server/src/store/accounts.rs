//! People, as they are kept, and as an app of WeChat's sees them.

use serde::{Deserialize, Serialize};

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

/// A person as one app of WeChat's sees them, for [`Lasting::account_of_identity`](super::Lasting::account_of_identity).
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

/// Whose an identity is, as [`Lasting::account_of_identity`](super::Lasting::account_of_identity) finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The account.
    pub account: AccountRow,
    /// Others of the same unionid, where this identity had another one before or none: what the clients have seen keeps them apart.
    pub same_unionid: Vec<String>,
}
