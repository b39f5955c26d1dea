//! Grants and refresh tokens in SQLite. Each verb is one transaction.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, QueryBuilder, Row, Sqlite, SqliteConnection};

use super::SqliteStore;
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
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query(
            "INSERT INTO grants (id, client_id, account_id, sub, sid, scope, auth_time, created_at, expires_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (
                 SELECT 1 FROM sessions
                 WHERE sid = ?5 AND account_id = ?3 AND idle_until > ?8 AND expires_at > ?8)
             ON CONFLICT (id) DO UPDATE SET client_id = ?2, account_id = ?3, sub = ?4, sid = ?5, scope = ?6,
             auth_time = ?7, created_at = ?8, expires_at = ?9",
        )
        .bind(&grant.id)
        .bind(&grant.client_id)
        .bind(&grant.account_id)
        .bind(&grant.sub)
        .bind(&grant.sid)
        .bind(&grant.scope)
        .bind(grant.auth_time)
        .bind(grant.created_at)
        .bind(grant.expires_at)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO session_clients (sid, client_id, sub) VALUES (?1, ?2, ?3)
             ON CONFLICT (sid, client_id) DO UPDATE SET sub = ?3",
        )
        .bind(&grant.sid)
        .bind(&grant.client_id)
        .bind(&grant.sub)
        .execute(&mut *transaction)
        .await?;
        if let Some((hash, expires_at)) = refresh_token {
            insert_refresh_token(&mut transaction, &hash, &grant.id, expires_at.min(grant.expires_at))
                .await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn grant(&self, id: &str, now: Seconds) -> Result<Option<GrantRow>, StoreError> {
        Ok(sqlx::query_as("SELECT * FROM grants WHERE id = ?1 AND revoked_at IS NULL AND expires_at > ?2")
            .bind(id)
            .bind(now)
            .fetch_optional(&self.read)
            .await?)
    }

    async fn revoke_grant(&self, id: &str, now: Seconds, keep_until: Seconds) -> Result<(), StoreError> {
        self.write
            .execute(
                sqlx::query(
                    "INSERT INTO grants
             (id, client_id, account_id, sub, sid, scope, auth_time, created_at, expires_at, revoked_at)
             VALUES (?1, '', '', '', '', '', 0, ?2, ?3, ?2)
             ON CONFLICT (id) DO UPDATE SET revoked_at = coalesce(revoked_at, ?2)",
                )
                .bind(id)
                .bind(now)
                .bind(keep_until),
            )
            .await?;
        Ok(())
    }

    async fn refresh_token_grant(
        &self,
        hash: &SecretHash,
        tagged: Option<&str>,
    ) -> Result<Option<GrantRow>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT * FROM grants WHERE id = coalesce((SELECT grant_id FROM refresh_tokens WHERE hash = ?1), ?2)",
        )
        .bind(hash.as_bytes())
        .bind(tagged)
        .fetch_optional(&self.read)
        .await?)
    }

    async fn rotate_refresh_token(
        &self,
        token: PresentedToken<'_>,
        now: Seconds,
    ) -> Result<Rotation, StoreError> {
        let mut transaction = self.write.begin().await?;
        let found = sqlx::query(
            "SELECT grants.*, refresh_tokens.expires_at AS token_expires_at, used_at
             FROM refresh_tokens JOIN grants ON grants.id = grant_id
             WHERE hash = ?1 AND client_id = ?2 AND revoked_at IS NULL AND grants.expires_at > ?3",
        )
        .bind(token.hash.as_bytes())
        .bind(token.client_id)
        .bind(now)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(found) = found else {
            let Some(grant_id) = token.grant_id else { return Ok(Rotation::Refused) };
            let revoked = sqlx::query(
                "UPDATE grants SET revoked_at = ?3
                 WHERE id = ?1 AND client_id = ?2 AND revoked_at IS NULL AND expires_at > ?3",
            )
            .bind(grant_id)
            .bind(token.client_id)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            return Ok(if revoked.rows_affected() == 1 { Rotation::Reused } else { Rotation::Refused });
        };
        let grant = GrantRow::from_row(&found)?;
        let used_at = found.try_get::<Option<Seconds>, _>("used_at")?;
        if used_at.is_none() && found.try_get::<Seconds, _>("token_expires_at")? <= now {
            return Ok(Rotation::Refused);
        }
        let rotation = match used_at {
            None => {
                // Its predecessor's tag is enough from now on.
                sqlx::query(
                    "DELETE FROM refresh_tokens WHERE grant_id = ? AND used_at IS NOT NULL AND tagged = 1",
                )
                .bind(&grant.id)
                .execute(&mut *transaction)
                .await?;
                sqlx::query("UPDATE refresh_tokens SET used_at = ?2 WHERE hash = ?1")
                    .bind(token.hash.as_bytes())
                    .bind(now)
                    .execute(&mut *transaction)
                    .await?;
                let expires_at = token.idle_until.min(grant.expires_at);
                insert_refresh_token(&mut transaction, &token.successors[0], &grant.id, expires_at).await?;
                Rotation::Rotated(grant)
            }
            Some(used_at) => {
                let successor = match now - used_at <= token.grace {
                    true => unused(&mut transaction, token.successors).await?,
                    false => None,
                };
                match successor {
                    Some(successor) => Rotation::Again(grant, successor),
                    None => {
                        sqlx::query("UPDATE grants SET revoked_at = ?2 WHERE id = ?1")
                            .bind(&grant.id)
                            .bind(now)
                            .execute(&mut *transaction)
                            .await?;
                        Rotation::Reused
                    }
                }
            }
        };
        transaction.commit().await?;
        Ok(rotation)
    }

    async fn offline_grants(
        &self,
        chosen: Chosen<'_>,
        now: Seconds,
        most: u32,
    ) -> Result<Vec<GrantRow>, StoreError> {
        let mut statement = QueryBuilder::new("SELECT * FROM grants WHERE ");
        offline(&mut statement, chosen, now);
        statement.push(" ORDER BY created_at DESC, id LIMIT ").push_bind(most);
        Ok(statement.build_query_as().fetch_all(&self.read).await?)
    }

    async fn end_offline_grants(
        &self,
        chosen: Chosen<'_>,
        now: Seconds,
        most: u32,
    ) -> Result<u64, StoreError> {
        let mut statement = QueryBuilder::new("UPDATE grants SET revoked_at = ");
        statement.push_bind(now).push(" WHERE id IN (SELECT id FROM grants WHERE ");
        offline(&mut statement, chosen, now);
        statement.push(" LIMIT ").push_bind(most).push(")");
        Ok(self.write.execute(statement.build()).await?)
    }

    async fn sweep_grants(&self, now: Seconds, most: u32) -> Result<u64, StoreError> {
        let statements = [
            // A used token that has no tag stays as long as its grant: its reuse must still be seen.
            (
                "DELETE FROM refresh_tokens WHERE hash IN
                 (SELECT hash FROM grants JOIN refresh_tokens ON grant_id = id WHERE grants.expires_at <= ?1 LIMIT ?2)",
                now,
            ),
            (
                "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE expires_at <= ?1
                 AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE grant_id = grants.id) LIMIT ?2)",
                now,
            ),
        ];
        self.write.delete(&statements, most).await
    }
}

/// The condition for grants that are good while the person is away. Only what is asked for is in it, so that it goes by an index.
fn offline(statement: &mut QueryBuilder<Sqlite>, chosen: Chosen<'_>, now: Seconds) {
    statement.push("revoked_at IS NULL AND grants.expires_at > ").push_bind(now);
    for (column, value) in
        [("id", chosen.id), ("account_id", chosen.account_id), ("client_id", chosen.client_id)]
    {
        if let Some(value) = value {
            statement.push(" AND ").push(column).push(" = ").push_bind(value);
        }
    }
    statement
        .push(" AND EXISTS (SELECT 1 FROM refresh_tokens WHERE grant_id = grants.id AND used_at IS NULL AND expires_at > ")
        .push_bind(now)
        .push(")");
}

async fn insert_refresh_token(
    connection: &mut SqliteConnection,
    hash: &SecretHash,
    grant_id: &str,
    expires_at: i64,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO refresh_tokens (hash, grant_id, expires_at, tagged) VALUES (?, ?, ?, 1)")
        .bind(hash.as_bytes())
        .bind(grant_id)
        .bind(expires_at)
        .execute(connection)
        .await
        .map(drop)
}

async fn unused(
    connection: &mut SqliteConnection,
    successors: &[SecretHash],
) -> sqlx::Result<Option<SecretHash>> {
    for successor in successors {
        let found = sqlx::query("SELECT 1 FROM refresh_tokens WHERE hash = ? AND used_at IS NULL")
            .bind(successor.as_bytes())
            .fetch_optional(&mut *connection)
            .await?;
        if found.is_some() {
            return Ok(Some(*successor));
        }
    }
    Ok(None)
}

impl FromRow<'_, SqliteRow> for GrantRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<GrantRow> {
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
