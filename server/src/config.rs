//! The service's configuration: one TOML file, every key also as an environment variable, everything parsed before anything
//! starts. No secret has a default, and none prints.

mod client;
mod error;
mod look;
mod public_url;
mod read;
mod senders;
mod store;
mod tree;

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use lettre::message::Mailbox;
use protocol::ids::{AppId, Product};
use protocol::service::ContactKind;
use url::Url;

use crate::clock::Seconds;
use crate::contact::Regions;
use crate::secret::SecretHash;
use crate::secret_file;
use crate::signing_algorithm::SigningAlgorithm;
use crate::store::{Address, CacheAddress};
use crate::webhook_secret::WebhookSecret;

pub use error::ConfigError;
pub use look::{Accent, Logo, Name};
pub use public_url::PublicUrl;

/// What `weixin-login serve` runs with. Field docs give the key, its variable, its unit and its default.
#[derive(Debug, Clone)]
pub struct Config {
    /// `public_url`, `WEIXIN_LOGIN_PUBLIC_URL`: the issuer; WeChat sends people back to `{public_url}/callback`. Required.
    pub public_url: PublicUrl,
    /// `listen`, `WEIXIN_LOGIN_LISTEN`: default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// `ops_listen`, `WEIXIN_LOGIN_OPS_LISTEN`: health and metrics, not for the public; default `127.0.0.1:9090`.
    pub ops_listen: SocketAddr,
    /// `store`, `WEIXIN_LOGIN_STORE`: `sqlite:FILE` or `postgres://…`; default `sqlite:weixin-login.db`. Of PostgreSQL:
    /// `store_password_file`, default none; `store_connections`, how many of them one node has at most, default 16;
    /// `store_timeout_seconds`, how long one question to it may take, default 5.
    pub store: Address,
    /// `cache`, `WEIXIN_LOGIN_CACHE`: the Redis or Valkey that several nodes share: attempts, codes, scenes, limits; default none, and
    /// these lie in the store.
    pub cache: Option<CacheAddress>,
    /// `cache_prefix`, `WEIXIN_LOGIN_CACHE_PREFIX`: what every key there begins with; default `weixin-login:`. The nodes of one service have
    /// the same.
    pub cache_prefix: String,
    /// `trusted_proxies`, `WEIXIN_LOGIN_TRUSTED_PROXIES`: addresses and networks whose [`Self::forwarded_header`] is believed; default
    /// none.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// `forwarded_header`, `WEIXIN_LOGIN_FORWARDED_HEADER`: where they say whom they saw, `X-Forwarded-For` (default) or `Forwarded`.
    pub forwarded_header: ForwardedHeader,
    /// `tls_cert_file` and `tls_key_file`: PEM, both or none; when no proxy does TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// `widget_dir`, `WEIXIN_LOGIN_WIDGET_DIR`: the built widget, where it is not inside the program; default `target/widget/dist`.
    pub widget_dir: PathBuf,
    /// `master_key_files`: the first seals signing keys, all of them open; default: one that is made at the first start beside the
    /// SQLite file, with the ending `.master-key`. With PostgreSQL required, for each node needs the same.
    pub master_key_files: Vec<PathBuf>,
    /// `rotate_keys_every_days`: new signing keys after so many days; default never, `weixin-login keys rotate` does it.
    pub rotate_keys_every: Option<Seconds>,
    /// `backchannel_private_addresses`: whether `backchannel_logout_uri` may lead to loopback and private networks; default false.
    pub backchannel_private_addresses: bool,
    /// `log_format`, `WEIXIN_LOGIN_LOG_FORMAT`: `text` (default) or `json`, a line for each event.
    pub log_format: LogFormat,
    /// `webhook_private_addresses`: whether `webhook_url` may lead to loopback and private networks; default false.
    pub webhook_private_addresses: bool,
    /// `[limits]`
    pub limits: Limits,
    /// `join_within_days`: for so long after an account has proven a contact, whoever proves it next may make that account one with
    /// theirs; default 30, and 0: never. A number that was given up gets a new owner after some months.
    pub join_within: Seconds,
    /// `[email]`: default none, and no client can require an address.
    pub email: Option<Email>,
    /// `[sms]`: default none, and no client can require a number.
    pub sms: Option<Sms>,
    /// `[weixin]`
    pub weixin: Weixin,
    /// `[[clients]]`, at least one.
    pub clients: Vec<Client>,
    /// The files that an AppSecret was read from, this configuration's own among them where it has one.
    pub secret_files: Vec<PathBuf>,
}

/// How lines of the log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The header in which proxies say whom they saw. One alone is read: a proxy passes on the other as the visitor sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses with commas between them.
    XForwardedFor,
    /// `Forwarded`, by RFC 7239.
    Forwarded,
}

impl ForwardedHeader {
    /// By its name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::XForwardedFor, Self::Forwarded]
            .into_iter()
            .find(|header| header.name().eq_ignore_ascii_case(name))
    }

    /// Its name, in small letters.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// How often one address may come, or one client from wherever. Each is a burst of so many, and so many a minute after it. An IPv6
/// network of /64 is one address, and one of /48 ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `limits.starts_per_minute`: begins of logins, also those that nobody answers: a page with the widget makes one; default 1200.
    pub starts_per_minute: NonZeroU32,
    /// `limits.answers_per_minute`: what comes back from WeChat, two for a login on a computer, six for one by a phone that scans a
    /// site's own code; default 2400.
    pub answers_per_minute: NonZeroU32,
    /// `limits.token_requests_per_minute`: requests to `/token`, `/userinfo` and `/revoke`; a backend makes two for each login of
    /// anybody; default 1200.
    pub token_requests_per_minute: NonZeroU32,
    /// `limits.failed_authentications_per_minute`: wrong secrets for one client; default 20.
    pub failed_authentications_per_minute: NonZeroU32,
    /// `limits.client_starts_per_minute`: begins of logins for one client, of everybody together; default 12000.
    pub client_starts_per_minute: NonZeroU32,
    /// `limits.client_token_requests_per_minute`: requests to `/token` and `/revoke` of one client, wherever its parts are; default 12000.
    pub client_token_requests_per_minute: NonZeroU32,
    /// `limits.codes_per_hour`: codes that are sent by email or short message, for one address; default 60.
    pub codes_per_hour: NonZeroU32,
    /// `limits.codes_to_one_per_hour`: codes to one phone number or email address, and codes for one person; default 10.
    pub codes_to_one_per_hour: NonZeroU32,
}

/// Where email goes out.
#[derive(Debug, Clone)]
pub struct Email {
    /// `email.host`: the mail server, by its certificate's name.
    pub host: String,
    /// `email.port`: default 587 for STARTTLS, 465 for TLS.
    pub port: u16,
    /// `email.tls`: `starttls` (default), `tls`, or `none` for a server on this machine.
    pub tls: EmailTls,
    /// `email.ca_file`: PEM, believed beside the system's certificates; default none.
    pub ca: Vec<Vec<u8>>,
    /// `email.user` and `email.password_file`: both or none.
    pub credentials: Option<(String, MailPassword)>,
    /// `email.from`: `Shop <login@shop.example.com>`.
    pub from: Mailbox,
}

/// How the conversation with a mail server is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailTls {
    /// It begins in the clear, and nothing is said before TLS.
    Starttls,
    /// From the first byte.
    Tls,
    /// Not at all.
    None,
}

/// A mail server's password. It prints as `[redacted]`.
#[derive(Clone)]
pub struct MailPassword(String);

impl MailPassword {
    /// For the one who logs in with it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MailPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailPassword([redacted])")
    }
}

/// Where short messages go out.
#[derive(Debug, Clone)]
pub struct Sms {
    /// `sms.url`: https, or a program on this machine.
    pub url: String,
    /// `sms.secret_file`: `whsec_` and base64, as in Standard Webhooks.
    pub secret: WebhookSecret,
    /// `sms.region`, of numbers without a country, default `CN`; `sms.regions`, where numbers may be, default that one alone.
    pub regions: Regions,
}

/// Where WeChat is, and who we are there.
#[derive(Debug, Clone)]
pub struct Weixin {
    /// `weixin.open_url`: default `https://open.weixin.qq.com`; change it only to point at an emulator.
    pub open_url: String,
    /// `weixin.api_url`: default `https://api.weixin.qq.com`; change it only to point at an emulator.
    pub api_url: String,
    /// `weixin.desktop_urls`: default `["https://localhost.weixin.qq.com:14013"]`; what the widget asks for fast login.
    pub desktop_urls: Vec<String>,
    /// `weixin.avatar_hosts`: default `["thirdwx.qlogo.cn", "wx.qlogo.cn"]`.
    pub avatar_hosts: Vec<String>,
    /// `weixin.proxy`, `WEIXIN_LOGIN_WEIXIN__PROXY`: the proxy by which WeChat's servers are asked, `http://[user:password@]host:port`;
    /// default none, and no variable like `HTTPS_PROXY` is looked at.
    pub proxy: Option<OutgoingProxy>,
    /// `weixin.avatars`: `direct` (default), and browsers load avatars from WeChat; `proxy`, and the service does, once for everybody.
    pub proxies_avatars: bool,
    /// `[weixin.website]`: the open platform's website app. It, or the service account, must be there.
    pub website: Option<App>,
    /// `[weixin.service_account]`: a certified service account, for logins inside WeChat and for our own QR code.
    pub service_account: Option<App>,
}

impl Weixin {
    /// Our app of that product, where there is one.
    pub fn app(&self, product: Product) -> Option<&App> {
        match product {
            Product::Website => self.website.as_ref(),
            Product::ServiceAccount => self.service_account.as_ref(),
        }
    }

    /// Whether any of these addresses is not WeChat's: then every page says so.
    pub fn is_emulator(&self) -> bool {
        // WeChat's servers have several names: sh.api.weixin.qq.com is nearer to some.
        let is_weixins = |text: &String| {
            Url::parse(text).is_ok_and(|url| {
                url.scheme() == "https" && url.host_str().is_some_and(|host| host.ends_with(".weixin.qq.com"))
            })
        };
        ![&self.open_url, &self.api_url].into_iter().chain(&self.desktop_urls).all(is_weixins)
    }
}

/// A proxy for what the service asks of others. Its password does not print.
#[derive(Clone)]
pub struct OutgoingProxy(Url);

impl OutgoingProxy {
    /// `http://…` or `https://…`, with a host and nothing behind it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_whole = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        is_whole.then_some(Self(url))
    }

    /// For the one client that goes through it.
    pub(crate) fn expose(&self) -> Url {
        self.0.clone()
    }

    pub(crate) fn has_password(&self) -> bool {
        self.0.password().is_some()
    }
}

impl fmt::Display for OutgoingProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for OutgoingProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutgoingProxy({self})")
    }
}

/// An app at WeChat.
#[derive(Debug, Clone)]
pub struct App {
    /// `appid`
    pub appid: AppId,
    /// `secret_file`, or `WEIXIN_LOGIN_WEIXIN__WEBSITE__SECRET` (`…__SERVICE_ACCOUNT__SECRET`).
    pub secret: AppSecret,
}

/// WeChat's AppSecret. It prints as `[redacted]`; only `exchange.rs` looks inside.
#[derive(Clone)]
pub struct AppSecret(String);

impl AppSecret {
    /// For the one call that carries it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret([redacted])")
    }
}

/// A website that logs people in here.
#[derive(Debug, Clone)]
pub struct Client {
    /// `id`
    pub id: String,
    /// `name`: shown to people; a text, or one for each language.
    pub name: Name,
    /// `logo`: a PNG, JPEG, WebP or SVG file of at most 128 kB, shown on our pages; default none.
    pub logo: Option<Logo>,
    /// `accent`: `#1a73e8`, the colour of buttons and links on our pages; default WeChat's green.
    pub accent: Option<Accent>,
    /// `origins`: may embed the widget, and `return_to` may lead there.
    pub origins: Vec<String>,
    /// `scenes`: on computers the site's own QR code, by the service account, in the place of WeChat's; default: where there is
    /// no website app.
    pub scenes: bool,
    /// `secret_sha256`: in hex, as `weixin-login clients hash-secret` prints it; none: a public client.
    pub secret_sha256: Option<SecretHash>,
    /// `redirect_uris`: where codes may be sent; byte-exact, but for the port of `http://127.0.0.1` and `http://[::1]`.
    pub redirect_uris: Vec<String>,
    /// `post_logout_redirect_uris`: where a logout may lead; byte-exact.
    pub post_logout_redirect_uris: Vec<String>,
    /// `backchannel_logout_uri`: where the client hears that a session has ended; https.
    pub backchannel_logout_uri: Option<String>,
    /// `require`: `phone`, `email` or both: what a person must have proven before this client gets a login; default none.
    pub require: Vec<ContactKind>,
    /// `webhook_url` (https) and `webhook_secret_file`, both or none: where the client hears what becomes of its people.
    pub webhook: Option<Webhook>,
    /// `require_pkce`: default true; only a client with a secret may go without.
    pub require_pkce: bool,
    /// `id_token_alg`: `RS256` (default) or `ES256`.
    pub id_token_alg: SigningAlgorithm,
}

/// Where a client hears what becomes of its people, and how it knows that it is us.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// `webhook_url`
    pub url: String,
    /// `webhook_secret_file`: `whsec_` and base64; a second line while one secret takes another's place.
    pub secret: WebhookSecret,
}

impl Client {
    /// The site's front page, for who is stuck on a page of ours: of its first origin, else of its first redirect URI on the web.
    pub fn home(&self) -> Option<String> {
        if let Some(origin) = self.origins.first() {
            return Some(format!("{origin}/"));
        }
        let web = |address: &String| {
            Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
        };
        let address = self.redirect_uris.iter().find_map(web)?;
        Some(format!("{}/", address.origin().ascii_serialization()))
    }

    /// Whether an authorization request of this client needs a `code_challenge`.
    pub fn demands_pkce(&self) -> bool {
        self.require_pkce || self.secret_sha256.is_none()
    }
}

impl Config {
    /// The default of `master_key_files`, where the store is a file.
    pub(crate) fn master_key_beside_the_store(&self) -> Option<PathBuf> {
        match &self.store {
            Address::Sqlite(file) => Some(file.with_extension("master-key")),
            Address::Postgres(_) => None,
        }
    }

    /// A sentence for each file with a secret or a key that others than its owner may read or change.
    pub fn exposed_files(&self) -> Vec<String> {
        let beside_the_store = self.master_key_beside_the_store();
        let master_keys = match &*self.master_key_files {
            [] => beside_the_store.as_slice(),
            files => files,
        };
        let tls_key = self.tls.as_ref().map(|(_, key)| key);
        let files = self.secret_files.iter().chain(master_keys).chain(tls_key);
        files.filter_map(|file| secret_file::exposure(file)).collect()
    }

    /// The client of this id.
    pub fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// The clients that are told of a logout.
    pub(crate) fn backchannel_clients(&self) -> Vec<&str> {
        let told = self.clients.iter().filter(|client| client.backchannel_logout_uri.is_some());
        told.map(|client| client.id.as_str()).collect()
    }

    /// The clients that are told what becomes of their people.
    pub(crate) fn webhook_clients(&self) -> Vec<&str> {
        let told = self.clients.iter().filter(|client| client.webhook.is_some());
        told.map(|client| client.id.as_str()).collect()
    }

    /// A client that has registered this origin.
    pub fn client_of_origin(&self, origin: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.origins.iter().any(|known| known == origin))
    }
}
