//! The end of sessions in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::statement::statements;
use super::webhooks::tell_clients_of_session;
use crate::clock::Seconds;
use crate::secret::random_word;
use crate::store::StoreError;
use crate::store::logouts::{Ended, Ending, LogoutRow, Logouts};

#[async_trait]
impl Logouts for SqliteStore {
    async fn end_session(&self, sid: &str, ending: Ending<'_>) -> Result<Option<Ended>, StoreError> {
        let (sid, ending) = (sid.to_owned(), OwnEnding::of(ending));
        let end = self.write.all(move |connection| {
            let logouts = end_session(connection, &sid, &ending)?;
            Ok(logouts.map(|logouts| Ended { sessions: 1, logouts }))
        });
        end.await
    }

    async fn session_clients(&self, account_id: &str) -> Result<Vec<(String, String)>, StoreError> {
        let pair = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        self.read.read(|connection| CLIENTS_OF_ACCOUNT.all(connection, [account_id], pair)).await
    }

    async fn claim_logouts(
        &self,
        now: Seconds,
        until: Seconds,
        most: u32,
    ) -> Result<Vec<LogoutRow>, StoreError> {
        self.write
            .one(move |connection| CLAIM_LOGOUTS.all(connection, params![now, until, most], logout))
            .await
    }

    async fn postpone_logout(&self, id: &str, due_at: Seconds) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write
            .one(move |connection| POSTPONE_LOGOUT.execute(connection, params![id, due_at]))
            .await
            .map(drop)
    }

    async fn forget_logout(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write.one(move |connection| FORGET_LOGOUT.execute(connection, [id])).await.map(drop)
    }

    async fn next_logout(&self) -> Result<Option<Seconds>, StoreError> {
        let next = self.read.read(|connection| NEXT_LOGOUT.first(connection, [], |row| Ok(row.get(0)?)));
        Ok(next.await?.flatten())
    }
}

/// How sessions end, for a piece of work that goes to another thread.
pub(super) struct OwnEnding {
    pub(super) offline: bool,
    pub(super) tell: Vec<String>,
    pub(super) due_at: Seconds,
    pub(super) now: Seconds,
}

impl OwnEnding {
    pub(super) fn of(ending: Ending<'_>) -> Self {
        let Ending { offline, tell, due_at, now } = ending;
        Self { offline, tell: tell.iter().map(ToString::to_string).collect(), due_at, now }
    }
}

/// Ends a session within a transaction.
pub(super) fn end_session(
    connection: &Connection,
    sid: &str,
    ending: &OwnEnding,
) -> Result<Option<Vec<LogoutRow>>, StoreError> {
    let pair = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let clients: Vec<(String, String)> = CLIENTS_OF_SESSION.all(connection, [sid], pair)?;
    tell_clients_of_session(connection, sid, ending.now)?;
    // The clients' rows go with it.
    if END_SESSION.execute(connection, [sid])? == 0 {
        return Ok(None);
    }
    END_GRANTS_OF_SESSION.execute(connection, params![ending.now, sid, ending.offline])?;
    let mut logouts = Vec::new();
    for (client_id, sub) in clients.into_iter().filter(|(client_id, _)| ending.tell.contains(client_id)) {
        // Whoever is not due now is told by who ended it.
        let tries = u32::from(ending.due_at > ending.now);
        let logout =
            LogoutRow { id: random_word(), sid: sid.into(), client_id, sub, ended_at: ending.now, tries };
        INSERT_LOGOUT.execute(
            connection,
            params![
                logout.id,
                logout.sid,
                logout.client_id,
                logout.sub,
                logout.ended_at,
                ending.due_at,
                logout.tries
            ],
        )?;
        logouts.push(logout);
    }
    Ok(Some(logouts))
}

/// Ends every session and every grant of an account within a transaction.
pub(super) fn end_account(
    connection: &Connection,
    account_id: &str,
    ending: &OwnEnding,
) -> Result<Ended, StoreError> {
    let sids: Vec<String> = SESSIONS_OF_ACCOUNT.all(connection, [account_id], |row| Ok(row.get(0)?))?;
    let mut ended = Ended::default();
    for sid in sids {
        if let Some(logouts) = end_session(connection, &sid, ending)? {
            ended.sessions += 1;
            ended.logouts.extend(logouts);
        }
    }
    // Those too that have outlived their session.
    END_GRANTS_OF_ACCOUNT.execute(connection, params![account_id, ending.now])?;
    Ok(ended)
}

fn logout(row: &Row<'_>) -> Result<LogoutRow, StoreError> {
    Ok(LogoutRow {
        id: row.get("id")?,
        sid: row.get("sid")?,
        client_id: row.get("client_id")?,
        sub: row.get("sub")?,
        ended_at: row.get("ended_at")?,
        tries: row.get("tries")?,
    })
}

statements! {
    CLIENTS_OF_ACCOUNT = "SELECT sid, session_clients.client_id FROM sessions JOIN session_clients USING (sid)
        WHERE account_id = ?1 ORDER BY sid, session_clients.client_id";
    CLAIM_LOGOUTS = "UPDATE logouts SET due_at = ?2, tries = tries + 1
        WHERE id IN (SELECT id FROM logouts WHERE due_at <= ?1 ORDER BY tries, due_at LIMIT ?3)
        RETURNING *";
    POSTPONE_LOGOUT = "UPDATE logouts SET due_at = ?2 WHERE id = ?1";
    FORGET_LOGOUT = "DELETE FROM logouts WHERE id = ?1";
    NEXT_LOGOUT = "SELECT min(due_at) FROM logouts";
    CLIENTS_OF_SESSION = "SELECT client_id, sub FROM session_clients WHERE sid = ?1 ORDER BY client_id";
    END_SESSION = "DELETE FROM sessions WHERE sid = ?1";
    END_GRANTS_OF_SESSION = "UPDATE grants SET revoked_at = ?1 WHERE sid = ?2 AND revoked_at IS NULL
        AND (?3 OR NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE grant_id = grants.id))";
    INSERT_LOGOUT = "INSERT INTO logouts (id, sid, client_id, sub, ended_at, due_at, tries)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    SESSIONS_OF_ACCOUNT = "SELECT sid FROM sessions WHERE account_id = ?1 ORDER BY sid";
    END_GRANTS_OF_ACCOUNT = "UPDATE grants SET revoked_at = ?2 WHERE account_id = ?1 AND revoked_at IS NULL";
}
