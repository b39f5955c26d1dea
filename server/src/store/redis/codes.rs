//! Codes in Redis: each is one key, by the SHA-256 of the code.

use super::{NewRow, RedisStore, number, scripts};
use crate::clock::Seconds;
use crate::secret::SecretHash;
use crate::store::{CodeRow, StoreError};

impl RedisStore {
    fn code_key(&self, code_hash: &SecretHash) -> String {
        self.redis.key(&String::from(*code_hash), "code")
    }

    pub(super) async fn keep_code(&self, code: &CodeRow) -> Result<(), StoreError> {
        self.insert(&[NewRow::new(self.code_key(&code.code_hash), code.expires_at, code)?]).await
    }

    pub(super) async fn find_code(&self, code_hash: &SecretHash) -> Result<Option<CodeRow>, StoreError> {
        let Some((code, fields)) = self.row::<CodeRow>(self.code_key(code_hash)).await? else {
            return Ok(None);
        };
        let used_at = fields.contains_key("taken_at").then(|| number(&fields, "taken_at")).transpose()?;
        Ok(Some(CodeRow { used_at, ..code }))
    }

    pub(super) async fn use_code(&self, code_hash: &SecretHash, now: Seconds) -> Result<bool, StoreError> {
        self.redis.run(&scripts().take, &[self.code_key(code_hash)], &[&now.to_string()]).await
    }
}
