//! The store of a test's service: the SQLite file of its folder, or what `TEST_STORE` names in its place: `postgres`,
//! `sqlite+redis` or `postgres+redis`, with an empty database and a part of a Redis for each service.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use weixin_login_servers::{Postgres, Redis};

/// What names it. No key of the service.
const VARIABLE: &str = "TEST_STORE";
/// What a configuration says that stays on its file.
const ON_ITS_FILE: &str = "\n# What is tried here is the file itself.\n";

/// The configuration, with an empty database of this server in the place of the file.
pub fn on_postgres(config: &str, url: &str, folder: &Path) -> String {
    let key = folder.join("nodes.master-key");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&key).expect("a file");
    std::io::Write::write_all(&mut file, b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").expect("written");
    let at = config.find("store = \"sqlite:").expect("a file");
    let end = at + config[at..].find('\n').expect("a line");
    let key = match config.contains("master_key_files = ") {
        true => String::new(),
        false => format!("master_key_files = [\"{}\"]", key.display()),
    };
    format!("{}store = \"{url}\"\n{key}{}", &config[..at], &config[end..])
}

/// The configuration, whose store stays the file whatever is named.
#[allow(dead_code, reason = "each of the programs that take this file in uses what it needs")]
pub fn on_its_file(config: String) -> String {
    format!("{config}{ON_ITS_FILE}")
}

/// The configuration, on the store that is named.
pub fn on_the_named_store(config: String, folder: &Path) -> String {
    let Ok(named) = std::env::var(VARIABLE) else { return config };
    if config.contains(ON_ITS_FILE) || !config.contains("store = \"sqlite:") {
        return config;
    }
    let (store, cache) = named.split_once('+').unwrap_or((&named, ""));
    let config = match store {
        "sqlite" => config,
        // With more time than a service has: the tests' machine does many things at once.
        "postgres" => {
            let url = once_in(folder, "named-store", || Postgres::shared().database().url);
            let config = on_postgres(&config, &url, folder);
            format!("store_timeout_seconds = 60\n{config}")
        }
        _ => panic!("{VARIABLE}={named} names no store"),
    };
    match cache {
        "" => config,
        _ if config.contains("cache = \"") => config,
        "redis" => with_a_part_of_redis(&config, folder),
        _ => panic!("{VARIABLE}={named} names no cache"),
    }
}

fn with_a_part_of_redis(config: &str, folder: &Path) -> String {
    static PARTS: AtomicU32 = AtomicU32::new(0);
    let part = once_in(folder, "named-cache", || PARTS.fetch_add(1, Ordering::Relaxed).to_string());
    let url = Redis::shared().url(0);
    format!("cache = \"{url}\"\ncache_prefix = \"test-{part}:\"\n{config}")
}

/// What is made for this folder: the same for every service that is started over it, one after the other or at once.
fn once_in(folder: &Path, name: &str, make: impl FnOnce() -> String) -> String {
    let file = folder.join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|_| {
        let made = make();
        std::fs::write(file, &made).expect("written");
        made
    })
}
