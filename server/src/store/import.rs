//! People who come from another system, and who go to one: rows, and the verbs that every lasting store has for them.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::people::KnownIdentity;
use crate::clock::Seconds;

/// What another system knows of a person. Some of it names them: an openid with its appid, a unionid, a contact or a `sub`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ComingPerson {
    /// Which app the openid is of.
    pub appid: Option<String>,
    /// The person in that app.
    pub openid: Option<String>,
    /// The person in all apps of one open-platform account.
    pub unionid: Option<String>,
    /// In E.164.
    pub phone: Option<String>,
    /// In its one form.
    pub email: Option<String>,
    /// What clients have called the person, and go on to.
    pub sub: Option<String>,
    /// To keep, where the account has no nickname.
    pub nickname: Option<String>,
    /// The account's id, where one is made.
    pub new_id: String,
}

/// What became of a person who came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// An account was made.
    Created,
    /// There was an account, and it knows more now.
    Added,
    /// There was an account, and it knew everything.
    Known,
    /// Nothing was kept; why.
    Refused(String),
}

impl From<String> for Arrival {
    fn from(outcome: String) -> Self {
        match outcome.as_str() {
            "created" => Self::Created,
            "added" => Self::Added,
            "known" => Self::Known,
            _ => Self::Refused(outcome),
        }
    }
}

/// A person as another system may know them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GoingPerson {
    /// The account.
    pub id: String,
    /// As WeChat last told it.
    pub nickname: String,
    /// What a client that has not seen the account yet would call it, where that is said.
    pub sub: Option<String>,
    /// At WeChat.
    pub identities: Vec<KnownIdentity>,
    /// Kind and value.
    pub contacts: Vec<(String, String)>,
}

/// The verbs for people who come and go in numbers.
#[async_trait]
pub trait Import: Send + Sync {
    /// Keeps some people, in one transaction: what became of each, in their order. Whoever is known by anything that names them has an
    /// account, and two accounts are never made one here. The same people once more are known.
    async fn import_people(
        &self,
        people: Vec<ComingPerson>,
        now: Seconds,
    ) -> Result<Vec<Arrival>, StoreError>;
    /// The people after this account's id, in the order of ids; at most `most`.
    async fn people_after(&self, after: &str, most: u32) -> Result<Vec<GoingPerson>, StoreError>;
}
