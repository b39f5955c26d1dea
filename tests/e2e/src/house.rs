//! Everything a login needs, on free ports of this machine: WeChat's side, the service, and a shop in front of it.
//!
//! Each is started through its own public door, as a person would; what happens in the browser is for the tests.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use weixin_emulator::Emulator;
use weixin_login_shop::{Shop, Tls};

use crate::browser::BrowserOptions;
use crate::mailbox::Mailbox;
use crate::service::Service;

/// The shop's name where the house speaks https.
pub const SHOP_NAME: &str = "shop.example.test";
/// The name of somebody else's site: the same pages, under a name that nobody has registered.
const EVIL_NAME: &str = "evil.example.net";

/// How a house is built.
#[derive(Debug, Clone, Default)]
pub struct HouseOptions {
    /// https under real names: WeChat's own, and `https://shop.example.test`. Plain http on localhost otherwise.
    pub tls: bool,
    /// With `tls`: every address carries its port. Firefox judges whether an address is on this computer only where no proxy leads
    /// there, and by itself it can be told where a name is, but not which port.
    pub ports_in_addresses: bool,
    /// The shop's pages; the project's own demo shop where none are given.
    pub www: Option<PathBuf>,
    /// Or pages of the test's own, and nothing else: names and texts.
    pub pages: Vec<(String, String)>,
    /// The origin of a site with a server of its own, which passes `/weixin` on to the service: then nobody comes to the shop.
    pub origin: Option<String>,
    /// The only origin whose pages may frame the shop's; nobody's where none is given.
    pub framed_by: Option<String>,
    /// More of the service's configuration, in TOML, behind what the house writes.
    pub more_config: String,
    /// What the shop requires of its people at their first login: `"phone"`, `"email"`.
    pub require: Vec<&'static str>,
}

/// A running house. Dropping it stops everything in it.
pub struct House {
    /// WeChat's side.
    pub weixin: Emulator,
    /// The site, and the service behind its `/weixin`.
    pub shop: Shop,
    /// The service itself.
    pub service: Service,
    /// Where email arrives; short messages do on the phone.
    pub mailbox: Mailbox,
    /// The shop's origin as the browser knows it, without a slash at the end.
    pub origin: String,
    switches: Vec<String>,
    names: Vec<(String, SocketAddr)>,
    _data: TempDir,
}

impl House {
    /// A house on plain http: as `cargo xtask demo` has it.
    pub async fn plain() -> Self {
        Self::build(HouseOptions::default()).await
    }

    /// A house on https under real names.
    pub async fn tls() -> Self {
        Self::build(HouseOptions { tls: true, ..HouseOptions::default() }).await
    }

    /// Builds a house.
    pub async fn build(options: HouseOptions) -> Self {
        let HouseOptions { tls, ports_in_addresses, .. } = options;
        let weixin =
            Emulator::start(weixin_emulator::Options { tls, ports_in_addresses, ..Default::default() })
                .await
                .expect("the emulator starts");
        // The desktop grants its answers to WeChat's own pages alone by default; most houses try the direct call, too.
        weixin.set_cors(weixin_emulator::Cors::All);
        let tls = options.tls.then(|| {
            let (cert_pem, key_pem) =
                weixin.issue(&[SHOP_NAME, EVIL_NAME]).expect("a certificate for the shop");
            Tls { cert_pem, key_pem }
        });
        let data = TempDir::new().expect("a folder for the service");
        let www = if options.pages.is_empty() {
            options.www.unwrap_or_else(|| repository().join("www"))
        } else {
            write(data.path().join("www"), &options.pages)
        };
        let shop = Shop::start(weixin_login_shop::Options {
            www,
            tls,
            open_url: weixin.open_url(),
            desktop_urls: vec![weixin.desktop_url()],
            img: vec![weixin.open_url()],
            framed_by: options.framed_by,
            ..Default::default()
        })
        .expect("the shop starts");

        let mut switches = Vec::new();
        let mut names = Vec::new();
        let origin = if let Some(origin) = options.origin {
            origin
        } else if options.tls {
            names = weixin.names();
            let port = if ports_in_addresses { shop.address().port() } else { 443 };
            names.extend([SHOP_NAME, EVIL_NAME].map(|name| (format!("{name}:{port}"), shop.address())));
            let spki = weixin.ca_spki_sha256_base64().expect("a CA");
            switches.push(format!("--ignore-certificate-errors-spki-list={spki}"));
            if port == 443 { format!("https://{SHOP_NAME}") } else { format!("https://{SHOP_NAME}:{port}") }
        } else {
            format!("http://localhost:{}", shop.address().port())
        };

        let mailbox = Mailbox::open();
        let mut config = config(&weixin, &origin, data.path(), &options.more_config);
        if !options.require.is_empty() {
            config = requiring(config, &options.require, &weixin, &mailbox, data.path());
        }
        let service = Service::start(&config, data.path());
        shop.set_service_url(&format!("http://{}", service.address())).expect("the service's address");
        Self { weixin, shop, service, mailbox, origin, switches, names, _data: data }
    }

    /// A house of plain http whose site has these pages.
    pub async fn with_pages(pages: &[(&str, &str)]) -> Self {
        let pages = pages.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        Self::build(HouseOptions { pages, ..HouseOptions::default() }).await
    }

    /// The configuration for a service that stands in the place of this house's own, with the widget inside and its files in that
    /// folder; [`Shop::set_service_url`] leads to it.
    pub fn config_of_another(&self, folder: &Path) -> String {
        let config = config(&self.weixin, &self.origin, folder, "");
        config
            .lines()
            .filter(|line| !line.starts_with("widget_dir"))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    /// A page of the shop (`/`), or of the service behind it (`/weixin/…`).
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// A page of a site that has nothing to do with this house (https only).
    pub fn evil_page(&self) -> String {
        format!("https://{EVIL_NAME}/sign-in.html")
    }

    /// What a browser needs to find this house.
    pub fn browser_options(&self) -> BrowserOptions {
        BrowserOptions {
            switches: self.switches.clone(),
            names: self.names.clone(),
            ..BrowserOptions::default()
        }
    }

    /// The same, for a browser that takes the shop and WeChat's pages for sites on the public internet; WeChat's own program alone
    /// is on this computer.
    pub fn public_browser_options(&self) -> BrowserOptions {
        let public = vec![self.shop.address(), self.weixin.open_address()];
        BrowserOptions { public, ..self.browser_options() }
    }
}

/// A page that has nothing but the element, with a link inside, and these attributes beside the client's.
pub fn bare(attributes: &str) -> String {
    page("", &format!("<weixin-login client-id=shop {attributes}>{LINK}</weixin-login>"))
}

/// A page that loads the widget, with this in its head and this in its body.
pub fn page(head: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>A site</title>{head}\
         <script type=module src=/weixin/widget/weixin-login.js></script><body>{body}"
    )
}

/// The way to log in on a page of its own, as a site writes it.
pub const LINK: &str = "<a href='/weixin/login?client_id=shop&amp;return_to=%2F'>the link inside</a>";

fn write(folder: PathBuf, pages: &[(String, String)]) -> PathBuf {
    std::fs::create_dir_all(&folder).expect("a folder for the pages");
    for (name, text) in pages {
        std::fs::write(folder.join(name), text).expect("a page");
    }
    folder
}

/// The service's configuration for this house. `/sns/*` is asked on the emulator's plain address: the service's process maps
/// no names.
fn config(weixin: &Emulator, origin: &str, data: &Path, more: &str) -> String {
    let secret_file = data.join("secret");
    std::fs::write(&secret_file, weixin_emulator::DEFAULT_SECRET).expect("the secret's file");
    format!(
        r#"public_url = "{origin}/weixin"
listen = "127.0.0.1:0"
ops_listen = "127.0.0.1:0"
store = "sqlite:{store}"
trusted_proxies = ["127.0.0.1/32"]
widget_dir = "{widget}"

[weixin]
open_url = "{open_url}"
api_url = "{api_url}"
desktop_urls = ["{desktop_url}"]

[weixin.website]
appid = "{appid}"
secret_file = "{secret_file}"

[[clients]]
id = "shop"
name = "Example Shop"
origins = ["{origin}"]
redirect_uris = []
{more}"#,
        store = data.join("weixin-login.db").display(),
        widget = widget().display(),
        open_url = weixin.open_url(),
        api_url = weixin.control_url(),
        desktop_url = weixin.desktop_url(),
        appid = weixin_emulator::DEFAULT_APPID,
        secret_file = secret_file.display(),
    )
}

/// The configuration of a shop that requires this, and of who sends its codes.
fn requiring(config: String, require: &[&str], weixin: &Emulator, mailbox: &Mailbox, data: &Path) -> String {
    let secret_file = data.join("sms-secret");
    std::fs::write(&secret_file, format!("whsec_{}", "A".repeat(44))).expect("the secret's file");
    let senders = format!(
        "[sms]\nurl = \"{}\"\nsecret_file = \"{}\"\n\n[email]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         from = \"Example Shop <login@shop.example>\"\n\n[weixin]\n",
        weixin.sms_url(),
        secret_file.display(),
        mailbox.port,
    );
    let shop = "id = \"shop\"\n";
    let config = config.replacen("[weixin]\n", &senders, 1);
    config.replacen(shop, &format!("{shop}require = {require:?}\n"), 1)
}

/// The folder with the built widget.
pub fn widget() -> PathBuf {
    target().join("widget/dist")
}

/// Where cargo and its tasks put what they build: it may be elsewhere, by a variable or a configuration of cargo's, which marks it.
pub(crate) fn target() -> PathBuf {
    if let Some(folder) = std::env::var_os("CARGO_TARGET_DIR") {
        return folder.into();
    }
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program.ancestors().filter(|folder| folder.join("CACHEDIR.TAG").is_file()).last();
    marked.map_or_else(|| repository().join("target"), Path::to_owned)
}

/// The folder with `www/` and the built widget.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/e2e is two below").to_owned()
}
