//! Both stores in one SQLite file: the default.
//!
//! WAL, so that readers never wait; synchronous=FULL, so that what was answered is on the disk. One connection writes: SQLite
//! has one writer anyway, and a queue here is better than its busy errors.

mod grants;
mod keys;
mod logouts;
mod people;
mod scenes;
mod writer;

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use protocol::service::LoginResult;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Connection, Row};

use self::writer::{BUSY_TIMEOUT, Writer};
use super::attempts::AttemptColumns;
use super::logins::Whole;
use super::scenes::SceneRow;
use super::{
    AccountRow, AttemptEnd, AttemptRow, Browser, CodeRow, Fleeting, Found, IdentityRow, Lasting, SessionRow,
    StoreError,
};
use super::{NEWER, TOMBSTONE_LIFETIME};
use crate::clock::Seconds;
use crate::secret::{SecretHash, random_word};

/// A SQLite file.
pub struct SqliteStore {
    write: Writer,
    read: SqlitePool,
}

impl SqliteStore {
    /// Opens the file, makes it where there is none, and brings it to this version: for the service, and for nobody else.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        make_for_the_owner_alone(file).map_err(|error| StoreError::file(file, error))?;
        let options = options(file);
        let mut migrating = SqliteConnection::connect_with(&options).await?;
        MIGRATOR.run(&mut migrating).await?;
        migrating.close().await?;
        Self::connect(options).await
    }

    /// Opens the file that a service of this version has made: for commands beside it, which change nothing but what they say.
    pub async fn open_existing(file: &Path) -> Result<Self, StoreError> {
        if !file.exists() {
            return Err(StoreError::Missing(file.to_owned()));
        }
        let store = Self::connect(options(file).create_if_missing(false)).await?;
        let versions =
            sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version");
        // A file without that table is no store of ours, or one whose first start has not come so far.
        let known: Vec<i64> = versions.fetch_all(&store.read).await.unwrap_or_default();
        let own: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
        if known == own {
            Ok(store)
        } else {
            let newer = known.iter().any(|version| !own.contains(version));
            Err(StoreError::OtherVersion {
                file: file.to_owned(),
                age: if newer { NEWER } else { "an older" },
            })
        }
    }

    async fn connect(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let write = SqlitePoolOptions::new().max_connections(1);
        let write = write.connect_with(options.clone().busy_timeout(BUSY_TIMEOUT)).await?;
        let read = SqlitePoolOptions::new().max_connections(4).connect_with(options.read_only(true)).await?;
        Ok(Self { write: Writer::new(write), read })
    }
}

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
}

/// Who is who is the owner's alone to read. SQLite gives the files beside it the same mode. What an operator has opened to a group
/// stays so; what everybody may read nobody has chosen.
fn make_for_the_owner_alone(file: &Path) -> std::io::Result<()> {
    let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(file)?;
    if made.metadata()?.permissions().mode() & 0o007 == 0 {
        return Ok(());
    }
    for ending in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        match std::fs::set_permissions(&name, Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[async_trait]
impl Lasting for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM accounts LIMIT 1").fetch_optional(&self.read).await?;
        // The least that is a write: one page, of a number that nobody reads.
        self.write.execute(sqlx::query("PRAGMA user_version = 1")).await?;
        Ok(())
    }

    async fn account_of_identity(&self, identity: &IdentityRow, now: Seconds) -> Result<Found, StoreError> {
        let mut transaction = self.write.begin().await?;
        // Its own, and whether the unionid is news of it; else the one of the unionid.
        let known: Option<(String, bool)> = sqlx::query_as(
            "SELECT account_id, appid = ?1 AND openid = ?2 AND unionid IS NOT ?3 FROM identities WHERE (appid = ?1 AND openid = ?2) OR unionid = ?3
             ORDER BY (appid = ?1 AND openid = ?2) DESC, appid, openid LIMIT 1",
        )
        .bind(&identity.appid)
        .bind(&identity.openid)
        .bind(&identity.unionid)
        .fetch_optional(&mut *transaction)
        .await?;
        let (id, is_news) = known.unwrap_or_else(|| (random_word(), false));
        sqlx::query(
            "INSERT INTO accounts (id, nickname, picture, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (id) DO UPDATE SET nickname = ?2, picture = ?3, updated_at = ?4",
        )
        .bind(&id)
        .bind(&identity.nickname)
        .bind(&identity.picture)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO identities (appid, openid, unionid, account_id) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (appid, openid) DO UPDATE SET unionid = coalesce(?3, unionid)",
        )
        .bind(&identity.appid)
        .bind(&identity.openid)
        .bind(&identity.unionid)
        .bind(&id)
        .execute(&mut *transaction)
        .await?;
        let same_unionid = match &identity.unionid {
            Some(unionid) if is_news => {
                sqlx::query_scalar(
                    "SELECT DISTINCT account_id FROM identities WHERE unionid = ?1 AND account_id <> ?2 ORDER BY account_id",
                )
                .bind(unionid)
                .bind(&id)
                .fetch_all(&mut *transaction)
                .await?
            }
            _ => Vec::new(),
        };
        transaction.commit().await?;
        let (nickname, picture) = (identity.nickname.clone(), identity.picture.clone());
        Ok(Found { account: AccountRow { id, nickname, picture }, same_unionid })
    }

    async fn subject(&self, client_id: &str, account_id: &str) -> Result<String, StoreError> {
        let seen = sqlx::query_scalar("SELECT sub FROM subjects WHERE client_id = ?1 AND account_id = ?2")
            .bind(client_id)
            .bind(account_id)
            .fetch_optional(&self.read)
            .await?;
        if let Some(sub) = seen {
            return Ok(sub);
        }
        // Of two first sights at once, the first one's word stays. All clients see the same, as subject type `public` says; the
        // row of each keeps what it saw whatever becomes of the account.
        let mut transaction = self.write.begin().await?;
        let sub = sqlx::query_scalar(
            "INSERT INTO subjects (client_id, account_id, sub)
             VALUES (?1, ?2, coalesce((SELECT min(sub) FROM subjects WHERE account_id = ?2), ?3))
             ON CONFLICT (client_id, account_id) DO UPDATE SET sub = sub RETURNING sub",
        )
        .bind(client_id)
        .bind(account_id)
        .bind(random_word())
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(sub)
    }

    async fn account(&self, account_id: &str) -> Result<Option<AccountRow>, StoreError> {
        let row = sqlx::query("SELECT id, nickname, picture FROM accounts WHERE id = ?1")
            .bind(account_id)
            .fetch_optional(&self.read)
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

    async fn insert_session(&self, session: &SessionRow) -> Result<(), StoreError> {
        self.write.execute(sqlx::query(
            "INSERT INTO sessions (sid, secret_hash, account_id, client_id, auth_time, idle_until, expires_at, device, browser_hash, browser_salt)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (sid) DO UPDATE SET secret_hash = ?2, account_id = ?3, client_id = ?4, auth_time = ?5,
             idle_until = ?6, expires_at = ?7, device = ?8, browser_hash = ?9, browser_salt = ?10",
        )
        .bind(&session.sid)
        .bind(session.secret_hash.as_bytes())
        .bind(&session.account_id)
        .bind(&session.client_id)
        .bind(session.auth_time)
        .bind(session.idle_until)
        .bind(session.expires_at)
        .bind(&session.device)
        .bind(session.browser.as_ref().map(|browser| browser.hash.as_bytes()))
        .bind(session.browser.as_ref().map(|browser| &browser.salt))).await?;
        Ok(())
    }

    async fn session(
        &self,
        secret_hash: &SecretHash,
        now: Seconds,
    ) -> Result<Option<SessionRow>, StoreError> {
        sqlx::query("SELECT * FROM sessions WHERE secret_hash = ?1 AND idle_until > ?2 AND expires_at > ?2")
            .bind(secret_hash.as_bytes())
            .bind(now)
            .fetch_optional(&self.read)
            .await?
            .map(|row| session(&row))
            .transpose()
    }

    async fn touch_session(&self, sid: &str, idle_until: Seconds) -> Result<(), StoreError> {
        self.write
            .execute(
                sqlx::query("UPDATE sessions SET idle_until = ?2 WHERE sid = ?1").bind(sid).bind(idle_until),
            )
            .await?;
        Ok(())
    }

    async fn sweep_lasting(&self, now: Seconds, most: u32) -> Result<u64, StoreError> {
        let statements = [
            (
                "DELETE FROM sessions WHERE sid IN (SELECT sid FROM sessions WHERE expires_at <= ?1 LIMIT ?2)",
                now,
            ),
            (
                "DELETE FROM sessions WHERE sid IN (SELECT sid FROM sessions WHERE idle_until <= ?1 LIMIT ?2)",
                now,
            ),
        ];
        self.write.delete(&statements, most).await
    }
}

#[async_trait]
impl Fleeting for SqliteStore {
    async fn insert_attempt(&self, attempt: &AttemptRow, scene: Option<&SceneRow>) -> Result<(), StoreError> {
        let columns = AttemptColumns::from(attempt);
        let mut transaction = self.write.begin().await?;
        if let Some(scene) = scene {
            scenes::insert(&mut transaction, scene).await?;
        }
        sqlx::query(
            "INSERT INTO attempts (id, kind, state_hash, secret_hash, client_id, origin, result, code_challenge, nonce,
             return_to, authorization, lang, expires_at, product, scene_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )
        .bind(columns.id)
        .bind(columns.kind)
        .bind(columns.state_hash)
        .bind(columns.secret_hash)
        .bind(columns.client_id)
        .bind(columns.origin)
        .bind(columns.result)
        .bind(columns.code_challenge)
        .bind(columns.nonce)
        .bind(columns.return_to)
        .bind(columns.authorization)
        .bind(columns.lang)
        .bind(columns.expires_at)
        .bind(columns.product)
        .bind(columns.scene_id)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn attempt_by_state(&self, state_hash: &SecretHash) -> Result<Option<AttemptRow>, StoreError> {
        sqlx::query("SELECT * FROM attempts WHERE state_hash = ?1")
            .bind(state_hash.as_bytes())
            .fetch_optional(&self.read)
            .await?
            .map(|row| attempt(&row))
            .transpose()
    }

    async fn attempt(&self, id: &str) -> Result<Option<AttemptRow>, StoreError> {
        sqlx::query("SELECT * FROM attempts WHERE id = ?1")
            .bind(id)
            .fetch_optional(&self.read)
            .await?
            .map(|row| attempt(&row))
            .transpose()
    }

    async fn take_attempt(&self, id: &str, now: Seconds) -> Result<bool, StoreError> {
        let taken = self.write.execute(sqlx::query(
            "UPDATE attempts SET taken_at = ?2 WHERE id = ?1 AND taken_at IS NULL AND expires_at > ?2",
        )
        .bind(id)
        .bind(now)).await?;
        Ok(taken == 1)
    }

    async fn end_attempt(&self, id: &str, end: AttemptEnd, code: Option<&CodeRow>) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        sqlx::query("UPDATE attempts SET outcome = ?2 WHERE id = ?1")
            .bind(id)
            .bind(end.as_str())
            .execute(&mut *transaction)
            .await?;
        if let Some(code) = code {
            insert_code(&mut transaction, code).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn insert_code(&self, code: &CodeRow) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        insert_code(&mut transaction, code).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn code(&self, code_hash: &SecretHash, now: Seconds) -> Result<Option<CodeRow>, StoreError> {
        sqlx::query("SELECT * FROM codes WHERE code_hash = ?1 AND used_at IS NULL AND expires_at > ?2")
            .bind(code_hash.as_bytes())
            .bind(now)
            .fetch_optional(&self.read)
            .await?
            .map(|row| code(&row))
            .transpose()
    }

    async fn code_or_tombstone(&self, code_hash: &SecretHash) -> Result<Option<CodeRow>, StoreError> {
        sqlx::query("SELECT * FROM codes WHERE code_hash = ?1")
            .bind(code_hash.as_bytes())
            .fetch_optional(&self.read)
            .await?
            .map(|row| code(&row))
            .transpose()
    }

    async fn take_code(&self, code_hash: &SecretHash, now: Seconds) -> Result<bool, StoreError> {
        let taken = self.write.execute(sqlx::query(
            "UPDATE codes SET used_at = ?2 WHERE code_hash = ?1 AND used_at IS NULL AND expires_at > ?2",
        )
        .bind(code_hash.as_bytes())
        .bind(now)).await?;
        Ok(taken == 1)
    }

    async fn sweep_fleeting(&self, now: Seconds, most: u32) -> Result<u64, StoreError> {
        let long_ago = now - TOMBSTONE_LIFETIME;
        let statements = [
            (
                "DELETE FROM attempts WHERE id IN (SELECT id FROM attempts WHERE expires_at <= ?1 LIMIT ?2)",
                long_ago,
            ),
            (
                "DELETE FROM scenes WHERE id IN (SELECT id FROM scenes WHERE expires_at <= ?1 LIMIT ?2)",
                long_ago,
            ),
            (
                "DELETE FROM codes WHERE code_hash IN
                 (SELECT code_hash FROM codes WHERE expires_at <= ?1 AND used_at IS NULL LIMIT ?2)",
                now,
            ),
            (
                "DELETE FROM codes WHERE code_hash IN
                 (SELECT code_hash FROM codes WHERE expires_at <= ?1 LIMIT ?2)",
                long_ago,
            ),
        ];
        self.write.delete(&statements, most).await
    }
}

impl Whole for SqliteStore {}

fn hash(row: &SqliteRow, column: &str) -> Result<SecretHash, StoreError> {
    SecretHash::from_row(row.try_get(column)?).ok_or(StoreError::row("a hash is not 32 bytes long"))
}

fn result(word: &str) -> Result<LoginResult, StoreError> {
    LoginResult::parse(word).ok_or(StoreError::row("a code is for no place"))
}

fn attempt(row: &SqliteRow) -> Result<AttemptRow, StoreError> {
    AttemptRow::try_from(AttemptColumns {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        product: row.try_get("product")?,
        scene_id: row.try_get("scene_id")?,
        state_hash: row.try_get("state_hash")?,
        secret_hash: row.try_get("secret_hash")?,
        client_id: row.try_get("client_id")?,
        origin: row.try_get("origin")?,
        result: row.try_get("result")?,
        code_challenge: row.try_get("code_challenge")?,
        nonce: row.try_get("nonce")?,
        return_to: row.try_get("return_to")?,
        authorization: row.try_get("authorization")?,
        lang: row.try_get("lang")?,
        expires_at: row.try_get("expires_at")?,
        taken_at: row.try_get("taken_at")?,
        outcome: row.try_get("outcome")?,
    })
}

async fn insert_code(connection: &mut SqliteConnection, code: &CodeRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO codes (code_hash, redeem_at, client_id, redirect_uri, code_challenge, nonce, scope, account_id, sid,
         grant_id, auth_time, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )
    .bind(code.code_hash.as_bytes())
    .bind(code.redeem_at.as_str())
    .bind(&code.client_id)
    .bind(&code.redirect_uri)
    .bind(&code.code_challenge)
    .bind(&code.nonce)
    .bind(&code.scope)
    .bind(&code.account_id)
    .bind(&code.sid)
    .bind(&code.grant_id)
    .bind(code.auth_time)
    .bind(code.expires_at)
    .execute(connection)
    .await?;
    Ok(())
}

fn code(row: &SqliteRow) -> Result<CodeRow, StoreError> {
    Ok(CodeRow {
        code_hash: hash(row, "code_hash")?,
        redeem_at: result(row.try_get("redeem_at")?)?,
        client_id: row.try_get("client_id")?,
        redirect_uri: row.try_get("redirect_uri")?,
        code_challenge: row.try_get("code_challenge")?,
        nonce: row.try_get("nonce")?,
        scope: row.try_get("scope")?,
        account_id: row.try_get("account_id")?,
        sid: row.try_get("sid")?,
        grant_id: row.try_get("grant_id")?,
        auth_time: row.try_get("auth_time")?,
        expires_at: row.try_get("expires_at")?,
        used_at: row.try_get("used_at")?,
    })
}

fn session(row: &SqliteRow) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        sid: row.try_get("sid")?,
        secret_hash: hash(row, "secret_hash")?,
        account_id: row.try_get("account_id")?,
        client_id: row.try_get("client_id")?,
        device: row.try_get("device")?,
        browser: match (row.try_get::<Option<&[u8]>, _>("browser_hash")?, row.try_get("browser_salt")?) {
            (Some(_), Some(salt)) => Some(Browser { hash: hash(row, "browser_hash")?, salt }),
            _ => None,
        },
        auth_time: row.try_get("auth_time")?,
        idle_until: row.try_get("idle_until")?,
        expires_at: row.try_get("expires_at")?,
    })
}
