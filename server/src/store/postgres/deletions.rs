//! Accounts that are to be forgotten, and identities that go, in PostgreSQL.

use async_trait::async_trait;

use super::logouts::ended;
use super::{PostgresStore, text};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::audit::By;
use crate::store::deletions::Deletions;
use crate::store::logouts::{Ended, Ending};

/// What a function gives that may find nothing to end.
type MayHaveEnded = (Option<i64>, Option<String>);

#[async_trait]
impl Deletions for PostgresStore {
    async fn delete_later(
        &self,
        account_id: &str,
        delete_at: Seconds,
        by: By,
        ending: Ending<'_>,
    ) -> Result<Option<Ended>, StoreError> {
        let deleted = self.run(|| {
            sqlx::query_as(
                "SELECT sessions_ended, logouts::text FROM delete_later($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(text(account_id))
            .bind(delete_at)
            .bind(by.as_str())
            .bind(ending.offline)
            .bind(ending.tell)
            .bind(ending.due_at)
            .bind(ending.now)
            .fetch_one(&self.pool)
        });
        may_have_ended(deleted.await?)
    }

    async fn delete_at(&self, account_id: &str) -> Result<Option<Seconds>, StoreError> {
        let at: Option<Option<Seconds>> = self
            .run(|| {
                sqlx::query_scalar("SELECT delete_at FROM accounts WHERE id = $1")
                    .bind(text(account_id))
                    .fetch_optional(&self.pool)
            })
            .await?;
        Ok(at.flatten())
    }

    async fn due_deletions(&self, now: Seconds, most: u32) -> Result<Vec<String>, StoreError> {
        self.run(|| {
            sqlx::query_scalar("SELECT id FROM accounts WHERE delete_at <= $1 ORDER BY delete_at LIMIT $2")
                .bind(now)
                .bind(i64::from(most))
                .fetch_all(&self.pool)
        })
        .await
    }

    async fn delete_if_due(&self, account_id: &str, ending: Ending<'_>) -> Result<Option<Ended>, StoreError> {
        let deleted = self.run(|| {
            sqlx::query_as("SELECT sessions_ended, logouts::text FROM delete_if_due($1, $2, $3, $4, $5)")
                .bind(text(account_id))
                .bind(ending.offline)
                .bind(ending.tell)
                .bind(ending.due_at)
                .bind(ending.now)
                .fetch_one(&self.pool)
        });
        may_have_ended(deleted.await?)
    }

    async fn unlink_identity(
        &self,
        account_id: &str,
        appid: &str,
        openid: &str,
        now: Seconds,
    ) -> Result<bool, StoreError> {
        self.run(|| {
            sqlx::query_scalar("SELECT unlink_identity($1, $2, $3, $4)")
                .bind(text(account_id))
                .bind(text(appid))
                .bind(text(openid))
                .bind(now)
                .fetch_one(&self.pool)
        })
        .await
    }
}

fn may_have_ended((sessions, logouts): MayHaveEnded) -> Result<Option<Ended>, StoreError> {
    sessions.zip(logouts).map(ended).transpose()
}
