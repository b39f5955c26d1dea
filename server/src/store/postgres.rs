//! Both stores in one PostgreSQL database, for any number of nodes.
//!
//! Each verb is one statement or one function of the database's, so one journey and one transaction; what people wait for at a login goes
//! together with the same verb of others (`together.rs`). What must not happen twice is decided
//! by the row that the first one has changed or locked, at the isolation that PostgreSQL has by itself (READ COMMITTED).

mod attempts;
mod bindings;
mod contacts;
mod deletions;
mod error;
mod grants;
mod import;
mod json;
mod keys;
mod lasting;
mod logins;
mod logouts;
mod people;
mod scenes;
mod together;
mod webhooks;

use std::borrow::Cow;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use self::error::{was_taken_back, was_undone};
pub(super) use self::json::without_nul;
use self::together::{Kinds, Verb, Waiting, Way, given_up};
use super::StoreError;
use super::address::PostgresAddress;
use super::channel::Channel;
use super::version::{self, Applied};
use crate::clock::Seconds;
use crate::times::{timed, verb_of};

/// Older ones lack what the functions use.
const OLDEST: u32 = 150_000;
/// How often a verb begins anew that PostgreSQL has undone to let another one go on.
const MOST_TRIES: u32 = 5;
/// A connection that was idle for longer is asked whether it lives before it is used.
const SURELY_ALIVE: Duration = Duration::from_secs(1);
/// So long it has to say so. A network that was cut says nothing, and the system waits a quarter of an hour for it.
const SAYS_SO_WITHIN: Duration = Duration::from_secs(1);
/// So long a statement for many waits for a row that somebody else has. One by one, each waits for its own row alone; what locks
/// rows in another order is let go by then, too.
const PATIENCE: Duration = Duration::from_millis(100);

/// A PostgreSQL database. Its clones are the same.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
    time_limit: Duration,
    lost: Arc<Lost>,
    /// Where statements for many are sent from: what has opened the store outlives those who ask.
    home: Handle,
    kinds: Kinds,
}

impl PostgresStore {
    /// Connects, and brings the database to this version: for the service, and for nobody else. Of several nodes that start at once
    /// one does it, and the others wait.
    pub async fn open(address: &PostgresAddress) -> Result<Self, StoreError> {
        let mut migrating = connect(address, address.options()).await?;
        let applied = applied(&mut migrating).await?.unwrap_or_default();
        let unknown = applied.unknown_to(&versions())?;
        MIGRATOR.run(&mut migrating).await?;
        version::tell_of(&unknown);
        let _ = migrating.close().await;
        Ok(Self::connected(address))
    }

    pub(crate) fn channel(&self) -> Channel {
        Channel { pool: self.pool.clone(), time_limit: self.time_limit }
    }

    /// Connects to the database that a service of this version has made: for commands beside it, which change nothing but what they say.
    pub async fn open_existing(address: &PostgresAddress) -> Result<Self, StoreError> {
        let mut asking = connect(address, address.options()).await?;
        let applied = applied(&mut asking).await?;
        let _ = asking.close().await;
        applied
            .ok_or_else(|| StoreError::Missing(address.to_string()))?
            .fits(&versions(), || address.to_string())?;
        Ok(Self::connected(address))
    }

    /// A pool that connects when it is asked for something.
    fn connected(address: &PostgresAddress) -> Self {
        let milliseconds = address.time_limit.as_millis().to_string();
        let options = address.options().options([
            // So that a statement which nobody waits for any more ends.
            ("statement_timeout", milliseconds.as_str()),
            ("idle_in_transaction_session_timeout", milliseconds.as_str()),
            ("default_transaction_isolation", "read committed"),
            // Each statement touches a few rows: compiling it would take longer than it does.
            ("jit", "off"),
            // By an index, and planned once for all values: what was planned while a table was small, and was read as a whole, would stay so
            // until PostgreSQL has counted its rows anew. It is how the tests look at every plan.
            ("enable_seqscan", "off"),
            ("plan_cache_mode", "force_generic_plan"),
        ]);
        let lost = Arc::new(Lost::default());
        let (known_lost, lately_lost) = (lost.clone(), lost.clone());
        let pool = PgPoolOptions::new()
            .max_connections(address.connections)
            .acquire_timeout(address.time_limit)
            // That would be a journey before each verb.
            .test_before_acquire(false)
            .before_acquire(move |connection, met| {
                let ask = met.idle_for > SURELY_ALIVE || known_lost.since(met.idle_for);
                Box::pin(async move {
                    if ask {
                        lives(connection).await?;
                    }
                    Ok(true)
                })
            })
            // Whoever was not answered gives back a connection that may never answer anybody: the pool itself would wait for it, and have
            // one less meanwhile.
            .after_release(move |connection, _| {
                let ask = lately_lost.since(SURELY_ALIVE);
                Box::pin(async move {
                    if ask {
                        lives(connection).await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        Self { pool, time_limit: address.time_limit, lost, home: Handle::current(), kinds: Kinds::default() }
    }

    /// Runs a verb within its time, and anew where PostgreSQL has undone it for another one's sake.
    async fn run<T, F, V>(&self, verb: V) -> Result<T, StoreError>
    where
        V: Fn() -> F,
        F: Future<Output = sqlx::Result<T>>,
    {
        timed("postgres", verb_of::<V>(), self.run_in_time(verb)).await
    }

    async fn run_in_time<T, F>(&self, verb: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = sqlx::Result<T>>,
    {
        let tried = async {
            let mut tries = 1;
            loop {
                match verb().await {
                    Err(error) if tries < MOST_TRIES && was_undone(&error) => tries += 1,
                    done => return done,
                }
            }
        };
        // It lets go of its connection when this returns: that one was lost is known before.
        let mut tried = pin!(tried);
        match timeout(self.time_limit, &mut tried).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                let error = StoreError::from(error);
                if matches!(error, StoreError::Unreachable(_)) {
                    self.lost.now();
                }
                Err(error)
            }
            Err(elapsed) => {
                self.lost.now();
                Err(StoreError::TimedOut(elapsed.into()))
            }
        }
    }

    /// Deletes at most `most` rows, by statements that have a time and a limit; gives how many.
    async fn delete(&self, statements: &[(&'static str, Seconds)], most: u32) -> Result<u64, StoreError> {
        let mut gone = 0;
        for (statement, until) in statements {
            let left = u64::from(most) - gone;
            if left == 0 {
                break;
            }
            let limit = i64::try_from(left).unwrap_or(i64::MAX);
            let done =
                self.run(|| sqlx::query(*statement).bind(*until).bind(limit).execute(&self.pool)).await?;
            gone += done.rows_affected().min(left);
        }
        Ok(gone)
    }
}

static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("migrations/postgres");
    // What a newer program has added it may have: that was asked before.
    migrator.set_ignore_missing(true);
    migrator
});

fn versions() -> Vec<i64> {
    MIGRATOR.iter().map(|migration| migration.version).collect()
}

/// What the database has been through; `None` where it is no store of ours.
async fn applied(connection: &mut PgConnection) -> Result<Option<Applied>, StoreError> {
    let (is_store, says): (bool, bool) = sqlx::query_as(
        "SELECT to_regclass('_sqlx_migrations') IS NOT NULL, to_regclass('must_know') IS NOT NULL",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !is_store {
        return Ok(None);
    }
    let versions = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
        .fetch_all(&mut *connection)
        .await?;
    let must_know = match says {
        true => sqlx::query_scalar("SELECT version FROM must_know").fetch_optional(&mut *connection).await?,
        false => None,
    };
    Ok(Some(Applied { versions, must_know }))
}

impl PostgresStore {
    /// Sends a verb with the others of its kind that wait, and waits for its answer.
    async fn ask<V: Verb>(&self, verb: V) -> Result<V::Answer, StoreError> {
        timed("postgres", V::NAME, self.ask_in_time(verb)).await
    }

    async fn ask_in_time<V: Verb>(&self, verb: V) -> Result<V::Answer, StoreError> {
        let (answer, answered) = oneshot::channel();
        if let Some(way) = self.kinds.of::<V>().wait(Waiting { verb, answer }) {
            let store = self.clone();
            // Not where it was asked: who asks may go away, and the thread with them.
            self.home.spawn(async move { store.send_all(way).await });
        }
        match timeout(self.time_limit, answered).await {
            Ok(answered) => answered.unwrap_or_else(|_| Err(given_up())),
            Err(elapsed) => Err(StoreError::TimedOut(elapsed.into())),
        }
    }

    /// Until nobody waits.
    async fn send_all<V: Verb>(&self, mut way: Way<V>) {
        while let Some(all) = way.next() {
            self.send(all).await;
        }
    }

    async fn send<V: Verb>(&self, all: Vec<Waiting<V>>) {
        let (verbs, answers): (Vec<V>, Vec<_>) = all.into_iter().map(|one| (one.verb, one.answer)).unzip();
        let patience = PATIENCE.as_millis().to_string();
        let done = {
            let mut asked = pin!(V::ask(&self.pool, &verbs, &patience));
            let done = timeout(self.time_limit, &mut asked).await;
            if done.is_err() {
                self.lost.now();
            }
            done
        };
        let error = match done {
            Ok(Ok(done)) => {
                // Whoever asked may be gone.
                answers.into_iter().zip(done).for_each(|(answer, done)| drop(answer.send(Ok(done))));
                return;
            }
            Ok(Err(error)) if was_taken_back(&error) => {
                // Whoever waits for a row then is in nobody's way.
                verbs.into_iter().zip(answers).for_each(|(verb, answer)| {
                    let store = self.clone();
                    self.home.spawn(async move { drop(answer.send(store.send_alone(&verb).await)) });
                });
                return;
            }
            Ok(Err(error)) => error.into(),
            Err(elapsed) => StoreError::TimedOut(elapsed.into()),
        };
        // Whether it was done nobody knows.
        self.lost.now();
        answers.into_iter().for_each(|answer| drop(answer.send(Err(error.again()))));
    }

    async fn send_alone<V: Verb>(&self, verb: &V) -> Result<V::Answer, StoreError> {
        let answers = self.run_in_time(|| V::ask(&self.pool, std::slice::from_ref(verb), "0")).await?;
        answers.into_iter().next().ok_or_else(given_up)
    }
}

/// Whether an open connection still leads anywhere.
async fn lives(connection: &mut PgConnection) -> sqlx::Result<()> {
    match timeout(SAYS_SO_WITHIN, connection.ping()).await {
        Ok(answered) => answered,
        Err(elapsed) => Err(sqlx::Error::Io(elapsed.into())),
    }
}

/// One connection to a PostgreSQL that is new enough.
async fn connect(address: &PostgresAddress, options: PgConnectOptions) -> Result<PgConnection, StoreError> {
    let connection = match timeout(address.time_limit, options.connect()).await {
        Ok(connected) => connected?,
        Err(elapsed) => return Err(StoreError::TimedOut(elapsed.into())),
    };
    match connection.server_version_num() {
        Some(version) if version < OLDEST => {
            let age = format!("PostgreSQL {} is too old; 15 or newer is needed", version / 10_000);
            Err(StoreError::Refused(age.into()))
        }
        _ => Ok(connection),
    }
}

/// When a connection was last lost: those that were idle then are lost too, more likely than not.
struct Lost {
    beginning: Instant,
    /// Milliseconds after the beginning.
    last: AtomicU64,
}

impl Default for Lost {
    fn default() -> Self {
        Self { beginning: Instant::now(), last: AtomicU64::new(0) }
    }
}

impl Lost {
    fn now(&self) {
        self.last.store(self.milliseconds(), Ordering::Relaxed);
    }

    /// Whether one was lost while this one was idle.
    fn since(&self, idle_for: Duration) -> bool {
        let idle_since =
            self.milliseconds().saturating_sub(u64::try_from(idle_for.as_millis()).unwrap_or(u64::MAX));
        idle_since <= self.last.load(Ordering::Relaxed)
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.beginning.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

/// A text as PostgreSQL takes it: it has no NUL, and nothing that we name has one.
fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}
