//! `weixin-login check`: tries everything that the service needs, and says in plain words what is wrong. What a running service tries by
//! itself, in the background, is here too.

mod clients;
mod files;
mod outside;
mod report;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::http::header::HttpDate;

use protocol::ids::{Product, State};
use protocol::qrconnect::{PageRefusal, page_address, read_page};
use protocol::sns::Meaning;
use reqwest::Client as Http;
use reqwest::header::DATE;

use self::report::Report;

use crate::clock::Clock;
use crate::commands;
use crate::config::{Config, Weixin};
use crate::exchange::{Exchange, ExchangeError};
use crate::keys::KeyRing;
use crate::ops::ALIVE;
use crate::outbound;
use crate::secret::random_state;
use crate::store::{self, Address, Redis, StoreError};
use crate::tls;

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// WeChat's page is some 30 kB.
const LONGEST_PAGE: usize = 1024 * 1024;
/// Nearer than a minute, for which a code lives, and further than an answer takes.
const CLOCKS_APART: Duration = Duration::from_secs(30);
/// How an error begins that the network made.
const UNREACHABLE: &str = "WeChat cannot be reached";

/// What stands at an address, and what time it was there.
struct Page {
    body: String,
    date: Option<SystemTime>,
}

/// Raises how many files may be open as far as the system lets a process do it by itself; a sentence where that is few.
pub fn raise_open_files() -> Option<String> {
    files::raise();
    files::too_few()
}

/// What is asked of a check.
#[derive(Debug, Default)]
pub struct Asked {
    /// Also through whatever stands in front of the service: by this address, or by `public_url` where it is empty.
    pub from_outside: Option<String>,
    /// For programs: one JSON document in the place of lines.
    pub json: bool,
}

/// Tries one thing after the other, each a line; an error when anything is wrong.
pub async fn run(config: Option<&Path>, asked: Asked) -> Result<(), Box<dyn std::error::Error>> {
    let mut report = Report::new(asked.json);
    let config = match Config::load(config, std::env::vars_os()) {
        Ok(config) => config,
        Err(error) if asked.json => {
            report.tell("configuration", "the configuration is read", Err(error.to_string()));
            return report.end();
        }
        Err(error) => return Err(error.into()),
    };
    everything(&mut report, &config).await?;
    if let Some(address) = asked.from_outside {
        let address =
            if address.is_empty() { config.public_url.as_str() } else { address.trim_end_matches('/') };
        outside::look(&mut report, &config, address).await;
    }
    report.end()
}

async fn everything(report: &mut Report, config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    report.tell("configuration", "the configuration is read", Ok(()));
    report.note(format!("WeChat sends people back to {}/callback", config.public_url.as_str()));
    let domain = domain(config);
    report.note(format!(
        "the callback domain to register (授权回调域) is {domain}, without scheme, port or path"
    ));
    for exposed in config.exposed_files() {
        report.warn("files", exposed);
    }
    if let Some(few) = files::too_few() {
        report.warn("open_files", few);
    }
    if let Some((cert, key)) = &config.tls {
        let read = tls::Certificate::read(cert, key).map(drop).map_err(|error| error.to_string());
        report.tell("tls", "the TLS certificate and its key are read", read);
    }
    let http = outbound::http(PATIENCE).build()?;
    let to_weixin = outbound::through(PATIENCE, config.weixin.proxy.as_ref())?.build()?;
    listeners(report, config, &http).await;
    let opened = store(config).await;
    report.tell("store", format!("the store {} opens", config.store), opened);
    if let ([], Some(file)) = (&*config.master_key_files, config.master_key_beside_the_store()) {
        let what = "keep a copy of it away from this machine; `weixin-login backup` has it in its file";
        report.note(format!("the master key is {}: {what}", file.display()));
    }
    if let Address::Postgres(address) = &config.store
        && address.trusts_the_network()
    {
        let how =
            "sslmode=verify-full, and sslrootcert=FILE where the certificate is of an authority of your own";
        report.warn("store", format!("whoever answers in the place of {address} is believed: {how}"));
    }
    cache(report, config).await;
    clients::look(report, config).await;
    weixin(report, config, domain, &to_weixin).await
}

/// What WeChat says of each app, and what time it is there.
async fn weixin(
    report: &mut Report,
    config: &Config,
    domain: &str,
    http: &Http,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut date = None;
    let exchange = Exchange::new(&config.weixin, Arc::default())?;
    for product in [Product::Website, Product::ServiceAccount] {
        let Some(app) = config.weixin.app(product) else { continue };
        let accepted = exchange.try_credentials(product).await.map_err(|error| why(product, &error));
        let accepted = accepted.map_err(|why| match &config.weixin.proxy {
            Some(proxy) if why.contains(UNREACHABLE) => format!("{why}; weixin.proxy is {proxy}"),
            _ => why,
        });
        let what = format!("WeChat accepts appid and secret of weixin.{}", product.as_str());
        report.tell("weixin_secret", what, accepted);
        let callback = format!("{}/callback", config.public_url.as_str());
        let state =
            State::parse(random_state(&Clock::system())).map_err(|_| "a state is letters and digits")?;
        let shown = page(http, &page_address(&config.weixin.open_url, &app.appid, &callback, &state)).await;
        date = date.or(shown.as_ref().ok().and_then(|page| page.date));
        page_of(report, product, domain, shown.map(|page| page.body));
    }
    if let Some(date) = date {
        report.tell("clock", "this machine's clock goes with WeChat's", goes_with(date));
    }
    Ok(())
}

/// Codes live for a minute, and tokens say when they were made.
fn goes_with(date: SystemTime) -> Result<(), String> {
    let now = SystemTime::now();
    let apart = now.duration_since(date).unwrap_or_else(|early| early.duration());
    if apart <= CLOCKS_APART {
        return Ok(());
    }
    let side = if now > date { "ahead of" } else { "behind" };
    Err(format!("it is {} seconds {side} it: let NTP run (timedatectl set-ntp true)", apart.as_secs()))
}

fn domain(config: &Config) -> &str {
    let host = config.public_url.host();
    host.rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(host, |(name, _)| name)
}

/// Whether both ports are free, or are held by the service that runs already.
async fn listeners(report: &mut Report, config: &Config, http: &Http) {
    let mut runs = None;
    for (key, address) in [("listen", config.listen), ("ops_listen", config.ops_listen)] {
        let Err(error) = TcpListener::bind(address) else {
            report.tell("ports", format!("{key} {address} is free"), Ok(()));
            continue;
        };
        if runs.is_none() {
            runs = Some(is_alive(http, config.ops_listen).await);
        }
        if runs == Some(true) {
            report.tell("ports", format!("{key} {address} is taken: the service runs already"), Ok(()));
        } else {
            report.tell("ports", format!("{key} {address} is free"), Err(error.to_string()));
        }
    }
}

/// What the running service says of itself: that it is ready.
///
/// # Errors
/// With its own sentence of why not, or that nobody is there.
pub async fn ready(config: &Config) -> Result<String, Box<dyn std::error::Error>> {
    let address = beside(config.ops_listen);
    let http = outbound::http(PATIENCE).build()?;
    let asked = async {
        let answer = http.get(format!("http://{address}/readyz")).send().await?;
        let status = answer.status();
        Ok((status, outbound::body(answer, LONGEST_PAGE).await?.unwrap_or_default()))
    };
    let (status, said) = asked.await.map_err(|error: reqwest::Error| {
        let cause = outbound::cause(&error.without_url());
        format!("no service answers at ops_listen {address}: {cause}")
    })?;
    let said = said.trim().to_owned();
    if status.is_success() { Ok(said) } else { Err(said.into()) }
}

/// Whether a service of ours answers there.
async fn is_alive(http: &Http, ops: SocketAddr) -> bool {
    page(http, &format!("http://{}/healthz", beside(ops))).await.is_ok_and(|page| page.body == ALIVE)
}

/// Where whoever runs beside the service finds it.
fn beside(listen: SocketAddr) -> SocketAddr {
    let here = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(here, listen.port())
}

/// The store, and the keys in it.
async fn store(config: &Config) -> Result<(), String> {
    let store = match store::open_existing(&config.store).await {
        // The first start makes it; a check changes nothing.
        Err(StoreError::Missing(_)) if config.store.can_be_made() => return Ok(()),
        opened => opened.map_err(|error| error.to_string())?,
    };
    store.ping().await.map_err(|error| error.to_string())?;
    let rows = store.signing_keys().await.map_err(|error| error.to_string())?;
    // Before there are keys, the default file is made by the first start.
    if rows.is_empty() && config.master_key_files.is_empty() {
        return Ok(());
    }
    let masters = commands::master_keys(config, false).map_err(|error| error.to_string())?;
    KeyRing::open(&rows, &masters).map(drop).map_err(|error| error.to_string())
}

/// The cache, where there is one.
async fn cache(report: &mut Report, config: &Config) {
    let Some(address) = &config.cache else { return };
    let tried = async {
        let cache = Redis::new(address, &config.cache_prefix)?;
        cache.ping().await?;
        cache.evicts().await
    };
    match tried.await {
        Ok(warning) => {
            report.tell("cache", format!("the cache {address} answers"), Ok(()));
            if let Some(warning) = warning {
                report.warn("cache", warning);
            }
        }
        Err(error) => report.tell("cache", format!("the cache {address} answers"), Err(error.to_string())),
    }
}

/// What stands at an address, whatever its status is: WeChat answers 200 for refusals too.
async fn page(http: &Http, address: &str) -> Result<Page, String> {
    let asked = async {
        let response = http.get(address).header("accept-language", "zh-CN").send().await?;
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok()?.parse::<HttpDate>().ok());
        // What is longer is no page of WeChat's, and not understood.
        let body = outbound::body(response, LONGEST_PAGE).await?.unwrap_or_default();
        Ok(Page { body, date: date.map(SystemTime::from) })
    };
    asked.await.map_err(|error: reqwest::Error| error.without_url().to_string())
}

/// What WeChat's page for `snsapi_login` says of an appid. It proves the callback domain as well.
fn page_of(report: &mut Report, product: Product, domain: &str, shown: Result<String, String>) {
    let shown = shown.map(|html| read_page(&html));
    let table = product.as_str();
    if product == Product::ServiceAccount {
        // Its own page opens inside WeChat alone. That it can do what only a website app can is told all the same.
        if matches!(shown, Ok(Ok(()) | Err(Some(PageRefusal::RedirectUri)))) {
            let why = "it is a website app's, and belongs to [weixin.website]".to_owned();
            report.tell(
                "weixin_page",
                format!("the appid of weixin.{table} is a service account's"),
                Err(why),
            );
        }
        return;
    }
    let what = format!("WeChat's page takes the appid of weixin.{table} and the callback domain {domain}");
    let why = match shown {
        Ok(Ok(())) => return report.tell("weixin_page", what, Ok(())),
        Ok(Err(None)) => {
            return report.warn("weixin_page", format!("{what}: its answer is not understood; open /login in a browser"));
        }
        Ok(Err(Some(PageRefusal::AppId))) => format!("no app has it (AppID 参数错误): look at weixin.{table}.appid"),
        Ok(Err(Some(PageRefusal::RedirectUri))) => format!(
            "redirect_uri 参数错误 (10003): the app's callback domain (授权回调域) at open.weixin.qq.com is not {domain}"
        ),
        Ok(Err(Some(PageRefusal::Scope))) => {
            "Scope 参数错误 (10005): it is no website app's (网站应用), or that is not reviewed yet; a service account's (公众号) belongs to [weixin.service_account]"
                .into()
        }
        Err(error) => format!("WeChat cannot be reached: {error}"),
    };
    report.tell("weixin_page", what, Err(why));
}

fn why(product: Product, error: &ExchangeError) -> String {
    let table = product.as_str();
    match error {
        ExchangeError::ErrCode { errcode, .. } => match errcode.meaning() {
            Meaning::WrongSecret => format!("the secret is wrong: look at weixin.{table}.secret_file"),
            Meaning::WrongAppid => format!("the appid is wrong: look at weixin.{table}.appid"),
            _ => error.to_string(),
        },
        _ => error.to_string(),
    }
}

/// Tries appids and secrets once, beside a service that runs: a wrong one is in the log before the first visitor meets it.
pub async fn secrets(weixin: Weixin) {
    let Ok(exchange) = Exchange::new(&weixin, Arc::default()) else { return };
    for product in [Product::Website, Product::ServiceAccount] {
        if weixin.app(product).is_none() {
            continue;
        }
        let table = product.as_str();
        match exchange.try_credentials(product).await {
            Ok(()) => tracing::info!("WeChat accepts appid and secret of weixin.{table}"),
            Err(error) => tracing::warn!(
                "nobody can log in by weixin.{table} as it is: {}; `weixin-login check` tells more",
                why(product, &error)
            ),
        }
    }
}
