//! What stops the start: each time one sentence that says what is wrong, and no secret in it.

use std::ffi::OsStr;
use std::process::{Command, Output};

use tempfile::TempDir;
use weixin_emulator::{DEFAULT_SECRET, Emulator};
use weixin_login::config::Config;

use crate::harness::config;

struct Attempt {
    weixin: Emulator,
    data: TempDir,
}

impl Attempt {
    async fn new() -> Self {
        Self { weixin: Emulator::start(Default::default()).await.unwrap(), data: TempDir::new().unwrap() }
    }

    /// Runs the program with a changed configuration.
    fn run(&self, command: &str, change: impl Fn(String) -> String, env: &[(&str, &OsStr)]) -> Output {
        self.run_all(&[command], change, env)
    }

    fn run_all(&self, words: &[&str], change: impl Fn(String) -> String, env: &[(&str, &OsStr)]) -> Output {
        let file = self.data.path().join("weixin-login.toml");
        std::fs::write(&file, change(config(&self.weixin, &self.data))).unwrap();
        let program = env!("CARGO_BIN_EXE_weixin-login");
        Command::new(program)
            // How many rounds tests run is no key of the service.
            .env_remove("WEIXIN_LOGIN_FULL_TESTS")
            .args(words)
            .arg("--config")
            .arg(&file)
            .envs(env.iter().copied())
            .output()
            .unwrap()
    }

    /// The start fails, and says this.
    fn refused(&self, change: impl Fn(String) -> String, words: &[&str]) {
        self.refused_with(change, &[], words);
    }

    fn refused_with(&self, change: impl Fn(String) -> String, env: &[(&str, &OsStr)], words: &[&str]) {
        let output = self.run("serve", change, env);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?} are not all in: {said}");
        assert!(!said.contains(DEFAULT_SECRET), "{said}");
    }
}

#[tokio::test]
async fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
    let attempt = Attempt::new().await;
    attempt.refused(
        |text| text.replacen("ops_listen", "ops_lisen", 1),
        &["line 3", "ops_lisen", "Did you mean `ops_listen`?"],
    );
    attempt.refused(
        |text| text.replace("secret_file", "secretfile"),
        &["secretfile", "Did you mean `secret_file`?"],
    );
    attempt.refused_with(
        |text| text,
        &[("WEIXIN_LOGIN_WEIXIN__WEBSITE__APPIDD", OsStr::new("x"))],
        &["WEIXIN_LOGIN_WEIXIN__WEBSITE__APPIDD", "`weixin.website.appidd`", "Did you mean `appid`?"],
    );
}

#[tokio::test]
async fn no_refusal_repeats_a_secret_from_the_file() {
    let attempt = Attempt::new().await;
    let line = format!("secret = \"{DEFAULT_SECRET}\"");
    for (bad, words) in [
        (
            line.replacen("secret", "secert", 1),
            "`weixin.website.secert` is not a key. Did you mean `secret`?",
        ),
        (line.replace('"', ""), "line 14"),
        (line.replacen('=', "", 1), "line 14"),
        (line.trim_end_matches('"').to_owned(), "line 14"),
        (format!("{line}\n{line}"), "line 15: duplicate key"),
        (format!("{line} tail"), "line 14"),
        (format!("secret = [\"{DEFAULT_SECRET}\"]"), "line 14: `weixin.website.secret` must be a text"),
        (format!("appid = \"{DEFAULT_SECRET}\""), "duplicate key"),
        (format!("[weixin.website.secret]\n{line}"), "`weixin.website.secret` must be a text"),
        (format!("[clients]\n{line}"), "duplicate key"),
    ] {
        let change = |text: String| {
            let secret_file = text.lines().find(|line| line.starts_with("secret_file")).unwrap().to_owned();
            text.replace(&secret_file, &bad)
        };
        attempt.refused(change, &[words]);
    }
    let in_the_place_of_its_file = |text: String| {
        let secret_file = text.lines().find(|line| line.starts_with("secret_file")).unwrap().to_owned();
        text.replace(&secret_file, &format!("secret_file = \"{DEFAULT_SECRET}\""))
    };
    attempt
        .refused(in_the_place_of_its_file, &["`weixin.website.secret_file` looks like the AppSecret itself"]);
    let in_one_line = |text: String| {
        let start = text.find("[weixin.website]").unwrap();
        let end = start + text[start..].find("\n\n").unwrap();
        text.replace(&text[start..end], &format!("website = \"{DEFAULT_SECRET}\""))
    };
    attempt.refused(in_one_line, &["`weixin.website` must be a table"]);
}

#[tokio::test]
async fn a_variable_of_the_wrong_kind_is_named() {
    let attempt = Attempt::new().await;
    for (name, value, words) in [
        ("ROTATE_KEYS_EVERY_DAYS", "often", "`rotate_keys_every_days` must be a whole number"),
        ("ROTATE_KEYS_EVERY_DAYS", "-1", "`rotate_keys_every_days` must be a whole number"),
        ("BACKCHANNEL_PRIVATE_ADDRESSES", "yes", "`backchannel_private_addresses` must be true or false"),
        ("TRUSTED_PROXIES", "[10.0.0.0/8", "`trusted_proxies` must be a list"),
        ("CLIENTS", "shop", "`clients` must be a table"),
        ("WEIXIN", DEFAULT_SECRET, "`weixin` must be a table"),
        ("LISTEN__X", DEFAULT_SECRET, "stands below a key that is no table"),
        ("WIDGET_DIR__X", DEFAULT_SECRET, "stands below a key that is no table"),
        ("CLIENTS__0__NAME", "x", "stands below a key that is no table"),
    ] {
        let name = format!("WEIXIN_LOGIN_{name}");
        let said = format!("{name}: ");
        attempt.refused_with(|text| text, &[(&name, OsStr::new(value))], &[&said, words]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_variable_that_is_no_text_is_refused_only_where_it_is_ours() {
    use std::os::unix::ffi::OsStrExt;
    let attempt = Attempt::new().await;
    let garbage = OsStr::from_bytes(b"\xff\xfe");
    let secret = "WEIXIN_LOGIN_WEIXIN__WEBSITE__SECRET";
    attempt.refused_with(
        |text| text,
        &[(secret, garbage)],
        &["WEIXIN_LOGIN_WEIXIN__WEBSITE__SECRET: is not UTF-8"],
    );
    let others = attempt.run("check", |text| text, &[("SOMEBODY_ELSES", garbage)]);
    assert_eq!(others.status.code(), Some(0), "{others:?}");
}

#[test]
fn every_key_can_come_from_the_environment() {
    let data = TempDir::new().unwrap();
    std::fs::write(data.path().join("secret"), "s3cret").unwrap();
    let variables = [
        ("PUBLIC_URL", "https://shop.example.test/weixin"),
        ("LISTEN", "127.0.0.1:1"),
        ("OPS_LISTEN", "127.0.0.1:2"),
        ("STORE", "sqlite:a.db"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.0/16"),
        ("TLS_CERT_FILE", "cert.pem"),
        ("TLS_KEY_FILE", "key.pem"),
        ("WIDGET_DIR", "widget"),
        ("MASTER_KEY_FILES", r#"["one", "two"]"#),
        ("ROTATE_KEYS_EVERY_DAYS", "90"),
        ("BACKCHANNEL_PRIVATE_ADDRESSES", "true"),
        ("FORWARDED_HEADER", "forwarded"),
        ("LIMITS__STARTS_PER_MINUTE", "1"),
        ("LIMITS__ANSWERS_PER_MINUTE", "4"),
        ("LIMITS__CLIENT_STARTS_PER_MINUTE", "5"),
        ("LIMITS__CLIENT_TOKEN_REQUESTS_PER_MINUTE", "6"),
        ("LIMITS__TOKEN_REQUESTS_PER_MINUTE", "2"),
        ("LIMITS__FAILED_AUTHENTICATIONS_PER_MINUTE", " 3 "),
        ("WEIXIN__OPEN_URL", "https://open.example.test"),
        ("WEIXIN__API_URL", "https://api.example.test"),
        ("WEIXIN__DESKTOP_URLS", "https://desktop.example.test"),
        ("WEIXIN__AVATAR_HOSTS", ""),
        ("WEIXIN__WEBSITE__APPID", "wx0123456789abcdef"),
        ("WEIXIN__WEBSITE__SECRET_FILE", "secret"),
        (
            "CLIENTS",
            r#"[{ id = "shop", name = "Shop", require_pkce = false, redirect_uris = ["https://shop.example.test/cb"] }]"#,
        ),
    ];
    let variables = variables.map(|(name, value)| (format!("WEIXIN_LOGIN_{name}").into(), value.into()));
    let of_variables = Config::parse("", variables.into_iter(), data.path()).unwrap();
    let text = r#"
        public_url = "https://shop.example.test/weixin"
        listen = "127.0.0.1:1"
        ops_listen = "127.0.0.1:2"
        store = "sqlite:a.db"
        trusted_proxies = ["10.0.0.0/8", "192.168.0.0/16"]
        tls_cert_file = "cert.pem"
        tls_key_file = "key.pem"
        widget_dir = "widget"
        master_key_files = ["one", "two"]
        rotate_keys_every_days = 90
        backchannel_private_addresses = true
        forwarded_header = "Forwarded"
        [limits]
        starts_per_minute = 1
        answers_per_minute = 4
        client_starts_per_minute = 5
        client_token_requests_per_minute = 6
        token_requests_per_minute = 2
        failed_authentications_per_minute = 3
        [weixin]
        open_url = "https://open.example.test"
        api_url = "https://api.example.test"
        desktop_urls = ["https://desktop.example.test"]
        avatar_hosts = []
        [weixin.website]
        appid = "wx0123456789abcdef"
        secret_file = "secret"
        [[clients]]
        id = "shop"
        name = "Shop"
        require_pkce = false
        redirect_uris = ["https://shop.example.test/cb"]
    "#;
    let of_text = Config::parse(text, std::iter::empty(), data.path()).unwrap();
    assert_eq!(format!("{of_variables:?}"), format!("{of_text:?}"));
}

#[tokio::test]
async fn a_missing_secret_says_which_setting_wants_it() {
    let attempt = Attempt::new().await;
    attempt.refused(
        |text| text.lines().filter(|line| !line.starts_with("secret_file")).collect::<Vec<_>>().join("\n"),
        &["`weixin.website.secret_file` is missing"],
    );
    attempt.refused(
        |text| text.replace("/secret\"", "/no-such-file\""),
        &["no-such-file, which cannot be read: No such file"],
    );
    std::fs::write(attempt.data.path().join("empty"), "\n").unwrap();
    attempt.refused(
        |text| text.replace("/secret\"", "/empty\""),
        &["`weixin.website.secret_file` is /", "/empty, which is empty"],
    );
}

#[tokio::test]
async fn a_value_that_cannot_be_right_is_named() {
    let attempt = Attempt::new().await;
    for (good, bad, words) in [
        ("https://shop.example.test/weixin", "http://shop.example.test/weixin", "`public_url` must be https"),
        ("https://shop.example.test/weixin", "shop", "`public_url` is not an address"),
        ("sqlite:", "oracle:", "`store` must be `sqlite:FILE`"),
        (
            "\"https://forum.example.test\"",
            "\"https://forum.example.test/\"",
            "`clients.origins` has `https://forum.example.test/`",
        ),
        ("id = \"forum\"", "id = \"shop\"", "`clients.id` `shop`"),
        ("name = \"Forum\"", "name = \" \"", "`clients.name` is empty"),
        ("name = \"Forum\"", "name = {}", "`clients.name` is empty"),
        ("name = \"Forum\"", "name = 1", "`clients.name` must be a text"),
        (
            "name = \"Forum\"",
            "name = { zh-cn = \"论坛\" }",
            "`clients.name.zh-cn` is not a key. Did you mean `zh-CN`?",
        ),
        ("name = \"Forum\"", "name = \"Forum\"\naccent = \"red\"", "`clients.accent` is `red`"),
        ("name = \"Forum\"", "name = \"Forum\"\nlogo = \"none.png\"", "none.png, which cannot be read"),
        ("name = \"Forum\"", "name = \"Forum\"\nlogo = \"weixin-login.toml\"", "which is no picture"),
        ("127.0.0.1/32", "localhost", "`trusted_proxies` has `localhost`"),
        (
            "[weixin]\n",
            "forwarded_header = \"X-Real-IP\"\n\n[weixin]\n",
            "`forwarded_header` is `X-Real-IP`; it can be X-Forwarded-For or Forwarded",
        ),
        (
            "[weixin]\n",
            "[limits]\nstarts_per_minute = 0\n\n[weixin]\n",
            "`limits.starts_per_minute` must be 1 or more",
        ),
        ("listen = \"127.0.0.1:0\"\nops", "listen = \"8080\"\nops", "`listen` is `8080`"),
    ] {
        attempt.refused(|text| text.replace(good, bad), &[words]);
    }
}

#[tokio::test]
async fn http_is_for_loopback_alone() {
    let attempt = Attempt::new().await;
    let open = |text: String| {
        text.replacen("https://shop.example.test/weixin", "http://localhost:4000/weixin", 1).replacen(
            "listen = \"127.0.0.1:0\"",
            "listen = \"0.0.0.0:0\"",
            1,
        )
    };
    attempt.refused(open, &["`listen` must be a loopback address"]);
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let attempt = Attempt::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    attempt.refused(|text| text.replacen("127.0.0.1:0", &address, 1), &["cannot listen on", &address]);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_said() {
    let attempt = Attempt::new().await;
    attempt.refused(
        |text| text.replace("/store.db", "/no-such-folder/store.db"),
        &["/no-such-folder/store.db, and there is no folder "],
    );
    std::fs::write(attempt.data.path().join("text.db"), "this is no database, and it is long enough to see")
        .unwrap();
    attempt.refused(|text| text.replace("/store.db", "/text.db"), &["the store"]);
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let attempt = Attempt::new().await;
    let file = attempt.data.path().join("store.db");
    weixin_login::store::SqliteStore::open(&file).await.unwrap();
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0); UPDATE must_know SET version = 9999")
        .unwrap();
    attempt.refused(|text| text, &["the store cannot be brought to this version", "9999"]);
}

/// What a program of an earlier version, which went by sqlx, has written of its migrations: version, description, whether all of
/// it was applied, the SHA-384 of the file, how long it took.
fn as_an_earlier_version(store: &rusqlite::Connection, newest: i64) {
    store
        .execute_batch(
            "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
             installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,
             execution_time BIGINT NOT NULL);",
        )
        .unwrap();
    for (version, name, sql) in migrations().into_iter().filter(|(version, ..)| *version <= newest) {
        store.execute_batch(&sql).unwrap();
        let checksum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA384, sql.as_bytes());
        let row = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (?1, ?2, TRUE, ?3, -1)";
        store.execute(row, rusqlite::params![version, name, checksum.as_ref()]).unwrap();
    }
}

/// The files of the schema, in order: version, description, text.
fn migrations() -> Vec<(i64, String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut migrations: Vec<_> = files
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let (version, description) = name.split_once('_').unwrap();
            (version.parse().unwrap(), description.replace('_', " "), std::fs::read_to_string(&file).unwrap())
        })
        .collect();
    migrations.sort();
    migrations
}

#[tokio::test]
async fn a_store_of_any_earlier_version_is_brought_to_this_one_and_its_migrations_are_written_down_alike() {
    let rows = |store: &rusqlite::Connection| {
        let mut rows = store
            .prepare("SELECT version, description, success, checksum FROM _sqlx_migrations ORDER BY 1")
            .unwrap();
        let rows = rows.query_map([], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, bool>(2)?,
                row.get::<_, Vec<u8>>(3)?,
            ))
        });
        rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap()
    };
    let schema = |store: &rusqlite::Connection| {
        let mut rows = store.prepare("SELECT sql FROM sqlite_schema WHERE name NOT LIKE '_sqlx%' AND sql IS NOT NULL ORDER BY name").unwrap();
        rows.query_map([], |row| row.get::<_, String>(0)).unwrap().collect::<Result<Vec<_>, _>>().unwrap()
    };
    let all = rusqlite::Connection::open_in_memory().unwrap();
    as_an_earlier_version(&all, i64::MAX);
    for newest in std::iter::once(0).chain(migrations().into_iter().map(|(version, ..)| version)) {
        let data = TempDir::new().unwrap();
        let file = data.path().join("store.db");
        as_an_earlier_version(&rusqlite::Connection::open(&file).unwrap(), newest);
        weixin_login::store::SqliteStore::open(&file).await.unwrap();
        let store = rusqlite::Connection::open(&file).unwrap();
        assert_eq!(rows(&store), rows(&all), "from {newest}");
        assert_eq!(schema(&store), schema(&all), "from {newest}");
    }
}

#[tokio::test]
async fn a_migration_that_is_not_the_one_that_was_applied_stops_the_start() {
    let attempt = Attempt::new().await;
    let file = attempt.data.path().join("store.db");
    for (change, said) in [
        ("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 3", "migration 3 was another one"),
        (
            "UPDATE _sqlx_migrations SET success = FALSE WHERE version = 3",
            "migration 3 was not brought to its end",
        ),
    ] {
        weixin_login::store::SqliteStore::open(&file).await.unwrap();
        rusqlite::Connection::open(&file).unwrap().execute_batch(change).unwrap();
        attempt.refused(|text| text, &["the store cannot be brought to this version", said]);
        for file in ["store.db", "store.db-wal", "store.db-shm"] {
            let _ = std::fs::remove_file(attempt.data.path().join(file));
        }
    }
}

#[tokio::test]
async fn a_command_beside_a_store_of_another_version_says_so_and_changes_nothing() {
    for (change, age, what_to_do) in [
        (
            "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)",
            "an older",
            "start the service with this program first",
        ),
        (
            "INSERT INTO _sqlx_migrations SELECT 9999, 'later', installed_on, 1, x'00', 0 FROM _sqlx_migrations LIMIT 1; UPDATE must_know SET version = 9999",
            "a newer",
            "use the program that the service runs",
        ),
    ] {
        let attempt = Attempt::new().await;
        let file = attempt.data.path().join("store.db");
        weixin_login::store::SqliteStore::open(&file).await.unwrap();
        rusqlite::Connection::open(&file).unwrap().execute_batch(change).unwrap();
        let before = std::fs::read(&file).unwrap();
        for words in [
            &["keys", "list"][..],
            &["keys", "rotate"],
            &["keys", "withdraw", "kid"],
            &["sessions", "list"],
            &["sessions", "revoke", "sid"],
            &["grants", "list"],
            &["grants", "revoke", "id"],
            &["accounts", "show", "sub"],
            &["accounts", "duplicates"],
            &["accounts", "merge", "sub", "other"],
            &["accounts", "delete", "sub"],
        ] {
            let output = attempt.run_all(words, |text| text, &[]);
            let stderr = String::from_utf8(output.stderr).unwrap();
            let said = format!(
                "weixin-login: the store {} is of {age} version than this program: {what_to_do}\n",
                file.display()
            );
            assert_eq!((output.status.code(), &*stderr), (Some(1), &*said), "{words:?}");
        }
        assert!(std::fs::read(&file).unwrap() == before, "{age}");
        assert!(!attempt.data.path().join("store.db.master-key").exists());
    }
}

/// One random name in 64 begins like an option.
#[tokio::test]
async fn a_name_that_begins_with_a_dash_is_a_name() {
    let attempt = Attempt::new().await;
    weixin_login::store::SqliteStore::open(&attempt.data.path().join("store.db")).await.unwrap();
    for (words, said) in [
        (&["sessions", "revoke", "-abc"][..], "no session is called -abc"),
        (
            &["sessions", "list", "--of", "-abc"],
            "no account is known by -abc: it is no account's id, sub, openid, unionid, phone number or email address",
        ),
        (
            &["accounts", "delete", "-abc"],
            "no account is known by -abc: it is no account's id, sub, openid, unionid, phone number or email address",
        ),
        (
            &["accounts", "merge", "-abc", "-def"],
            "no account is known by -abc: it is no account's id, sub, openid, unionid, phone number or email address",
        ),
    ] {
        let output = attempt.run_all(words, |text| text, &[]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), &*stderr), (Some(1), &*format!("weixin-login: {said}\n")));
    }
}

#[test]
fn the_example_is_a_configuration() {
    let example = include_str!("../../config.example.toml")
        .replace("/run/secrets/weixin-website", "secret")
        .replace("/run/secrets/weixin-service-account", "secret")
        .replace("/run/secrets/weixin-webhook-shop", "webhook-secret");
    let data = TempDir::new().unwrap();
    std::fs::write(data.path().join("secret"), "s3cret").unwrap();
    std::fs::write(data.path().join("webhook-secret"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    std::fs::write(data.path().join("camellia.svg"), "<svg/>").unwrap();
    let config = Config::parse(&example, std::iter::empty(), data.path()).unwrap();
    assert_eq!(config.public_url.as_str(), "https://shop.example.com/weixin");
    // What is commented out in it is what it says: the default.
    let all: String = example
        .lines()
        // A proxy has no default.
        .filter(|line| !line.starts_with("# proxy = "))
        .map(|line| {
            let commented = line.strip_prefix("# ");
            commented
                .filter(|line| line.contains(" = ") || ["[email]", "[sms]"].contains(line))
                .unwrap_or(line)
        })
        .map(|line| format!("{line}\n"))
        .collect();
    // A part of it is PostgreSQL's alone.
    let all = all
        .replace("sqlite:weixin-login.db", "postgres://weixin_login@db.internal/weixin_login")
        .replace("/run/secrets/weixin-login-postgres", "secret")
        .replace("/run/secrets/weixin-login-smtp", "secret")
        .replace("/run/secrets/weixin-login-sms", "sms-secret")
        .replace("/etc/weixin-login/mail-ca.pem", "secret");
    std::fs::write(data.path().join("sms-secret"), format!("whsec_{}", "A".repeat(44))).unwrap();
    let all = Config::parse(&all, std::iter::empty(), data.path()).unwrap();
    assert_eq!(format!("{:?}", all.weixin), format!("{:?}", config.weixin));
    assert_eq!(format!("{:?}", all.limits), format!("{:?}", config.limits));
}
