//! `cargo xtask demo`: a shop, the login service and an emulated WeChat on this computer, to log in to with a browser.
//!
//! The order solves who must know whose address: the shop's port is picked first, since the service's public address is
//! the shop's; the emulator is started next, since the service asks it; the shop starts last and passes on to the service.

mod ports;
mod programs;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use programs::{Outcome, Programs};
use serde_json::Value;

use crate::{shell, widget};

/// Where the demo can be found.
#[derive(clap::Args)]
pub struct Options {
    /// The port of the shop on localhost [default: a free one]
    #[arg(long)]
    port: Option<u16>,
}

pub fn run(options: &Options) -> Result<()> {
    let port = ports::for_the_shop(options.port)?;

    shell::heading("1 of 3: the widget");
    widget::build()?;
    shell::heading("2 of 3: the login service, the emulated WeChat and the shop");
    shell::run(shell::cargo().args([
        "build",
        "--package=weixin-login",
        "--package=weixin-emulator",
        "--package=weixin-login-shop",
        "--features=weixin-login/embed-widget",
    ]))?;

    shell::heading("3 of 3: starting");
    let folder = fresh_folder(port)?;
    let mut programs = Programs::new(&folder)?;
    let outcome = start(&mut programs, &folder, port).and_then(|started| match started {
        Outcome::Interrupted => Ok(()),
        Outcome::Ready(addresses) => {
            println!("{}", addresses.welcome(&folder));
            programs.until_interrupted()
        }
    });
    println!("\nstopping …");
    programs.stop();
    println!("everything is stopped");
    outcome
}

/// What a person opens in the browser.
struct Addresses {
    shop: String,
    weixin: String,
    service: String,
}

fn start(programs: &mut Programs, folder: &Path, port: u16) -> Result<Outcome<Addresses>> {
    let shop = format!("http://localhost:{port}");
    let service = format!("{shop}/weixin");

    // The shop's own page may ask this desktop: WeChat's, as is reported, answers its own pages alone, and the card stands in its frame.
    let mut emulator = built("weixin-emulator");
    emulator.args(["--site-url", &shop, "--cors", "all"]);
    let emulator = match programs.start("emulator", &mut emulator)? {
        Outcome::Ready(emulator) => emulator,
        Outcome::Interrupted => return Ok(Outcome::Interrupted),
    };
    let config = write_config(folder, &shop, &service, &emulator)?;
    let told =
        match programs.start("service", built("weixin-login").arg("serve").arg("--config").arg(config))? {
            Outcome::Ready(told) => told,
            Outcome::Interrupted => return Ok(Outcome::Interrupted),
        };
    let upstream = format!("http://{}", text(&told, "listen")?);
    let mut command = built("weixin-login-shop");
    command
        .args(["--listen", &format!("127.0.0.1:{port}"), "--service", &upstream])
        .arg("--www")
        .arg(shell::root().join("www"))
        .args(["--open-url", text(&emulator, "open_url")?])
        .args(["--desktop-url", text(&emulator, "desktop_url")?])
        .args(["--img", text(&emulator, "open_url")?]);
    match programs.start("shop", &mut command)? {
        Outcome::Ready(_) => {}
        Outcome::Interrupted => return Ok(Outcome::Interrupted),
    }
    Ok(Outcome::Ready(Addresses { shop, weixin: text(&emulator, "control_url")?.to_owned(), service }))
}

impl Addresses {
    fn welcome(&self, folder: &Path) -> String {
        format!(
            "
  The shop                  {shop}/
  The emulated WeChat       {weixin}/
  The login service         {service}/

  What to try
    1. Open the shop and press the green button. WeChat is \"running\" on this computer: the card shows your
       name; go on, allow it in WeChat's dialog (in the emulated WeChat), and you are signed in.
    2. Sign out. In the emulated WeChat, switch the desktop off: now the shop shows a QR code.
       Scan and allow it with the emulated phone on the same page.
    3. {shop}/counter.html shows the site's own QR code, for a service account. Be the phone with a second browser
       that says it is WeChat's: chromium --user-data-dir=$(mktemp -d) --user-agent=\"Mobile MicroMessenger\" LINK
    4. In the emulated WeChat, among the pages that may read the answers, choose weixin.qq.com alone, as is reported of the real
       WeChat (this demo asks for all): the card then stands in WeChat's own frame.
    5. Cancel on the phone, let the code expire, make WeChat slow: the shop always says what to do next.

  试一试:打开商店,点绿色按钮;在「模拟微信」页面里确认登录。关掉桌面微信,再用模拟手机扫码登录。

  Nothing here talks to the real WeChat. Logs are in {folder}
  Press Ctrl-C to stop everything. 按 Ctrl-C 结束。
",
            shop = self.shop,
            weixin = self.weixin,
            service = self.service,
            folder = folder.display()
        )
    }
}

/// The service's configuration for this demo: what a site's own would be, but for WeChat's addresses.
fn write_config(folder: &Path, shop: &str, service: &str, emulator: &Value) -> Result<PathBuf> {
    let secret_file = write_secret(folder, "weixin-website-secret", text(emulator, "secret")?)?;
    let service_account_secret = text(emulator, "service_account_secret")?;
    let service_account_secret_file =
        write_secret(folder, "weixin-service-account-secret", service_account_secret)?;
    // The emulator believes everybody: any secret will do.
    let sms_secret_file =
        write_secret(folder, "sms-secret", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")?;
    let config = format!(
        r#"public_url = {service}
listen = "127.0.0.1:0"
ops_listen = "127.0.0.1:0"
store = {store}
trusted_proxies = ["127.0.0.1/32"]

[sms]
url = {sms_url}
secret_file = {sms_secret_file}

[weixin]
open_url = {open_url}
api_url = {api_url}
desktop_urls = [{desktop_url}]

[weixin.website]
appid = {appid}
secret_file = {secret_file}

[weixin.service_account]
appid = {service_account_appid}
secret_file = {service_account_secret_file}

[[clients]]
id = "counter"
name = {{ zh-CN = "山茶柜台", zh-TW = "山茶櫃台", en = "Camellia Counter" }}
origins = [{shop}]
scenes = true

[[clients]]
id = "shop"
name = {{ zh-CN = "山茶", en = "Camellia" }}
origins = [{shop}]
redirect_uris = [{shop_page}]
post_logout_redirect_uris = [{shop_page}]

# Asks for a phone number at the first login: the code arrives on the emulator's phone.
[[clients]]
id = "club"
name = {{ zh-CN = "山茶会", zh-TW = "山茶會", en = "Camellia Club" }}
origins = [{shop}]
require = ["phone"]
"#,
        service = quoted(service),
        store = quoted(&format!("sqlite:{}", folder.join("weixin-login.db").display())),
        sms_url = quoted(&format!("{}/control/sms", text(emulator, "control_url")?)),
        sms_secret_file = quoted(&sms_secret_file.display().to_string()),
        open_url = quoted(text(emulator, "open_url")?),
        api_url = quoted(text(emulator, "api_url")?),
        desktop_url = quoted(text(emulator, "desktop_url")?),
        appid = quoted(text(emulator, "appid")?),
        secret_file = quoted(&secret_file.display().to_string()),
        service_account_appid = quoted(text(emulator, "service_account_appid")?),
        service_account_secret_file = quoted(&service_account_secret_file.display().to_string()),
        shop = quoted(shop),
        shop_page = quoted(&format!("{shop}/")),
    );
    let file = folder.join("weixin-login.toml");
    fs::write(&file, config)?;
    Ok(file)
}

fn write_secret(folder: &Path, name: &str, secret: &str) -> Result<PathBuf> {
    let file = folder.join(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&file)?.write_all(secret.as_bytes())?;
    Ok(file)
}

/// A string for TOML: JSON's escapes are all among those of TOML's basic strings.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// An entry of what a program said when it was ready.
fn text<'a>(told: &'a Value, key: &str) -> Result<&'a str> {
    told[key].as_str().with_context(|| format!("a program did not say its {key} when it was ready: {told}"))
}

fn built(program: &str) -> Command {
    shell::program(
        shell::target().join("debug").join(program).with_extension(std::env::consts::EXE_EXTENSION),
    )
}

/// Every demo starts anew, in a folder that two demos at once do not share.
fn fresh_folder(port: u16) -> Result<PathBuf> {
    let folder = shell::target().join("demo").join(port.to_string());
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
