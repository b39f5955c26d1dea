//! Who is who, and who is logged in, in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::statement::statements;
use crate::clock::Seconds;
use crate::secret::{SecretHash, random_word};
use crate::store::{AccountRow, Browser, Found, IdentityRow, Lasting, SessionRow, StoreError};

#[async_trait]
impl Lasting for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.read.read(|connection| PING.first(connection, [], |_| Ok(()))).await?;
        self.write.one(|connection| PING_BY_A_WRITE.execute(connection, [])).await?;
        Ok(())
    }

    async fn account_of_identity(&self, identity: &IdentityRow, now: Seconds) -> Result<Found, StoreError> {
        let identity = identity.clone();
        self.write.all(move |connection| account_of_identity(connection, &identity, now)).await
    }

    async fn subject(&self, client_id: &str, account_id: &str) -> Result<String, StoreError> {
        let seen = |connection: &Connection| {
            SUBJECT.first(connection, params![client_id, account_id], |row| Ok(row.get(0)?))
        };
        if let Some(sub) = self.read.read(seen).await? {
            return Ok(sub);
        }
        let (client_id, account_id) = (client_id.to_owned(), account_id.to_owned());
        self.write.one(move |connection| subject(connection, &client_id, &account_id)).await
    }

    async fn account(&self, account_id: &str) -> Result<Option<AccountRow>, StoreError> {
        self.read
            .read(|connection| {
                ACCOUNT.first(connection, [account_id], |row| {
                    Ok(AccountRow {
                        id: row.get("id")?,
                        nickname: row.get("nickname")?,
                        picture: row.get("picture")?,
                    })
                })
            })
            .await
    }

    async fn insert_session(&self, session: &SessionRow) -> Result<(), StoreError> {
        let session = session.clone();
        self.write.one(move |connection| insert_session(connection, &session)).await
    }

    async fn session(
        &self,
        secret_hash: &SecretHash,
        now: Seconds,
    ) -> Result<Option<SessionRow>, StoreError> {
        self.read.read(|connection| SESSION.first(connection, params![secret_hash, now], session)).await
    }

    async fn touch_session(&self, sid: &str, idle_until: Seconds) -> Result<(), StoreError> {
        let sid = sid.to_owned();
        self.write
            .one(move |connection| TOUCH_SESSION.execute(connection, params![sid, idle_until]))
            .await
            .map(drop)
    }

    async fn sweep_lasting(&self, now: Seconds, most: u32) -> Result<u64, StoreError> {
        self.delete(&[SWEEP_SESSIONS, SWEEP_IDLE_SESSIONS], move |_| now, most).await
    }
}

/// Finds the account of an identity, or makes one, within a transaction.
fn account_of_identity(
    connection: &Connection,
    identity: &IdentityRow,
    now: Seconds,
) -> Result<Found, StoreError> {
    let IdentityRow { appid, openid, unionid, nickname, picture } = identity;
    let known = KNOWN_IDENTITY
        .first(connection, params![appid, openid, unionid], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (id, is_news) = known.unwrap_or_else(|| (random_word(), false));
    KEEP_ACCOUNT.execute(connection, params![id, nickname, picture, now])?;
    KEEP_IDENTITY.execute(connection, params![appid, openid, unionid, id])?;
    let same_unionid = match unionid {
        Some(unionid) if is_news => {
            OTHERS_OF_UNIONID.all(connection, params![unionid, id], |row| Ok(row.get(0)?))?
        }
        _ => Vec::new(),
    };
    let (nickname, picture) = (nickname.clone(), picture.clone());
    Ok(Found { account: AccountRow { id, nickname, picture }, same_unionid })
}

/// What a client calls an account, made at its first sight, within a transaction.
fn subject(connection: &Connection, client_id: &str, account_id: &str) -> Result<String, StoreError> {
    let sub = KEEP_SUBJECT
        .first(connection, params![client_id, account_id, random_word()], |row| Ok(row.get(0)?))?;
    sub.ok_or(StoreError::row("a client's name for an account was kept, and is not there"))
}

fn insert_session(connection: &Connection, session: &SessionRow) -> Result<(), StoreError> {
    KEEP_SESSION
        .execute(
            connection,
            params![
                session.sid,
                session.secret_hash,
                session.account_id,
                session.client_id,
                session.auth_time,
                session.idle_until,
                session.expires_at,
                session.device,
                session.browser.as_ref().map(|browser| browser.hash),
                session.browser.as_ref().map(|browser| &browser.salt),
            ],
        )
        .map(drop)
}

/// A session's row.
pub(super) fn session(row: &Row<'_>) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        sid: row.get("sid")?,
        secret_hash: row.get("secret_hash")?,
        account_id: row.get("account_id")?,
        client_id: row.get("client_id")?,
        device: row.get("device")?,
        browser: match (row.get("browser_hash")?, row.get("browser_salt")?) {
            (Some(hash), Some(salt)) => Some(Browser { hash, salt }),
            _ => None,
        },
        auth_time: row.get("auth_time")?,
        idle_until: row.get("idle_until")?,
        expires_at: row.get("expires_at")?,
    })
}

statements! {
    PING = "SELECT 1 FROM accounts WHERE id = ''";
    /// The least that is a write: one page, of a number that nobody reads.
    PING_BY_A_WRITE = "PRAGMA user_version = 1";
    /// Its own, and whether the unionid is news of it; else the one of the unionid.
    KNOWN_IDENTITY = "SELECT account_id, appid = ?1 AND openid = ?2 AND unionid IS NOT ?3 FROM identities
        WHERE (appid = ?1 AND openid = ?2) OR unionid = ?3
        ORDER BY (appid = ?1 AND openid = ?2) DESC, appid, openid LIMIT 1";
    KEEP_ACCOUNT = "INSERT INTO accounts (id, nickname, picture, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
        ON CONFLICT (id) DO UPDATE SET nickname = ?2, picture = ?3, updated_at = ?4";
    KEEP_IDENTITY = "INSERT INTO identities (appid, openid, unionid, account_id) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (appid, openid) DO UPDATE SET unionid = coalesce(?3, unionid)";
    OTHERS_OF_UNIONID = "SELECT DISTINCT account_id FROM identities
        WHERE unionid = ?1 AND account_id <> ?2 ORDER BY account_id";
    SUBJECT = "SELECT sub FROM subjects WHERE client_id = ?1 AND account_id = ?2";
    /// Of two first sights at once, the first one's word stays. All clients see the same, as subject type `public` says; the
    /// row of each keeps what it saw whatever becomes of the account.
    KEEP_SUBJECT = "INSERT INTO subjects (client_id, account_id, sub)
        VALUES (?1, ?2, coalesce((SELECT min(sub) FROM subjects WHERE account_id = ?2), ?3))
        ON CONFLICT (client_id, account_id) DO UPDATE SET sub = sub RETURNING sub";
    ACCOUNT = "SELECT id, nickname, picture FROM accounts WHERE id = ?1";
    KEEP_SESSION = "INSERT INTO sessions
        (sid, secret_hash, account_id, client_id, auth_time, idle_until, expires_at, device, browser_hash, browser_salt)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        ON CONFLICT (sid) DO UPDATE SET secret_hash = ?2, account_id = ?3, client_id = ?4, auth_time = ?5,
        idle_until = ?6, expires_at = ?7, device = ?8, browser_hash = ?9, browser_salt = ?10";
    SESSION = "SELECT * FROM sessions WHERE secret_hash = ?1 AND idle_until > ?2 AND expires_at > ?2";
    TOUCH_SESSION = "UPDATE sessions SET idle_until = ?2 WHERE sid = ?1";
    SWEEP_SESSIONS = "DELETE FROM sessions WHERE sid IN
        (SELECT sid FROM sessions WHERE expires_at <= ?1 LIMIT ?2)";
    SWEEP_IDLE_SESSIONS = "DELETE FROM sessions WHERE sid IN
        (SELECT sid FROM sessions WHERE idle_until <= ?1 LIMIT ?2)";
}
