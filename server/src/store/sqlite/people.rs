//! People and their sessions in SQLite.

use async_trait::async_trait;
use rusqlite::{Row, params};

use super::SqliteStore;
use super::accounts::{session, was_called};
use super::audit::history;
use super::identity::{forget, merge};
use super::logouts::OwnEnding;
use super::statement::statements;
use crate::clock::Seconds;
use crate::store::audit::{AuditRow, By};
use crate::store::logouts::{Ended, Ending};
use crate::store::people::{KnownIdentity, ListedAccount, People};
use crate::store::{SessionRow, StoreError};

#[async_trait]
impl People for SqliteStore {
    async fn accounts(&self, most: u32) -> Result<Vec<ListedAccount>, StoreError> {
        self.read.read(|connection| ACCOUNTS.all(connection, [most], listed)).await
    }

    async fn find_accounts(
        &self,
        word: &str,
        contact: &str,
        most: u32,
    ) -> Result<Vec<ListedAccount>, StoreError> {
        self.read.read(|connection| FIND_ACCOUNTS.all(connection, params![word, contact, most], listed)).await
    }

    async fn identities_of_account(&self, account_id: &str) -> Result<Vec<KnownIdentity>, StoreError> {
        let identity = |row: &Row<'_>| {
            Ok(KnownIdentity {
                appid: row.get("appid")?,
                openid: row.get("openid")?,
                unionid: row.get("unionid")?,
            })
        };
        self.read.read(|connection| IDENTITIES_OF_ACCOUNT.all(connection, [account_id], identity)).await
    }

    async fn subjects_of_account(&self, account_id: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.read.read(|connection| SUBJECTS_OF_ACCOUNT.all(connection, [account_id], pair)).await
    }

    async fn account_of_subject(&self, sub: &str) -> Result<Option<String>, StoreError> {
        self.read.read(|connection| ACCOUNT_OF_SUBJECT.first(connection, [sub], |row| Ok(row.get(0)?))).await
    }

    async fn was_called(&self, client_id: &str, account_id: &str, sub: &str) -> Result<bool, StoreError> {
        self.read.read(|connection| was_called(connection, client_id, account_id, sub)).await
    }

    async fn retired_subjects(&self, account_id: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.read.read(|connection| RETIRED_SUBJECTS.all(connection, [account_id], pair)).await
    }

    async fn history(&self, account_id: &str) -> Result<Vec<AuditRow>, StoreError> {
        self.read.read(|connection| history(connection, account_id)).await
    }

    async fn duplicates(&self, most: u32) -> Result<Vec<(String, String)>, StoreError> {
        self.read.read(|connection| DUPLICATES.all(connection, [most], pair)).await
    }

    async fn sessions(
        &self,
        account_id: Option<&str>,
        now: Seconds,
        most: u32,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let sessions = self.read.read(|connection| match account_id {
            Some(account_id) => {
                LIVING_SESSIONS_OF_ACCOUNT.all(connection, params![now, most, account_id], session)
            }
            None => LIVING_SESSIONS.all(connection, params![now, most], session),
        });
        sessions.await
    }

    async fn session_of_sid(&self, sid: &str, now: Seconds) -> Result<Option<SessionRow>, StoreError> {
        self.read.read(|connection| SESSION_OF_SID.first(connection, params![sid, now], session)).await
    }

    async fn merge_accounts(&self, from: &str, into: &str, ending: Ending<'_>) -> Result<Ended, StoreError> {
        let (from, into, ending) = (from.to_owned(), into.to_owned(), OwnEnding::of(ending));
        self.write.all(move |connection| merge(connection, &from, &into, By::Operator, &ending)).await
    }

    async fn delete_account(&self, account_id: &str, ending: Ending<'_>) -> Result<Ended, StoreError> {
        let (account_id, ending) = (account_id.to_owned(), OwnEnding::of(ending));
        self.write.all(move |connection| forget(connection, &account_id, By::Operator, &ending)).await
    }
}

fn listed(row: &Row<'_>) -> Result<ListedAccount, StoreError> {
    Ok(ListedAccount {
        id: row.get("id")?,
        nickname: row.get("nickname")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn pair(row: &Row<'_>) -> Result<(String, String), StoreError> {
    Ok((row.get(0)?, row.get(1)?))
}

statements! {
    ACCOUNTS = "SELECT id, nickname, created_at, updated_at FROM accounts ORDER BY created_at DESC, id LIMIT ?1";
    /// An openid is found app by app: identities have no index of openids alone, for a login would have to keep it.
    FIND_ACCOUNTS = "WITH RECURSIVE apps (appid) AS (SELECT min(appid) FROM identities
            UNION ALL SELECT (SELECT min(appid) FROM identities WHERE appid > apps.appid) FROM apps WHERE apps.appid IS NOT NULL)
        SELECT id, nickname, created_at, updated_at FROM accounts WHERE id IN (
            SELECT ?1 UNION SELECT account_id FROM account_aliases WHERE id = ?1
            UNION SELECT account_id FROM subjects WHERE sub = ?1
            UNION SELECT account_id FROM retired_subjects WHERE sub = ?1
            UNION SELECT account_id FROM first_subjects WHERE sub = ?1
            UNION SELECT account_id FROM identities WHERE unionid = ?1
            UNION SELECT account_id FROM identities WHERE other_unionid = ?1
            UNION SELECT account_id FROM apps CROSS JOIN identities ON identities.appid = apps.appid AND openid = ?1
            UNION SELECT account_id FROM contacts WHERE kind IN ('email', 'phone') AND value = ?2)
        ORDER BY created_at DESC, id LIMIT ?3";
    IDENTITIES_OF_ACCOUNT = "SELECT appid, openid, unionid FROM identities WHERE account_id = ?1 ORDER BY appid, openid";
    SUBJECTS_OF_ACCOUNT = "SELECT client_id, sub FROM subjects WHERE account_id = ?1 ORDER BY client_id";
    RETIRED_SUBJECTS = "SELECT client_id, sub FROM retired_subjects WHERE account_id = ?1 ORDER BY client_id, sub";
    ACCOUNT_OF_SUBJECT = "SELECT account_id FROM subjects WHERE sub = ?1
        UNION SELECT account_id FROM retired_subjects WHERE sub = ?1
        UNION SELECT account_id FROM first_subjects WHERE sub = ?1 LIMIT 1";
    DUPLICATES = "WITH said (unionid, account_id) AS (
            SELECT unionid, account_id FROM identities WHERE unionid IS NOT NULL
            UNION SELECT other_unionid, account_id FROM identities WHERE other_unionid IS NOT NULL)
        SELECT unionid, account_id FROM said
        WHERE unionid IN (SELECT unionid FROM said GROUP BY unionid HAVING count(*) > 1)
        ORDER BY unionid, account_id LIMIT ?1";
    LIVING_SESSIONS_OF_ACCOUNT = "SELECT * FROM sessions WHERE account_id = ?3 AND idle_until > ?1 AND expires_at > ?1
        ORDER BY auth_time DESC, sid LIMIT ?2";
    LIVING_SESSIONS = "SELECT * FROM sessions WHERE idle_until > ?1 AND expires_at > ?1
        ORDER BY auth_time DESC, sid LIMIT ?2";
    SESSION_OF_SID = "SELECT * FROM sessions WHERE sid = ?1 AND idle_until > ?2 AND expires_at > ?2";
}
