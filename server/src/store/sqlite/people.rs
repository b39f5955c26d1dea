//! People and their sessions in SQLite.

use async_trait::async_trait;
use sqlx::Row;

use super::{SqliteStore, session};
use crate::clock::Seconds;
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

    async fn sessions(
        &self,
        account_id: Option<&str>,
        now: Seconds,
        most: u32,
    ) -> Result<Vec<SessionRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM sessions WHERE (?1 IS NULL OR account_id = ?1) AND idle_until > ?2 AND expires_at > ?2
             ORDER BY auth_time DESC, sid LIMIT ?3",
        )
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

    async fn delete_session_of_sid(&self, sid: &str) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM sessions WHERE sid = ?1").bind(sid).execute(&self.write).await?;
        Ok(gone.rows_affected() == 1)
    }

    async fn merge_accounts(&self, from: &str, into: &str) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        for statement in [
            "UPDATE identities SET account_id = ?2 WHERE account_id = ?1",
            "UPDATE OR IGNORE subjects SET account_id = ?2 WHERE account_id = ?1",
            "DELETE FROM subjects WHERE account_id = ?1 AND ?2 IS NOT NULL",
            "UPDATE grants SET account_id = ?2 WHERE account_id = ?1",
            "UPDATE sessions SET account_id = ?2 WHERE account_id = ?1",
            "DELETE FROM accounts WHERE id = ?1 AND ?2 IS NOT NULL",
        ] {
            sqlx::query(statement).bind(from).bind(into).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn delete_account(&self, account_id: &str) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        for statement in [
            "DELETE FROM refresh_tokens WHERE grant_id IN (SELECT id FROM grants WHERE account_id = ?1)",
            "DELETE FROM grants WHERE account_id = ?1",
            "DELETE FROM sessions WHERE account_id = ?1",
            "DELETE FROM subjects WHERE account_id = ?1",
            "DELETE FROM identities WHERE account_id = ?1",
            "DELETE FROM accounts WHERE id = ?1",
        ] {
            sqlx::query(statement).bind(account_id).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}
