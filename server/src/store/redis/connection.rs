//! The way to Redis or Valkey: one connection that everybody shares and that comes back by itself, a time limit for whatever is asked,
//! and the names of keys. What is kept there is not known here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{
    Client, Cmd, ErrorKind, FromRedisValue, ProtocolVersion, PushInfo, RedisError, Script, ServerErrorKind,
};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::timeout;

use crate::secret::random_word;
use crate::store::{CacheAddress, StoreError};
use crate::times::timed;

/// What does not answer by then does not answer. A start of Redis itself is shorter.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same for one try to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// Between two tries to connect, at most.
const TRY_AGAIN_WITHIN: Duration = Duration::from_millis(500);
/// What the other machine's system has not taken by then is lost, and the connection with it. A network that was cut says nothing, and
/// the system by itself waits a quarter of an hour.
const TAKEN_WITHIN: Duration = Duration::from_secs(5);
/// The same for a connection on which nothing is under way: it is asked so often.
const SILENCE: Duration = Duration::from_secs(10);
/// It never gives up: the next one who asks would have to begin.
const FOR_EVER: usize = 1 << 30;

/// A Redis or a Valkey. Its clones share the connection.
#[derive(Clone)]
pub struct Redis {
    client: Arc<Client>,
    manager: ConnectionManager,
    address: Arc<CacheAddress>,
    prefix: Arc<str>,
    pushed: Arc<Mutex<Option<UnboundedReceiver<PushInfo>>>>,
}

impl Redis {
    /// Whoever asks first connects, so that a service starts without it, and is not ready yet.
    ///
    /// # Errors
    /// When the address cannot be connected to at all.
    pub fn new(address: &CacheAddress, prefix: &str) -> Result<Self, StoreError> {
        let connection = address.connection().clone();
        // Notices come on the same connection, and a connection that is lost is heard of at once.
        let settings = connection.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let (pushing, pushed) = mpsc::unbounded_channel();
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(FOR_EVER)
            .set_max_delay(TRY_AGAIN_WITHIN)
            .set_push_sender(pushing)
            .set_automatic_resubscription();
        let refused = |error| said(address, error);
        let connection = connection.set_redis_settings(settings).set_tcp_settings(tcp());
        let client = Client::open(connection).map_err(refused)?;
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(refused)?;
        Ok(Self {
            client: Arc::new(client),
            manager,
            address: Arc::new(address.clone()),
            prefix: prefix.into(),
            pushed: Arc::new(Mutex::new(Some(pushed))),
        })
    }

    /// The name of a key. What stands in braces is all that Redis Cluster looks at: keys of one `tag` are on one of its nodes, and one
    /// verb asks for them together.
    pub(crate) fn key(&self, tag: &str, what: &str) -> String {
        format!("{}{{{tag}}}:{what}", self.prefix)
    }

    /// The name of a channel. A Redis has its channels for all databases together.
    pub(crate) fn channel(&self, what: &str) -> String {
        format!("{}{}:{what}", self.prefix, self.address.connection().redis_settings().db())
    }

    /// Asks one thing.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut manager = self.manager.clone();
        timed("redis", "command", self.in_time(PATIENCE, command.query_async(&mut manager))).await
    }

    /// Runs a script, and sends it first where Redis does not know it.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[String],
        arguments: &[&str],
    ) -> Result<T, StoreError> {
        self.run_within(PATIENCE, script, keys, arguments).await
    }

    /// The same with another limit.
    pub(crate) async fn run_within<T: FromRedisValue>(
        &self,
        limit: Duration,
        script: &Script,
        keys: &[String],
        arguments: &[&str],
    ) -> Result<T, StoreError> {
        let mut call = script.prepare_invoke();
        for key in keys {
            call.key(key);
        }
        for argument in arguments {
            call.arg(*argument);
        }
        let mut manager = self.manager.clone();
        timed("redis", "script", self.in_time(limit, call.invoke_async(&mut manager))).await
    }

    /// Hears what is told at this channel, from now on and again after each loss of the connection.
    pub(crate) async fn subscribe(&self, channel: &str) -> Result<(), StoreError> {
        self.in_time(PATIENCE, self.manager.clone().subscribe(channel)).await
    }

    /// What Redis sends without being asked: for the first who asks for it.
    pub(crate) fn pushed(&self) -> Option<UnboundedReceiver<PushInfo>> {
        self.pushed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether it answers, and takes a write: a replica, or one whose memory is full, does not.
    ///
    /// # Errors
    /// Why not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let key = self.key("ready", "node");
        let done = self.ask(redis::cmd("SET").arg(key).arg(random_word()).arg("EX").arg(60)).await;
        match done {
            // Whoever connects again and again does not say what stands in the way: a wrong password looks like silence.
            Err(StoreError::TimedOut(_)) => self.knock().await.and(done),
            Err(refused @ StoreError::Refused(_)) => Err(self.another_kind().await.unwrap_or(refused)),
            done => done,
        }
    }

    /// What it is instead of one Redis that has everything.
    async fn another_kind(&self) -> Option<StoreError> {
        let told: String = self.ask(redis::cmd("INFO").arg("server")).await.ok()?;
        let mode = told.lines().find_map(|line| line.trim().strip_prefix("redis_mode:"))?;
        let what = match mode {
            "cluster" => "one node of a Redis Cluster, and the service asks no cluster where a key is",
            "sentinel" => "a Sentinel, and the service asks none where the Redis is",
            _ => return None,
        };
        let words = format!(
            "{} is {what}: give it the address of one Redis, or a name or a proxy that leads to it",
            self.address
        );
        Some(StoreError::Refused(words.into()))
    }

    /// Connects once, for itself.
    async fn knock(&self) -> Result<(), StoreError> {
        self.in_time(CONNECT_WITHIN, self.client.get_multiplexed_async_connection()).await.map(drop)
    }

    /// A sentence where it may drop keys before their time.
    ///
    /// # Errors
    /// It does not answer. One that does not tell is taken for good.
    pub async fn evicts(&self) -> Result<Option<String>, StoreError> {
        let told: String = self.ask(redis::cmd("INFO").arg("memory")).await?;
        let policy = told.lines().find_map(|line| line.trim().strip_prefix("maxmemory_policy:"));
        Ok(policy.filter(|policy| *policy != "noeviction").map(|policy| {
            format!(
                "{} drops keys when its memory is full (maxmemory-policy {policy}): people whose attempt is dropped start again. \
                 Set noeviction, or give logins a Redis of their own",
                self.address
            )
        }))
    }

    async fn in_time<T>(
        &self,
        limit: Duration,
        asked: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, StoreError> {
        match timeout(limit, asked).await {
            Ok(answer) => answer.map_err(|error| said(&self.address, error)),
            Err(_) => {
                let problem = format!("{}: no answer within {} ms", self.address, limit.as_millis());
                Err(StoreError::TimedOut(problem.into()))
            }
        }
    }
}

/// How a connection that leads nowhere any more is noticed, though nobody says so.
fn tcp() -> TcpSettings {
    let asked = TcpKeepalive::new().with_time(SILENCE).with_interval(TAKEN_WITHIN);
    let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(asked);
    #[cfg(target_os = "linux")]
    let tcp = tcp.set_user_timeout(TAKEN_WITHIN);
    tcp
}

/// What an error of Redis's means for a store. It has the address, without its password.
fn said(address: &CacheAddress, error: RedisError) -> StoreError {
    let kind = error.kind();
    let is_timeout = error.is_timeout();
    let is_full = error.code() == Some("OOM") || error.code() == Some("MISCONF");
    let cause = format!("{address}: {error}").into();
    match kind {
        _ if is_timeout => StoreError::TimedOut(cause),
        _ if is_full => StoreError::NotWritable(cause),
        ErrorKind::Io => StoreError::Unreachable(cause),
        ErrorKind::Server(ServerErrorKind::ReadOnly) => StoreError::NotWritable(cause),
        _ => StoreError::Refused(cause),
    }
}
