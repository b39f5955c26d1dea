//! People and their sessions in SQLite.

use async_trait::async_trait;
use sqlx::Row;

use super::logouts::end_account;
use super::{SqliteStore, session};
use crate::clock::Seconds;
use crate::store::logouts::{Ended, Ending};
use crate::store::people::{KnownIdentity, People};
use crate::store::{SessionRow, StoreError};

#[async_trait]
impl People for SqliteStore {
    async fn identities_of_account(&self, account_id: &str) -> Result<Vec<KnownIdentity>, StoreError> {
        sqlx::query(
            "SELECT appid, openid, unionid FROM identities WHERE account_id = ?1 ORDER BY appid, openid",
        )
        .bind(account_id)
        .fetch_all(&self.read)
        .await?
        .into_iter()
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
        Ok(sqlx::query_as("SELECT client_id, sub FROM subjects WHERE account_id = ?1 ORDER BY client_id")
            .bind(account_id)
            .fetch_all(&self.read)
            .await?)
    }

    async fn account_of_subject(&self, sub: &str) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT account_id FROM subjects WHERE sub = ?1 LIMIT 1")
            .bind(sub)
            .fetch_optional(&self.read)
            .await?)
    }

    async fn duplicates(&self, most: u32) -> Result<Vec<(String, String)>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT DISTINCT unionid, account_id FROM identities WHERE unionid IN (
                 SELECT unionid FROM identities WHERE unionid IS NOT NULL
                 GROUP BY unionid HAVING min(account_id) <> max(account_id))
             ORDER BY unionid, account_id LIMIT ?1",
        )
        .bind(most)
        .fetch_all(&self.read)
        .await?)
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
                "SELECT * FROM sessions WHERE account_id = ?1 AND idle_until > ?2 AND expires_at > ?2
                 ORDER BY auth_time DESC, sid LIMIT ?3"
            }
            None => {
                "SELECT * FROM sessions WHERE ?1 IS NULL AND idle_until > ?2 AND expires_at > ?2
                 ORDER BY auth_time DESC, sid LIMIT ?3"
            }
        };
        sqlx::query(statement)
            .bind(account_id)
            .bind(now)
            .bind(most)
            .fetch_all(&self.read)
            .await?
            .iter()
            .map(session)
            .collect()
    }

    async fn session_of_sid(&self, sid: &str, now: Seconds) -> Result<Option<SessionRow>, StoreError> {
        sqlx::query("SELECT * FROM sessions WHERE sid = ?1 AND idle_until > ?2 AND expires_at > ?2")
            .bind(sid)
            .bind(now)
            .fetch_optional(&self.read)
            .await?
            .map(|row| session(&row))
            .transpose()
    }

    async fn merge_accounts(&self, from: &str, into: &str, ending: Ending<'_>) -> Result<Ended, StoreError> {
        let mut transaction = self.write.begin().await?;
        let ended = end_account(&mut transaction, from, ending).await?;
        for statement in [
            "UPDATE identities SET account_id = ?2 WHERE account_id = ?1",
            "UPDATE OR IGNORE subjects SET account_id = ?2 WHERE account_id = ?1",
            "DELETE FROM subjects WHERE account_id = ?1 AND ?2 IS NOT NULL",
            "DELETE FROM accounts WHERE id = ?1 AND ?2 IS NOT NULL",
        ] {
            sqlx::query(statement).bind(from).bind(into).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(ended)
    }

    async fn delete_account(&self, account_id: &str, ending: Ending<'_>) -> Result<Ended, StoreError> {
        let mut transaction = self.write.begin().await?;
        let ended = end_account(&mut transaction, account_id, ending).await?;
        for statement in [
            "DELETE FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE account_id = ?1)",
            "DELETE FROM grants WHERE account_id = ?1",
            "DELETE FROM subjects WHERE account_id = ?1",
            "DELETE FROM identities WHERE account_id = ?1",
            "DELETE FROM accounts WHERE id = ?1",
        ] {
            sqlx::query(statement).bind(account_id).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(ended)
    }
}
