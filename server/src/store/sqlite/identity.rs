//! Who is who in SQLite: whose an identity is, and accounts that turn out to be one person. Within transactions of others.

use rusqlite::{Connection, params};
use serde_json::json;

use super::accounts::account;
use super::audit::note;
use super::logouts::{OwnEnding, end_account};
use super::statement::statements;
use super::webhooks::{tell_clients, tell_of_merge};
use crate::clock::Seconds;
use crate::secret::{SecretHash, random_word};
use crate::store::audit::{By, What};
use crate::store::logouts::Ended;
use crate::store::webhooks::Event;
use crate::store::{AccountRow, Found, IdentityRow, News, StoreError};

/// What is known of an identity before it logs in.
struct Known {
    account_id: String,
    unionid: Option<String>,
    other_unionid: Option<String>,
}

/// Finds the account of an identity, or makes one, and merges what turns out to be one person; `None` where the account to join is
/// gone.
pub(super) fn account_of_identity(
    connection: &Connection,
    identity: &IdentityRow,
    join: Option<&str>,
    ending: &OwnEnding,
) -> Result<Option<Found>, StoreError> {
    let IdentityRow { appid, openid, unionid, nickname, picture } = identity;
    let now = ending.now;
    let known = KNOWN_IDENTITY.first(connection, [appid, openid], |row| {
        Ok(Known {
            account_id: row.get("account_id")?,
            unionid: row.get("unionid")?,
            other_unionid: row.get("other_unionid")?,
        })
    })?;
    let owners: Vec<String> = match unionid {
        Some(unionid) => OWNERS_OF_UNIONID.all(connection, [unionid], |row| Ok(row.get(0)?))?,
        None => Vec::new(),
    };
    let mut news = News::default();
    let (own, before) = known.map_or((None, None), |known| {
        let Known { account_id, unionid, other_unionid } = known;
        (Some(account_id), Some((unionid, other_unionid)))
    });
    // A unionid in the place of another one says that the app has moved, and of two accounts nothing that a person should lose one for.
    let moved =
        matches!(&before, Some((Some(before), _)) if unionid.as_ref().is_some_and(|now| now != before));
    let disputed = owners.iter().find(|owner| moved && Some(*owner) != own.as_ref()).cloned();
    let mut accounts: Vec<String> = own.clone().into_iter().collect();
    if !moved {
        accounts.extend(owners);
    }
    if let Some(join) = join {
        let Some(account) = account(connection, join)? else { return Ok(None) };
        accounts.push(account.id);
    }
    let (id, ended) = one_of(connection, accounts, &mut news, ending)?;
    let is_new = id.is_none();
    let id = id.unwrap_or_else(random_word);
    KEEP_ACCOUNT.execute(connection, params![id, nickname, picture, now])?;
    let say = |what, detail: &str| note(connection, &id, what, By::Login, Some(detail), now);
    match &before {
        None => {
            KEEP_IDENTITY.execute(connection, params![appid, openid, unionid, id])?;
            say(if is_new { What::Created } else { What::Joined }, appid)?;
        }
        Some((_, other)) if disputed.is_some() => {
            if other != unionid {
                DISPUTE_UNIONID.execute(connection, params![appid, openid, unionid])?;
                say(What::UnionidDisputed, disputed.as_deref().unwrap_or_default())?;
                news.unionid_changed = true;
                news.disputed_with = disputed;
            }
        }
        Some((before, other)) if unionid.is_some() && (before != unionid || other.is_some()) => {
            KEEP_UNIONID.execute(connection, params![appid, openid, unionid])?;
            if before != unionid {
                say(if moved { What::UnionidChanged } else { What::Unionid }, appid)?;
            }
            news.unionid_changed = moved;
        }
        Some(_) => {}
    }
    let account = AccountRow { id, nickname: nickname.clone(), picture: picture.clone() };
    Ok(Some(Found { account, news, logouts: ended.logouts }))
}

/// The account that another one and that of the person who logs in become one in; `None` where either is gone.
pub(super) fn joined(
    connection: &Connection,
    id: &str,
    join: Option<&str>,
    ending: &OwnEnding,
) -> Result<Option<Found>, StoreError> {
    let mut accounts = Vec::new();
    for id in [Some(id), join].into_iter().flatten() {
        let Some(account) = account(connection, id)? else { return Ok(None) };
        accounts.push(account.id);
    }
    let mut news = News::default();
    let (id, ended) = one_of(connection, accounts, &mut news, ending)?;
    if let Some(id) = &id {
        COME_BACK.execute(connection, params![id, ending.now])?;
    }
    let account = id.map(|id| account(connection, &id)).transpose()?.flatten();
    Ok(account.map(|account| Found { account, news, logouts: ended.logouts }))
}

/// Makes one account of these, of which the one that was made first stays.
fn one_of(
    connection: &Connection,
    mut accounts: Vec<String>,
    news: &mut News,
    ending: &OwnEnding,
) -> Result<(Option<String>, Ended), StoreError> {
    accounts.sort();
    accounts.dedup();
    let mut ended = Ended::default();
    if accounts.len() > 1 {
        let mut ages = Vec::new();
        for id in accounts {
            let made_at: Option<Seconds> = MADE_AT.first(connection, [&id], |row| Ok(row.get(0)?))?;
            ages.push((made_at, id));
        }
        ages.sort();
        accounts = ages.into_iter().map(|(_, id)| id).collect();
    }
    let mut accounts = accounts.into_iter();
    let stays = accounts.next();
    for (goes, stays) in accounts.zip(std::iter::repeat(&stays)) {
        if let Some(stays) = stays {
            let more = merge(connection, &goes, stays, By::Login, ending)?;
            ended.sessions += more.sessions;
            ended.logouts.extend(more.logouts);
            news.merged.push(goes);
        }
    }
    Ok((stays, ended))
}

/// Makes one account of two: everything of `from` is `into`'s, and `from` is an older name of it.
pub(super) fn merge(
    connection: &Connection,
    from: &str,
    into: &str,
    by: By,
    ending: &OwnEnding,
) -> Result<Ended, StoreError> {
    let ended = end_account(connection, from, ending)?;
    tell_of_merge(connection, from, into, ending.now)?;
    for statement in [
        MOVE_IDENTITIES,
        RETIRE_SUBJECTS,
        MOVE_SUBJECTS,
        MOVE_RETIRED_SUBJECTS,
        RETIRE_FIRST_SUBJECT,
        MOVE_FIRST_SUBJECT,
        MOVE_ALIASES,
    ] {
        statement.execute(connection, [from, into])?;
    }
    FORGET_SUBJECTS.execute(connection, [from])?;
    SETTLE_UNIONIDS.execute(connection, [into])?;
    INSERT_ALIAS.execute(connection, params![from, into, ending.now])?;
    FORGET_ACCOUNT.execute(connection, [from])?;
    note(connection, into, What::Merged, by, Some(from), ending.now)?;
    Ok(ended)
}

/// Forgets a person; of what clients have called them the hash stays.
pub(super) fn forget(
    connection: &Connection,
    account_id: &str,
    by: By,
    ending: &OwnEnding,
) -> Result<Ended, StoreError> {
    let ended = end_account(connection, account_id, ending)?;
    tell_clients(connection, account_id, Event::AccountDeleted, &json!({}), ending.now)?;
    let subs: Vec<String> = SUBJECTS.all(connection, [account_id], |row| Ok(row.get(0)?))?;
    for sub in subs {
        SPEND_SUBJECT.execute(connection, [SecretHash::of(&sub)])?;
    }
    for statement in [FORGET_REFRESH_TOKENS, FORGET_GRANTS, FORGET_SUBJECTS, FORGET_IDENTITIES] {
        statement.execute(connection, [account_id])?;
    }
    if FORGET_ACCOUNT.execute(connection, [account_id])? > 0 {
        note(connection, account_id, What::Deleted, by, None, ending.now)?;
    }
    Ok(ended)
}

statements! {
    KNOWN_IDENTITY = "SELECT account_id, unionid, other_unionid FROM identities WHERE appid = ?1 AND openid = ?2";
    OWNERS_OF_UNIONID = "SELECT DISTINCT account_id FROM identities WHERE unionid = ?1";
    MADE_AT = "SELECT created_at FROM accounts WHERE id = ?1";
    KEEP_ACCOUNT = "INSERT INTO accounts (id, nickname, picture, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
        ON CONFLICT (id) DO UPDATE SET nickname = ?2, picture = ?3, updated_at = ?4";
    /// Of an account that is to be forgotten; a login by WeChat's word has it by `KEEP_ACCOUNT`.
    COME_BACK = "UPDATE accounts SET nickname = nickname, updated_at = ?2 WHERE id = ?1 AND delete_at IS NOT NULL";
    KEEP_IDENTITY = "INSERT INTO identities (appid, openid, unionid, account_id) VALUES (?1, ?2, ?3, ?4)";
    KEEP_UNIONID = "UPDATE identities SET unionid = ?3, other_unionid = NULL WHERE appid = ?1 AND openid = ?2";
    DISPUTE_UNIONID = "UPDATE identities SET other_unionid = ?3 WHERE appid = ?1 AND openid = ?2";
    MOVE_IDENTITIES = "UPDATE identities SET account_id = ?2 WHERE account_id = ?1";
    RETIRE_SUBJECTS = "INSERT INTO retired_subjects (client_id, sub, account_id)
        SELECT client_id, sub, ?2 FROM subjects WHERE account_id = ?1
        AND EXISTS (SELECT 1 FROM subjects other WHERE other.client_id = subjects.client_id AND other.account_id = ?2)";
    MOVE_SUBJECTS = "UPDATE OR IGNORE subjects SET account_id = ?2 WHERE account_id = ?1";
    MOVE_RETIRED_SUBJECTS = "UPDATE retired_subjects SET account_id = ?2 WHERE account_id = ?1";
    RETIRE_FIRST_SUBJECT = "INSERT INTO retired_subjects (client_id, sub, account_id)
        SELECT '', sub, ?2 FROM first_subjects WHERE account_id = ?1
        AND EXISTS (SELECT 1 FROM first_subjects WHERE account_id = ?2)";
    MOVE_FIRST_SUBJECT = "UPDATE OR IGNORE first_subjects SET account_id = ?2 WHERE account_id = ?1";
    MOVE_ALIASES = "UPDATE account_aliases SET account_id = ?2 WHERE account_id = ?1";
    /// What was another account's is its own now.
    SETTLE_UNIONIDS = "UPDATE identities SET other_unionid = NULL WHERE account_id = ?1 AND other_unionid IN
        (SELECT unionid FROM identities WHERE account_id = ?1)";
    INSERT_ALIAS = "INSERT INTO account_aliases (id, account_id, merged_at) VALUES (?1, ?2, ?3)";
    SUBJECTS = "SELECT sub FROM subjects WHERE account_id = ?1
        UNION SELECT sub FROM retired_subjects WHERE account_id = ?1
        UNION SELECT sub FROM first_subjects WHERE account_id = ?1";
    SPEND_SUBJECT = "INSERT OR IGNORE INTO spent_subjects (sub_hash) VALUES (?1)";
    FORGET_REFRESH_TOKENS =
        "DELETE FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE account_id = ?1)";
    FORGET_GRANTS = "DELETE FROM grants WHERE account_id = ?1";
    FORGET_SUBJECTS = "DELETE FROM subjects WHERE account_id = ?1";
    FORGET_IDENTITIES = "DELETE FROM identities WHERE account_id = ?1";
    /// Its older names and retired subjects go with it.
    FORGET_ACCOUNT = "DELETE FROM accounts WHERE id = ?1";
}
