//! The command line. `--help` is the first page that anybody reads: it tells everything that is needed to begin.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use weixin_emulator::{Cors, Options, Scenario};

/// WeChat's side of website login on this machine: QR page, phone, desktop program, server calls. Not WeChat.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_long_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: Serve,
}

#[derive(Subcommand)]
pub enum Command {
    /// Print the certificate authority of --ca-dir in PEM, made when there is none
    Ca(Folder),
    /// Print what to set so that a program with https://api.weixin.qq.com built in reaches the emulator
    Env(Env),
}

#[derive(Args)]
pub struct Folder {
    /// The folder that keeps the certificate authority
    #[arg(long, value_name = "DIR")]
    pub ca_dir: PathBuf,
}

#[derive(Args)]
pub struct Env {
    /// Which program it is for
    #[arg(long = "for", value_name = "PROGRAM")]
    pub program: Program,
    #[command(flatten)]
    pub folder: Folder,
    /// Where the emulator's https is, as its --listen and --tls-port say
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:443")]
    pub tls: SocketAddr,
    /// Where its desktop service is
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:14013")]
    pub desktop: SocketAddr,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Program {
    Node,
    Python,
    Java,
    Go,
    Curl,
}

#[derive(Args)]
pub struct Serve {
    /// Address and port of pages, API and control page; port 0 takes a free one [default: 127.0.0.1:0]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "port")]
    listen: Option<SocketAddr>,
    /// The port alone, on 127.0.0.1 [default: a free one]
    #[arg(long)]
    port: Option<u16>,
    /// Port of the desktop client's service, or up to six of them, since WeChat's page tries 14013,14014,14015,13013,13014,13015;
    /// 0 takes a free one. It listens on the first until the control API moves it
    #[arg(long, value_name = "PORT", value_delimiter = ',', default_value = "0")]
    desktop_port: Vec<u16>,
    /// Where others find the pages and the API, such as http://weixin:8080 in a compose file
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Where browsers find the desktop client's service
    #[arg(long, value_name = "URL")]
    desktop_public_url: Option<String>,
    /// A host that every app may redirect to, besides localhost and *.example.test; several with commas
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    callback_domain: Vec<String>,
    /// Serve https under WeChat's real names as well, with a certificate authority of its own
    #[arg(long)]
    tls: bool,
    /// Port of https, 443 for programs whose ports cannot be led elsewhere; implies --tls [default: a free one]
    #[arg(long)]
    tls_port: Option<u16>,
    /// Keep the certificate authority in this folder, so that it is the same at the next start
    #[arg(long, value_name = "DIR")]
    ca_dir: Option<PathBuf>,
    /// JSON file with apps, people, phones and what they do by themselves; its schema is at /control/scenario.schema.json
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Web origins that may read the desktop's answers; WeChat grants it to its own pages alone, as is reported [default: weixin-only]
    #[arg(long, value_name = "WHICH")]
    cors: Option<WhichCors>,
    /// Refuse parameters of oauth2/authorize in another order than the documented one (WeChat may; widely used libraries do it)
    #[arg(long)]
    strict_order: bool,
    /// Refuse a login without a state with error page 10013 (WeChat's document says both, that it is optional and that it is not)
    #[arg(long)]
    require_state: bool,
    /// Take a state of more than 128 bytes, which WeChat's document and reports forbid, and which Auth.js sends
    #[arg(long)]
    allow_long_state: bool,
    /// Address of the site under test, for a link on the control page
    #[arg(long, value_name = "URL")]
    site_url: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum WhichCors {
    All,
    WeixinOnly,
}

impl Serve {
    pub fn options(self) -> Result<Options, String> {
        let mut scenario = match &self.scenario {
            None => Scenario::default(),
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
                Scenario::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?
            }
        };
        match self.cors {
            Some(WhichCors::All) => scenario.cors = Cors::All,
            Some(WhichCors::WeixinOnly) => scenario.cors = Cors::WeixinOnly,
            None => {}
        }
        scenario.strict.parameter_order |= self.strict_order;
        scenario.strict.state |= self.require_state;
        scenario.strict.state_length &= !self.allow_long_state;
        let (first, more) = self.desktop_port.split_first().ok_or("--desktop-port names no port")?;
        if more.len() > 5 {
            return Err("--desktop-port names more than the six ports that WeChat's page tries".into());
        }
        Ok(Options {
            listen: self.listen.map(|listen| listen.ip()),
            port: self.listen.map(|listen| listen.port()).or(self.port).unwrap_or(0),
            desktop_port: *first,
            more_desktop_ports: more.to_vec(),
            tls: self.tls || self.tls_port.is_some(),
            tls_port: self.tls_port.unwrap_or(0),
            ca_dir: self.ca_dir,
            ports_in_addresses: false,
            public_url: self.public_url,
            desktop_public_url: self.desktop_public_url,
            callback_domains: self.callback_domain,
            scenario,
            site_url: self.site_url,
        })
    }
}

const AFTER_HELP: &str = "\
When it is ready it prints one line of JSON on standard output: where everything is (open_url, api_url, desktop_url, \
control_url) and the appid and secret of a website app, a service account and a mini program. It stops at Ctrl-C or SIGTERM.

First steps:
  weixin-emulator --listen 127.0.0.1:8080
  In your site's settings put http://127.0.0.1:8080 in the place of https://open.weixin.qq.com and https://api.weixin.qq.com,
  appid wx0123456789abcdef, secret 0f1e2d3c4b5a69788796a5b4c3d2e1f0. Open your login page and http://127.0.0.1:8080/ beside it:
  there you hold the phone. A site that is not on localhost needs --callback-domain.

The phone and the desktop in a test (JSON over HTTP; all of it is at /control/openapi.json):
  curl 'http://127.0.0.1:8080/control/wait/qr?timeout=5s'                    -> {\"uuid\":\"…\"}
  curl --json '{\"uuid\":\"…\"}' http://127.0.0.1:8080/control/scan            then /control/allow, cancel or deny
  curl --json '{\"authorize_url\":\"…\"}' http://127.0.0.1:8080/control/code   a login without a browser
  curl --json '{\"phone\":{\"answer\":\"allow\"}}' http://127.0.0.1:8080/control/auto      the phone answers by itself
  curl --json '{\"call\":\"access_token\",\"fault\":{\"kind\":\"errcode\",\"errcode\":40029},\"times\":1}' http://127.0.0.1:8080/control/fault
  curl --json '{\"seconds\":301}' http://127.0.0.1:8080/control/advance       five minutes later
  curl -X POST http://127.0.0.1:8080/control/reset                          as at the start
  curl -X PUT http://127.0.0.1:8080/control/namespaces/suite-2              a world of its own below /ns/suite-2

A program that has WeChat's addresses built in:
  weixin-emulator --tls-port 8443 --ca-dir weixin-ca
  weixin-emulator env --for node --ca-dir weixin-ca --tls 127.0.0.1:8443    also python, java, go, curl

A scenario:
  {\"people\":[{\"id\":\"li-lei\",\"nickname\":\"李雷\"}],\"auto\":{\"phone\":{\"answer\":\"allow\",\"after_millis\":200}}}";
