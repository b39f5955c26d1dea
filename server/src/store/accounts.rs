//! People, as they are kept, and as an app of WeChat's sees them.

use serde::{Deserialize, Serialize};

use super::logouts::LogoutRow;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What has turned out of it.
    pub news: News,
    /// Whom to tell of the sessions that have ended with merged accounts.
    pub logouts: Vec<LogoutRow>,
}

/// What a login has turned out of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct News {
    /// The accounts that are the same person's, and were merged into the one that is found: they are older names of it now.
    pub merged: Vec<String>,
    /// WeChat tells another unionid of this identity than before: its app has moved to another open-platform account.
    pub unionid_changed: bool,
    /// That unionid is this other account's, and the two stay two.
    pub disputed_with: Option<String>,
}
