//! From text and environment to a [`Config`]: every refusal names the key, and an unknown one the nearest that is known.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use protocol::ids::AppId;
use serde::Deserialize;
use toml::{Table, Value};

use super::{App, AppSecret, Client, Config, PublicUrl, Weixin};

/// WeChat's own pages.
pub(super) const OPEN_URL: &str = "https://open.weixin.qq.com";
const API_URL: &str = "https://api.weixin.qq.com";
const DESKTOP_URL: &str = "https://localhost.weixin.qq.com:14013";
const PREFIX: &str = "WEIXIN_LOGIN_";

/// Why the service does not start. One sentence that says which key, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there, or may not be read.
    #[error("{0} cannot be read: {1}")]
    File(PathBuf, std::io::Error),
    /// Not TOML, an unknown key, or a value of the wrong type; the text has line and column.
    #[error("{0}")]
    Toml(String),
    /// A value that cannot be right.
    #[error("`{key}` {problem}")]
    Value {
        /// The key as it is written in the file.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

fn wrong(key: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Value { key: key.into(), problem: problem.into() }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    public_url: Option<String>,
    listen: Option<String>,
    ops_listen: Option<String>,
    store: Option<String>,
    #[serde(default)]
    trusted_proxies: Vec<String>,
    tls_cert_file: Option<PathBuf>,
    tls_key_file: Option<PathBuf>,
    widget_dir: Option<PathBuf>,
    #[serde(default)]
    weixin: RawWeixin,
    #[serde(default)]
    clients: Vec<RawClient>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawWeixin {
    open_url: Option<String>,
    api_url: Option<String>,
    desktop_urls: Option<Vec<String>>,
    avatar_hosts: Option<Vec<String>>,
    website: Option<RawApp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawApp {
    appid: Option<String>,
    secret: Option<String>,
    secret_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClient {
    id: String,
    name: String,
    #[serde(default)]
    origins: Vec<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
}
