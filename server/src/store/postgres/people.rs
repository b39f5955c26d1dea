//! People and their sessions in PostgreSQL.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

use super::lasting::session;
use super::logouts::ended;
use super::{PostgresStore, text};
use crate::clock::Seconds;
use crate::store::audit::AuditRow;
use crate::store::logouts::{Ended, Ending};
use crate::store::people::{KnownIdentity, ListedAccount, People};
use crate::store::{SessionRow, StoreError};

#[async_trait]
impl People for PostgresStore {
    async fn accounts(&self, most: u32) -> Result<Vec<ListedAccount>, StoreError> {
        let rows = self.run(|| {
            sqlx::query_as(
                "SELECT id, nickname, created_at, updated_at FROM accounts ORDER BY created_at DESC, id LIMIT $1",
            )
            .bind(i64::from(most))
            .fetch_all(&self.pool)
        });
        rows.await
    }

    async fn find_accounts(
        &self,
        word: &str,
        contact: &str,
        most: u32,
    ) -> Result<Vec<ListedAccount>, StoreError> {
        // An openid is found app by app: identities have no index of openids alone, for a login would have to keep it.
        let rows = self.run(|| {
            sqlx::query_as(
                "WITH RECURSIVE apps (appid) AS (SELECT min(appid) FROM identities
                     UNION ALL SELECT (SELECT min(appid) FROM identities WHERE appid > apps.appid)
                     FROM apps WHERE apps.appid IS NOT NULL)
                 SELECT id, nickname, created_at, updated_at FROM accounts WHERE id IN (
                     SELECT $1 UNION SELECT account_id FROM account_aliases WHERE id = $1
                     UNION SELECT account_id FROM subjects WHERE sub = $1
                     UNION SELECT account_id FROM retired_subjects WHERE sub = $1
                     UNION SELECT account_id FROM first_subjects WHERE sub = $1
                     UNION SELECT account_id FROM identities WHERE unionid = $1
                     UNION SELECT account_id FROM identities WHERE other_unionid = $1
                     UNION SELECT account_id FROM apps JOIN identities ON identities.appid = apps.appid AND openid = $1
                     UNION SELECT account_id FROM contacts WHERE kind IN ('email', 'phone') AND value = $2)
                 ORDER BY created_at DESC, id LIMIT $3",
            )
            .bind(text(word))
            .bind(text(contact))
            .bind(i64::from(most))
            .fetch_all(&self.pool)
        });
        rows.await
    }

    async fn identities_of_account(&self, account_id: &str) -> Result<Vec<KnownIdentity>, StoreError> {
        let rows = self
            .run(|| {
                sqlx::query(
                    "SELECT appid, openid, unionid FROM identities WHERE account_id = $1 ORDER BY appid, openid",
                )
                .bind(text(account_id))
                .fetch_all(&self.pool)
            })
            .await?;
        rows.iter()
            .map(|row| {
                Ok(KnownIdentity {
                    appid: row.try_get("appid")?,
                    openid: row.try_get("openid")?,
                    unionid: row.try_get("unionid")?,
                })
            })
            .collect()
    }

    async fn subjects_of_account(&self, account_id: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.run(|| {
            sqlx::query_as("SELECT client_id, sub FROM subjects WHERE account_id = $1 ORDER BY client_id")
                .bind(text(account_id))
                .fetch_all(&self.pool)
        })
        .await
    }

    async fn account_of_subject(&self, sub: &str) -> Result<Option<String>, StoreError> {
        self.run(|| {
            sqlx::query_scalar(
                "SELECT account_id FROM subjects WHERE sub = $1
                 UNION SELECT account_id FROM retired_subjects WHERE sub = $1
                 UNION SELECT account_id FROM first_subjects WHERE sub = $1 LIMIT 1",
            )
            .bind(text(sub))
            .fetch_optional(&self.pool)
        })
        .await
    }

    async fn was_called(&self, client_id: &str, account_id: &str, sub: &str) -> Result<bool, StoreError> {
        self.run(|| {
            sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM retired_subjects
                 WHERE client_id IN ($1, '') AND sub = $3 AND account_id = $2)",
            )
            .bind(text(client_id))
            .bind(text(account_id))
            .bind(text(sub))
            .fetch_one(&self.pool)
        })
        .await
    }

    async fn retired_subjects(&self, account_id: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.run(|| {
            sqlx::query_as(
                "SELECT client_id, sub FROM retired_subjects WHERE account_id = $1 ORDER BY client_id, sub",
            )
            .bind(text(account_id))
            .fetch_all(&self.pool)
        })
        .await
    }

    async fn history(&self, account_id: &str) -> Result<Vec<AuditRow>, StoreError> {
        let rows = self
            .run(|| {
                sqlx::query(
                    // By the index: an OR would go through what has happened to everybody.
                    "SELECT account_id, what, by, detail, at FROM audit WHERE account_id = ANY (ARRAY(
                     SELECT $1 UNION SELECT id FROM account_aliases WHERE account_id = $1)) ORDER BY id",
                )
                .bind(text(account_id))
                .fetch_all(&self.pool)
            })
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AuditRow {
                    account_id: row.try_get("account_id")?,
                    what: row.try_get("what")?,
                    by: row.try_get("by")?,
                    detail: row.try_get("detail")?,
                    at: row.try_get("at")?,
                })
            })
            .collect()
    }

    async fn duplicates(&self, most: u32) -> Result<Vec<(String, String)>, StoreError> {
        self.run(|| {
            sqlx::query_as(
                "WITH said (unionid, account_id) AS (
                     SELECT unionid, account_id FROM identities WHERE unionid IS NOT NULL
                     UNION SELECT other_unionid, account_id FROM identities WHERE other_unionid IS NOT NULL)
                 SELECT unionid, account_id FROM said
                 WHERE unionid IN (SELECT unionid FROM said GROUP BY unionid HAVING count(*) > 1)
                 ORDER BY unionid, account_id LIMIT $1",
            )
            .bind(i64::from(most))
            .fetch_all(&self.pool)
        })
        .await
    }

    async fn sessions(
        &self,
        account_id: Option<&str>,
        now: Seconds,
        most: u32,
    ) -> Result<Vec<SessionRow>, StoreError> {
        // Two statements, that each may go by its own index.
        let statement = match account_id {
            Some(_) => {
                "SELECT * FROM sessions WHERE account_id = $1 AND idle_until > $2 AND expires_at > $2
                 ORDER BY auth_time DESC, sid LIMIT $3"
            }
            None => {
                "SELECT * FROM sessions WHERE $1::text IS NULL AND idle_until > $2 AND expires_at > $2
                 ORDER BY auth_time DESC, sid LIMIT $3"
            }
        };
        let rows = self
            .run(|| {
                sqlx::query(statement)
                    .bind(account_id.map(text))
                    .bind(now)
                    .bind(i64::from(most))
                    .fetch_all(&self.pool)
            })
            .await?;
        rows.iter().map(session).collect()
    }

    async fn session_of_sid(&self, sid: &str, now: Seconds) -> Result<Option<SessionRow>, StoreError> {
        let row = self
            .run(|| {
                sqlx::query("SELECT * FROM sessions WHERE sid = $1 AND idle_until > $2 AND expires_at > $2")
                    .bind(text(sid))
                    .bind(now)
                    .fetch_optional(&self.pool)
            })
            .await?;
        row.map(|row| session(&row)).transpose()
    }

    async fn merge_accounts(&self, from: &str, into: &str, ending: Ending<'_>) -> Result<Ended, StoreError> {
        let merged = self.run(|| {
            sqlx::query_as("SELECT sessions_ended, logouts::text FROM merge_accounts($1, $2, $3, $4, $5, $6)")
                .bind(text(from))
                .bind(text(into))
                .bind(ending.offline)
                .bind(ending.tell)
                .bind(ending.due_at)
                .bind(ending.now)
                .fetch_one(&self.pool)
        });
        ended(merged.await?)
    }

    async fn delete_account(&self, account_id: &str, ending: Ending<'_>) -> Result<Ended, StoreError> {
        let deleted = self.run(|| {
            sqlx::query_as("SELECT sessions_ended, logouts::text FROM delete_account($1, $2, $3, $4, $5)")
                .bind(text(account_id))
                .bind(ending.offline)
                .bind(ending.tell)
                .bind(ending.due_at)
                .bind(ending.now)
                .fetch_one(&self.pool)
        });
        ended(deleted.await?)
    }
}

impl FromRow<'_, PgRow> for ListedAccount {
    fn from_row(row: &PgRow) -> sqlx::Result<ListedAccount> {
        Ok(ListedAccount {
            id: row.try_get("id")?,
            nickname: row.try_get("nickname")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}
