//! Who is measured: the service with each of its stores, and the peers. How each is started, with which configuration.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;
use weixin_login_servers::{Postgres, PostgresOptions, Redis, RedisOptions};

use crate::process::{Program, cpu_with_children};

/// Who.
#[derive(Clone, Copy, PartialEq)]
pub enum Subject {
    /// The service over this store.
    Service(Store),
    /// A script in `peers`.
    Peer { name: &'static str, script: &'static str },
}

/// Where the service keeps what lasts, and what lives for minutes.
#[derive(Clone, Copy, PartialEq)]
pub struct Store {
    name: &'static str,
    is_postgres: bool,
    has_redis: bool,
}

pub const SERVICE: Subject = service("weixin-login", false, false);
pub const WITH_REDIS: Subject = service("weixin-login, SQLite and Redis", false, true);
pub const OVER_POSTGRES: Subject = service("weixin-login, PostgreSQL", true, false);
pub const OVER_POSTGRES_WITH_REDIS: Subject = service("weixin-login, PostgreSQL and Redis", true, true);
pub const EXPRESS: Subject = Subject::Peer { name: "Express", script: "express.js" };
pub const OIDC_PROVIDER: Subject = Subject::Peer { name: "oidc-provider", script: "oidc.js" };

const fn service(name: &'static str, is_postgres: bool, has_redis: bool) -> Subject {
    Subject::Service(Store { name, is_postgres, has_redis })
}

impl Subject {
    pub fn name(self) -> &'static str {
        match self {
            Self::Service(Store { name, .. }) | Self::Peer { name, .. } => name,
        }
    }
}

/// What all subjects have around them.
pub struct House {
    /// The service's program.
    pub program: PathBuf,
    /// Where the peers are, with what they need installed.
    pub peers: PathBuf,
    /// Where files are kept: on a disk, for memory would keep anything at no cost.
    pub folder: PathBuf,
    /// WeChat's.
    pub weixin: Program,
}

/// A subject's files, and the servers that keep the rest.
pub struct Data {
    folder: TempDir,
    postgres: Option<Postgres>,
    redis: Option<Redis>,
}

impl Data {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// CPU time of the servers until now, in milliseconds.
    pub fn cpu(&self) -> Result<f64> {
        let postgres = self.postgres.as_ref().and_then(Postgres::pid);
        let redis = self.redis.as_ref().and_then(Redis::pid);
        [postgres, redis].into_iter().flatten().map(cpu_with_children).sum()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }
}

impl House {
    /// Makes what this subject needs to begin with nothing.
    pub fn data(&self, subject: Subject) -> Result<Data> {
        let (is_postgres, has_redis) = match subject {
            Subject::Service(store) => (store.is_postgres, store.has_redis),
            Subject::Peer { .. } => (false, false),
        };
        let postgres = is_postgres.then(|| Postgres::start(PostgresOptions::default())).transpose()?;
        let redis = has_redis.then(|| Redis::start(RedisOptions::default())).transpose()?;
        Ok(Data { folder: tempfile::tempdir_in(&self.folder)?, postgres, redis })
    }

    /// The command that starts this subject over these files.
    pub fn command(&self, subject: Subject, data: &Data) -> Result<Command> {
        let api_url = format!("http://{}", self.weixin.address);
        match subject {
            Subject::Peer { script, .. } => {
                let mut command = Command::new("node");
                command.arg(self.peers.join(script)).env("NODE_ENV", "production");
                command.env("STORE", data.file()).env("WEIXIN_API_URL", api_url);
                Ok(command)
            }
            Subject::Service(_) => {
                let mut stores = match &data.postgres {
                    Some(postgres) => {
                        // No file of the store's own is there for a key to be made beside it.
                        let key = data.path().join("master-key");
                        std::fs::write(&key, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")?;
                        let store = postgres.url("postgres");
                        format!("store = \"{store}\"\nmaster_key_files = [\"{}\"]\n", key.display())
                    }
                    None => format!("store = \"sqlite:{}\"\n", data.file().display()),
                };
                if let Some(redis) = &data.redis {
                    stores.push_str(&format!("cache = \"{}\"\n", redis.url(0)));
                }
                let file = data.path().join("weixin-login.toml");
                // It holds a secret, and the service says so where others may read it.
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file)?;
                std::fs::write(&file, CONFIG.replace("{stores}", &stores).replace("{api_url}", &api_url))?;
                let mut command = Command::new(&self.program);
                command.args(["serve", "--config"]).arg(file);
                command.stderr(File::create(data.path().join("log"))?);
                Ok(command)
            }
        }
    }

    pub fn start(&self, subject: Subject, data: &Data) -> Result<Program> {
        let started = Program::start(&mut self.command(subject, data)?);
        started.with_context(|| std::fs::read_to_string(data.path().join("log")).unwrap_or_default())
    }

    /// Asks `age.js` about the attempts of this file.
    pub fn age(&self, data: &Data, what: &str) -> Result<String> {
        let mut node = Command::new("node");
        let output = node.arg(self.peers.join("age.js")).arg(what).env("STORE", data.file()).output()?;
        anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

/// The limits are not what is measured: nobody reaches these.
const CONFIG: &str = r#"
public_url = "https://login.example.test"
listen = "127.0.0.1:0"
ops_listen = "127.0.0.1:0"
{stores}trusted_proxies = ["127.0.0.1/32"]

[limits]
starts_per_minute = 100000000
answers_per_minute = 100000000
token_requests_per_minute = 100000000
client_starts_per_minute = 100000000
client_token_requests_per_minute = 100000000

[weixin]
open_url = "http://127.0.0.1:1"
api_url = "{api_url}"
desktop_urls = []

[weixin.website]
appid = "wx0000000000be4c01"
secret = "0123456789abcdef0123456789abcdef"

[weixin.service_account]
appid = "wx0000000000be4c02"
secret = "0123456789abcdef0123456789abcdef"

[[clients]]
id = "shop"
name = "Shop"
origins = ["https://shop.example.test", "https://login.example.test"]

[[clients]]
id = "kiosk"
name = "Kiosk"
origins = ["https://shop.example.test"]
scenes = true

[[clients]]
id = "bench"
name = "Bench"
redirect_uris = ["https://bench.example.test/callback"]
# Of bench-secret-0123456789.
secret_sha256 = "58c8afba439f8851f54be2e512f7cfd07ae3c33cd18d4db5c76ea4e6dd9423af"
"#;
