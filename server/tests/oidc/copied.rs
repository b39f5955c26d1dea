//! A service moves from its file to a PostgreSQL: whoever was logged in stays so, by the same keys and the same tokens, however often the
//! copy was killed on the way.

use std::process::{Command, Stdio};
use std::time::Duration;

use rusqlite::Connection;
use weixin_login_servers::Postgres;

use crate::door::*;
use crate::named_store::{on_its_file, on_postgres};
use crate::swept_clock::SweptClock;

/// Enough that a copy takes a while.
const PEOPLE: usize = 20_000;
/// So often it is killed.
const KILLS: u32 = 8;

#[tokio::test]
async fn a_copy_that_was_killed_again_and_again_has_everything_in_the_end() {
    let provider = Provider::run_by(on_its_file, |_| None).await;
    let service = Service::start(&provider.config_text, &provider.clock);
    let browser = provider.browser();
    let offline = [("scope", "openid profile offline_access")];
    let authorized = browser.authorize(SUITE, &offline).await;
    let tokens = provider.redeem(SUITE, authorized.code()).await;
    let sub = provider.id_token(SUITE, &tokens).await["sub"].clone();
    let keys = provider.get_json("/jwks").await;
    drop(service);

    let file = Connection::open(provider.folder.path().join("store.db")).expect("the store");
    file.execute_batch(&format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {PEOPLE})
         INSERT INTO accounts (id, nickname, picture, created_at, updated_at)
         SELECT 'account-' || n, 'Name' || char(0) || n, NULL, n, n FROM numbers;
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {PEOPLE})
         INSERT INTO identities (appid, openid, unionid, account_id)
         SELECT 'wx', 'openid-' || n, NULL, 'account-' || n FROM numbers;"
    ))
    .expect("they are kept");

    let server = Postgres::shared();
    let database = server.database();
    let config = provider.folder.path().join("weixin-login.toml");
    std::fs::write(&config, &provider.config_text).expect("written");
    let copy = || {
        let mut copy = Command::new(env!("CARGO_BIN_EXE_weixin-login"));
        copy.args(["store", "copy", "--to", &database.url, "--config"]).arg(&config);
        copy.env_remove("WEIXIN_LOGIN_FULL_TESTS").stdout(Stdio::piped()).stderr(Stdio::piped());
        copy.spawn().expect("it starts")
    };
    let mut finished = false;
    for kill in 0..KILLS {
        let mut killed = copy();
        // The moment is what is tried: nothing is waited for.
        let moment = Duration::from_millis(40 + u64::from(kill) * 60);
        let _ = tokio::time::timeout(moment, std::future::pending::<()>()).await;
        killed.kill().expect("it was started");
        killed.wait().expect("it ends");
        let table = "SELECT coalesce(to_regclass('accounts')::text, '')";
        if server.run(&database.name, table).is_empty() {
            continue;
        }
        // What a killed one has begun is undone as soon as its connection is seen to be gone.
        let count = server.run(&database.name, "SELECT count(*) FROM accounts");
        finished = count != "0";
        assert!(["0".to_owned(), (PEOPLE + 1).to_string()].contains(&count), "{count} of {PEOPLE}");
        if finished {
            break;
        }
    }
    if !finished {
        let done = copy().wait_with_output().expect("it ends");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    let lasting = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('_sqlx_migrations', 'attempts', 'bindings', 'codes', 'must_know', 'readiness', 'scenes', 'webhook_clients')";
    let tables = server.run(&database.name, lasting);
    assert!(tables.lines().count() >= 9, "{tables}");
    for table in tables.lines() {
        let count = format!("SELECT count(*) FROM {table}");
        let there: i64 = file.query_row(&count, [], |row| row.get(0)).expect("both have it");
        assert_eq!(server.run(&database.name, &count), there.to_string(), "{table}");
    }
    assert_eq!(
        server.run(&database.name, "SELECT nickname FROM accounts WHERE id = 'account-7'"),
        "Name\u{fffd}7"
    );

    // The service goes on there.
    let on_it = on_postgres(&provider.config_text, &database.url, provider.folder.path());
    let on_it = on_it.replace("nodes.master-key", "store.master-key");
    let clock = SweptClock::default();
    let _service = Service::start(&on_it, &clock);
    assert_eq!(provider.get_json("/jwks").await, keys);
    assert_eq!(provider.userinfo(tokens.text("access_token")).await.body["sub"], sub);
    let renewed = provider.refresh(SUITE, tokens.text("refresh_token")).await;
    assert_eq!(provider.id_token(SUITE, &renewed).await["sub"], sub);
    let authorized = browser.authorize(SUITE, &offline).await;
    assert!(!authorized.asked, "the session is there");
    let again = provider.log_in(SUITE, &[]).await;
    assert_eq!(provider.id_token(SUITE, &again).await["sub"], sub, "the same person has the same name");
}
