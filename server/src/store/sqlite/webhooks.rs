//! What clients are to hear by a webhook, in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};
use serde_json::Value;

use super::SqliteStore;
use super::statement::{Statement, statements};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::webhooks::{Event, EventRow, Webhooks};

/// Keeps an event of an account for every client that listens and has a name for it, within a transaction. To be called while it has.
pub(super) fn tell_clients(
    connection: &Connection,
    account_id: &str,
    event: Event,
    data: &Value,
    now: Seconds,
) -> Result<(), StoreError> {
    let values = params![account_id, event.as_str(), data.to_string(), now];
    TELL_CLIENTS.execute(connection, values).map(drop)
}

/// The same for one client.
pub(super) fn tell_client(
    connection: &Connection,
    (client_id, sub): (&str, &str),
    account_id: &str,
    event: Event,
    data: &Value,
    now: Seconds,
) -> Result<(), StoreError> {
    let values = params![client_id, sub, account_id, event.as_str(), data.to_string(), now];
    TELL_CLIENT.execute(connection, values).map(drop)
}

/// The same for the clients of a session, which is about to go: those that have logged in within it, and the one whose own it is.
pub(super) fn tell_clients_of_session(
    connection: &Connection,
    sid: &str,
    now: Seconds,
) -> Result<(), StoreError> {
    TELL_CLIENTS_OF_SESSION.execute(connection, params![sid, Event::SessionEnded.as_str(), now]).map(drop)
}

/// Two accounts are about to become one: who knew both goes on with one name, and who knew only the one that goes notices nothing. What
/// both are to tell goes on in one order.
pub(super) fn tell_of_merge(
    connection: &Connection,
    from: &str,
    into: &str,
    now: Seconds,
) -> Result<(), StoreError> {
    TELL_OF_MERGE.execute(connection, params![from, into, Event::AccountMerged.as_str(), now])?;
    MOVE_EVENTS.execute(connection, [from, into])?;
    WAIT_FOR_THE_FIRST.execute(connection, [into]).map(drop)
}

#[async_trait]
impl Webhooks for SqliteStore {
    async fn keep_webhook_clients(&self, clients: &[&str]) -> Result<(), StoreError> {
        let clients: Vec<String> = clients.iter().map(ToString::to_string).collect();
        let keep = self.write.all(move |connection| {
            FORGET_CLIENTS.execute(connection, [])?;
            for client in &clients {
                KEEP_CLIENT.execute(connection, [client])?;
            }
            Ok(())
        });
        keep.await
    }

    async fn claim_events(
        &self,
        client_id: &str,
        now: Seconds,
        until: Seconds,
        most: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        let client_id = client_id.to_owned();
        let claim = self.write.all(move |connection| {
            let pair = |row: &Row<'_>| Ok((row.get::<_, String>("account_id")?, event(row)?));
            let claimed = CLAIM_EVENTS.all(connection, params![client_id, now, until, most], pair)?;
            for (account_id, _) in &claimed {
                HOLD_FOLLOWERS.execute(connection, params![account_id, client_id, until])?;
            }
            Ok(claimed.into_iter().map(|(_, event)| event).collect())
        });
        claim.await
    }

    async fn postpone_event(&self, id: &str, due_at: Seconds) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write
            .one(move |connection| POSTPONE_EVENT.execute(connection, params![id, due_at]))
            .await
            .map(drop)
    }

    async fn forget_event(&self, id: &str, now: Seconds) -> Result<(), StoreError> {
        let id = id.to_owned();
        let forget = self.write.all(move |connection| {
            let pair = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
            if let Some((account_id, client_id)) = FORGET_EVENT.first(connection, [id], pair)? {
                NEXT_IS_DUE.execute(connection, params![account_id, client_id, now])?;
            }
            Ok(())
        });
        forget.await
    }

    async fn next_event(&self, client_id: &str) -> Result<Option<Seconds>, StoreError> {
        let next = |connection: &_| NEXT_EVENT.first(connection, [client_id], |row| Ok(row.get(0)?));
        Ok(self.read.read(next).await?.flatten())
    }

    async fn events(&self, client_id: Option<&str>, most: u32) -> Result<Vec<EventRow>, StoreError> {
        self.read.read(|connection| EVENTS.all(connection, params![client_id, most], event)).await
    }

    async fn replay_events(&self, client_id: Option<&str>, now: Seconds) -> Result<u64, StoreError> {
        let client_id = client_id.map(str::to_owned);
        self.write.one(move |connection| REPLAY_EVENTS.execute(connection, params![client_id, now])).await
    }

    async fn sweep_events(&self, until: Seconds, most: u32) -> Result<u64, StoreError> {
        self.delete(SWEEPS, move |_| until, most).await
    }
}

fn event(row: &Row<'_>) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        id: row.get("id")?,
        client_id: row.get("client_id")?,
        sub: row.get("sub")?,
        event: row.get("event")?,
        data: row.get("data")?,
        happened_at: row.get("happened_at")?,
        due_at: row.get("due_at")?,
        tries: row.get("tries")?,
    })
}

const SWEEPS: &[Statement] = &[SWEEP_EVENTS];

/// What an operator asks for, in a process of its own.
#[cfg(test)]
pub(super) const ABOUT_EVERYBODY: &[Statement] = &[EVENTS, REPLAY_EVENTS];

statements! {
    FORGET_CLIENTS = "DELETE FROM webhook_clients";
    KEEP_CLIENT = "INSERT INTO webhook_clients (client_id) VALUES (?1)";
    TELL_CLIENT = "INSERT INTO webhook_events (id, client_id, account_id, sub, event, data, happened_at, due_at, tries)
        SELECT 'msg_' || lower(hex(randomblob(16))), ?1, ?3, ?2, ?4, ?5, ?6, max(?6, coalesce((
            SELECT max(due_at) FROM webhook_events WHERE account_id = ?3 AND client_id = ?1), 0)), 0
        FROM webhook_clients WHERE client_id = ?1";
    TELL_CLIENTS = "INSERT INTO webhook_events (id, client_id, account_id, sub, event, data, happened_at, due_at, tries)
        SELECT 'msg_' || lower(hex(randomblob(16))), client_id, account_id, sub, ?2, ?3, ?4, max(?4, coalesce((
            SELECT max(due_at) FROM webhook_events earlier
            WHERE earlier.account_id = subjects.account_id AND earlier.client_id = subjects.client_id), 0)), 0
        FROM subjects WHERE account_id = ?1 AND client_id IN (SELECT client_id FROM webhook_clients)
        ORDER BY client_id, sub";
    TELL_CLIENTS_OF_SESSION =
        "INSERT INTO webhook_events (id, client_id, account_id, sub, event, data, happened_at, due_at, tries)
        SELECT 'msg_' || lower(hex(randomblob(16))), client_id, account_id, sub, ?2, json_object('sid', ?1), ?3, max(?3, coalesce((
            SELECT max(due_at) FROM webhook_events earlier
            WHERE earlier.account_id = told.account_id AND earlier.client_id = told.client_id), 0)), 0
        FROM (
            SELECT session_clients.client_id, session_clients.sub, sessions.account_id
            FROM sessions JOIN session_clients USING (sid) WHERE sid = ?1
            UNION
            SELECT subjects.client_id, subjects.sub, sessions.account_id
            FROM sessions JOIN subjects USING (account_id, client_id) WHERE sid = ?1
            ORDER BY 1, 2
        ) told WHERE client_id IN (SELECT client_id FROM webhook_clients)";
    TELL_OF_MERGE = "INSERT INTO webhook_events (id, client_id, account_id, sub, event, data, happened_at, due_at, tries)
        SELECT 'msg_' || lower(hex(randomblob(16))), kept.client_id, kept.account_id, kept.sub, ?3,
            json_object('former_sub', gone.sub), ?4, max(?4, coalesce((
                SELECT max(due_at) FROM webhook_events earlier
                WHERE earlier.account_id = kept.account_id AND earlier.client_id = kept.client_id), 0)), 0
        FROM subjects gone JOIN subjects kept ON kept.client_id = gone.client_id AND kept.sub <> gone.sub
        WHERE gone.account_id = ?1 AND kept.account_id = ?2 AND kept.client_id IN (SELECT client_id FROM webhook_clients)
        ORDER BY kept.client_id";
    MOVE_EVENTS = "UPDATE webhook_events SET account_id = ?2 WHERE account_id = ?1";
    /// What comes behind is due when the first is, and no sooner.
    WAIT_FOR_THE_FIRST = "UPDATE webhook_events SET due_at = first.due_at FROM (
            SELECT client_id, due_at, min(seq) FROM webhook_events WHERE account_id = ?1 GROUP BY client_id) first
        WHERE account_id = ?1 AND webhook_events.client_id = first.client_id AND webhook_events.due_at < first.due_at";
    CLAIM_EVENTS = "UPDATE webhook_events SET due_at = ?3, tries = tries + 1
        WHERE seq IN (SELECT seq FROM webhook_events one
            WHERE client_id = ?1 AND due_at <= ?2 AND NOT EXISTS (
                SELECT 1 FROM webhook_events earlier
                WHERE earlier.account_id = one.account_id AND earlier.client_id = one.client_id AND earlier.seq < one.seq)
            ORDER BY due_at, seq LIMIT ?4)
        RETURNING *";
    HOLD_FOLLOWERS = "UPDATE webhook_events SET due_at = max(due_at, ?3) WHERE account_id = ?1 AND client_id = ?2";
    POSTPONE_EVENT = "UPDATE webhook_events SET due_at = ?2
        WHERE (account_id, client_id) = (SELECT account_id, client_id FROM webhook_events WHERE id = ?1)";
    FORGET_EVENT = "DELETE FROM webhook_events WHERE id = ?1 RETURNING account_id, client_id";
    NEXT_IS_DUE = "UPDATE webhook_events SET due_at = ?3 WHERE account_id = ?1 AND client_id = ?2 AND due_at > ?3";
    NEXT_EVENT = "SELECT min(due_at) FROM webhook_events WHERE client_id = ?1";
    EVENTS = "SELECT * FROM webhook_events WHERE ?1 IS NULL OR client_id = ?1 ORDER BY seq LIMIT ?2";
    REPLAY_EVENTS = "UPDATE webhook_events SET due_at = ?2 WHERE ?1 IS NULL OR client_id = ?1";
    SWEEP_EVENTS = "DELETE FROM webhook_events WHERE seq IN
        (SELECT seq FROM webhook_events WHERE happened_at <= ?1 LIMIT ?2)";
}
