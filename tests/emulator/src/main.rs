//! The program: an emulator for people. It reads its arguments, prints one line of JSON when it is ready, and waits.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use weixin_emulator::{App, AppKind, Emulator, Options, Scenario};

/// WeChat's side of website login on this machine. Not WeChat.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Port of the pages, the API and the control page; a free one when left out.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Port of the desktop client's service; a free one when left out.
    #[arg(long, default_value_t = 0)]
    desktop_port: u16,
    /// Serve https under WeChat's real names, with a certificate authority of its own.
    #[arg(long)]
    tls: bool,
    /// JSON file with apps and people.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Address of the site under test, for a link on the control page.
    #[arg(long, value_name = "URL")]
    site_url: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| "warn,weixin_emulator=info".into()),
        )
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(word) => {
            eprintln!("weixin-emulator: {word}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let scenario = match &arguments.scenario {
        None => Scenario::default(),
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            Scenario::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?
        }
    };
    let first = |kind| scenario.apps.iter().find(|app| app.kind == kind).cloned();
    let (website, service_account) = (first(AppKind::Website), first(AppKind::ServiceAccount));
    let emulator = Emulator::start(Options {
        port: arguments.port,
        desktop_port: arguments.desktop_port,
        tls: arguments.tls,
        ports_in_addresses: false,
        scenario,
        site_url: arguments.site_url,
    })
    .await
    .map_err(|error| error.to_string())?;
    // Taken before the line is printed: who reads it may stop us at once.
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    announce(&emulator, website.as_ref(), service_account.as_ref());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the one line that other programs read")]
fn announce(emulator: &Emulator, website: Option<&App>, service_account: Option<&App>) {
    let mut line = json!({
        "open_url": emulator.open_url(),
        "api_url": emulator.api_url(),
        "desktop_url": emulator.desktop_url(),
        "control_url": emulator.control_url(),
    });
    if let Some(App { appid, secret, .. }) = website {
        line["appid"] = appid.as_str().into();
        line["secret"] = secret.as_str().into();
    }
    if let Some(App { appid, secret, .. }) = service_account {
        line["service_account_appid"] = appid.as_str().into();
        line["service_account_secret"] = secret.as_str().into();
    }
    if let (Some(pem), Some(hash)) = (emulator.ca_pem(), emulator.ca_spki_sha256_base64()) {
        line["open_address"] = emulator.open_address().to_string().into();
        line["desktop_address"] = emulator.desktop_address().to_string().into();
        line["ca_pem"] = pem.clone().into();
        eprintln!(
            "The certificate authority of this run, in PEM:\n{pem}\n\
             Chromium trusts it and finds the names with\n  \
             --ignore-certificate-errors-spki-list={hash} --user-data-dir=$(mktemp -d) \
             --host-resolver-rules=\"{}\"\n\
             Other clients: give them the PEM above as a root (curl --cacert), and map the names (curl --connect-to).",
            emulator.host_resolver_rules()
        );
    }
    println!("{line}");
}
