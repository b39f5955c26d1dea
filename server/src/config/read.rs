//! From text and environment to a [`Config`]: every refusal names the key, and an unknown one the nearest that is known.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use protocol::ids::AppId;
use serde::Deserialize;

use super::tree::{Node, PREFIX, Refusal};
use super::{App, AppSecret, Client, Config, Limits, PublicUrl, Weixin, client};
use crate::address::{ForwardedHeader, network};
use crate::clock::Seconds;

/// WeChat's own pages.
pub(super) const OPEN_URL: &str = "https://open.weixin.qq.com";
const API_URL: &str = "https://api.weixin.qq.com";
const DESKTOP_URL: &str = "https://localhost.weixin.qq.com:14013";

/// Why the service does not start. One sentence that says which key, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there, or may not be read.
    #[error("{0} cannot be read: {1}")]
    File(PathBuf, std::io::Error),
    /// Not TOML, an unknown key, or a value of the wrong type; the sentence has the line, or the variable.
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

pub(super) fn wrong(key: &str, problem: impl Into<String>) -> ConfigError {
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
    forwarded_header: Option<String>,
    tls_cert_file: Option<PathBuf>,
    tls_key_file: Option<PathBuf>,
    widget_dir: Option<PathBuf>,
    #[serde(default)]
    master_key_files: Vec<PathBuf>,
    rotate_keys_every_days: Option<u32>,
    #[serde(default)]
    backchannel_private_addresses: bool,
    #[serde(default)]
    limits: RawLimits,
    #[serde(default)]
    weixin: RawWeixin,
    #[serde(default)]
    clients: Vec<RawClient>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    starts_per_minute: Option<u32>,
    answers_per_minute: Option<u32>,
    token_requests_per_minute: Option<u32>,
    failed_authentications_per_minute: Option<u32>,
    client_starts_per_minute: Option<u32>,
    client_token_requests_per_minute: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawWeixin {
    open_url: Option<String>,
    api_url: Option<String>,
    desktop_urls: Option<Vec<String>>,
    avatar_hosts: Option<Vec<String>>,
    website: Option<RawApp>,
    service_account: Option<RawApp>,
}

#[derive(Deserialize, Default)]
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
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
    secret_sha256: Option<String>,
    require_pkce: Option<bool>,
    id_token_alg: Option<String>,
    scenes: Option<bool>,
}

impl Config {
    /// Reads the file, then the environment, which has the last word. Relative paths start at the file's folder.
    ///
    /// # Errors
    /// [`ConfigError`], which repeats no value that could be a secret.
    pub fn load(
        file: Option<&Path>,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let Some(file) = file else { return Self::parse("", variables, Path::new(".")) };
        let text = std::fs::read_to_string(file).map_err(|error| ConfigError::File(file.into(), error))?;
        Self::parse(&text, variables, file.parent().unwrap_or(Path::new(".")))
    }

    /// The same of a text.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        text: &str,
        variables: impl Iterator<Item = (OsString, OsString)>,
        folder: &Path,
    ) -> Result<Self, ConfigError> {
        let mut tree = Node::parse(text)?;
        tree.put_variables(variables)?;
        checked(RawConfig::deserialize(tree)?, folder)
    }
}

impl From<Refusal> for ConfigError {
    fn from(refusal: Refusal) -> ConfigError {
        ConfigError::Toml(refusal.to_string())
    }
}

fn checked(raw: RawConfig, folder: &Path) -> Result<Config, ConfigError> {
    let public_url =
        raw.public_url.ok_or_else(|| wrong("public_url", "is missing: https://your.site/weixin"))?;
    let public_url = PublicUrl::parse(&public_url).map_err(|problem| wrong("public_url", problem))?;
    let listen = address("listen", raw.listen, "127.0.0.1:8080")?;
    let ops_listen = address("ops_listen", raw.ops_listen, "127.0.0.1:9090")?;
    if public_url.is_localhost() && !(listen.ip().is_loopback() && ops_listen.ip().is_loopback()) {
        return Err(wrong(
            "listen",
            "must be a loopback address while public_url is http://localhost: its cookies are not Secure",
        ));
    }
    let tls = match (raw.tls_cert_file, raw.tls_key_file) {
        (Some(cert), Some(key)) => Some((folder.join(cert), folder.join(key))),
        (None, None) => None,
        _ => return Err(wrong("tls_cert_file", "and `tls_key_file` go together")),
    };
    let trusted_proxies = raw
        .trusted_proxies
        .iter()
        .map(|text| {
            network(text).ok_or_else(|| {
                wrong("trusted_proxies", format!("has `{text}`, which is no network: 10.0.0.0/8"))
            })
        })
        .collect::<Result<_, _>>()?;
    let forwarded_header = match &raw.forwarded_header {
        None => ForwardedHeader::XForwardedFor,
        Some(name) => ForwardedHeader::parse(name).ok_or_else(|| {
            wrong("forwarded_header", format!("is `{name}`; it can be X-Forwarded-For or Forwarded"))
        })?,
    };
    let weixin = weixin(raw.weixin, folder)?;
    Ok(Config {
        store: store(raw.store.as_deref().unwrap_or("sqlite:weixin-login.db"), folder)?,
        widget_dir: raw.widget_dir.unwrap_or_else(|| "target/widget/dist".into()),
        master_key_files: raw.master_key_files.iter().map(|file| folder.join(file)).collect(),
        rotate_keys_every: rotate_keys_every(raw.rotate_keys_every_days)?,
        backchannel_private_addresses: raw.backchannel_private_addresses,
        limits: limits(raw.limits)?,
        clients: clients(raw.clients, &weixin, &public_url, raw.backchannel_private_addresses)?,
        weixin,
        public_url,
        listen,
        ops_listen,
        trusted_proxies,
        forwarded_header,
        tls,
    })
}

fn address(key: &str, value: Option<String>, default: &str) -> Result<SocketAddr, ConfigError> {
    let value = value.unwrap_or_else(|| default.into());
    value.parse().map_err(|_| wrong(key, format!("is `{value}`, which is no address with a port: {default}")))
}

fn store(value: &str, folder: &Path) -> Result<PathBuf, ConfigError> {
    match value.strip_prefix("sqlite:") {
        Some(file) if !file.is_empty() => Ok(folder.join(file)),
        _ => Err(wrong("store", "must be `sqlite:FILE`; other stores are not there yet")),
    }
}

fn limits(raw: RawLimits) -> Result<Limits, ConfigError> {
    let limit = |key: &str, value: Option<u32>, default: u32| {
        NonZeroU32::new(value.unwrap_or(default))
            .ok_or_else(|| wrong(&format!("limits.{key}"), "must be 1 or more; a large number is no limit"))
    };
    Ok(Limits {
        starts_per_minute: limit("starts_per_minute", raw.starts_per_minute, 1200)?,
        answers_per_minute: limit("answers_per_minute", raw.answers_per_minute, 2400)?,
        token_requests_per_minute: limit("token_requests_per_minute", raw.token_requests_per_minute, 1200)?,
        failed_authentications_per_minute: limit(
            "failed_authentications_per_minute",
            raw.failed_authentications_per_minute,
            20,
        )?,
        client_starts_per_minute: limit("client_starts_per_minute", raw.client_starts_per_minute, 12_000)?,
        client_token_requests_per_minute: limit(
            "client_token_requests_per_minute",
            raw.client_token_requests_per_minute,
            12_000,
        )?,
    })
}

fn weixin(raw: RawWeixin, folder: &Path) -> Result<Weixin, ConfigError> {
    if raw.website.is_none() && raw.service_account.is_none() {
        let problem = "is missing: appid and secret_file of the website app; or [weixin.service_account]";
        return Err(wrong("weixin.website", problem));
    }
    let website = raw.website.map(|app| self::app("weixin.website", app, folder)).transpose()?;
    let service_account =
        raw.service_account.map(|app| self::app("weixin.service_account", app, folder)).transpose()?;
    let both = website.iter().zip(&service_account).next();
    if both.is_some_and(|(website, service_account)| website.appid == service_account.appid) {
        let problem = "is the website app's: a service account has an appid of its own";
        return Err(wrong("weixin.service_account.appid", problem));
    }
    let open_url = base_url("weixin.open_url", raw.open_url, OPEN_URL)?;
    let api_url = base_url("weixin.api_url", raw.api_url, API_URL)?;
    let desktop_urls = raw.desktop_urls.unwrap_or_else(|| vec![DESKTOP_URL.into()]);
    let desktop_urls = desktop_urls
        .into_iter()
        .map(|url| base_url("weixin.desktop_urls", Some(url), DESKTOP_URL))
        .collect::<Result<_, _>>()?;
    Ok(Weixin {
        open_url,
        api_url,
        desktop_urls,
        avatar_hosts: raw
            .avatar_hosts
            .unwrap_or_else(|| vec!["thirdwx.qlogo.cn".into(), "wx.qlogo.cn".into()]),
        website,
        service_account,
    })
}

fn app(table: &str, raw: RawApp, folder: &Path) -> Result<App, ConfigError> {
    let key = format!("{table}.appid");
    let appid = raw.appid.ok_or_else(|| wrong(&key, "is missing"))?;
    let appid = AppId::parse(appid).map_err(|_| wrong(&key, "is not an appid: wx and 16 characters"))?;
    Ok(App { appid, secret: secret(table, raw.secret, raw.secret_file, folder)? })
}

/// An origin, as it stands in addresses and in policies.
fn base_url(key: &str, value: Option<String>, default: &str) -> Result<String, ConfigError> {
    let value = value.unwrap_or_else(|| default.into());
    is_origin(&value)
        .then_some(())
        .ok_or_else(|| wrong(key, format!("has `{value}`, which is not of the form {default}")))?;
    Ok(value)
}

fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == text)
}

fn secret(
    table: &str,
    secret: Option<String>,
    file: Option<PathBuf>,
    folder: &Path,
) -> Result<AppSecret, ConfigError> {
    let key = format!("{table}.secret_file");
    let secret = match (secret, file) {
        (Some(_), Some(_)) => {
            return Err(wrong(&key, "and a secret of its own exclude each other"));
        }
        (Some(secret), None) => secret,
        (None, Some(file)) => {
            let name = file.to_string_lossy();
            if name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                // The refusal of a file that is not there would print it.
                let problem =
                    "looks like the AppSecret itself: put that into a file, and the file's name here";
                return Err(wrong("weixin.website.secret_file", problem));
            }
            let file = folder.join(file);
            std::fs::read_to_string(&file).map_err(|error| ConfigError::File(file, error))?
        }
        (None, None) => {
            let variable = table.to_ascii_uppercase().replace('.', "__");
            let problem = format!("is missing: the file with the AppSecret, or {PREFIX}{variable}__SECRET");
            return Err(wrong(&key, problem));
        }
    };
    let secret = secret.trim();
    if secret.is_empty() { Err(wrong(&key, "is empty")) } else { Ok(AppSecret(secret.into())) }
}

fn rotate_keys_every(days: Option<u32>) -> Result<Option<Seconds>, ConfigError> {
    match days {
        Some(0) => {
            Err(wrong("rotate_keys_every_days", "must be 1 or more; leave it out to rotate by command"))
        }
        days => Ok(days.map(|days| Seconds::from(days) * 24 * 3600)),
    }
}

fn clients(
    raw: Vec<RawClient>,
    weixin: &Weixin,
    public_url: &PublicUrl,
    private_addresses: bool,
) -> Result<Vec<Client>, ConfigError> {
    if raw.is_empty() {
        return Err(wrong("clients", "is missing: at least one [[clients]] with id, name and origins"));
    }
    let mut clients: Vec<Client> = Vec::new();
    for raw in raw {
        let RawClient { id, name, origins, redirect_uris, post_logout_redirect_uris, .. } = &raw;
        if id.is_empty()
            || !id.bytes().all(|byte| byte.is_ascii_graphic())
            || clients.iter().any(|client| client.id == *id)
        {
            return Err(wrong("clients.id", format!("`{id}` is empty, has spaces, or is there twice")));
        }
        if let Some(origin) = origins.iter().find(|origin| !is_origin(origin)) {
            return Err(wrong(
                "clients.origins",
                format!("has `{origin}`, which is no origin: https://shop.example.com, without a path"),
            ));
        }
        client::check_addresses("clients.redirect_uris", redirect_uris)?;
        client::check_addresses("clients.post_logout_redirect_uris", post_logout_redirect_uris)?;
        let scenes = raw.scenes.unwrap_or(weixin.website.is_none());
        if scenes && weixin.service_account.is_none() {
            return Err(wrong(
                "clients.scenes",
                "needs [weixin.service_account]: a scene is confirmed by it",
            ));
        }
        if !scenes && weixin.website.is_none() {
            return Err(wrong("clients.scenes", "must be true where there is no [weixin.website]"));
        }
        clients.push(Client {
            scenes,
            secret_sha256: client::secret(raw.secret_sha256.as_deref())?,
            backchannel_logout_uri: client::backchannel(
                raw.backchannel_logout_uri.clone(),
                public_url.is_localhost() || private_addresses,
                private_addresses,
            )?,
            require_pkce: raw.require_pkce.unwrap_or(true),
            id_token_alg: client::algorithm(raw.id_token_alg.as_deref())?,
            id: id.clone(),
            name: name.clone(),
            origins: origins.clone(),
            redirect_uris: redirect_uris.clone(),
            post_logout_redirect_uris: post_logout_redirect_uris.clone(),
        });
    }
    Ok(clients)
}
