//! Attempts in Redis. An attempt, and its scene where it has one, are on one node of a cluster, by the attempt's id; the id itself is
//! found by the state, which is a key of its own.

use async_trait::async_trait;

use super::{NewRow, RedisStore, number, scripts};
use crate::clock::Seconds;
use crate::secret::SecretHash;
use crate::store::scenes::SceneRow;
use crate::store::{AttemptEnd, AttemptRow, CodeRow, Fleeting, StoreError};

impl RedisStore {
    fn attempt_key(&self, id: &str) -> String {
        self.redis.key(id, "attempt")
    }

    fn state_key(&self, state_hash: &SecretHash) -> String {
        self.redis.key(&String::from(*state_hash), "state")
    }
}

#[async_trait]
impl Fleeting for RedisStore {
    async fn insert_attempt(&self, attempt: &AttemptRow, scene: Option<&SceneRow>) -> Result<(), StoreError> {
        // A state is good for one attempt. A crash behind this leaves a state that nobody has been told of, and that leads nowhere.
        let (state, kept_for) = (self.state_key(&attempt.state_hash), self.kept_for(attempt.expires_at));
        let mut claim = redis::cmd("SET");
        claim.arg(state).arg(&attempt.id).arg("NX").arg("EX").arg(kept_for);
        let is_new: Option<String> = self.redis.ask(&claim).await?;
        if is_new.is_none() {
            return Err(StoreError::Duplicate("Redis has an attempt of this state".into()));
        }
        let mut rows = vec![NewRow::new(self.attempt_key(&attempt.id), attempt.expires_at, attempt)?];
        rows.extend(scene.map(|scene| self.new_scene(scene)).transpose()?);
        self.insert(&rows).await
    }

    async fn attempt_by_state(&self, state_hash: &SecretHash) -> Result<Option<AttemptRow>, StoreError> {
        let id: Option<String> = self.redis.ask(redis::cmd("GET").arg(self.state_key(state_hash))).await?;
        match id {
            Some(id) => self.attempt(&id).await,
            None => Ok(None),
        }
    }

    async fn attempt(&self, id: &str) -> Result<Option<AttemptRow>, StoreError> {
        let Some((attempt, mut fields)) = self.row::<AttemptRow>(self.attempt_key(id)).await? else {
            return Ok(None);
        };
        let taken_at = fields.contains_key("taken_at").then(|| number(&fields, "taken_at")).transpose()?;
        let end = fields.remove("end").map(AttemptEnd::from);
        Ok(Some(AttemptRow { taken_at, end, ..attempt }))
    }

    async fn take_attempt(&self, id: &str, now: Seconds) -> Result<bool, StoreError> {
        self.redis.run(&scripts().take, &[self.attempt_key(id)], &[&now.to_string()]).await
    }

    /// The code first, on whichever node of a cluster it is: a crash behind it leaves a code that nobody has been told of.
    async fn end_attempt(&self, id: &str, end: AttemptEnd, code: Option<&CodeRow>) -> Result<(), StoreError> {
        if let Some(code) = code {
            self.keep_code(code).await?;
        }
        self.redis.run(&scripts().end_attempt, &[self.attempt_key(id)], &[end.into()]).await
    }

    async fn insert_code(&self, code: &CodeRow) -> Result<(), StoreError> {
        self.keep_code(code).await
    }

    async fn code(&self, code_hash: &SecretHash) -> Result<Option<CodeRow>, StoreError> {
        self.find_code(code_hash).await
    }

    async fn take_code(&self, code_hash: &SecretHash, now: Seconds) -> Result<bool, StoreError> {
        self.use_code(code_hash, now).await
    }

    async fn sweep_fleeting(&self, _: Seconds, _: u32) -> Result<u64, StoreError> {
        // Redis clears away by itself.
        Ok(0)
    }
}
