//! Scenes in PostgreSQL.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;

use super::{PostgresStore, text};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::scenes::{Entered, Progress, SceneRow, Scenes};

#[async_trait]
impl Scenes for PostgresStore {
    async fn scene(&self, id: &str) -> Result<Option<SceneRow>, StoreError> {
        let row = self
            .run(|| {
                sqlx::query("SELECT * FROM scenes WHERE id = $1").bind(text(id)).fetch_optional(&self.pool)
            })
            .await?;
        row.map(|row| scene(&row)).transpose()
    }

    async fn scan_scene(&self, id: &str, now: Seconds) -> Result<bool, StoreError> {
        let scanned = self
            .run(|| {
                sqlx::query(
                    "UPDATE scenes SET progress = 'scanned'
                     WHERE id = $1 AND progress IN ('waiting', 'scanned') AND expires_at > $2",
                )
                .bind(text(id))
                .bind(now)
                .execute(&self.pool)
            })
            .await?;
        Ok(scanned.rows_affected() == 1)
    }

    async fn bind_scene(
        &self,
        id: &str,
        leg_id: &str,
        account_id: &str,
        now: Seconds,
    ) -> Result<bool, StoreError> {
        let bound = self
            .run(|| {
                sqlx::query(
                    "UPDATE scenes SET leg_id = $2, account_id = $3
                     WHERE id = $1 AND progress = 'scanned' AND expires_at > $4
                     AND (account_id IS NULL OR account_id = $3)",
                )
                .bind(text(id))
                .bind(text(leg_id))
                .bind(text(account_id))
                .bind(now)
                .execute(&self.pool)
            })
            .await?;
        Ok(bound.rows_affected() == 1)
    }

    async fn enter_number(
        &self,
        id: &str,
        leg_id: &str,
        number: &str,
        now: Seconds,
    ) -> Result<Entered, StoreError> {
        let row = self
            .run(|| {
                sqlx::query(
                    "UPDATE scenes SET
                     progress = CASE WHEN number = $3 THEN 'approved' WHEN tries_left <= 1 THEN 'denied' ELSE progress END,
                     tries_left = CASE WHEN number = $3 THEN tries_left ELSE tries_left - 1 END
                     WHERE id = $1 AND leg_id = $2 AND progress = 'scanned' AND expires_at > $4
                     RETURNING progress, tries_left",
                )
                .bind(text(id))
                .bind(text(leg_id))
                .bind(text(number))
                .bind(now)
                .fetch_optional(&self.pool)
            })
            .await?;
        let Some(row) = row else { return Ok(Entered::Over) };
        Ok(match progress(&row)? {
            Progress::Approved => Entered::Right,
            Progress::Waiting | Progress::Scanned => Entered::Wrong { tries_left: tries_left(&row)? },
            Progress::Denied => Entered::Over,
        })
    }

    async fn deny_scene(&self, id: &str, leg_id: &str, now: Seconds) -> Result<bool, StoreError> {
        let denied = self
            .run(|| {
                sqlx::query(
                    "UPDATE scenes SET progress = 'denied'
                     WHERE id = $1 AND (leg_id IS NULL OR leg_id = $2) AND progress = 'scanned' AND expires_at > $3",
                )
                .bind(text(id))
                .bind(text(leg_id))
                .bind(now)
                .execute(&self.pool)
            })
            .await?;
        Ok(denied.rows_affected() == 1)
    }
}

/// The values of a new scene, behind those of its attempt.
pub(super) fn bind<'q>(
    insert: Query<'q, Postgres, PgArguments>,
    scene: &'q SceneRow,
) -> Query<'q, Postgres, PgArguments> {
    insert
        .bind(&scene.id)
        .bind(&scene.number)
        .bind(text(&scene.computer))
        .bind(scene.started_at)
        .bind(scene.progress.as_str())
        .bind(i32::from(scene.tries_left))
        .bind(scene.expires_at)
}

fn progress(row: &PgRow) -> Result<Progress, StoreError> {
    Progress::parse(row.try_get("progress")?).ok_or(StoreError::row("a scene has come nowhere"))
}

fn tries_left(row: &PgRow) -> Result<u8, StoreError> {
    let tries: i32 = row.try_get("tries_left")?;
    u8::try_from(tries).map_err(|_| StoreError::row("a scene has no number of tries"))
}

fn scene(row: &PgRow) -> Result<SceneRow, StoreError> {
    Ok(SceneRow {
        id: row.try_get("id")?,
        number: row.try_get("number")?,
        computer: row.try_get("computer")?,
        started_at: row.try_get("started_at")?,
        progress: progress(row)?,
        tries_left: tries_left(row)?,
        leg_id: row.try_get("leg_id")?,
        account_id: row.try_get("account_id")?,
        expires_at: row.try_get("expires_at")?,
    })
}
