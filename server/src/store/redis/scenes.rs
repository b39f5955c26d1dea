//! Scenes in Redis. Each is one hash: what never changes as JSON, what does in fields of its own, which the scripts change.

use async_trait::async_trait;

use super::{NewRow, RedisStore, field, number, scripts};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::scenes::{Entered, Progress, SceneRow, Scenes};

impl RedisStore {
    fn scene_key(&self, id: &str) -> String {
        self.redis.key(id, "scene")
    }

    pub(super) fn new_scene(&self, scene: &SceneRow) -> Result<NewRow, StoreError> {
        let changing = vec![
            ("number", scene.number.clone()),
            ("progress", scene.progress.as_str().to_owned()),
            ("tries_left", scene.tries_left.to_string()),
        ];
        Ok(NewRow { changing, ..NewRow::new(self.scene_key(&scene.id), scene.expires_at, scene)? })
    }
}

#[async_trait]
impl Scenes for RedisStore {
    async fn scene(&self, id: &str) -> Result<Option<SceneRow>, StoreError> {
        let Some((scene, mut fields)) = self.row::<SceneRow>(self.scene_key(id)).await? else {
            return Ok(None);
        };
        let progress = field(&fields, "progress").and_then(Progress::parse);
        Ok(Some(SceneRow {
            progress: progress.ok_or(StoreError::row("a scene has come nowhere"))?,
            tries_left: number(&fields, "tries_left")?,
            leg_id: fields.remove("leg_id"),
            account_id: fields.remove("account_id"),
            ..scene
        }))
    }

    async fn scan_scene(&self, id: &str, now: Seconds) -> Result<bool, StoreError> {
        self.redis.run(&scripts().scan_scene, &[self.scene_key(id)], &[&now.to_string()]).await
    }

    async fn bind_scene(
        &self,
        id: &str,
        leg_id: &str,
        account_id: &str,
        now: Seconds,
    ) -> Result<bool, StoreError> {
        let arguments = [&now.to_string(), leg_id, account_id];
        self.redis.run(&scripts().bind_scene, &[self.scene_key(id)], &arguments).await
    }

    async fn enter_number(
        &self,
        id: &str,
        leg_id: &str,
        number: &str,
        now: Seconds,
    ) -> Result<Entered, StoreError> {
        let arguments = [&now.to_string(), leg_id, number];
        let left: i8 = self.redis.run(&scripts().enter_number, &[self.scene_key(id)], &arguments).await?;
        Ok(match left {
            0 => Entered::Over,
            ..0 => Entered::Right,
            left => Entered::Wrong { tries_left: left.unsigned_abs() },
        })
    }

    async fn deny_scene(&self, id: &str, leg_id: &str, now: Seconds) -> Result<bool, StoreError> {
        let arguments = [&now.to_string(), leg_id];
        self.redis.run(&scripts().deny_scene, &[self.scene_key(id)], &arguments).await
    }
}
