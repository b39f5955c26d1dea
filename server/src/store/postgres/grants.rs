//! Grants and refresh tokens in PostgreSQL.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Postgres, QueryBuilder, Row};

use super::json::{read, written};
use super::{PostgresStore, text};
use crate::clock::Seconds;
use crate::secret::SecretHash;
use crate::store::StoreError;
use crate::store::grants::{Chosen, GrantRow, Grants, PresentedToken, Rotation};

#[async_trait]
impl Grants for PostgresStore {
    async fn insert_grant(
        &self,
        grant: &GrantRow,
        refresh_token: Option<(SecretHash, Seconds)>,
    ) -> Result<bool, StoreError> {
        let json = written(grant)?;
        self.run(|| {
            sqlx::query_scalar("SELECT keep_grant($1::jsonb, $2, $3)")
                .bind(&json)
                .bind(refresh_token.as_ref().map(|(hash, _)| hash.as_bytes()))
                .bind(refresh_token.as_ref().map(|(_, expires_at)| *expires_at))
                .fetch_one(&self.pool)
        })
        .await
    }

    async fn grant(&self, id: &str, now: Seconds) -> Result<Option<GrantRow>, StoreError> {
        self.run(|| {
            sqlx::query_as("SELECT * FROM grants WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2")
                .bind(text(id))
                .bind(now)
                .fetch_optional(&self.pool)
        })
        .await
    }

    async fn revoke_grant(&self, id: &str, now: Seconds, keep_until: Seconds) -> Result<(), StoreError> {
        self.run(|| {
            sqlx::query("SELECT revoke_grant($1, $2, $3)")
                .bind(text(id))
                .bind(now)
                .bind(keep_until)
                .execute(&self.pool)
        })
        .await
        .map(drop)
    }

    async fn refresh_token_grant(
        &self,
        hash: &SecretHash,
        tagged: Option<&str>,
    ) -> Result<Option<GrantRow>, StoreError> {
        self.run(|| {
            sqlx::query_as(
                "SELECT * FROM grants
                 WHERE id = coalesce((SELECT grant_id FROM refresh_tokens WHERE hash = $1), $2)",
            )
            .bind(hash.as_bytes())
            .bind(tagged.map(text))
            .fetch_optional(&self.pool)
        })
        .await
    }

    async fn rotate_refresh_token(
        &self,
        token: PresentedToken<'_>,
        now: Seconds,
    ) -> Result<Rotation, StoreError> {
        let successors: Vec<&[u8]> = token.successors.iter().map(SecretHash::as_bytes).collect();
        let (outcome, grant, successor): (String, Option<String>, Option<Vec<u8>>) = self
            .run(|| {
                sqlx::query_as(
                    "SELECT outcome, its_grant::text, successor
                     FROM rotate_refresh_token($1, $2, $3, $4, $5, $6, $7)",
                )
                .bind(token.hash.as_bytes())
                .bind(token.grant_id.map(text))
                .bind(text(token.client_id))
                .bind(&successors)
                .bind(token.idle_until)
                .bind(token.grace)
                .bind(now)
                .fetch_one(&self.pool)
            })
            .await?;
        let successor = successor.as_deref().and_then(SecretHash::from_row);
        match (outcome.as_str(), grant, successor) {
            ("rotated", Some(grant), _) => Ok(Rotation::Rotated(read(&grant)?)),
            ("again", Some(grant), Some(successor)) => Ok(Rotation::Again(read(&grant)?, successor)),
            ("reused", ..) => Ok(Rotation::Reused),
            _ => Ok(Rotation::Refused),
        }
    }

    async fn offline_grants(
        &self,
        chosen: Chosen<'_>,
        now: Seconds,
        most: u32,
    ) -> Result<Vec<GrantRow>, StoreError> {
        self.run(|| async {
            let mut statement = QueryBuilder::new("SELECT * FROM grants WHERE ");
            offline(&mut statement, chosen, now);
            statement.push(" ORDER BY created_at DESC, id LIMIT ").push_bind(i64::from(most));
            statement.build_query_as().fetch_all(&self.pool).await
        })
        .await
    }

    async fn end_offline_grants(
        &self,
        chosen: Chosen<'_>,
        now: Seconds,
        most: u32,
    ) -> Result<u64, StoreError> {
        let ended = self
            .run(|| async {
                let mut statement = QueryBuilder::new("UPDATE grants SET revoked_at = ");
                statement.push_bind(now).push(" WHERE id IN (SELECT id FROM grants WHERE ");
                offline(&mut statement, chosen, now);
                statement.push(" LIMIT ").push_bind(i64::from(most)).push(")");
                statement.build().execute(&self.pool).await
            })
            .await?;
        Ok(ended.rows_affected())
    }

    async fn sweep_grants(&self, now: Seconds, most: u32) -> Result<u64, StoreError> {
        // What another node clears away in this moment is passed over.
        let statements = [
            // A used token that has no tag stays as long as its grant: its reuse must still be seen.
            (
                // Those of the first grants that have expired, one after the other: a join may go through all that live.
                "DELETE FROM refresh_tokens WHERE hash IN
                 (SELECT hash FROM (SELECT id FROM grants WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) expired,
                 LATERAL (SELECT hash FROM refresh_tokens WHERE grant_id = expired.id LIMIT $2 FOR UPDATE SKIP LOCKED) theirs
                 LIMIT $2)",
                now,
            ),
            (
                "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE expires_at <= $1
                 AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE grant_id = grants.id)
                 LIMIT $2 FOR UPDATE SKIP LOCKED)",
                now,
            ),
        ];
        self.delete(&statements, most).await
    }
}

/// The condition for grants that are good while the person is away. Only what is asked for is in it, so that it goes by an index.
fn offline(statement: &mut QueryBuilder<Postgres>, chosen: Chosen<'_>, now: Seconds) {
    statement.push("revoked_at IS NULL AND grants.expires_at > ").push_bind(now);
    for (column, value) in
        [("id", chosen.id), ("account_id", chosen.account_id), ("client_id", chosen.client_id)]
    {
        if let Some(value) = value {
            statement.push(" AND ").push(column).push(" = ").push_bind(text(value).into_owned());
        }
    }
    statement
        .push(" AND EXISTS (SELECT 1 FROM refresh_tokens WHERE grant_id = grants.id AND used_at IS NULL AND expires_at > ")
        .push_bind(now)
        .push(")");
}

impl FromRow<'_, PgRow> for GrantRow {
    fn from_row(row: &PgRow) -> sqlx::Result<GrantRow> {
        Ok(GrantRow {
            id: row.try_get("id")?,
            client_id: row.try_get("client_id")?,
            account_id: row.try_get("account_id")?,
            sub: row.try_get("sub")?,
            sid: row.try_get("sid")?,
            scope: row.try_get("scope")?,
            auth_time: row.try_get("auth_time")?,
            created_at: row.try_get("created_at")?,
            expires_at: row.try_get("expires_at")?,
        })
    }
}
