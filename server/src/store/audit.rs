//! What has happened to accounts, as it is kept: it is only added to, and `accounts show` tells it.

use crate::clock::Seconds;

/// What has happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It was made; the detail is the app of its first identity.
    Created,
    /// An identity of another app came to it, by its unionid or by the person's own word; the detail is that app.
    Joined,
    /// The unionid of an identity turned up; the detail is the app.
    Unionid,
    /// WeChat tells another unionid of an identity than before; the detail is the app.
    UnionidChanged,
    /// The same, and that unionid is another account's; the detail is that account. Nothing was joined.
    UnionidDisputed,
    /// Another account turned out to be the same person, and was merged into this one; the detail is that account.
    Merged,
    /// A contact was proven; the detail is its kind.
    Bound,
    /// A contact was removed; the detail is its kind.
    Unbound,
    /// An identity was taken from it; the detail is the app.
    Unlinked,
    /// It came, or more of it came, from a file.
    Imported,
    /// It is to be deleted.
    Deleted,
    /// It is not to be deleted any more.
    Restored,
}

impl What {
    /// As it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Joined => "joined",
            Self::Unionid => "unionid",
            Self::UnionidChanged => "unionid changed",
            Self::UnionidDisputed => "unionid disputed",
            Self::Merged => "merged",
            Self::Bound => "bound",
            Self::Unbound => "unbound",
            Self::Unlinked => "unlinked",
            Self::Imported => "imported",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
        }
    }
}

/// By whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A login, by what WeChat said in it.
    Login,
    /// The person, on a page of the service's.
    Person,
    /// An operator's command.
    Operator,
}

impl By {
    /// As it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Person => "person",
            Self::Operator => "operator",
        }
    }
}

/// Something that has happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// The account; one that was merged into the account that is asked for has its own rows.
    pub account_id: String,
    /// [`What::as_str`].
    pub what: String,
    /// [`By::as_str`].
    pub by: String,
    /// What [`What`] says; no person is named.
    pub detail: Option<String>,
    /// When.
    pub at: Seconds,
}
