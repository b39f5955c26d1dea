//! The rows of who is who, and who is logged in, in SQLite.

use rusqlite::{Connection, Row, params};
use serde_json::json;

use super::statement::{Statement, statements};
use super::webhooks::tell_client;
use crate::clock::Seconds;
use crate::secret::{SecretHash, random_word};
use crate::store::webhooks::Event;
use crate::store::{AccountRow, Browser, SessionRow, StoreError};

/// An account, by its id or an older name of it.
pub(super) fn account(connection: &Connection, account_id: &str) -> Result<Option<AccountRow>, StoreError> {
    ACCOUNT.first(connection, [account_id], |row| {
        Ok(AccountRow { id: row.get("id")?, nickname: row.get("nickname")?, picture: row.get("picture")? })
    })
}

/// What a client has once been told of an account.
pub(super) fn known_subject(
    connection: &Connection,
    client_id: &str,
    account_id: &str,
) -> Result<Option<String>, StoreError> {
    SUBJECT.first(connection, [client_id, account_id], |row| Ok(row.get(0)?))
}

/// What a client calls an account, made at its first sight, which that client is told of, within a transaction.
pub(super) fn subject(
    connection: &Connection,
    client_id: &str,
    account_id: &str,
    now: Seconds,
) -> Result<String, StoreError> {
    if let Some(sub) = known_subject(connection, client_id, account_id)? {
        return Ok(sub);
    }
    let sub = KEEP_SUBJECT.first(connection, params![client_id, account_id, random_word()], |row| {
        Ok(row.get::<_, String>(0)?)
    })?;
    let sub = sub.ok_or(StoreError::row("a client's name for an account was kept, and is not there"))?;
    tell_client(connection, (client_id, &sub), account_id, Event::AccountCreated, &json!({}), now)?;
    Ok(sub)
}

/// Whether a client has called so an account that was merged into this one.
pub(super) fn was_called(
    connection: &Connection,
    client_id: &str,
    account_id: &str,
    sub: &str,
) -> Result<bool, StoreError> {
    Ok(WAS_CALLED.first(connection, [client_id, account_id, sub], |_| Ok(()))?.is_some())
}

/// A living session by its cookie's hash.
pub(super) fn living_session(
    connection: &Connection,
    secret_hash: &SecretHash,
    now: Seconds,
) -> Result<Option<SessionRow>, StoreError> {
    SESSION.first(connection, params![secret_hash, now], session)
}

/// Keeps a session, within a transaction.
pub(super) fn insert_session(connection: &Connection, session: &SessionRow) -> Result<(), StoreError> {
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

/// A session was used, within a transaction.
pub(super) fn touch_session(
    connection: &Connection,
    sid: &str,
    idle_until: Seconds,
) -> Result<(), StoreError> {
    TOUCH_SESSION.execute(connection, params![sid, idle_until]).map(drop)
}

/// Whether the store answers.
pub(super) fn ping(connection: &Connection) -> Result<(), StoreError> {
    PING.first(connection, [], |_| Ok(())).map(drop)
}

/// Whether it takes writes.
pub(super) fn ping_by_a_write(connection: &Connection) -> Result<(), StoreError> {
    PING_BY_A_WRITE.execute(connection, []).map(drop)
}

/// What clears away sessions.
pub(super) const SWEEPS: &[Statement] = &[SWEEP_SESSIONS, SWEEP_IDLE_SESSIONS];

statements! {
    PING = "SELECT 1 FROM accounts WHERE id = ''";
    /// The least that is a write: one page, of a number that nobody reads.
    PING_BY_A_WRITE = "PRAGMA user_version = 1";
    SUBJECT = "SELECT sub FROM subjects WHERE client_id = ?1 AND account_id = ?2";
    /// Of two first sights at once, the first one's word stays. All clients see the same, as subject type `public` says; the
    /// row of each keeps what it saw whatever becomes of the account.
    KEEP_SUBJECT = "INSERT INTO subjects (client_id, account_id, sub)
        VALUES (?1, ?2, coalesce((SELECT sub FROM first_subjects WHERE account_id = ?2),
        (SELECT min(sub) FROM subjects WHERE account_id = ?2), ?3))
        ON CONFLICT (client_id, account_id) DO UPDATE SET sub = sub RETURNING sub";
    WAS_CALLED = "SELECT 1 FROM retired_subjects WHERE client_id IN (?1, '') AND sub = ?3 AND account_id = ?2";
    ACCOUNT = "SELECT id, nickname, picture FROM accounts
        WHERE id = coalesce((SELECT account_id FROM account_aliases WHERE id = ?1), ?1)";
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
