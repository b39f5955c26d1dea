//! Three nodes of one service: real processes over one PostgreSQL and one Redis, each of which may be killed and started again.

use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use weixin_emulator::{
    DEFAULT_APPID, DEFAULT_SECRET, DEFAULT_SERVICE_ACCOUNT_APPID, DEFAULT_SERVICE_ACCOUNT_SECRET, Emulator,
};
use weixin_login_servers::{Database, Postgres, PostgresOptions, Redis, RedisOptions, free_port};

/// How many.
pub const NODES: usize = 3;
/// Where the world sees them.
pub const PUBLIC_URL: &str = "https://shop.example.test/weixin";
/// The site with sessions, and with tokens.
pub const SHOP: &str = "https://shop.example.test";
/// The site with a QR code of its own.
pub const KIOSK: &str = "https://kiosk.example.test";
/// Where codes are sent.
pub const REDIRECT_URI: &str = "https://shop.example.test/oidc/callback";

/// The nodes, and all that they need.
pub struct Cluster {
    pub postgres: Postgres,
    pub database: Database,
    _redis: Redis,
    folder: TempDir,
    addresses: [SocketAddr; NODES],
    nodes: Vec<Child>,
}

impl Cluster {
    pub fn start(weixin: &Emulator) -> Self {
        // What is killed here are nodes: the machine under the database goes on.
        let options = PostgresOptions { without_fsync: true, ..PostgresOptions::default() };
        let postgres = Postgres::start(options).unwrap();
        let database = postgres.database();
        let redis = Redis::start(RedisOptions::default()).unwrap();
        let folder = TempDir::new().unwrap();
        let master_key = folder.path().join("master-key");
        write(&master_key, &STANDARD.encode([7; 32]));
        let text = config(weixin, &database.url, &redis.url(0), &master_key);
        write(&folder.path().join("weixin-login.toml"), &text);
        let addresses = [(); NODES].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port().unwrap())));
        let mut cluster = Self { postgres, database, _redis: redis, folder, addresses, nodes: Vec::new() };
        // All at once, over an empty database.
        cluster.nodes = (0..NODES).map(|node| cluster.spawn(node)).collect();
        (0..NODES).for_each(|node| cluster.wait_until_ready(node));
        cluster
    }

    /// Where they listen, whether they run or not.
    pub fn addresses(&self) -> [SocketAddr; NODES] {
        self.addresses
    }

    /// SIGKILL, and a new start; gives back when it listens again.
    pub fn kill_and_start_again(&mut self, node: usize) {
        self.nodes[node].kill().unwrap();
        self.nodes[node].wait().unwrap();
        self.nodes[node] = self.spawn(node);
        self.wait_until_ready(node);
    }

    /// What all nodes have logged as warnings and errors.
    pub fn complaints(&self) -> Vec<String> {
        let logs = (0..NODES).map(|node| std::fs::read_to_string(self.log(node)).unwrap_or_default());
        let lines: Vec<String> =
            logs.flat_map(|log| log.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        lines.into_iter().filter(|line| line.contains("ERROR") || line.contains("WARN")).collect()
    }

    /// The program says in a line where it listens.
    fn wait_until_ready(&mut self, node: usize) {
        let mut line = String::new();
        BufReader::new(self.nodes[node].stdout.take().unwrap()).read_line(&mut line).unwrap();
        let log = std::fs::read_to_string(self.log(node)).unwrap_or_default();
        assert!(line.contains("\"listen\""), "node {node} does not start: {log}");
    }

    fn log(&self, node: usize) -> PathBuf {
        self.folder.path().join(format!("log-{node}"))
    }

    fn spawn(&self, node: usize) -> Child {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log(node)).unwrap();
        Command::new(env!("CARGO_BIN_EXE_weixin-login"))
            .env_remove("WEIXIN_LOGIN_FULL_TESTS")
            .env("WEIXIN_LOGIN_LISTEN", self.addresses[node].to_string())
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

/// For its owner alone: nodes would warn of it each time that they start.
fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
}

fn config(weixin: &Emulator, store: &str, cache: &str, master_key: &Path) -> String {
    format!(
        r#"public_url = "{PUBLIC_URL}"
ops_listen = "127.0.0.1:0"
store = "{store}"
cache = "{cache}"
master_key_files = ["{master_key}"]
trusted_proxies = ["127.0.0.1/32"]

# Everybody comes from here.
[limits]
starts_per_minute = 1000000
answers_per_minute = 1000000
token_requests_per_minute = 1000000
client_starts_per_minute = 1000000
client_token_requests_per_minute = 1000000

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
        master_key = master_key.display(),
    )
}
