//! Who is who and who is logged in, in PostgreSQL.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::{PgPool, PgRow};

use super::json::{read, written};
use super::together::{Verb, in_order};
use super::{PostgresStore, text};
use crate::clock::Seconds;
use crate::secret::{SecretHash, random_word};
use crate::store::grants::GrantRow;
use crate::store::logins::{AT_ONCE, BeginGrant, LogIn, LoggedIn};
use crate::store::logouts::Ending;
use crate::store::{AccountRow, Browser, Found, IdentityRow, Lasting, SessionRow, StoreError};

#[async_trait]
impl Lasting for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.run(|| sqlx::query("UPDATE readiness SET written_at = now()").execute(&self.pool)).await?;
        Ok(())
    }

    async fn account_of_identity(
        &self,
        identity: &IdentityRow,
        ending: Ending<'_>,
    ) -> Result<Found, StoreError> {
        let (json, new_id) = (written(identity)?, random_word());
        let (id, news, logouts): (String, String, String) = self
            .run(|| {
                sqlx::query_as(
                    "SELECT account_found, news::text, logouts::text FROM find_person($1::jsonb, NULL, $2, $3, $4)",
                )
                .bind(&json)
                .bind(&new_id)
                .bind(ending.tell)
                .bind(ending.now)
                .fetch_one(&self.pool)
            })
            .await?;
        let nickname = text(&identity.nickname).into_owned();
        let picture = identity.picture.as_deref().map(|picture| text(picture).into_owned());
        let account = AccountRow { id, nickname, picture };
        Ok(Found { account, news: read(&news)?, logouts: read(&logouts)? })
    }

    async fn subject(&self, client_id: &str, account_id: &str, now: Seconds) -> Result<String, StoreError> {
        let new_sub = random_word();
        self.run(|| {
            sqlx::query_scalar("SELECT subject_of($1, $2, $3, $4)")
                .bind(text(client_id))
                .bind(text(account_id))
                .bind(&new_sub)
                .bind(now)
                .fetch_one(&self.pool)
        })
        .await
    }

    async fn account(&self, account_id: &str) -> Result<Option<AccountRow>, StoreError> {
        let row = self
            .run(|| {
                sqlx::query(
                    "SELECT id, nickname, picture FROM accounts
                     WHERE id = coalesce((SELECT account_id FROM account_aliases WHERE id = $1), $1)",
                )
                .bind(text(account_id))
                .fetch_optional(&self.pool)
            })
            .await?;
        row.map(|row| {
            Ok(AccountRow {
                id: row.try_get("id")?,
                nickname: row.try_get("nickname")?,
                picture: row.try_get("picture")?,
            })
        })
        .transpose()
    }

    async fn log_in(&self, login: LogIn, now: Seconds) -> Result<Option<LoggedIn>, StoreError> {
        let place = login.person.name().to_owned();
        let login =
            Login { place, json: written(&login)?, new_id: random_word(), new_sub: random_word(), now };
        let logged_in = self.ask(login).await?;
        logged_in.as_deref().map(read).transpose()
    }

    async fn begin_grant(&self, grant: BeginGrant, now: Seconds) -> Result<Option<GrantRow>, StoreError> {
        let (json, new_sub) = (written(&grant)?, random_word());
        let begun: Option<String> = self
            .run(|| {
                sqlx::query_scalar("SELECT begin_grant($1::jsonb, $2, $3)::text")
                    .bind(&json)
                    .bind(&new_sub)
                    .bind(now)
                    .fetch_one(&self.pool)
            })
            .await?;
        begun.as_deref().map(read).transpose()
    }

    async fn insert_session(&self, session: &SessionRow) -> Result<(), StoreError> {
        self.run(|| {
            sqlx::query(
                "INSERT INTO sessions (sid, secret_hash, account_id, client_id, device, browser_hash, browser_salt, auth_time,
                 idle_until, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                 ON CONFLICT (sid) DO UPDATE SET secret_hash = $2, account_id = $3, client_id = $4, device = $5,
                 browser_hash = $6, browser_salt = $7, auth_time = $8, idle_until = $9, expires_at = $10",
            )
            .bind(&session.sid)
            .bind(session.secret_hash.as_bytes())
            .bind(&session.account_id)
            .bind(&session.client_id)
            .bind(text(&session.device))
            .bind(session.browser.as_ref().map(|browser| browser.hash.as_bytes()))
            .bind(session.browser.as_ref().map(|browser| &browser.salt))
            .bind(session.auth_time)
            .bind(session.idle_until)
            .bind(session.expires_at)
            .execute(&self.pool)
        })
        .await?;
        Ok(())
    }

    async fn session(
        &self,
        secret_hash: &SecretHash,
        now: Seconds,
    ) -> Result<Option<SessionRow>, StoreError> {
        self.ask(LivingSession { secret_hash: *secret_hash, now }).await?
    }

    async fn touch_session(&self, sid: &str, idle_until: Seconds) -> Result<(), StoreError> {
        self.run(|| {
            sqlx::query("UPDATE sessions SET idle_until = $2 WHERE sid = $1")
                .bind(text(sid))
                .bind(idle_until)
                .execute(&self.pool)
        })
        .await?;
        Ok(())
    }

    async fn sweep_lasting(&self, now: Seconds, most: u32) -> Result<u64, StoreError> {
        // What another node clears away in this moment is passed over.
        let statements = [
            (
                "DELETE FROM sessions WHERE sid IN (SELECT sid FROM sessions WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                now,
            ),
            (
                "DELETE FROM sessions WHERE sid IN (SELECT sid FROM sessions WHERE idle_until <= $1
                 ORDER BY idle_until LIMIT $2 FOR UPDATE SKIP LOCKED)",
                now,
            ),
        ];
        self.delete(&statements, most).await
    }
}

/// See [`Lasting::log_in`].
pub(super) struct Login {
    place: String,
    json: String,
    new_id: String,
    new_sub: String,
    now: Seconds,
}

impl Verb for Login {
    type Answer = Option<String>;

    const NAME: &'static str = "log_in";

    fn place(&self) -> &str {
        &self.place
    }

    async fn ask(pool: &PgPool, all: &[Self], patience: &str) -> sqlx::Result<Vec<Option<String>>> {
        sqlx::query_scalar(
            "WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', $1, true))
             SELECT log_in(asked.json::jsonb, asked.new_id, asked.new_sub, $6, asked.now)::text
             FROM patience, unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY
             AS asked (json, new_id, new_sub, now, nth) ORDER BY asked.nth",
        )
        .bind(patience)
        .bind(all.iter().map(|one| &one.json).collect::<Vec<_>>())
        .bind(all.iter().map(|one| &one.new_id).collect::<Vec<_>>())
        .bind(all.iter().map(|one| &one.new_sub).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.now).collect::<Vec<_>>())
        .bind(AT_ONCE)
        .fetch_all(pool)
        .await
    }
}

/// See [`Lasting::session`].
pub(super) struct LivingSession {
    secret_hash: SecretHash,
    now: Seconds,
}

impl Verb for LivingSession {
    type Answer = Result<Option<SessionRow>, StoreError>;

    const NAME: &'static str = "session";

    fn place(&self) -> &str {
        ""
    }

    async fn ask(pool: &PgPool, all: &[Self], _: &str) -> sqlx::Result<Vec<Self::Answer>> {
        let rows = sqlx::query(
            "SELECT asked.nth, found.* FROM unnest($1::bytea[], $2::bigint[]) WITH ORDINALITY AS asked (hash, now, nth),
             LATERAL (SELECT * FROM sessions WHERE secret_hash = asked.hash LIMIT 1) AS found
             WHERE idle_until > asked.now AND expires_at > asked.now",
        )
        .bind(all.iter().map(|one| one.secret_hash.as_bytes()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.now).collect::<Vec<_>>())
        .fetch_all(pool)
        .await?;
        in_order(all.len(), &rows, session)
    }
}

pub(super) fn session(row: &PgRow) -> Result<SessionRow, StoreError> {
    let browser = match (row.try_get::<Option<&[u8]>, _>("browser_hash")?, row.try_get("browser_salt")?) {
        (Some(_), Some(salt)) => Some(Browser { hash: hash(row, "browser_hash")?, salt }),
        _ => None,
    };
    Ok(SessionRow {
        sid: row.try_get("sid")?,
        secret_hash: hash(row, "secret_hash")?,
        account_id: row.try_get("account_id")?,
        client_id: row.try_get("client_id")?,
        device: row.try_get("device")?,
        browser,
        auth_time: row.try_get("auth_time")?,
        idle_until: row.try_get("idle_until")?,
        expires_at: row.try_get("expires_at")?,
    })
}

pub(super) fn hash(row: &PgRow, column: &str) -> Result<SecretHash, StoreError> {
    SecretHash::from_row(row.try_get(column)?).ok_or(StoreError::row("a hash is not 32 bytes long"))
}
