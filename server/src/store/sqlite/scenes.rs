//! Scenes in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::statement::statements;
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::scenes::{Entered, Progress, SceneRow, Scenes};

#[async_trait]
impl Scenes for SqliteStore {
    async fn scene(&self, id: &str) -> Result<Option<SceneRow>, StoreError> {
        self.read.read(|connection| SCENE.first(connection, [id], scene)).await
    }

    async fn scan_scene(&self, id: &str, now: Seconds) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write.one(move |connection| Ok(SCAN_SCENE.execute(connection, params![id, now])? == 1)).await
    }

    async fn bind_scene(
        &self,
        id: &str,
        leg_id: &str,
        account_id: &str,
        now: Seconds,
    ) -> Result<bool, StoreError> {
        let [id, leg_id, account_id] = [id, leg_id, account_id].map(str::to_owned);
        let bind = self.write.one(move |connection| {
            Ok(BIND_SCENE.execute(connection, params![id, leg_id, account_id, now])? == 1)
        });
        bind.await
    }

    async fn enter_number(
        &self,
        id: &str,
        leg_id: &str,
        number: &str,
        now: Seconds,
    ) -> Result<Entered, StoreError> {
        let [id, leg_id, number] = [id, leg_id, number].map(str::to_owned);
        let enter = self
            .write
            .one(move |connection| ENTER_NUMBER.first(connection, params![id, leg_id, number, now], entered));
        Ok(enter.await?.unwrap_or(Entered::Over))
    }

    async fn deny_scene(&self, id: &str, leg_id: &str, now: Seconds) -> Result<bool, StoreError> {
        let [id, leg_id] = [id, leg_id].map(str::to_owned);
        self.write
            .one(move |connection| Ok(DENY_SCENE.execute(connection, params![id, leg_id, now])? == 1))
            .await
    }
}

/// Keeps a scene, with its attempt.
pub(super) fn insert(connection: &Connection, scene: &SceneRow) -> Result<(), StoreError> {
    INSERT_SCENE
        .execute(
            connection,
            params![
                scene.id,
                scene.number,
                scene.computer,
                scene.started_at,
                scene.progress.as_str(),
                scene.tries_left,
                scene.expires_at,
            ],
        )
        .map(drop)
}

fn entered(row: &Row<'_>) -> Result<Entered, StoreError> {
    Ok(match progress(row)? {
        Progress::Approved => Entered::Right,
        Progress::Waiting | Progress::Scanned => Entered::Wrong { tries_left: row.get("tries_left")? },
        Progress::Denied => Entered::Over,
    })
}

fn progress(row: &Row<'_>) -> Result<Progress, StoreError> {
    let word: String = row.get("progress")?;
    Progress::parse(&word).ok_or(StoreError::row("a scene has come nowhere"))
}

fn scene(row: &Row<'_>) -> Result<SceneRow, StoreError> {
    Ok(SceneRow {
        id: row.get("id")?,
        number: row.get("number")?,
        computer: row.get("computer")?,
        started_at: row.get("started_at")?,
        progress: progress(row)?,
        tries_left: row.get("tries_left")?,
        leg_id: row.get("leg_id")?,
        account_id: row.get("account_id")?,
        expires_at: row.get("expires_at")?,
    })
}

statements! {
    INSERT_SCENE = "INSERT INTO scenes (id, number, computer, started_at, progress, tries_left, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    SCENE = "SELECT * FROM scenes WHERE id = ?1";
    SCAN_SCENE = "UPDATE scenes SET progress = 'scanned'
        WHERE id = ?1 AND progress IN ('waiting', 'scanned') AND expires_at > ?2";
    BIND_SCENE = "UPDATE scenes SET leg_id = ?2, account_id = ?3
        WHERE id = ?1 AND progress = 'scanned' AND expires_at > ?4 AND (account_id IS NULL OR account_id = ?3)";
    ENTER_NUMBER = "UPDATE scenes SET
        progress = CASE WHEN number = ?3 THEN 'approved' WHEN tries_left <= 1 THEN 'denied' ELSE progress END,
        tries_left = CASE WHEN number = ?3 THEN tries_left ELSE tries_left - 1 END
        WHERE id = ?1 AND leg_id = ?2 AND progress = 'scanned' AND expires_at > ?4
        RETURNING progress, tries_left";
    DENY_SCENE = "UPDATE scenes SET progress = 'denied'
        WHERE id = ?1 AND (leg_id IS NULL OR leg_id = ?2) AND progress = 'scanned' AND expires_at > ?3";
}
