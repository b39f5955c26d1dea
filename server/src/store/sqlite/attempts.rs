//! Attempts and codes in SQLite.

use async_trait::async_trait;
use protocol::service::LoginResult;
use rusqlite::{Connection, Row, params};

use super::bindings::SWEEP_BINDINGS;
use super::statement::statements;
use super::{SqliteStore, scenes};
use crate::clock::Seconds;
use crate::secret::SecretHash;
use crate::store::attempts::AttemptColumns;
use crate::store::scenes::SceneRow;
use crate::store::{AttemptEnd, AttemptRow, CodeRow, Fleeting, StoreError, TOMBSTONE_LIFETIME};

#[async_trait]
impl Fleeting for SqliteStore {
    async fn insert_attempt(&self, attempt: &AttemptRow, scene: Option<&SceneRow>) -> Result<(), StoreError> {
        let (columns, scene) = (AttemptColumns::from(attempt), scene.cloned());
        match scene {
            None => self.write.one(move |connection| insert_attempt(connection, &columns)).await,
            Some(scene) => {
                let both = self.write.all(move |connection| {
                    scenes::insert(connection, &scene)?;
                    insert_attempt(connection, &columns)
                });
                both.await
            }
        }
    }

    async fn attempt_by_state(&self, state_hash: &SecretHash) -> Result<Option<AttemptRow>, StoreError> {
        self.read.read(|connection| ATTEMPT_BY_STATE.first(connection, [state_hash], attempt)).await
    }

    async fn attempt(&self, id: &str) -> Result<Option<AttemptRow>, StoreError> {
        self.read.read(|connection| ATTEMPT.first(connection, [id], attempt)).await
    }

    async fn take_attempt(&self, id: &str, now: Seconds) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write.one(move |connection| Ok(TAKE_ATTEMPT.execute(connection, params![id, now])? == 1)).await
    }

    async fn end_attempt(&self, id: &str, end: AttemptEnd, code: Option<&CodeRow>) -> Result<(), StoreError> {
        let (id, code) = (id.to_owned(), code.cloned());
        self.write.all(move |connection| end_attempt(connection, &id, end, code.as_ref())).await
    }

    async fn insert_code(&self, code: &CodeRow) -> Result<(), StoreError> {
        let code = code.clone();
        self.write.one(move |connection| insert_code(connection, &code)).await
    }

    async fn code(&self, code_hash: &SecretHash) -> Result<Option<CodeRow>, StoreError> {
        self.read.read(|connection| code_of(connection, code_hash)).await
    }

    async fn take_code(&self, code_hash: &SecretHash, now: Seconds) -> Result<bool, StoreError> {
        let code_hash = *code_hash;
        self.write.one(move |connection| take_code(connection, &code_hash, now)).await
    }

    async fn sweep_fleeting(&self, now: Seconds, most: u32) -> Result<u64, StoreError> {
        // What nobody can come late for goes at once; the others stay for a while.
        let until = move |number| if number < 2 { now } else { now - TOMBSTONE_LIFETIME };
        self.delete(
            &[SWEEP_UNUSED_CODES, SWEEP_BINDINGS, SWEEP_CODES, SWEEP_SCENES, SWEEP_ATTEMPTS],
            until,
            most,
        )
        .await
    }
}

fn insert_attempt(connection: &Connection, columns: &AttemptColumns) -> Result<(), StoreError> {
    INSERT_ATTEMPT
        .execute(
            connection,
            params![
                columns.id,
                columns.kind,
                columns.state_hash,
                columns.secret_hash,
                columns.client_id,
                columns.origin,
                columns.result,
                columns.code_challenge,
                columns.nonce,
                columns.return_to,
                columns.authorization,
                columns.lang,
                columns.expires_at,
                columns.product,
                columns.scene_id,
            ],
        )
        .map(drop)
}

/// Says how an attempt ended, and keeps the code that is given out for it, within a transaction.
pub(super) fn end_attempt(
    connection: &Connection,
    id: &str,
    end: AttemptEnd,
    code: Option<&CodeRow>,
) -> Result<(), StoreError> {
    END_ATTEMPT.execute(connection, [id, end.as_str()])?;
    code.map_or(Ok(()), |code| insert_code(connection, code))
}

fn insert_code(connection: &Connection, code: &CodeRow) -> Result<(), StoreError> {
    INSERT_CODE
        .execute(
            connection,
            params![
                code.code_hash,
                code.redeem_at.as_str(),
                code.client_id,
                code.redirect_uri,
                code.code_challenge,
                code.nonce,
                code.scope,
                code.account_id,
                code.sid,
                code.grant_id,
                code.auth_time,
                code.expires_at,
            ],
        )
        .map(drop)
}

/// A code, whatever became of it.
pub(super) fn code_of(
    connection: &Connection,
    code_hash: &SecretHash,
) -> Result<Option<CodeRow>, StoreError> {
    CODE.first(connection, [code_hash], code)
}

/// Uses a living code, within a transaction.
pub(super) fn take_code(
    connection: &Connection,
    code_hash: &SecretHash,
    now: Seconds,
) -> Result<bool, StoreError> {
    Ok(TAKE_CODE.execute(connection, params![code_hash, now])? == 1)
}

fn result(word: &str) -> Result<LoginResult, StoreError> {
    LoginResult::parse(word).ok_or(StoreError::row("a code is for no place"))
}

fn attempt(row: &Row<'_>) -> Result<AttemptRow, StoreError> {
    AttemptRow::try_from(AttemptColumns {
        id: row.get("id")?,
        kind: row.get("kind")?,
        product: row.get("product")?,
        scene_id: row.get("scene_id")?,
        state_hash: row.get("state_hash")?,
        secret_hash: row.get("secret_hash")?,
        client_id: row.get("client_id")?,
        origin: row.get("origin")?,
        result: row.get("result")?,
        code_challenge: row.get("code_challenge")?,
        nonce: row.get("nonce")?,
        return_to: row.get("return_to")?,
        authorization: row.get("authorization")?,
        lang: row.get("lang")?,
        expires_at: row.get("expires_at")?,
        taken_at: row.get("taken_at")?,
        outcome: row.get("outcome")?,
    })
}

fn code(row: &Row<'_>) -> Result<CodeRow, StoreError> {
    Ok(CodeRow {
        code_hash: row.get("code_hash")?,
        redeem_at: result(&row.get::<_, String>("redeem_at")?)?,
        client_id: row.get("client_id")?,
        redirect_uri: row.get("redirect_uri")?,
        code_challenge: row.get("code_challenge")?,
        nonce: row.get("nonce")?,
        scope: row.get("scope")?,
        account_id: row.get("account_id")?,
        sid: row.get("sid")?,
        grant_id: row.get("grant_id")?,
        auth_time: row.get("auth_time")?,
        expires_at: row.get("expires_at")?,
        used_at: row.get("used_at")?,
    })
}

statements! {
    INSERT_ATTEMPT = "INSERT INTO attempts (id, kind, state_hash, secret_hash, client_id, origin, result, code_challenge,
        nonce, return_to, authorization, lang, expires_at, product, scene_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    ATTEMPT_BY_STATE = "SELECT * FROM attempts WHERE state_hash = ?1";
    ATTEMPT = "SELECT * FROM attempts WHERE id = ?1";
    TAKE_ATTEMPT = "UPDATE attempts SET taken_at = ?2 WHERE id = ?1 AND taken_at IS NULL AND expires_at > ?2";
    END_ATTEMPT = "UPDATE attempts SET outcome = ?2 WHERE id = ?1";
    INSERT_CODE = "INSERT INTO codes (code_hash, redeem_at, client_id, redirect_uri, code_challenge, nonce, scope,
        account_id, sid, grant_id, auth_time, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    CODE = "SELECT * FROM codes WHERE code_hash = ?1";
    TAKE_CODE = "UPDATE codes SET used_at = ?2 WHERE code_hash = ?1 AND used_at IS NULL AND expires_at > ?2";
    SWEEP_UNUSED_CODES = "DELETE FROM codes WHERE code_hash IN
        (SELECT code_hash FROM codes WHERE expires_at <= ?1 AND used_at IS NULL LIMIT ?2)";
    SWEEP_CODES = "DELETE FROM codes WHERE code_hash IN (SELECT code_hash FROM codes WHERE expires_at <= ?1 LIMIT ?2)";
    SWEEP_SCENES = "DELETE FROM scenes WHERE id IN (SELECT id FROM scenes WHERE expires_at <= ?1 LIMIT ?2)";
    SWEEP_ATTEMPTS = "DELETE FROM attempts WHERE rowid IN (SELECT rowid FROM attempts WHERE expires_at <= ?1 LIMIT ?2)";
}
