//! The shop as a program: `weixin-login-shop --listen 127.0.0.1:0 --service http://127.0.0.1:8080 --www www`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use weixin_login_shop::{Options, Shop, Tls};

/// A demo shop with WeChat login: its pages, and /weixin passed on to the login service.
///
/// Prints one line of JSON when it is ready: {"listen":"127.0.0.1:40123"}.
#[derive(Parser)]
#[command(name = "weixin-login-shop", version)]
struct CommandLine {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where the login service listens: http://host:port
    #[arg(long)]
    service: String,
    /// The folder with the shop's pages
    #[arg(long, default_value = "www")]
    www: PathBuf,
    /// WeChat's open platform, whose QR page may be framed
    #[arg(long, default_value = "https://open.weixin.qq.com")]
    open_url: String,
    /// A WeChat program on the visitor's computer that the pages may ask; may be given again
    #[arg(long = "desktop-url", default_value = "https://localhost.weixin.qq.com:14013")]
    desktop_urls: Vec<String>,
    /// Where avatars come from, besides https://*.qlogo.cn; may be given again
    #[arg(long)]
    img: Vec<String>,
    /// A host name that the shop answers to; may be given again [default: any]
    #[arg(long = "public-name")]
    public_names: Vec<String>,
    /// A certificate chain (PEM), to speak https
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(CommandLine::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: CommandLine) -> anyhow::Result<()> {
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(cert), Some(key)) => Some(Tls { cert_pem: read(cert)?, key_pem: read(key)? }),
        _ => None,
    };
    let shop = Shop::start(Options {
        listen: arguments.listen,
        service_url: Some(arguments.service),
        www: arguments.www,
        tls,
        public_names: arguments.public_names,
        open_url: arguments.open_url,
        desktop_urls: arguments.desktop_urls,
        img: arguments.img,
        framed_by: None,
    })?;
    let ready = serde_json::json!({ "listen": shop.address().to_string() });
    #[allow(clippy::print_stdout, reason = "whoever started the shop reads here that it is ready, and where")]
    {
        println!("{ready}");
    }
    shop.join();
    Ok(())
}

fn read(file: &PathBuf) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}
