//! Whole logins on PostgreSQL, and what it does to a service when it is late, or falls over in the middle.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use weixin_emulator::Emulator;
use weixin_login_servers::{Postgres, PostgresOptions, free_port};

use crate::harness::{House, Visitor, allowed};
use crate::named_store::{on_its_file, on_postgres};
use crate::program::{Program, command, write_config};

async fn house(server: &Postgres, folder: &TempDir) -> House {
    let url = server.database().url;
    House::with(|config| on_postgres(&config, &url, folder.path())).await
}

#[tokio::test]
async fn a_person_logs_in_and_the_same_callback_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let house = house(Postgres::shared(), &folder).await;
    let mut visitor = house.visitor();
    let callback = allowed(&house, &visitor.start_hosted().await);
    assert_eq!(visitor.open(&callback).await.status, 303);
    let session = visitor.session().await;
    assert_eq!(session.status, 200, "{}", session.body);
    // The callback once more changes nothing.
    visitor.open(&callback).await;
    assert_eq!((house.exchanges(), visitor.session().await.json()), (1, session.json()));
}

/// Logs in until it is told to stop or something fails; gives whoever was told to be logged in.
async fn people(house: Arc<House>, done: Arc<Notify>, told: UnboundedSender<()>) -> Vec<Visitor> {
    let mut in_there = Vec::new();
    let mut stopped = std::pin::pin!(done.notified());
    loop {
        let mut visitor = house.visitor();
        let one = async {
            let page = visitor.open("/login?return_to=%2Forders").await;
            if page.status != 200 {
                return None;
            }
            let callback = allowed(&house, &crate::harness::attempt_of(&page.body));
            let answer = visitor.open(&callback).await;
            (answer.status == 303).then_some(())
        };
        tokio::select! {
            biased;
            () = &mut stopped => return in_there,
            logged_in = one => match logged_in {
                Some(()) => {
                    in_there.push(visitor);
                    let _ = told.send(());
                }
                None => return in_there,
            },
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_was_let_in_is_lost_when_postgresql_is_killed_in_the_middle_and_it_goes_on_by_itself() {
    let mut server = Postgres::start(PostgresOptions::default()).unwrap();
    let folder = TempDir::new().unwrap();
    let house = Arc::new(house(&server, &folder).await);
    let mut told = 0;
    for _ in 0..3 {
        let done = Arc::new(Notify::new());
        let (tell, mut heard) = unbounded_channel();
        let crowd: Vec<_> =
            (0..6).map(|_| tokio::spawn(people(house.clone(), done.clone(), tell.clone()))).collect();
        // In the middle of those who come after them.
        for _ in 0..8 {
            heard.recv().await.expect("people are let in");
        }
        server.kill().unwrap();
        // Whoever comes now hears that it is not their fault.
        let mut visitor = house.visitor();
        let page = visitor.open("/login?return_to=%2Forders").await;
        assert_eq!(page.status, 503, "{}", page.body);
        server.start_again().unwrap();
        done.notify_waiters();
        for people in crowd {
            for mut visitor in people.await.unwrap() {
                let session = visitor.session().await;
                assert_eq!(session.status, 200, "{}", session.body);
                told += 1;
            }
        }
        let mut visitor = house.visitor();
        let callback = allowed(&house, &visitor.start_hosted().await);
        assert_eq!(visitor.open(&callback).await.status, 303);
    }
    assert!(told > 20, "only {told} were let in");
}

#[tokio::test]
async fn a_start_waits_for_postgresql_and_says_so() {
    let mut server = Postgres::start(PostgresOptions { without_fsync: true, ..Default::default() }).unwrap();
    let url = server.database().url;
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let ops = format!("127.0.0.1:{}", free_port().unwrap());
    let file = write_config(&weixin, &data, |config| {
        let config = config.replace("ops_listen = \"127.0.0.1:0\"", &format!("ops_listen = \"{ops}\""));
        on_postgres(&config, &url, data.path())
    });
    server.stop().unwrap();
    let mut program = Program::start(&file);
    let place = format!("postgres://{}", url.rsplit_once('@').unwrap().1);
    program.logged(&format!("waits for the store {place}: the store cannot be reached: "));
    let asked = async |path: &str| {
        let answer = reqwest::get(format!("http://{ops}{path}")).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, why) = asked("/readyz").await;
    assert!(status == 503 && why.starts_with("the store cannot be reached: "), "{status} {why}");
    assert_eq!(asked("/healthz").await, (200, "alive\n".into()));
    server.start_again().unwrap();
    assert!(program.addresses().is_some());
    assert_eq!(asked("/readyz").await, (200, "ready\n".into()));
    let log = program.stop();
    assert!(!log.contains(Postgres::PASSWORD), "{log}");
}

/// What is not copied: logins that are under way, and each store's own.
const LEFT_BEHIND: [&str; 7] =
    ["_sqlx_migrations", "attempts", "bindings", "codes", "must_know", "scenes", "webhook_clients"];

/// The file's tables that are copied.
fn lasting_tables(store: &Connection) -> Vec<String> {
    let names =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut names = store.prepare(names).unwrap();
    let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    names.filter(|name| !LEFT_BEHIND.contains(&name.as_str())).collect()
}

/// Each column's name and type.
fn columns(store: &Connection, table: &str) -> Vec<(String, String)> {
    let mut columns = store.prepare("SELECT name, type FROM pragma_table_info(?1)").unwrap();
    columns.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

/// One of anything for tables that a login leaves empty. What names an account or a session names one that is there.
fn put_a_row_into_every_table(store: &Connection) {
    for table in lasting_tables(store) {
        let count = format!("SELECT count(*) FROM {table}");
        if store.query_row(&count, [], |row| row.get::<_, i64>(0)).unwrap() > 0 {
            continue;
        }
        let value = |(name, kind): (String, String)| match (name.as_str(), kind.as_str()) {
            ("account_id", _) => "(SELECT id FROM accounts)".into(),
            ("sid", _) => "(SELECT min(sid) FROM sessions)".into(),
            ("tagged", _) => "1".into(),
            (_, "INTEGER") => "1800000000".into(),
            (_, "BLOB") => "x'00ff27'".into(),
            _ => format!("'the {name} \u{1f600} \"\\ of {table}'"),
        };
        let values: Vec<String> = columns(store, &table).into_iter().map(value).collect();
        store.execute(&format!("INSERT INTO {table} VALUES ({})", values.join(", ")), []).unwrap();
    }
}

/// Every row as a line of text, its values in the order of their names.
fn rows_of_file(store: &Connection, table: &str) -> BTreeSet<String> {
    let values = columns(store, table).into_iter().map(|(name, kind)| match kind.as_str() {
        "BLOB" => format!("'{name}=' || coalesce(lower(hex({name})), '-')"),
        _ => format!("'{name}=' || coalesce({name}, '-')"),
    });
    let values: Vec<String> = values.collect::<BTreeSet<_>>().into_iter().collect();
    let mut rows = store.prepare(&format!("SELECT {} FROM {table}", values.join(" || ' ' || "))).unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The same of a database.
fn rows_of_postgres(database: &str, table: &str) -> BTreeSet<String> {
    let run = |statement: &str| Postgres::shared().run(database, statement);
    let columns = run(&format!(
        "SELECT attname || ' ' || atttypid::regtype FROM pg_attribute
         WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
    ));
    let values = columns.lines().map(|column| match column.split_once(' ').unwrap() {
        (name, "bytea") => format!("'{name}=' || coalesce(encode({name}, 'hex'), '-')"),
        (name, "boolean") => format!("'{name}=' || coalesce({name}::integer::text, '-')"),
        (name, _) => format!("'{name}=' || coalesce({name}::text, '-')"),
    });
    let values: Vec<String> = values.collect::<BTreeSet<_>>().into_iter().collect();
    run(&format!("SELECT {} FROM {table}", values.join(" || ' ' || "))).lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn everything_that_lasts_is_copied_from_the_file_and_logins_go_on() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let file = write_config(&weixin, &data, on_its_file);
    let mut program = Program::start(&file);
    let mut visitor = program.visitor();
    let attempt = visitor.start_hosted().await;
    let callback = crate::harness::allowed_by(&weixin, &attempt);
    assert_eq!(visitor.open(&callback).await.status, 303);
    let session = visitor.session().await.json();
    program.stop();
    let database = Postgres::shared().database();
    let store = Connection::open(data.path().join("store.db")).unwrap();
    put_a_row_into_every_table(&store);
    let copy = || command(&["store", "copy", "--to", &database.url], &file).output().unwrap();
    let done = copy();
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let place = format!("postgres://{}", database.url.rsplit_once('@').unwrap().1);
    let key = data.path().join("store.master-key");
    let (tables, what_to_do) = said.split_once("all of it").unwrap();
    let copied: Vec<(&str, &str)> = tables
        .lines()
        .map(|line| line.trim().split_once("  ").unwrap())
        .map(|(rows, table)| (table, rows))
        .collect();
    for expected in
        [("accounts", "1"), ("identities", "1"), ("subjects", "1"), ("sessions", "2"), ("signing_keys", "2")]
    {
        assert!(copied.contains(&expected), "{said}");
    }
    // Whatever a later version adds is copied too, every value of it.
    let lasting = lasting_tables(&store);
    let mut named: Vec<String> = copied.iter().map(|(table, _)| (*table).to_owned()).collect();
    named.sort();
    assert_eq!(named, lasting);
    for (table, rows) in copied {
        let there = rows_of_file(&store, table);
        assert!(!there.is_empty() && there.len().to_string() == rows, "{table}: {there:?}");
        assert_eq!(rows_of_postgres(&database.name, table), there, "{table}");
    }
    assert_eq!(
        what_to_do,
        format!(
            " is in {place} now; put its address into `store`\nand the master key: master_key_files = [\"{}\"]\n",
            key.display()
        )
    );
    let again = copy();
    assert_eq!(
        String::from_utf8_lossy(&again.stderr),
        format!("weixin-login: {place} has 1 rows in accounts already: copy into a database that is empty\n")
    );
    let on_it = on_postgres(&std::fs::read_to_string(&file).unwrap(), &database.url, data.path());
    std::fs::write(&file, on_it.replace("nodes.master-key", "store.master-key")).unwrap();
    let mut program = Program::start(&file);
    let (address, _) = program.addresses().expect("it listens");
    visitor.address = address;
    assert_eq!(visitor.session().await.json(), session, "nobody has to log in again");
}
