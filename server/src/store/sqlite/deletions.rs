//! Accounts that are to be forgotten, and identities that go, in SQLite.

use async_trait::async_trait;
use rusqlite::params;

use super::SqliteStore;
use super::audit::note;
use super::identity::forget;
use super::logouts::{OwnEnding, end_account};
use super::statement::statements;
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::audit::{By, What};
use crate::store::deletions::Deletions;
use crate::store::logouts::{Ended, Ending};

#[async_trait]
impl Deletions for SqliteStore {
    async fn delete_later(
        &self,
        account_id: &str,
        delete_at: Seconds,
        by: By,
        ending: Ending<'_>,
    ) -> Result<Option<Ended>, StoreError> {
        let (account_id, ending) = (account_id.to_owned(), OwnEnding::of(ending));
        let delete = self.write.all(move |connection| {
            if DELETE_LATER.execute(connection, params![account_id, delete_at])? == 0 {
                return Ok(None);
            }
            note(connection, &account_id, What::Deleted, by, None, ending.now)?;
            end_account(connection, &account_id, &ending).map(Some)
        });
        delete.await
    }

    async fn delete_at(&self, account_id: &str) -> Result<Option<Seconds>, StoreError> {
        let at = |connection: &_| DELETE_AT.first(connection, [account_id], |row| Ok(row.get(0)?));
        Ok(self.read.read(at).await?.flatten())
    }

    async fn due_deletions(&self, now: Seconds, most: u32) -> Result<Vec<String>, StoreError> {
        let due = |connection: &_| DUE_DELETIONS.all(connection, params![now, most], |row| Ok(row.get(0)?));
        self.read.read(due).await
    }

    async fn delete_if_due(&self, account_id: &str, ending: Ending<'_>) -> Result<Option<Ended>, StoreError> {
        let (account_id, ending) = (account_id.to_owned(), OwnEnding::of(ending));
        let delete = self.write.all(move |connection| {
            let at: Option<Option<Seconds>> =
                DELETE_AT.first(connection, [&account_id], |row| Ok(row.get(0)?))?;
            if at.flatten().is_none_or(|at| at > ending.now) {
                return Ok(None);
            }
            forget(connection, &account_id, By::Person, &ending).map(Some)
        });
        delete.await
    }

    async fn unlink_identity(
        &self,
        account_id: &str,
        appid: &str,
        openid: &str,
        now: Seconds,
    ) -> Result<bool, StoreError> {
        let [account_id, appid, openid] = [account_id, appid, openid].map(str::to_owned);
        let unlink = self.write.all(move |connection| {
            let gone = UNLINK.execute(connection, [&account_id, &appid, &openid])? > 0;
            if gone {
                note(connection, &account_id, What::Unlinked, By::Person, Some(&appid), now)?;
            }
            Ok(gone)
        });
        unlink.await
    }
}

statements! {
    DELETE_LATER = "UPDATE accounts SET delete_at = ?2 WHERE id = ?1";
    DELETE_AT = "SELECT delete_at FROM accounts WHERE id = ?1";
    DUE_DELETIONS = "SELECT id FROM accounts WHERE delete_at <= ?1 ORDER BY delete_at LIMIT ?2";
    UNLINK = "DELETE FROM identities WHERE account_id = ?1 AND appid = ?2 AND openid = ?3 AND EXISTS (
        SELECT 1 FROM identities other WHERE other.account_id = ?1 AND (other.appid, other.openid) <> (?2, ?3))";
}
