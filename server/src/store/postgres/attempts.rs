//! What lives for minutes, in PostgreSQL: attempts and codes.

use async_trait::async_trait;
use protocol::service::LoginResult;
use sqlx::Row;
use sqlx::postgres::{PgPool, PgRow};

use super::json::written;
use super::lasting::hash;
use super::together::{Verb, in_order};
use super::{PostgresStore, scenes, text};
use crate::clock::Seconds;
use crate::secret::SecretHash;
use crate::store::attempts::AttemptColumns;
use crate::store::scenes::SceneRow;
use crate::store::{AttemptEnd, AttemptRow, CodeRow, Fleeting, StoreError, TOMBSTONE_LIFETIME};

#[async_trait]
impl Fleeting for PostgresStore {
    async fn insert_attempt(&self, attempt: &AttemptRow, scene: Option<&SceneRow>) -> Result<(), StoreError> {
        let columns = AttemptColumns::from(attempt);
        let Some(scene) = scene else {
            return self.ask(InsertAttempt(columns)).await;
        };
        let insert = || {
            let insert = sqlx::query(INSERT_ATTEMPT_AND_SCENE)
                .bind(&columns.id)
                .bind(&columns.kind)
                .bind(&columns.product)
                .bind(&columns.scene_id)
                .bind(&columns.state_hash)
                .bind(&columns.secret_hash)
                .bind(&columns.client_id)
                .bind(&columns.origin)
                .bind(&columns.result)
                .bind(&columns.code_challenge)
                .bind(columns.nonce.as_deref().map(text))
                .bind(columns.return_to.as_deref().map(text))
                .bind(&columns.authorization)
                .bind(columns.lang.as_deref().map(text))
                .bind(columns.expires_at);
            scenes::bind(insert, scene).execute(&self.pool)
        };
        self.run(insert).await?;
        Ok(())
    }

    async fn attempt_by_state(&self, state_hash: &SecretHash) -> Result<Option<AttemptRow>, StoreError> {
        self.ask(AttemptByState(*state_hash)).await?
    }

    async fn attempt(&self, id: &str) -> Result<Option<AttemptRow>, StoreError> {
        let row = self
            .run(|| {
                sqlx::query("SELECT * FROM attempts WHERE id = $1").bind(text(id)).fetch_optional(&self.pool)
            })
            .await?;
        row.map(|row| attempt(&row)).transpose()
    }

    async fn take_attempt(&self, id: &str, now: Seconds) -> Result<bool, StoreError> {
        self.ask(TakeAttempt { id: text(id).into_owned(), now }).await
    }

    async fn end_attempt(&self, id: &str, end: AttemptEnd, code: Option<&CodeRow>) -> Result<(), StoreError> {
        let code = code.map(written).transpose()?;
        self.run(|| {
            sqlx::query("SELECT end_attempt($1, $2, $3::jsonb)")
                .bind(text(id))
                .bind(end.as_str())
                .bind(&code)
                .execute(&self.pool)
        })
        .await?;
        Ok(())
    }

    async fn insert_code(&self, code: &CodeRow) -> Result<(), StoreError> {
        let code = written(code)?;
        self.run(|| sqlx::query("SELECT keep_code($1::jsonb)").bind(&code).execute(&self.pool)).await?;
        Ok(())
    }

    async fn code(&self, code_hash: &SecretHash) -> Result<Option<CodeRow>, StoreError> {
        let row = self
            .run(|| {
                sqlx::query("SELECT * FROM codes WHERE code_hash = $1")
                    .bind(code_hash.as_bytes())
                    .fetch_optional(&self.pool)
            })
            .await?;
        row.map(|row| code_row(&row)).transpose()
    }

    async fn take_code(&self, code_hash: &SecretHash, now: Seconds) -> Result<bool, StoreError> {
        let taken = self
            .run(|| {
                sqlx::query(
                    "UPDATE codes SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2",
                )
                .bind(code_hash.as_bytes())
                .bind(now)
                .execute(&self.pool)
            })
            .await?;
        Ok(taken.rows_affected() == 1)
    }

    async fn sweep_fleeting(&self, now: Seconds, most: u32) -> Result<u64, StoreError> {
        let long_ago = now - TOMBSTONE_LIFETIME;
        // What another node clears away in this moment is passed over.
        let statements = [
            (
                "DELETE FROM attempts WHERE id IN (SELECT id FROM attempts WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                long_ago,
            ),
            (
                "DELETE FROM scenes WHERE id IN (SELECT id FROM scenes WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                long_ago,
            ),
            (
                "DELETE FROM bindings WHERE id IN (SELECT id FROM bindings WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                now,
            ),
            (
                "DELETE FROM codes WHERE code_hash IN (SELECT code_hash FROM codes WHERE expires_at <= $1 AND used_at IS NULL
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                now,
            ),
            (
                "DELETE FROM codes WHERE code_hash IN (SELECT code_hash FROM codes WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                long_ago,
            ),
        ];
        self.delete(&statements, most).await
    }
}

/// See [`Fleeting::insert_attempt`]: of one without a scene.
pub(super) struct InsertAttempt(AttemptColumns);

impl Verb for InsertAttempt {
    type Answer = ();

    const NAME: &'static str = "insert_attempt";

    fn place(&self) -> &str {
        &self.0.id
    }

    async fn ask(pool: &PgPool, all: &[Self], _: &str) -> sqlx::Result<Vec<()>> {
        let words = |column: fn(&AttemptColumns) -> &String| {
            all.iter().map(|Self(columns)| column(columns)).collect::<Vec<_>>()
        };
        let hashes = |column: fn(&AttemptColumns) -> &Vec<u8>| {
            all.iter().map(|Self(columns)| column(columns)).collect::<Vec<_>>()
        };
        let texts = |column: fn(&AttemptColumns) -> &Option<String>| {
            all.iter().map(|Self(columns)| column(columns).as_deref().map(text)).collect::<Vec<_>>()
        };
        let inserted = sqlx::query(INSERT_ATTEMPTS)
            .bind(words(|columns| &columns.id))
            .bind(words(|columns| &columns.kind))
            .bind(words(|columns| &columns.product))
            .bind(texts(|columns| &columns.scene_id))
            .bind(hashes(|columns| &columns.state_hash))
            .bind(hashes(|columns| &columns.secret_hash))
            .bind(words(|columns| &columns.client_id))
            .bind(texts(|columns| &columns.origin))
            .bind(texts(|columns| &columns.result))
            .bind(texts(|columns| &columns.code_challenge))
            .bind(texts(|columns| &columns.nonce))
            .bind(texts(|columns| &columns.return_to))
            .bind(texts(|columns| &columns.authorization))
            .bind(texts(|columns| &columns.lang))
            .bind(all.iter().map(|Self(columns)| columns.expires_at).collect::<Vec<_>>());
        inserted.execute(pool).await?;
        Ok(vec![(); all.len()])
    }
}

const INSERT_ATTEMPTS: &str = r#"INSERT INTO attempts (id, kind, product, scene_id, state_hash, secret_hash, client_id, origin, result,
    code_challenge, nonce, return_to, "authorization", lang, expires_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[])"#;

/// See [`Fleeting::attempt_by_state`].
pub(super) struct AttemptByState(SecretHash);

impl Verb for AttemptByState {
    type Answer = Result<Option<AttemptRow>, StoreError>;

    const NAME: &'static str = "attempt_by_state";

    fn place(&self) -> &str {
        ""
    }

    async fn ask(pool: &PgPool, all: &[Self], _: &str) -> sqlx::Result<Vec<Self::Answer>> {
        let rows = sqlx::query(
            // One by one, by the index: how many rows there are at the time of planning does not matter.
            "SELECT asked.nth, found.* FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (hash, nth),
             LATERAL (SELECT * FROM attempts WHERE state_hash = asked.hash LIMIT 1) AS found",
        )
        .bind(all.iter().map(|Self(hash)| hash.as_bytes()).collect::<Vec<_>>())
        .fetch_all(pool)
        .await?;
        in_order(all.len(), &rows, attempt)
    }
}

/// See [`Fleeting::take_attempt`].
pub(super) struct TakeAttempt {
    id: String,
    now: Seconds,
}

impl Verb for TakeAttempt {
    type Answer = bool;

    const NAME: &'static str = "take_attempt";

    fn place(&self) -> &str {
        &self.id
    }

    async fn ask(pool: &PgPool, all: &[Self], patience: &str) -> sqlx::Result<Vec<bool>> {
        // Of several that ask for the same one, PostgreSQL takes the row of one.
        let taken: Vec<i64> = sqlx::query_scalar(
            "WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', $1, true))
             UPDATE attempts SET taken_at = asked.now
             FROM patience, unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS asked (id, now, nth)
             WHERE attempts.id = asked.id AND taken_at IS NULL AND expires_at > asked.now RETURNING asked.nth",
        )
        .bind(patience)
        .bind(all.iter().map(|one| &one.id).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.now).collect::<Vec<_>>())
        .fetch_all(pool)
        .await?;
        Ok((1..).take(all.len()).map(|nth| taken.contains(&nth)).collect())
    }
}

/// Both or neither: one statement.
const INSERT_ATTEMPT_AND_SCENE: &str = r#"WITH attempt AS (
    INSERT INTO attempts (id, kind, product, scene_id, state_hash, secret_hash, client_id, origin, result,
    code_challenge, nonce, return_to, "authorization", lang, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15))
    INSERT INTO scenes (id, number, computer, started_at, progress, tries_left, expires_at)
    VALUES ($16, $17, $18, $19, $20, $21, $22)"#;

fn attempt(row: &PgRow) -> Result<AttemptRow, StoreError> {
    AttemptRow::try_from(AttemptColumns {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        product: row.try_get("product")?,
        scene_id: row.try_get("scene_id")?,
        state_hash: row.try_get("state_hash")?,
        secret_hash: row.try_get("secret_hash")?,
        client_id: row.try_get("client_id")?,
        origin: row.try_get("origin")?,
        result: row.try_get("result")?,
        code_challenge: row.try_get("code_challenge")?,
        nonce: row.try_get("nonce")?,
        return_to: row.try_get("return_to")?,
        authorization: row.try_get("authorization")?,
        lang: row.try_get("lang")?,
        expires_at: row.try_get("expires_at")?,
        taken_at: row.try_get("taken_at")?,
        outcome: row.try_get("outcome")?,
    })
}

fn code_row(row: &PgRow) -> Result<CodeRow, StoreError> {
    Ok(CodeRow {
        code_hash: hash(row, "code_hash")?,
        redeem_at: LoginResult::parse(row.try_get("redeem_at")?)
            .ok_or(StoreError::row("a code is for no place"))?,
        client_id: row.try_get("client_id")?,
        redirect_uri: row.try_get("redirect_uri")?,
        code_challenge: row.try_get("code_challenge")?,
        nonce: row.try_get("nonce")?,
        scope: row.try_get("scope")?,
        account_id: row.try_get("account_id")?,
        sid: row.try_get("sid")?,
        grant_id: row.try_get("grant_id")?,
        auth_time: row.try_get("auth_time")?,
        expires_at: row.try_get("expires_at")?,
        used_at: row.try_get("used_at")?,
    })
}
