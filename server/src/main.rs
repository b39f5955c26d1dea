//! The program: `weixin-login serve`, `check`, and what an operator asks. Thin: reads the configuration, and starts.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sd_notify::NotifyState;
use weixin_login::app::Application;
use weixin_login::check::{self, Asked};
use weixin_login::clock::Clock;
use weixin_login::commands;
use weixin_login::config::Config;
use weixin_login::log;
use weixin_login::reload::tell_the_manager;

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
        /// Also ask the running service through whatever stands in front of it: at public_url, or at this address, where the name
        /// does not lead there yet
        #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "")]
        from_outside: Option<String>,
        /// Print one JSON document in the place of lines
        #[arg(long)]
        json: bool,
    },
    /// Asks the running service whether it can log people in, as a proxy or a container's keeper does; 0 where it says so.
    Ready {
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// The keys that sign tokens.
    #[command(subcommand)]
    Keys(Keys),
    /// Who is logged in.
    #[command(subcommand)]
    Sessions(Sessions),
    /// Which sites may act while the person is away (`offline_access`).
    #[command(subcommand)]
    Grants(Grants),
    /// Who is who.
    #[command(subcommand)]
    Accounts(Accounts),
    /// The sites that log people in here.
    #[command(subcommand)]
    Clients(Clients),
    /// Where everything is kept.
    #[command(subcommand)]
    Store(Store),
    /// Copies the SQLite file and the master key into one file that is not there yet, while the service goes on.
    Backup {
        /// Where to; it is for its owner alone.
        file: PathBuf,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Puts back what `backup` has copied, where neither store nor service are.
    Restore {
        /// What `backup` has made.
        file: PathBuf,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// What clients are still to hear of their people.
    #[command(subcommand)]
    Webhooks(Webhooks),
}

#[derive(Subcommand)]
enum Keys {
    /// Lists the keys that are published.
    List {
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Announces new keys; a running service takes them up by itself, and no login is lost.
    Rotate {
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Takes back a key that has leaked, at once, with every token that it has signed; another one signs in its place.
    Withdraw {
        /// Its name, as `keys list` and tokens' headers have it.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Sessions {
    /// Lists the living sessions.
    List {
        /// Of this account alone: its id, or what a client calls it (`sub`).
        #[arg(long, allow_hyphen_values = true)]
        of: Option<String>,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Ends a session, with every token that was given in it, and tells its clients.
    Revoke {
        /// Its name, as `sessions list` and ID tokens have it.
        #[arg(allow_hyphen_values = true)]
        sid: String,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Grants {
    /// Lists the living grants with refresh tokens, those too whose session has ended.
    List {
        /// Of this account alone: its id, or what a client calls it (`sub`).
        #[arg(long, allow_hyphen_values = true)]
        of: Option<String>,
        /// Of this client alone: its `id` in the configuration.
        #[arg(long)]
        client: Option<String>,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Ends one, or all of an account, of a client, of an account at a client, with every token that came from them.
    Revoke {
        /// Its name, as `grants list` has it.
        #[arg(allow_hyphen_values = true, required_unless_present_any = ["of", "client"])]
        id: Option<String>,
        /// All of this account: its id, or what a client calls it (`sub`).
        #[arg(long, allow_hyphen_values = true)]
        of: Option<String>,
        /// All of this client: its `id` in the configuration.
        #[arg(long)]
        client: Option<String>,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Accounts {
    /// Lists the newest accounts, a thousand at most.
    List {
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Lists the accounts that are known by something.
    Find {
        /// An account's id, what a client calls it (`sub`), an openid, a unionid, a phone number or an email address.
        #[arg(allow_hyphen_values = true)]
        name: String,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Takes people over from another system: docs/import.md. Begun anew it goes on where it was.
    Import {
        /// The file; `-` is standard input. Its columns: openid, appid, unionid, phone, email, sub, nickname.
        file: PathBuf,
        /// How it is written, where its name does not say that.
        #[arg(long)]
        format: Option<commands::Format>,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Writes everybody to standard output, in the columns of the import.
    Export {
        /// How.
        #[arg(long, default_value = "csv")]
        format: commands::Format,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Shows a person: at WeChat, at each client, how often logged in, and what has happened to the account.
    Show {
        /// The account's id, what a client calls it (`sub`), an openid, a unionid, a phone number or an email address.
        #[arg(allow_hyphen_values = true)]
        name: String,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Lists the accounts that WeChat says to be one person and that no login merges: the unionid of an identity has changed to another
    /// account's.
    Duplicates {
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Makes one account of two that are the same person. Every client goes on with the `sub` that it has seen.
    Merge {
        /// The account that goes: its id, or what a client calls it (`sub`). Its sessions end.
        #[arg(allow_hyphen_values = true)]
        from: String,
        /// The account that stays.
        #[arg(allow_hyphen_values = true)]
        into: String,
        /// Where a client has seen both, its `sub` of the first one is given up.
        #[arg(long)]
        retire: bool,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Forgets a person, with sessions and grants, and tells the clients that the sessions have ended.
    Delete {
        /// The account's id, what a client calls it (`sub`), an openid, a unionid, a phone number or an email address.
        #[arg(allow_hyphen_values = true)]
        name: String,
        /// In seven days, unless the person logs in before; the sessions end now.
        #[arg(long)]
        grace: bool,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Store {
    /// Copies the SQLite file of the configuration into an empty PostgreSQL. The service is stopped meanwhile.
    Copy {
        /// `postgres://user@host/database`; the password may stand in PGPASSWORD or in ~/.pgpass.
        #[arg(long)]
        to: String,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Webhooks {
    /// Lists what clients have not heard yet.
    List {
        /// Of this client alone: its `id` in the configuration.
        #[arg(long)]
        client: Option<String>,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Has all of it tried anew at once, however long the service would wait.
    Replay {
        /// Of this client alone: its `id` in the configuration.
        #[arg(long)]
        client: Option<String>,
        /// The configuration; without it the environment says everything.
        #[arg(long)]
        config: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Clients {
    /// Reads a client's secret from standard input, and prints what stands in `secret_sha256`.
    HashSecret,
}

#[actix_web::main]
async fn main() -> ExitCode {
    let clock = Clock::system();
    let done = match Arguments::parse().command {
        Command::Serve { config } => serve(config).await,
        Command::Check { config, from_outside, json } => {
            check::run(config.as_deref(), Asked { from_outside, json }).await
        }
        Command::Ready { config } => {
            tell(async { Ok(format!("{}\n", check::ready(&load(config)?).await?)) }).await
        }
        Command::Keys(Keys::List { config }) => {
            tell(async { Ok(commands::list_keys(&load(config)?, &clock).await?) }).await
        }
        Command::Keys(Keys::Rotate { config }) => {
            tell(async { Ok(commands::rotate_keys(&load(config)?, &clock).await?) }).await
        }
        Command::Keys(Keys::Withdraw { kid, config }) => {
            tell(async { Ok(commands::withdraw_key(&load(config)?, &clock, &kid).await?) }).await
        }
        Command::Sessions(Sessions::List { of, config }) => {
            tell(async { Ok(commands::list_sessions(&load(config)?, &clock, of.as_deref()).await?) }).await
        }
        Command::Sessions(Sessions::Revoke { sid, config }) => {
            tell(async { Ok(commands::revoke_session(&load(config)?, &clock, &sid).await?) }).await
        }
        Command::Grants(Grants::List { of, client, config }) => {
            let listed = async {
                Ok(commands::list_grants(&load(config)?, &clock, of.as_deref(), client.as_deref()).await?)
            };
            tell(listed).await
        }
        Command::Grants(Grants::Revoke { id, of, client, config }) => {
            let (id, of, client) = (id.as_deref(), of.as_deref(), client.as_deref());
            tell(async { Ok(commands::revoke_grants(&load(config)?, &clock, id, of, client).await?) }).await
        }
        Command::Webhooks(Webhooks::List { client, config }) => {
            tell(async { Ok(commands::list_events(&load(config)?, &clock, client.as_deref()).await?) }).await
        }
        Command::Webhooks(Webhooks::Replay { client, config }) => {
            tell(async { Ok(commands::replay_events(&load(config)?, &clock, client.as_deref()).await?) })
                .await
        }
        Command::Accounts(Accounts::List { config }) => {
            tell(async { Ok(commands::list_accounts(&load(config)?, &clock).await?) }).await
        }
        Command::Accounts(Accounts::Find { name, config }) => {
            tell(async { Ok(commands::find_accounts(&load(config)?, &clock, &name).await?) }).await
        }
        Command::Accounts(Accounts::Import { file, format, config }) => {
            let bad = |line: &str| {
                let _ = std::io::stderr().write_all(line.as_bytes());
            };
            tell(async { Ok(commands::import_accounts(&load(config)?, &clock, &file, format, bad).await?) })
                .await
        }
        Command::Accounts(Accounts::Export { format, config }) => {
            let exported = async {
                Ok(commands::export_accounts(&load(config)?, format, std::io::stdout().lock()).await?)
            };
            exported.await
        }
        Command::Accounts(Accounts::Show { name, config }) => {
            tell(async { Ok(commands::show_account(&load(config)?, &clock, &name).await?) }).await
        }
        Command::Accounts(Accounts::Duplicates { config }) => {
            tell(async { Ok(commands::duplicates(&load(config)?).await?) }).await
        }
        Command::Accounts(Accounts::Merge { from, into, retire, config }) => {
            tell(async { Ok(commands::merge_accounts(&load(config)?, &clock, &from, &into, retire).await?) })
                .await
        }
        Command::Accounts(Accounts::Delete { name, grace, config }) => {
            tell(async { Ok(commands::delete_account(&load(config)?, &clock, &name, grace).await?) }).await
        }
        Command::Store(Store::Copy { to, config }) => {
            tell(async { Ok(commands::copy_store(&load(config)?, &to).await?) }).await
        }
        Command::Backup { file, config } => {
            tell(async { Ok(commands::back_up(&load(config)?, &file, &clock)?) }).await
        }
        Command::Restore { file, config } => {
            tell(async { Ok(commands::restore(&load(config)?, &file, &clock)?) }).await
        }
        Command::Clients(Clients::HashSecret) => tell(async { hash_secret() }).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("weixin-login: {error}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error>;

fn load(config: Option<PathBuf>) -> Result<Config, Failure> {
    Ok(Config::load(config.as_deref(), std::env::vars_os())?)
}

fn hash_secret() -> Result<String, Failure> {
    let mut secret = String::new();
    std::io::stdin().read_line(&mut secret)?;
    let secret = secret.trim_end_matches(['\r', '\n']);
    if secret.len() < 16 {
        return Err("a secret has 16 characters or more: openssl rand -hex 32".into());
    }
    // Not every client encodes others for HTTP Basic as RFC 6749 §2.3.1 wants.
    if !secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
        return Err("a secret is made of letters, digits and -._~: openssl rand -hex 32".into());
    }
    Ok(format!("secret_sha256 = \"{}\"\n", commands::hash_secret(secret)))
}

async fn tell(command: impl Future<Output = Result<String, Failure>>) -> Result<(), Failure> {
    say(&command.await?);
    Ok(())
}

/// Prints, to whoever still listens: `sessions list | head` does not.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

async fn serve(config: Option<PathBuf>) -> Result<(), Box<dyn std::error::Error>> {
    let file = config;
    let config = Config::load(file.as_deref(), std::env::vars_os())?;
    let _log = log::begin(config.log_format);
    if let Some(few) = check::raise_open_files() {
        tracing::warn!("{few}");
    }
    let public_url = config.public_url.as_str().to_owned();
    let weixin = config.weixin.clone();
    let application = Application::build(config, Clock::system()).await?;
    let ready = serde_json::json!({
        "public_url": public_url,
        "listen": application.address().to_string(),
        "ops_listen": application.ops_address().to_string(),
    });
    #[cfg(unix)]
    actix_web::rt::spawn(application.reload().on_hangup(file));
    // Whoever started the service reads there where it listens.
    say(&format!("{ready}\n"));
    tracing::info!("ready at {public_url}");
    tell_the_manager(&[NotifyState::Ready]);
    actix_web::rt::spawn(check::secrets(weixin));
    Ok(application.run().await?)
}
