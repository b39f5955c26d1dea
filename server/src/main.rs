//! The program: `weixin-login serve` and `weixin-login check`. Thin: reads the configuration, and starts.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;
use weixin_login::app::Application;
use weixin_login::clock::Clock;
use weixin_login::config::Config;

/// WeChat login for any website.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the service.
    Serve {
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Tries everything that the service needs, and says in plain words what is wrong.
    Check {
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
}

#[actix_web::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve { config } => serve(config).await,
        Command::Check { config } => weixin_login::check::run(config.as_deref()).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("weixin-login: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "whoever started the service reads there where it listens")]
async fn serve(config: Option<PathBuf>) -> Result<(), Box<dyn std::error::Error>> {
    // What these libraries say at DEBUG and TRACE are queries and bodies: WeChat's calls carry the AppSecret in the query.
    let quiet = [
        "reqwest",
        "hyper",
        "hyper_util",
        "h2",
        "rustls",
        "sqlx",
        "actix_http",
        "actix_web",
        "actix_server",
        "mio",
    ];
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = quiet.iter().fold(filter, |filter, library| match format!("{library}=info").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    });
    let coloured = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(coloured).with_writer(std::io::stderr).init();

    let config = Config::load(config.as_deref(), std::env::vars())?;
    let public_url = config.public_url.as_str().to_owned();
    let application = Application::build(config, Clock::system()).await?;
    let ready = serde_json::json!({
        "public_url": public_url,
        "listen": application.address().to_string(),
        "ops_listen": application.ops_address().to_string(),
    });
    println!("{ready}");
    Ok(application.run().await?)
}
