//! An empty store of each kind, as a test is given it.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use weixin_login::clock::Clock;
use weixin_login::secret::random_word;
use weixin_login::store::{
    CacheAddress, PostgresAddress, PostgresStore, Redis, RedisStore, SqliteStore, Store,
};
use weixin_login_servers::{self as servers, Postgres};

/// What comes at once where a test says so.
pub const MANY: usize = 64;

/// A store, and what must live as long as it.
pub struct Given {
    store: Store,
    _folder: Option<TempDir>,
}

impl Deref for Given {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

pub async fn sqlite() -> Given {
    let folder = TempDir::new().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("store.db")).await.expect("it opens");
    Given { store: Store::whole(Arc::new(store)), _folder: Some(folder) }
}

pub async fn postgres() -> Given {
    postgres_of(Postgres::shared()).await
}

/// An empty database of this server.
pub async fn postgres_of(server: &Postgres) -> Given {
    let store = PostgresStore::open(&address(&server.database().url)).await.expect("it opens");
    Given { store: Store::whole(Arc::new(store)), _folder: None }
}

pub async fn sqlite_and_redis() -> Given {
    beside_redis(sqlite().await)
}

pub async fn postgres_and_redis() -> Given {
    beside_redis(postgres().await)
}

/// The short-lived rows of this store in a Redis, under a prefix of the test's own.
fn beside_redis(given: Given) -> Given {
    let (redis, _) = redis();
    let fleeting = Arc::new(RedisStore::new(redis, Clock::system()));
    Given { store: Store::split(given.store.lasting, fleeting), ..given }
}

/// A part of the Redis that tests of this process share, and what its keys begin with.
pub fn redis() -> (Redis, String) {
    let prefix = format!("{}:", random_word());
    let address = CacheAddress::parse(&servers::Redis::shared().url(0)).expect("an address");
    (Redis::new(&address, &prefix).expect("a way to Redis"), prefix)
}

/// With more time than a service has: the tests' machine does many things at once.
pub fn address(url: &str) -> PostgresAddress {
    PostgresAddress::parse(url, 16, Duration::from_secs(60)).expect("an address")
}

/// The answers of as many as there are at once.
pub async fn at_once<T, F>(store: &Store, ask: impl Fn(Store, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..MANY).map(|number| tokio::spawn(ask(store.clone(), number))).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("no panic"));
    }
    answers
}

/// How many of them are this.
pub fn count<T: PartialEq>(answers: &[T], one: &T) -> usize {
    answers.iter().filter(|answer| *answer == one).count()
}
