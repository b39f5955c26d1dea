//! A service on this machine, with one client that a site is registered as.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::TempDir;
use weixin_emulator::{Emulator, Options};
use weixin_login::commands::{hash_secret, list_keys, withdraw_key};
use weixin_login::config::Config;
use weixin_login_e2e::service::Service;
use weixin_login_servers::free_port;

use crate::packages::target;

/// The client's name.
pub const CLIENT_ID: &str = "site";
/// The client's secret, of letters and digits: not every client encodes others for HTTP Basic as RFC 6749 §2.3.1 wants.
pub const CLIENT_SECRET: &str = "onlyForTheseTests0123456789";

/// How the site is registered.
#[derive(Debug, Default)]
pub struct Registration {
    /// Without a secret, and with its origin.
    pub public: bool,
    /// `redirect_uris`
    pub redirect_uris: Vec<String>,
    /// `post_logout_redirect_uris`
    pub post_logout_redirect_uris: Vec<String>,
    /// `backchannel_logout_uri`
    pub backchannel_logout_uri: Option<String>,
    /// `require_pkce = false`, for a library that has none.
    pub without_pkce: bool,
}

/// A running service and the emulator that it talks to. Stops when it is dropped.
pub struct Provider {
    /// Its issuer.
    pub issuer: String,
    /// The person's phone.
    pub emulator: Emulator,
    service: Service,
    config: String,
    folder: TempDir,
}

impl Provider {
    /// Starts both, for a site at this origin.
    ///
    /// # Errors
    /// When one of them does not start.
    pub async fn start(site: &str, registration: Registration) -> Result<Provider> {
        Self::start_for(&[(CLIENT_ID, site, registration)]).await
    }

    /// Starts both with another configuration, which may have files in this folder.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_changed(
        site: &str,
        registration: Registration,
        change: impl FnOnce(String, &Path) -> String,
    ) -> Result<Provider> {
        let port = free_port()?;
        let sites = [(CLIENT_ID, site, registration)];
        Self::start_at(format!("http://localhost:{port}"), port, &sites, change).await
    }

    /// Starts both behind the site's own proxy, which passes `/weixin/` on to `port`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_behind(site: &str, port: u16, registration: Registration) -> Result<Provider> {
        let sites = [(CLIENT_ID, site, registration)];
        Self::start_at(format!("{site}/weixin"), port, &sites, |config, _| config).await
    }

    /// Starts both, for several sites: each with its client's name and its origin, all with the same secret.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_for(sites: &[(&str, &str, Registration)]) -> Result<Provider> {
        let port = free_port()?;
        Self::start_at(format!("http://localhost:{port}"), port, sites, |config, _| config).await
    }

    async fn start_at(
        issuer: String,
        port: u16,
        sites: &[(&str, &str, Registration)],
        change: impl FnOnce(String, &Path) -> String,
    ) -> Result<Provider> {
        let emulator = Emulator::start(Options::default()).await?;
        let folder = tempfile::tempdir()?;
        let config = change(config(&emulator, &folder, &issuer, port, sites), folder.path());
        let service = Service::start(&config, folder.path());
        Ok(Provider { issuer, emulator, service, config, folder })
    }

    /// Puts the service's clock ahead of the sites', or behind it.
    pub fn put_clock_ahead(&self, seconds: i64) {
        self.service.clock.advance(seconds);
    }

    /// Withdraws the key that signs, as one that has leaked; another one is published when this returns.
    ///
    /// # Errors
    /// When a command fails, or the service does not answer.
    pub async fn withdraw_key(&self) -> Result<()> {
        let config = Config::parse(&self.config, HashMap::new().into_iter(), self.folder.path())?;
        let keys = list_keys(&config, &self.service.clock).await?;
        let signing = keys.lines().filter(|line| line.contains("RS256") && line.contains("  signs  "));
        let kid = signing.filter_map(|line| line.split_whitespace().next()).next().context(keys.clone())?;
        withdraw_key(&config, &self.service.clock, kid).await?;
        while reqwest::get(format!("{}/jwks", self.issuer)).await?.text().await?.contains(kid) {}
        Ok(())
    }
}

fn config(
    emulator: &Emulator,
    folder: &TempDir,
    issuer: &str,
    port: u16,
    sites: &[(&str, &str, Registration)],
) -> String {
    let service = format!(
        r#"
public_url = "{issuer}"
listen = "127.0.0.1:{port}"
ops_listen = "127.0.0.1:0"
store = "sqlite:{folder}/store.db"
trusted_proxies = ["127.0.0.1/32"]
widget_dir = "{widget}"
backchannel_private_addresses = true

[weixin]
open_url = "{open}"
api_url = "{api}"
desktop_urls = []

[weixin.website]
appid = "{appid}"
secret = "{app_secret}"
"#,
        folder = folder.path().display(),
        widget = target().join("widget/dist").display(),
        open = emulator.open_url(),
        api = emulator.api_url(),
        appid = weixin_emulator::DEFAULT_APPID,
        app_secret = weixin_emulator::DEFAULT_SECRET,
    );
    let clients = sites.iter().map(|(id, site, registration)| client(id, site, registration));
    std::iter::once(service).chain(clients).collect()
}

fn client(id: &str, site: &str, registration: &Registration) -> String {
    let list = |addresses: &[String]| serde_json::to_string(addresses).unwrap_or_default();
    let secret = if registration.public {
        format!("origins = [\"{site}\"]")
    } else {
        format!("secret_sha256 = \"{}\"", hash_secret(CLIENT_SECRET))
    };
    let backchannel = match &registration.backchannel_logout_uri {
        Some(address) => format!("backchannel_logout_uri = \"{address}\""),
        None => String::new(),
    };
    format!(
        r#"
[[clients]]
id = "{id}"
name = "A site"
redirect_uris = {redirect_uris}
post_logout_redirect_uris = {post_logout_redirect_uris}
{secret}
{backchannel}
require_pkce = {require_pkce}
"#,
        redirect_uris = list(&registration.redirect_uris),
        post_logout_redirect_uris = list(&registration.post_logout_redirect_uris),
        require_pkce = !registration.without_pkce,
    )
}
