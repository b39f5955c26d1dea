//! Who is who, and who is logged in, in SQLite: the verbs, over the rows of the rooms beside this one.

use async_trait::async_trait;

use super::SqliteStore;
use super::accounts::{self, account, insert_session, known_subject, living_session, subject, touch_session};
use super::identity::account_of_identity;
use super::logins::{begin_grant, log_in};
use super::logouts::OwnEnding;
use crate::clock::Seconds;
use crate::secret::SecretHash;
use crate::store::grants::GrantRow;
use crate::store::logins::{BeginGrant, LogIn, LoggedIn};
use crate::store::logouts::Ending;
use crate::store::{AccountRow, Found, IdentityRow, Lasting, SessionRow, StoreError};

#[async_trait]
impl Lasting for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.read.read(accounts::ping).await?;
        self.write.one(accounts::ping_by_a_write).await
    }

    async fn account_of_identity(
        &self,
        identity: &IdentityRow,
        ending: Ending<'_>,
    ) -> Result<Found, StoreError> {
        let (identity, ending) = (identity.clone(), OwnEnding::of(ending));
        let found =
            self.write.all(move |connection| account_of_identity(connection, &identity, None, &ending));
        found.await?.ok_or(StoreError::row("an account to join is gone, and there was none"))
    }

    async fn subject(&self, client_id: &str, account_id: &str, now: Seconds) -> Result<String, StoreError> {
        if let Some(sub) =
            self.read.read(|connection| known_subject(connection, client_id, account_id)).await?
        {
            return Ok(sub);
        }
        let (client_id, account_id) = (client_id.to_owned(), account_id.to_owned());
        self.write.all(move |connection| subject(connection, &client_id, &account_id, now)).await
    }

    async fn account(&self, account_id: &str) -> Result<Option<AccountRow>, StoreError> {
        self.read.read(|connection| account(connection, account_id)).await
    }

    async fn log_in(&self, login: LogIn, now: Seconds) -> Result<Option<LoggedIn>, StoreError> {
        self.write.all(move |connection| log_in(connection, login, now)).await
    }

    async fn begin_grant(&self, grant: BeginGrant, now: Seconds) -> Result<Option<GrantRow>, StoreError> {
        self.write.all(move |connection| begin_grant(connection, grant, now)).await
    }

    async fn insert_session(&self, session: &SessionRow) -> Result<(), StoreError> {
        let session = session.clone();
        self.write.one(move |connection| insert_session(connection, &session)).await
    }

    async fn session(
        &self,
        secret_hash: &SecretHash,
        now: Seconds,
    ) -> Result<Option<SessionRow>, StoreError> {
        self.read.read(|connection| living_session(connection, secret_hash, now)).await
    }

    async fn touch_session(&self, sid: &str, idle_until: Seconds) -> Result<(), StoreError> {
        let sid = sid.to_owned();
        self.write.one(move |connection| touch_session(connection, &sid, idle_until)).await
    }

    async fn sweep_lasting(&self, now: Seconds, most: u32) -> Result<u64, StoreError> {
        self.delete(accounts::SWEEPS, move |_| now, most).await
    }
}
