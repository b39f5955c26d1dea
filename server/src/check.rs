//! `weixin-login check`: tries everything that the service needs, and says in plain words what is wrong.

use std::path::Path;

use protocol::ids::Product;
use protocol::sns::Meaning;

use crate::config::Config;
use crate::exchange::{Exchange, ExchangeError};
use crate::store::{Lasting, SqliteStore};

/// Tries one thing after the other, each a line; an error when anything is wrong.
#[expect(clippy::print_stdout, reason = "this is what the person asked to read")]
pub async fn run(config: Option<&Path>) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::load(config, std::env::vars_os())?;
    println!("good   the configuration is read");
    println!("       WeChat sends people back to {}/callback", config.public_url.as_str());
    let domain = config.public_url.host().split(':').next().unwrap_or_default();
    println!("       the callback domain to register (授权回调域) is {domain}, without scheme, port or path");
    let mut wrong = 0;
    let mut tell = |what: &str, tried: Result<(), String>| match tried {
        Ok(()) => println!("good   {what}"),
        Err(why) => {
            wrong += 1;
            println!("WRONG  {what}: {why}");
        }
    };
    for (key, address) in [("listen", config.listen), ("ops_listen", config.ops_listen)] {
        let free = std::net::TcpListener::bind(address).map(drop).map_err(|error| error.to_string());
        tell(&format!("{key} {address} is free"), free);
    }
    let opened = async { SqliteStore::open(&config.store).await?.ping().await };
    tell(
        &format!("the store {} opens", config.store.display()),
        opened.await.map_err(|error| error.to_string()),
    );
    let exchange = Exchange::new(&config.weixin)?;
    for product in [Product::Website, Product::ServiceAccount] {
        if config.weixin.app(product).is_none() {
            continue;
        }
        let table = format!("weixin.{}", product.as_str());
        let accepted = exchange.try_credentials(product).await.map_err(|error| match &error {
            ExchangeError::ErrCode { errcode, .. } => match errcode.meaning() {
                Meaning::WrongSecret => format!("the secret is wrong: look at {table}.secret_file"),
                Meaning::WrongAppid => format!("the appid is wrong: look at {table}.appid"),
                _ => error.to_string(),
            },
            _ => error.to_string(),
        });
        tell(&format!("WeChat accepts appid and secret of {table}"), accepted);
    }
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} things are wrong").into()) }
}
