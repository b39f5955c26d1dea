//! Grants and refresh tokens in SQLite. Each verb is one transaction.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::statement::{Statement, statements};
use crate::clock::Seconds;
use crate::secret::SecretHash;
use crate::store::StoreError;
use crate::store::grants::{Chosen, GrantRow, Grants, PresentedToken, Rotation};

#[async_trait]
impl Grants for SqliteStore {
    async fn insert_grant(
        &self,
        grant: &GrantRow,
        refresh_token: Option<(SecretHash, Seconds)>,
    ) -> Result<bool, StoreError> {
        let grant = grant.clone();
        self.write.all(move |connection| insert_grant(connection, &grant, refresh_token)).await
    }

    async fn grant(&self, id: &str, now: Seconds) -> Result<Option<GrantRow>, StoreError> {
        self.read.read(|connection| GRANT.first(connection, params![id, now], grant)).await
    }

    async fn revoke_grant(&self, id: &str, now: Seconds, keep_until: Seconds) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write.one(move |connection| revoke_grant(connection, &id, now, keep_until)).await
    }

    async fn refresh_token_grant(
        &self,
        hash: &SecretHash,
        tagged: Option<&str>,
    ) -> Result<Option<GrantRow>, StoreError> {
        self.read
            .read(|connection| GRANT_OF_REFRESH_TOKEN.first(connection, params![hash, tagged], grant))
            .await
    }

    async fn rotate_refresh_token(
        &self,
        token: PresentedToken<'_>,
        now: Seconds,
    ) -> Result<Rotation, StoreError> {
        let PresentedToken { hash, grant_id, client_id, successors, idle_until, grace } = token;
        let (grant_id, client_id, successors) =
            (grant_id.map(str::to_owned), client_id.to_owned(), successors.to_vec());
        let rotate = self.write.all(move |connection| {
            let (grant_id, client_id, successors) = (grant_id.as_deref(), &*client_id, &*successors);
            let token = PresentedToken { hash, grant_id, client_id, successors, idle_until, grace };
            rotate_refresh_token(connection, token, now)
        });
        rotate.await
    }

    async fn offline_grants(
        &self,
        chosen: Chosen<'_>,
        now: Seconds,
        most: u32,
    ) -> Result<Vec<GrantRow>, StoreError> {
        let [by_id, by_account, by_client, every] =
            [OFFLINE_OF_ID, OFFLINE_OF_ACCOUNT, OFFLINE_OF_CLIENT, OFFLINE];
        let statement = of_chosen(chosen, by_id, by_account, by_client, every);
        let Chosen { id, account_id, client_id } = chosen;
        self.read
            .read(|connection| {
                statement.all(connection, params![now, most, id, account_id, client_id], grant)
            })
            .await
    }

    async fn end_offline_grants(
        &self,
        chosen: Chosen<'_>,
        now: Seconds,
        most: u32,
    ) -> Result<u64, StoreError> {
        let [by_id, by_account, by_client, every] =
            [END_OFFLINE_OF_ID, END_OFFLINE_OF_ACCOUNT, END_OFFLINE_OF_CLIENT, END_OFFLINE];
        let statement = of_chosen(chosen, by_id, by_account, by_client, every);
        let [id, account_id, client_id] =
            [chosen.id, chosen.account_id, chosen.client_id].map(|word| word.map(str::to_owned));
        self.write
            .one(move |connection| {
                statement.execute(connection, params![now, most, id, account_id, client_id])
            })
            .await
    }

    async fn sweep_grants(&self, now: Seconds, most: u32) -> Result<u64, StoreError> {
        self.delete(&[SWEEP_REFRESH_TOKENS, SWEEP_GRANTS], move |_| now, most).await
    }
}

/// The statement that goes by the index of what is asked for.
fn of_chosen(
    chosen: Chosen<'_>,
    by_id: Statement,
    by_account: Statement,
    by_client: Statement,
    every: Statement,
) -> Statement {
    match chosen {
        Chosen { id: Some(_), .. } => by_id,
        Chosen { account_id: Some(_), .. } => by_account,
        Chosen { client_id: Some(_), .. } => by_client,
        Chosen { id: None, account_id: None, client_id: None } => every,
    }
}

/// Keeps a grant while its session lives, within a transaction.
pub(super) fn insert_grant(
    connection: &Connection,
    grant: &GrantRow,
    refresh_token: Option<(SecretHash, Seconds)>,
) -> Result<bool, StoreError> {
    let kept = INSERT_GRANT.execute(
        connection,
        params![
            grant.id,
            grant.client_id,
            grant.account_id,
            grant.sub,
            grant.sid,
            grant.scope,
            grant.auth_time,
            grant.created_at,
            grant.expires_at,
        ],
    )?;
    if kept == 0 {
        return Ok(false);
    }
    KEEP_SESSION_CLIENT.execute(connection, [&grant.sid, &grant.client_id, &grant.sub])?;
    if let Some((hash, expires_at)) = refresh_token {
        INSERT_REFRESH_TOKEN
            .execute(connection, params![hash, grant.id, expires_at.min(grant.expires_at)])?;
    }
    Ok(true)
}

/// Ends a grant, or sees to it that it never begins, within a transaction.
pub(super) fn revoke_grant(
    connection: &Connection,
    id: &str,
    now: Seconds,
    keep_until: Seconds,
) -> Result<(), StoreError> {
    REVOKE_GRANT.execute(connection, params![id, now, keep_until]).map(drop)
}

/// Uses a refresh token within a transaction.
fn rotate_refresh_token(
    connection: &Connection,
    token: PresentedToken<'_>,
    now: Seconds,
) -> Result<Rotation, StoreError> {
    let found = |row: &Row<'_>| {
        let (expires_at, used_at): (Seconds, Option<Seconds>) =
            (row.get("token_expires_at")?, row.get("used_at")?);
        Ok((grant(row)?, expires_at, used_at))
    };
    let found = PRESENTED_TOKEN.first(connection, params![token.hash, token.client_id, now], found)?;
    let Some((grant, expires_at, used_at)) = found else {
        let Some(grant_id) = token.grant_id else { return Ok(Rotation::Refused) };
        let revoked = REVOKE_BY_TAG.execute(connection, params![grant_id, token.client_id, now])?;
        return Ok(if revoked == 1 { Rotation::Reused } else { Rotation::Refused });
    };
    let Some(used_at) = used_at else {
        if expires_at <= now {
            return Ok(Rotation::Refused);
        }
        // Its predecessor's tag is enough from now on.
        FORGET_USED_TOKENS.execute(connection, [&grant.id])?;
        USE_REFRESH_TOKEN.execute(connection, params![token.hash, now])?;
        let expires_at = token.idle_until.min(grant.expires_at);
        INSERT_REFRESH_TOKEN.execute(connection, params![token.successors[0], grant.id, expires_at])?;
        return Ok(Rotation::Rotated(grant));
    };
    let successor = match now - used_at <= token.grace {
        true => unused(connection, token.successors)?,
        false => None,
    };
    match successor {
        Some(successor) => Ok(Rotation::Again(grant, successor)),
        None => {
            REVOKE_REUSED.execute(connection, params![grant.id, now])?;
            Ok(Rotation::Reused)
        }
    }
}

fn unused(connection: &Connection, successors: &[SecretHash]) -> Result<Option<SecretHash>, StoreError> {
    for successor in successors {
        if UNUSED_TOKEN.first(connection, [successor], |_| Ok(()))?.is_some() {
            return Ok(Some(*successor));
        }
    }
    Ok(None)
}

fn grant(row: &Row<'_>) -> Result<GrantRow, StoreError> {
    Ok(GrantRow {
        id: row.get("id")?,
        client_id: row.get("client_id")?,
        account_id: row.get("account_id")?,
        sub: row.get("sub")?,
        sid: row.get("sid")?,
        scope: row.get("scope")?,
        auth_time: row.get("auth_time")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
    })
}

/// Grants that are good while the person is away, of what is chosen: `$by` is what the index is for, the others may be NULL.
macro_rules! offline {
    ($columns:literal, $by:literal, $end:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM grants WHERE ",
            $by,
            " AND revoked_at IS NULL AND grants.expires_at > ?1 AND (?3 IS NULL OR id = ?3)
            AND (?4 IS NULL OR account_id = ?4) AND (?5 IS NULL OR client_id = ?5)
            AND EXISTS (SELECT 1 FROM refresh_tokens
                WHERE grant_id = grants.id AND used_at IS NULL AND expires_at > ?1)",
            $end,
        )
    };
}
macro_rules! offline_grants {
    ($by:literal) => {
        offline!("*", $by, " ORDER BY created_at DESC, id LIMIT ?2")
    };
}
macro_rules! end_offline_grants {
    ($by:literal) => {
        concat!("UPDATE grants SET revoked_at = ?1 WHERE id IN (", offline!("id", $by, " LIMIT ?2"), ")")
    };
}

statements! {
    INSERT_GRANT = "INSERT INTO grants (id, client_id, account_id, sub, sid, scope, auth_time, created_at, expires_at)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (
            SELECT 1 FROM sessions WHERE sid = ?5 AND account_id = ?3 AND idle_until > ?8 AND expires_at > ?8)
        ON CONFLICT (id) DO UPDATE SET client_id = ?2, account_id = ?3, sub = ?4, sid = ?5, scope = ?6,
        auth_time = ?7, created_at = ?8, expires_at = ?9";
    KEEP_SESSION_CLIENT = "INSERT INTO session_clients (sid, client_id, sub) VALUES (?1, ?2, ?3)
        ON CONFLICT (sid, client_id) DO UPDATE SET sub = ?3";
    INSERT_REFRESH_TOKEN = "INSERT INTO refresh_tokens (hash, grant_id, expires_at, tagged) VALUES (?1, ?2, ?3, 1)";
    GRANT = "SELECT * FROM grants WHERE id = ?1 AND revoked_at IS NULL AND expires_at > ?2";
    REVOKE_GRANT = "INSERT INTO grants
        (id, client_id, account_id, sub, sid, scope, auth_time, created_at, expires_at, revoked_at)
        VALUES (?1, '', '', '', '', '', 0, ?2, ?3, ?2)
        ON CONFLICT (id) DO UPDATE SET revoked_at = coalesce(revoked_at, ?2)";
    GRANT_OF_REFRESH_TOKEN = "SELECT * FROM grants
        WHERE id = coalesce((SELECT grant_id FROM refresh_tokens WHERE hash = ?1), ?2)";
    PRESENTED_TOKEN = "SELECT grants.*, refresh_tokens.expires_at AS token_expires_at, used_at
        FROM refresh_tokens JOIN grants ON grants.id = grant_id
        WHERE hash = ?1 AND client_id = ?2 AND revoked_at IS NULL AND grants.expires_at > ?3";
    REVOKE_BY_TAG = "UPDATE grants SET revoked_at = ?3
        WHERE id = ?1 AND client_id = ?2 AND revoked_at IS NULL AND expires_at > ?3";
    FORGET_USED_TOKENS = "DELETE FROM refresh_tokens WHERE grant_id = ?1 AND used_at IS NOT NULL AND tagged = 1";
    USE_REFRESH_TOKEN = "UPDATE refresh_tokens SET used_at = ?2 WHERE hash = ?1";
    UNUSED_TOKEN = "SELECT 1 FROM refresh_tokens WHERE hash = ?1 AND used_at IS NULL";
    REVOKE_REUSED = "UPDATE grants SET revoked_at = ?2 WHERE id = ?1";
    OFFLINE_OF_ID = offline_grants!("id = ?3");
    OFFLINE_OF_ACCOUNT = offline_grants!("account_id = ?4");
    OFFLINE_OF_CLIENT = offline_grants!("client_id = ?5");
    OFFLINE = offline_grants!("TRUE");
    END_OFFLINE_OF_ID = end_offline_grants!("id = ?3");
    END_OFFLINE_OF_ACCOUNT = end_offline_grants!("account_id = ?4");
    END_OFFLINE_OF_CLIENT = end_offline_grants!("client_id = ?5");
    END_OFFLINE = end_offline_grants!("TRUE");
    /// A used token that has no tag stays as long as its grant: its reuse must still be seen.
    SWEEP_REFRESH_TOKENS = "DELETE FROM refresh_tokens WHERE hash IN
        (SELECT hash FROM grants JOIN refresh_tokens ON grant_id = id WHERE grants.expires_at <= ?1 LIMIT ?2)";
    SWEEP_GRANTS = "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE expires_at <= ?1
        AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE grant_id = grants.id) LIMIT ?2)";
}
