//! What only a server can do to a store: have it made by several at once, be another version, refuse a password.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use weixin_login::store::logins::Person;
use weixin_login::store::{PostgresAddress, PostgresStore, Store, StoreError};
use weixin_login_servers::Postgres;

use crate::given::{MANY, address, at_once, count};
use crate::rows::{NOW, identity, log_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_16_nodes_that_start_at_once_on_an_empty_database_one_makes_it() {
    let server = Postgres::shared();
    let database = server.database();
    let address = address(&database.url);
    for opened in join_all((0..16).map(|_| PostgresStore::open(&address))).await {
        opened.map(drop).expect("it opens");
    }
    let taken = server.run(&database.name, "SELECT count(*), bool_and(success) FROM _sqlx_migrations");
    let own =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres")).expect("a folder");
    assert_eq!(taken, format!("{}|t", own.count()));
}

#[tokio::test]
async fn a_database_of_another_version_is_left_alone() {
    let server = Postgres::shared();
    let database = server.database();
    let address = address(&database.url);
    let place = format!("postgres://{}", database.url.rsplit_once('@').expect("a user").1);
    let existing =
        async || PostgresStore::open_existing(&address).await.map(drop).map_err(|error| error.to_string());
    let missing = format!("there is no store at {place}: the first start of the service makes it");
    assert_eq!(existing().await, Err(missing));
    assert_eq!(server.run(&database.name, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    PostgresStore::open(&address).await.expect("it opens");
    assert_eq!(existing().await, Ok(()));
    server.run(
        &database.name,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999, 'later', true, '', 0)",
    );
    // It has only added: whoever knows the rest goes on.
    assert_eq!(existing().await, Ok(()));
    PostgresStore::open(&address).await.expect("it opens");
    server.run(&database.name, "UPDATE must_know SET version = 999");
    let newer = format!(
        "the store {place} is of a newer version than this program: use the program that the service runs"
    );
    assert_eq!(existing().await, Err(newer));
    let refused = PostgresStore::open(&address).await.map(drop).expect_err("it is newer");
    assert!(matches!(refused, StoreError::Migration(_)) && !refused.is_away(), "{refused}");
    server.run(&database.name, "DELETE FROM _sqlx_migrations WHERE version > 1");
    let older = format!(
        "the store {place} is of an older version than this program: start the service with this program first"
    );
    assert_eq!(existing().await, Err(older));
}

#[tokio::test]
async fn who_may_not_come_in_is_told_so_at_once_and_no_password_is_repeated() {
    let server = Postgres::shared();
    let right = server.database().url;
    for (wrong, away) in [
        (right.replace(Postgres::PASSWORD, "wrongHunter2"), false),
        (server.url("not_there"), false),
        (right.replace("weixin_login:", "nobody:"), false),
        (format!("{right}?sslmode=require"), false),
        (right.replace(&format!(":{}/", server.port()), ":1/"), true),
    ] {
        let address = PostgresAddress::parse(&wrong, 1, Duration::from_secs(30)).expect("an address");
        let refused = PostgresStore::open(&address).await.map(drop).expect_err(&wrong);
        assert_eq!(refused.is_away(), away, "{refused}");
        for said in [refused.to_string(), format!("{refused:?}"), format!("{address:?}"), address.to_string()]
        {
            assert!(!said.contains("Hunter2") && !said.contains(Postgres::PASSWORD), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_account_that_somebody_holds_holds_up_nobody_else() {
    let server = Postgres::shared();
    let database = server.database();
    let store = PostgresStore::open(&address(&database.url)).await.expect("it opens");
    let store = Store::whole(Arc::new(store));
    let login = |store: Store, number: usize| async move {
        let person = Person::Identity(identity(&format!("person {number}"), None));
        store.lasting.log_in(log_in(person, None, None), NOW).await.expect("an answer").is_some()
    };
    assert_eq!(count(&at_once(&store, login).await, &true), MANY);

    let hold = "BEGIN; UPDATE accounts SET updated_at = 0 WHERE id = (SELECT account_id FROM identities WHERE openid = 'person 0');\n";
    let mut holding = Command::new("psql")
        .args(["-X", "-q"])
        .arg(&database.url)
        .stdin(Stdio::piped())
        .spawn()
        .expect("psql runs");
    let mut says = holding.stdin.take().expect("a pipe");
    says.write_all(hold.as_bytes()).expect("it listens");
    let held = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE accounts%' AND state = 'idle in transaction'";
    while server.run(&database.name, held) == "0" {
        tokio::task::yield_now().await;
    }
    let mut all: Vec<_> = (0..MANY).map(|number| tokio::spawn(login(store.clone(), number))).collect();
    let held = all.remove(0);
    for login in all {
        assert!(login.await.expect("no panic"));
    }
    assert!(!held.is_finished());
    // It goes, and what it has done with it.
    drop(says);
    assert!(held.await.expect("no panic"));
    holding.wait().expect("it ends");
}
