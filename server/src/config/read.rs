//! From text and environment to a [`Config`]: every refusal names the key, and an unknown one the nearest that is known.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use protocol::ids::AppId;
use serde::Deserialize;
use url::Url;

use super::error::{ConfigError, wrong};
use super::look::Name;
use super::senders::{self, RawEmail, RawSms};
use super::store::{self, RawPostgres};
use super::tree::{Node, PREFIX};
use super::{
    App, AppSecret, Client, Config, Email, ForwardedHeader, Limits, LogFormat, OutgoingProxy, PublicUrl, Sms,
    Weixin, client, public_url,
};
use crate::address::network;
use crate::clock::Seconds;
use crate::secret_file;
use crate::store::{Address, CacheAddress};

/// WeChat's own pages.
const OPEN_URL: &str = "https://open.weixin.qq.com";
const API_URL: &str = "https://api.weixin.qq.com";
const DESKTOP_URL: &str = "https://localhost.weixin.qq.com:14013";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    public_url: Option<String>,
    listen: Option<String>,
    ops_listen: Option<String>,
    store: Option<String>,
    cache: Option<String>,
    cache_prefix: Option<String>,
    store_password_file: Option<PathBuf>,
    store_connections: Option<u32>,
    store_timeout_seconds: Option<u32>,
    #[serde(default)]
    trusted_proxies: Vec<String>,
    forwarded_header: Option<String>,
    tls_cert_file: Option<PathBuf>,
    tls_key_file: Option<PathBuf>,
    widget_dir: Option<PathBuf>,
    log_format: Option<String>,
    #[serde(default)]
    master_key_files: Vec<PathBuf>,
    rotate_keys_every_days: Option<u32>,
    #[serde(default)]
    backchannel_private_addresses: bool,
    #[serde(default)]
    webhook_private_addresses: bool,
    #[serde(default)]
    limits: RawLimits,
    join_within_days: Option<u32>,
    email: Option<RawEmail>,
    sms: Option<RawSms>,
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
    codes_per_hour: Option<u32>,
    codes_to_one_per_hour: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawWeixin {
    open_url: Option<String>,
    api_url: Option<String>,
    desktop_urls: Option<Vec<String>>,
    avatar_hosts: Option<Vec<String>>,
    proxy: Option<String>,
    avatars: Option<String>,
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
    name: Name,
    logo: Option<PathBuf>,
    accent: Option<String>,
    #[serde(default)]
    origins: Vec<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
    webhook_url: Option<String>,
    webhook_secret_file: Option<PathBuf>,
    secret_sha256: Option<String>,
    #[serde(default)]
    require: Vec<String>,
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
        let Some(file) = file else {
            return Self::parse("", variables, Path::new(".")).map_err(|error| match error {
                ConfigError::Value { place: None, .. } => ConfigError::NoFile(Box::new(error)),
                error => error,
            });
        };
        let unreadable = |error| ConfigError::File(file.into(), error);
        let text = std::fs::read(file).and_then(secret_file::text).map_err(unreadable)?;
        let mut config = Self::parse(&text, variables, file.parent().unwrap_or(Path::new(".")))?;
        let written = Node::parse(&text)?;
        let has_password = config.cache.as_ref().is_some_and(CacheAddress::has_password)
            && written.has("cache")
            || config.store.has_password() && written.has("store")
            || config.weixin.proxy.as_ref().is_some_and(OutgoingProxy::has_password) && written.has("weixin");
        if has_password || written.has_secret() {
            config.secret_files.push(file.into());
        }
        Ok(config)
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
        let written = tree.clone();
        checked(RawConfig::deserialize(tree)?, folder).map_err(|error| error.at_its_place(&written))
    }
}

fn checked(raw: RawConfig, folder: &Path) -> Result<Config, ConfigError> {
    let public_url =
        raw.public_url.ok_or_else(|| wrong("public_url", "is missing: https://your.site/weixin"))?;
    let public_url = PublicUrl::parse(&public_url).map_err(|problem| wrong("public_url", problem))?;
    let listen = listening("listen", raw.listen, "127.0.0.1:8080")?;
    let ops_listen = listening("ops_listen", raw.ops_listen, "127.0.0.1:9090")?;
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
    if listen == ops_listen && listen.port() != 0 {
        return Err(wrong("ops_listen", format!("is {ops_listen}, which is `listen` already")));
    }
    let mut secret_files = Vec::new();
    let weixin = weixin(raw.weixin, folder, !public_url.is_localhost(), &mut secret_files)?;
    let email = senders::email(raw.email, folder, &mut secret_files)?;
    let sms = senders::sms(raw.sms, folder, &mut secret_files)?;
    let postgres = RawPostgres {
        password_file: raw.store_password_file,
        connections: raw.store_connections,
        timeout_seconds: raw.store_timeout_seconds,
    };
    let store = raw.store.as_deref().unwrap_or("sqlite:weixin-login.db");
    let store = store::parse(store, postgres, folder, &mut secret_files)?;
    if matches!(store, Address::Postgres(_)) && raw.master_key_files.is_empty() {
        let problem =
            "is missing: with PostgreSQL each node needs the same; `openssl rand -base64 32` makes one";
        return Err(wrong("master_key_files", problem));
    }
    let private =
        Private { backchannel: raw.backchannel_private_addresses, webhooks: raw.webhook_private_addresses };
    let senders = (email.as_ref(), sms.as_ref());
    let clients = clients(raw.clients, &weixin, senders, &public_url, private, folder, &mut secret_files)?;
    Ok(Config {
        secret_files,
        store,
        cache: cache(raw.cache.as_deref())?,
        cache_prefix: raw.cache_prefix.unwrap_or_else(|| "weixin-login:".into()),
        widget_dir: raw.widget_dir.unwrap_or_else(|| "target/widget/dist".into()),
        master_key_files: raw.master_key_files.iter().map(|file| folder.join(file)).collect(),
        rotate_keys_every: rotate_keys_every(raw.rotate_keys_every_days)?,
        backchannel_private_addresses: raw.backchannel_private_addresses,
        log_format: log_format(raw.log_format.as_deref())?,
        webhook_private_addresses: raw.webhook_private_addresses,
        limits: limits(raw.limits)?,
        join_within: Seconds::from(raw.join_within_days.unwrap_or(30)) * 24 * 3600,
        clients,
        email,
        sms,
        weixin,
        public_url,
        listen,
        ops_listen,
        trusted_proxies,
        forwarded_header,
        tls,
    })
}

fn listening(key: &str, value: Option<String>, default: &str) -> Result<SocketAddr, ConfigError> {
    let value = value.unwrap_or_else(|| default.into());
    value.parse().map_err(|_| wrong(key, format!("is `{value}`, which is no address with a port: {default}")))
}

fn log_format(value: Option<&str>) -> Result<LogFormat, ConfigError> {
    match value {
        None | Some("text") => Ok(LogFormat::Text),
        Some("json") => Ok(LogFormat::Json),
        Some(other) => Err(wrong("log_format", format!("is `{other}`; it can be text or json"))),
    }
}

fn cache(value: Option<&str>) -> Result<Option<CacheAddress>, ConfigError> {
    value.map(CacheAddress::parse).transpose().map_err(|problem| wrong("cache", problem))
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
        codes_per_hour: limit("codes_per_hour", raw.codes_per_hour, 60)?,
        codes_to_one_per_hour: limit("codes_to_one_per_hour", raw.codes_to_one_per_hour, 10)?,
    })
}

fn weixin(
    raw: RawWeixin,
    folder: &Path,
    in_public: bool,
    secret_files: &mut Vec<PathBuf>,
) -> Result<Weixin, ConfigError> {
    if raw.website.is_none() && raw.service_account.is_none() {
        let problem = "is missing: appid and secret_file of the website app; or [weixin.service_account]";
        return Err(wrong("weixin.website", problem));
    }
    let mut app = |table: &str, raw: Option<RawApp>| {
        raw.map(|raw| self::app(table, raw, folder, secret_files)).transpose()
    };
    let website = app("weixin.website", raw.website)?;
    let service_account = app("weixin.service_account", raw.service_account)?;
    let both = website.iter().zip(&service_account).next();
    if both.is_some_and(|(website, service_account)| website.appid == service_account.appid) {
        let problem = "is the website app's: a service account has an appid of its own";
        return Err(wrong("weixin.service_account.appid", problem));
    }
    let open_url = base_url("weixin.open_url", raw.open_url, OPEN_URL, in_public)?;
    let api_url = base_url("weixin.api_url", raw.api_url, API_URL, in_public)?;
    let desktop_urls = raw.desktop_urls.unwrap_or_else(|| vec![DESKTOP_URL.into()]);
    let desktop_urls = desktop_urls
        .into_iter()
        .map(|url| base_url("weixin.desktop_urls", Some(url), DESKTOP_URL, in_public))
        .collect::<Result<_, _>>()?;
    let avatar_hosts =
        raw.avatar_hosts.unwrap_or_else(|| vec!["thirdwx.qlogo.cn".into(), "wx.qlogo.cn".into()]);
    if let Some(other) = avatar_hosts.iter().find(|host| !public_url::is_host(host)) {
        let problem = format!("has `{other}`, which is no host: wx.qlogo.cn");
        return Err(wrong("weixin.avatar_hosts", problem));
    }
    let proxy = raw.proxy.map(|proxy| {
        // What stands there may have a password: it is not repeated.
        OutgoingProxy::parse(&proxy)
            .ok_or_else(|| wrong("weixin.proxy", "is not of the form http://proxy.internal:3128"))
    });
    let proxy = proxy.transpose()?;
    let proxies_avatars = match raw.avatars.as_deref() {
        None | Some("direct") => false,
        Some("proxy") => true,
        Some(other) => {
            return Err(wrong("weixin.avatars", format!("is `{other}`; it can be direct or proxy")));
        }
    };
    Ok(Weixin {
        open_url,
        api_url,
        desktop_urls,
        avatar_hosts,
        proxy,
        proxies_avatars,
        website,
        service_account,
    })
}

fn app(table: &str, raw: RawApp, folder: &Path, secret_files: &mut Vec<PathBuf>) -> Result<App, ConfigError> {
    let key = format!("{table}.appid");
    let appid = raw.appid.ok_or_else(|| wrong(&key, "is missing"))?;
    // A service account has an original id (gh_…) as well, which is none.
    let has_form = appid.len() == 18 && appid.starts_with("wx");
    let appid = AppId::parse(appid).ok().filter(|_| has_form);
    let appid = appid.ok_or_else(|| wrong(&key, "is not an appid: wx and 16 characters"))?;
    Ok(App { appid, secret: secret(table, raw.secret, raw.secret_file, folder, secret_files)? })
}

/// An origin, as it stands in addresses and in policies. In public the AppSecret and people's codes go there.
fn base_url(key: &str, value: Option<String>, default: &str, in_public: bool) -> Result<String, ConfigError> {
    let value = value.unwrap_or_else(|| default.into());
    let url = Url::parse(&value).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == value
    });
    let Some(url) = url else {
        return Err(wrong(key, format!("has `{value}`, which is not of the form {default}")));
    };
    if in_public && !public_url::is_safe(&url) {
        let problem = "must be https; plain http is for an emulator on this machine";
        return Err(wrong(key, format!("has `{value}`, which {problem}")));
    }
    Ok(value)
}

fn secret(
    table: &str,
    secret: Option<String>,
    file: Option<PathBuf>,
    folder: &Path,
    secret_files: &mut Vec<PathBuf>,
) -> Result<AppSecret, ConfigError> {
    let key = format!("{table}.secret_file");
    let file = match (secret, file) {
        (Some(_), Some(_)) => {
            return Err(wrong(&key, "and a secret of its own exclude each other"));
        }
        (Some(secret), None) => {
            let key = format!("{table}.secret");
            let text = secret_file::text(secret.into_bytes()).unwrap_or_default();
            return app_secret(text).map_err(|problem| wrong(&key, problem));
        }
        (None, Some(file)) => file,
        (None, None) => {
            let variable = table.to_ascii_uppercase().replace('.', "__");
            let problem = format!("is missing: the file with the AppSecret, or {PREFIX}{variable}__SECRET");
            return Err(wrong(&key, problem));
        }
    };
    let name = file.to_string_lossy();
    if name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        // The refusal of a file that is not there would print it.
        let problem = "looks like the AppSecret itself: put that into a file, and the file's name here";
        return Err(wrong(&key, problem));
    }
    let file = folder.join(file);
    let about = |problem: String| wrong(&key, format!("is {}, which {problem}", file.display()));
    let text = secret_file::read(&file).map_err(|error| match file.parent() {
        Some(folder) if !folder.is_dir() => {
            about(format!("cannot be read: there is no folder {}", folder.display()))
        }
        _ => about(format!("cannot be read: {error}")),
    })?;
    let secret = app_secret(text).map_err(about)?;
    secret_files.push(file);
    Ok(secret)
}

/// The AppSecret itself; a sentence of what it is instead, which repeats nothing of it.
fn app_secret(text: String) -> Result<AppSecret, String> {
    let problem = if text.is_empty() {
        "is empty"
    } else if text.starts_with(['"', '\'']) {
        "begins with a quotation mark, which is no part of an AppSecret"
    } else if text.contains(char::is_whitespace) {
        "has white space inside: the AppSecret stands there alone"
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        "has a character that no AppSecret has: copy it once more from WeChat's page"
    } else {
        return Ok(AppSecret(text));
    };
    Err(problem.into())
}

fn rotate_keys_every(days: Option<u32>) -> Result<Option<Seconds>, ConfigError> {
    match days {
        Some(0) => {
            Err(wrong("rotate_keys_every_days", "must be 1 or more; leave it out to rotate by command"))
        }
        days => Ok(days.map(|days| Seconds::from(days) * 24 * 3600)),
    }
}

/// What may lead into this machine's own network.
struct Private {
    backchannel: bool,
    webhooks: bool,
}

fn clients(
    raw: Vec<RawClient>,
    weixin: &Weixin,
    (email, sms): (Option<&Email>, Option<&Sms>),
    public_url: &PublicUrl,
    private: Private,
    folder: &Path,
    secret_files: &mut Vec<PathBuf>,
) -> Result<Vec<Client>, ConfigError> {
    if raw.is_empty() {
        return Err(wrong("clients", "is missing: at least one [[clients]] with id, name and origins"));
    }
    // Trying out on this machine is with pages of other names too, which have no certificate.
    let in_public = !public_url.is_localhost();
    let mut clients: Vec<Client> = Vec::new();
    for (at, raw) in raw.into_iter().enumerate() {
        let key = |name: &str| format!("clients[{at}].{name}");
        let RawClient { id, origins, redirect_uris, post_logout_redirect_uris, .. } = &raw;
        if id.is_empty() {
            return Err(wrong(&key("id"), "is empty: a short word, like shop"));
        }
        if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong(
                &key("id"),
                format!("`{id}` may have letters, digits and signs of ASCII alone"),
            ));
        }
        if clients.iter().any(|client| client.id == *id) {
            return Err(wrong(&key("id"), format!("`{id}` is the id of another client already")));
        }
        if raw.name.is_empty() {
            return Err(wrong(&key("name"), "is empty: people read it on every page"));
        }
        if let Some(problem) = origins.iter().find_map(|origin| public_url::no_origin(origin, in_public)) {
            return Err(wrong(&key("origins"), problem));
        }
        client::check_addresses(&key("redirect_uris"), redirect_uris, in_public)?;
        client::check_addresses(&key("post_logout_redirect_uris"), post_logout_redirect_uris, in_public)?;
        let scenes = raw.scenes.unwrap_or(weixin.website.is_none());
        if scenes && weixin.service_account.is_none() {
            let problem = "needs [weixin.service_account]: a scene is confirmed by it";
            return Err(wrong(&key("scenes"), problem));
        }
        if !scenes && weixin.website.is_none() {
            return Err(wrong(&key("scenes"), "must be true where there is no [weixin.website]"));
        }
        clients.push(Client {
            scenes,
            secret_sha256: client::secret(&key("secret_sha256"), raw.secret_sha256.as_deref())?,
            backchannel_logout_uri: client::called_address(
                &key("backchannel_logout_uri"),
                raw.backchannel_logout_uri.clone(),
                public_url.is_localhost() || private.backchannel,
                (private.backchannel, "backchannel_private_addresses"),
            )?,
            webhook: client::webhook(
                (&key("webhook_url"), &key("webhook_secret_file")),
                client::called_address(
                    &key("webhook_url"),
                    raw.webhook_url.clone(),
                    public_url.is_localhost() || private.webhooks,
                    (private.webhooks, "webhook_private_addresses"),
                )?,
                raw.webhook_secret_file.as_deref().map(|file| folder.join(file)),
                secret_files,
            )?,
            require: senders::required(&key("require"), &raw.require, email, sms)?,
            require_pkce: raw.require_pkce.unwrap_or(true),
            id_token_alg: client::algorithm(&key("id_token_alg"), raw.id_token_alg.as_deref())?,
            id: id.clone(),
            logo: client::logo(&key("logo"), raw.logo.as_deref(), folder)?,
            accent: client::accent(&key("accent"), raw.accent.as_deref())?,
            name: raw.name.clone(),
            origins: origins.clone(),
            redirect_uris: redirect_uris.clone(),
            post_logout_redirect_uris: post_logout_redirect_uris.clone(),
        });
    }
    Ok(clients)
}
