//! Three nodes of one service over one PostgreSQL and one Redis, or one over its SQLite file: real processes, each of which may be
//! killed and started again.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::ValueRef;
use tempfile::TempDir;
use weixin_emulator::{
    DEFAULT_APPID, DEFAULT_SECRET, DEFAULT_SERVICE_ACCOUNT_APPID, DEFAULT_SERVICE_ACCOUNT_SECRET, Emulator,
};
use weixin_login_servers::{Database, Postgres, PostgresOptions, Redis, RedisOptions, free_port};

/// How many, where there are several.
const NODES: usize = 3;
/// More than anything takes to recover, on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where the world sees them.
pub const PUBLIC_URL: &str = "https://shop.example.test/weixin";
/// The site with sessions, and with tokens.
pub const SHOP: &str = "https://shop.example.test";
/// The site with a QR code of its own.
pub const KIOSK: &str = "https://kiosk.example.test";
/// Where codes are sent.
pub const REDIRECT_URI: &str = "https://shop.example.test/oidc/callback";

/// What the nodes keep everything in.
enum Stores {
    /// One node's own.
    Sqlite(PathBuf),
    Servers(Box<Servers>),
}

/// What several share.
struct Servers {
    postgres: Postgres,
    database: Database,
    redis: Redis,
}

/// The nodes, and all that they need.
pub struct Cluster {
    stores: Stores,
    folder: TempDir,
    addresses: Vec<SocketAddr>,
    ops_addresses: Vec<SocketAddr>,
    nodes: Vec<Child>,
}

impl Cluster {
    /// Three nodes on PostgreSQL and Redis.
    pub fn start(weixin: &Emulator, without_fsync: bool) -> Self {
        let options = PostgresOptions { without_fsync, ..PostgresOptions::default() };
        let postgres = Postgres::start(options).unwrap();
        let database = postgres.database();
        let redis = Redis::start(RedisOptions::default()).unwrap();
        let folder = TempDir::new().unwrap();
        let master_key = folder.path().join("master-key");
        write(&master_key, &STANDARD.encode([7; 32]));
        let stores = format!(
            "store = \"{}\"\ncache = \"{}\"\nmaster_key_files = [\"{}\"]",
            database.url,
            redis.url(0),
            master_key.display()
        );
        let text = config(weixin, &stores, UNLIMITED);
        Self::with(NODES, Stores::Servers(Box::new(Servers { postgres, database, redis })), folder, &text)
    }

    /// One node on its SQLite file.
    pub fn start_alone(weixin: &Emulator) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("store.db");
        let text = config(weixin, &format!("store = \"sqlite:{}\"", file.display()), UNLIMITED);
        Self::with(1, Stores::Sqlite(file), folder, &text)
    }

    fn with(nodes: usize, stores: Stores, folder: TempDir, text: &str) -> Self {
        write(&folder.path().join("weixin-login.toml"), text);
        let free = || SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
        let (addresses, ops_addresses) = (0..nodes).map(|_| (free(), free())).unzip();
        let mut cluster = Self { stores, folder, addresses, ops_addresses, nodes: Vec::new() };
        // All at once, over an empty database.
        cluster.nodes = (0..nodes).map(|node| cluster.spawn(node)).collect();
        (0..nodes).for_each(|node| cluster.wait_until_listening(node));
        cluster
    }

    /// Where they listen, whether they run or not.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.clone()
    }

    /// SIGKILL, and a new start; gives back when it listens again.
    pub fn kill_and_start_again(&mut self, node: usize) {
        self.nodes[node].kill().unwrap();
        self.nodes[node].wait().unwrap();
        self.nodes[node] = self.spawn(node);
        self.wait_until_listening(node);
    }

    /// Starts it anew, as systemd does, where it has ended over a store that did not answer in time, or over its port: whoever looks for a
    /// free one has each for a moment.
    fn wait_until_listening(&mut self, node: usize) {
        let since = Instant::now();
        while !self.is_listening(node) {
            let said = self.said(node);
            let last = said.lines().last().unwrap_or_default();
            let passes = ["Address already in use", "does not answer in time"];
            let passes = passes.iter().any(|words| last.contains(words));
            assert!(passes && since.elapsed() < 2 * PATIENCE, "node {node} does not start: {said}");
            self.nodes[node].wait().unwrap();
            self.nodes[node] = self.spawn(node);
        }
    }

    /// It stands still for so long, in the middle of whatever it does.
    pub fn pause(&self, node: usize, moment: Duration) {
        let signal = |name: &str| {
            let pid = self.nodes[node].id().to_string();
            assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
        };
        signal("-STOP");
        std::thread::park_timeout(moment);
        signal("-CONT");
    }

    /// The database falls over, and is started again.
    pub fn kill_postgres(&mut self) {
        let Stores::Servers(servers) = &mut self.stores else { return };
        servers.postgres.kill().unwrap();
        servers.postgres.start_again().unwrap();
        self.wait_until_ready();
    }

    /// Each commit takes so many milliseconds from now on, as on a slow disk.
    pub fn slow_commits(&self, milliseconds: u32) {
        let Stores::Servers(servers) = &self.stores else { return };
        let microseconds = milliseconds * 1000;
        for setting in ["commit_siblings = 0".to_owned(), format!("commit_delay = {microseconds}")] {
            servers.postgres.run("postgres", &format!("ALTER SYSTEM SET {setting}"));
        }
        servers.postgres.run("postgres", "SELECT pg_reload_conf()");
    }

    /// The cache falls over, forgets everything, and is started again.
    pub fn kill_redis(&mut self) {
        let Stores::Servers(servers) = &mut self.stores else { return };
        servers.redis.kill().unwrap();
        servers.redis.start_again().unwrap();
        self.wait_until_ready();
    }

    /// The cache takes connections and answers nothing for so long.
    pub fn pause_redis(&self, moment: Duration) {
        let Stores::Servers(servers) = &self.stores else { return };
        servers.redis.pause().unwrap();
        std::thread::park_timeout(moment);
        servers.redis.resume().unwrap();
        self.wait_until_ready();
    }

    /// Rows of the store, as text.
    pub fn rows(&self, statement: &str) -> Vec<Vec<String>> {
        match &self.stores {
            Stores::Servers(servers) => {
                let rows = servers.postgres.run(&servers.database.name, statement);
                rows.lines().map(|row| row.split('|').map(str::to_owned).collect()).collect()
            }
            Stores::Sqlite(file) => {
                let store = rusqlite::Connection::open(file).unwrap();
                let mut rows = store.prepare(statement).unwrap();
                let columns = rows.column_count();
                let rows = rows.query_map([], |row| {
                    (0..columns).map(|column| Ok(text(row.get_ref(column)?))).collect::<Result<_, _>>()
                });
                rows.unwrap().map(Result::unwrap).collect()
            }
        }
    }

    /// What all nodes have logged as warnings and errors.
    pub fn complaints(&self) -> Vec<String> {
        let nodes = 0..self.nodes.len();
        let logs = nodes.map(|node| std::fs::read_to_string(self.log(node)).unwrap_or_default());
        let lines: Vec<String> =
            logs.flat_map(|log| log.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        lines.into_iter().filter(|line| line.contains("ERROR") || line.contains("WARN")).collect()
    }

    /// The program says in a line where it listens, or has ended.
    fn is_listening(&mut self, node: usize) -> bool {
        let mut line = String::new();
        BufReader::new(self.nodes[node].stdout.take().unwrap()).read_line(&mut line).unwrap();
        line.contains("\"listen\"")
    }

    fn said(&self, node: usize) -> String {
        std::fs::read_to_string(self.log(node)).unwrap_or_default()
    }

    /// Every node says that it may get people.
    fn wait_until_ready(&self) {
        let since = Instant::now();
        for address in &self.ops_addresses {
            while !is_ready(*address) {
                assert!(since.elapsed() < PATIENCE, "{address} is not ready: {:#?}", self.complaints());
                std::thread::park_timeout(Duration::from_millis(20));
            }
        }
    }

    fn log(&self, node: usize) -> PathBuf {
        self.folder.path().join(format!("log-{node}"))
    }

    fn spawn(&self, node: usize) -> Child {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log(node)).unwrap();
        // Another build of it, a release one say, where figures are wanted.
        let program = std::env::var_os("CHAOS_PROGRAM");
        Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_weixin-login").into()))
            .env_remove("WEIXIN_LOGIN_FULL_TESTS")
            .env("WEIXIN_LOGIN_LISTEN", self.addresses[node].to_string())
            .env("WEIXIN_LOGIN_OPS_LISTEN", self.ops_addresses[node].to_string())
            .args(["serve", "--config"])
            .arg(self.folder.path().join("weixin-login.toml"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            let _ = node.kill();
            let _ = node.wait();
        }
    }
}

fn is_ready(ops: SocketAddr) -> bool {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(ops)?;
        stream.write_all(b"GET /readyz HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().is_ok_and(|answer| answer.contains(" 200 "))
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    }
}

/// For its owner alone: nodes would warn of it each time that they start.
fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
}

/// Everybody comes from here.
const UNLIMITED: &str = "starts_per_minute = 1000000
answers_per_minute = 1000000
token_requests_per_minute = 1000000
client_starts_per_minute = 1000000
client_token_requests_per_minute = 1000000";

fn config(weixin: &Emulator, stores: &str, limits: &str) -> String {
    format!(
        r#"public_url = "{PUBLIC_URL}"
{stores}
trusted_proxies = ["127.0.0.1/32"]

[limits]
{limits}

[weixin]
open_url = "{open_url}"
api_url = "{api_url}"
desktop_urls = []

[weixin.website]
appid = "{DEFAULT_APPID}"
secret = "{DEFAULT_SECRET}"

[weixin.service_account]
appid = "{DEFAULT_SERVICE_ACCOUNT_APPID}"
secret = "{DEFAULT_SERVICE_ACCOUNT_SECRET}"

[[clients]]
id = "shop"
name = "Shop"
origins = ["{SHOP}"]
redirect_uris = ["{REDIRECT_URI}"]

[[clients]]
id = "kiosk"
name = "Kiosk"
origins = ["{KIOSK}"]
scenes = true
"#,
        open_url = weixin.open_url(),
        api_url = weixin.api_url(),
    )
}
