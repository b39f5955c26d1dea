//! Scenes in SQLite.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::SqliteStore;
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::scenes::{Entered, Progress, SceneRow, Scenes};

#[async_trait]
impl Scenes for SqliteStore {
    async fn scene(&self, id: &str) -> Result<Option<SceneRow>, StoreError> {
        sqlx::query("SELECT * FROM scenes WHERE id = ?1")
            .bind(id)
            .fetch_optional(&self.read)
            .await?
            .map(|row| scene(&row))
            .transpose()
    }

    async fn scan_scene(&self, id: &str, now: Seconds) -> Result<bool, StoreError> {
        let scanned = self
            .write
            .execute(
                sqlx::query(
                    "UPDATE scenes SET progress = 'scanned'
             WHERE id = ?1 AND progress IN ('waiting', 'scanned') AND expires_at > ?2",
                )
                .bind(id)
                .bind(now),
            )
            .await?;
        Ok(scanned == 1)
    }

    async fn bind_scene(
        &self,
        id: &str,
        leg_id: &str,
        account_id: &str,
        now: Seconds,
    ) -> Result<bool, StoreError> {
        let bound = self
            .write
            .execute(
                sqlx::query(
                    "UPDATE scenes SET leg_id = ?2, account_id = ?3
             WHERE id = ?1 AND progress = 'scanned' AND expires_at > ?4
             AND (account_id IS NULL OR account_id = ?3)",
                )
                .bind(id)
                .bind(leg_id)
                .bind(account_id)
                .bind(now),
            )
            .await?;
        Ok(bound == 1)
    }

    async fn enter_number(
        &self,
        id: &str,
        leg_id: &str,
        number: &str,
        now: Seconds,
    ) -> Result<Entered, StoreError> {
        let mut transaction = self.write.begin().await?;
        let row = sqlx::query(
            "UPDATE scenes SET
             progress = CASE WHEN number = ?3 THEN 'approved' WHEN tries_left <= 1 THEN 'denied' ELSE progress END,
             tries_left = CASE WHEN number = ?3 THEN tries_left ELSE tries_left - 1 END
             WHERE id = ?1 AND leg_id = ?2 AND progress = 'scanned' AND expires_at > ?4
             RETURNING progress, tries_left",
        )
        .bind(id)
        .bind(leg_id)
        .bind(number)
        .bind(now)
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let Some(row) = row else { return Ok(Entered::Over) };
        Ok(match progress(row.try_get("progress")?)? {
            Progress::Approved => Entered::Right,
            Progress::Waiting | Progress::Scanned => {
                Entered::Wrong { tries_left: row.try_get("tries_left")? }
            }
            Progress::Denied => Entered::Over,
        })
    }

    async fn deny_scene(&self, id: &str, leg_id: &str, now: Seconds) -> Result<bool, StoreError> {
        let denied = self
            .write
            .execute(
                sqlx::query(
                    "UPDATE scenes SET progress = 'denied'
             WHERE id = ?1 AND (leg_id IS NULL OR leg_id = ?2) AND progress = 'scanned' AND expires_at > ?3",
                )
                .bind(id)
                .bind(leg_id)
                .bind(now),
            )
            .await?;
        Ok(denied == 1)
    }
}

/// Keeps a scene, with its attempt.
pub(super) async fn insert(connection: &mut SqliteConnection, scene: &SceneRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO scenes (id, number, computer, started_at, progress, tries_left, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(&scene.id)
    .bind(&scene.number)
    .bind(&scene.computer)
    .bind(scene.started_at)
    .bind(scene.progress.as_str())
    .bind(scene.tries_left)
    .bind(scene.expires_at)
    .execute(connection)
    .await?;
    Ok(())
}

fn progress(word: &str) -> Result<Progress, StoreError> {
    Progress::parse(word).ok_or(StoreError::row("a scene has come nowhere"))
}

fn scene(row: &SqliteRow) -> Result<SceneRow, StoreError> {
    Ok(SceneRow {
        id: row.try_get("id")?,
        number: row.try_get("number")?,
        computer: row.try_get("computer")?,
        started_at: row.try_get("started_at")?,
        progress: progress(row.try_get("progress")?)?,
        tries_left: row.try_get("tries_left")?,
        leg_id: row.try_get("leg_id")?,
        account_id: row.try_get("account_id")?,
        expires_at: row.try_get("expires_at")?,
    })
}
