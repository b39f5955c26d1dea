//! The store of a test's service: the SQLite file of its folder, or the one that `WEIXIN_LOGIN_TEST_STORE` names.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use weixin_login_servers::Postgres;

/// What names it. No key of the service.
pub const VARIABLE: &str = "WEIXIN_LOGIN_TEST_STORE";

/// The configuration, with an empty database of this server in the place of the file.
pub fn on_postgres(config: &str, url: &str, folder: &Path) -> String {
    let key = folder.join("nodes.master-key");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&key).expect("a file");
    std::io::Write::write_all(&mut file, b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").expect("written");
    let at = config.find("store = \"sqlite:").expect("a file");
    let end = at + config[at..].find('\n').expect("a line");
    let key = key.display();
    format!("{}store = \"{url}\"\nmaster_key_files = [\"{key}\"]{}", &config[..at], &config[end..])
}

/// The configuration, on the store that is named.
pub fn on_the_named_store(config: String, folder: &Path) -> String {
    match std::env::var(VARIABLE).as_deref() {
        Ok("postgres") if config.contains("store = \"sqlite:") => {
            on_postgres(&config, &Postgres::shared().database().url, folder)
        }
        _ => config,
    }
}
