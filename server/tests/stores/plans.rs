//! How PostgreSQL goes about every statement of the store, those within its functions too, as it tells itself (`auto_explain`) while
//! the whole suite runs: none looks at every row of a table that grows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use weixin_login_servers::{Postgres, PostgresOptions};

use crate::given::postgres_of;

/// A handful of rows, whatever happens.
const SMALL: &[&str] = &["_sqlx_migrations", "readiness", "signing_keys", "webhook_clients"];
/// What an operator asks about everybody: one compares all accounts, others go by the newest until they have as many as they print,
/// or have all that waits be told anew.
const ABOUT_EVERYBODY: &[&str] = &[
    "WITH said (unionid, account_id) AS ( SELECT unionid, account_id FROM identities",
    "SELECT * FROM sessions WHERE $1::text IS NULL",
    "SELECT * FROM webhook_events WHERE $1::text IS NULL OR client_id = $1 ORDER BY seq LIMIT $2",
    "UPDATE webhook_events SET due_at = $2 WHERE $1::text IS NULL OR client_id = $1",
];
/// A connection that has ended tells what it has counted a moment later.
const PATIENCE: Duration = Duration::from_secs(60);

/// PostgreSQL with every plan in its log. It takes an index wherever one can serve, and plans for all values together: what is
/// left of scans is what would be one however many rows there are.
fn server() -> Postgres {
    let settings = [
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_nested_statements", "on"),
        ("auto_explain.log_format", "json"),
        ("enable_seqscan", "off"),
        ("plan_cache_mode", "force_generic_plan"),
        ("track_functions", "all"),
        // A table of a few rows that were counted may well be read as a whole.
        ("autovacuum", "off"),
    ];
    let settings = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
    Postgres::start(PostgresOptions { without_fsync: true, settings, ..PostgresOptions::default() })
        .expect("PostgreSQL starts")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_statement_of_postgresql_looks_at_every_row_of_a_table_that_grows() {
    let server = server();
    crate::each::every_one(async || postgres_of(&server).await).await;
    crate::swept::every_one(async || postgres_of(&server).await).await;
    let never = never_called(&server);
    assert!(never.is_empty(), "the suite runs every function, and has not run {never:?}");
    let plans = plans(&server.log());
    assert!(plans.len() > 100, "only {} statements", plans.len());
    let mut scans = Vec::new();
    for (statement, plan) in &plans {
        if !ABOUT_EVERYBODY.iter().any(|about| statement.starts_with(about)) {
            scans_of(plan, &mut |scan| scans.push(format!("{scan}: {statement}")));
        }
    }
    assert!(scans.is_empty(), "{scans:#?}");
}

#[test]
fn a_scan_is_found() {
    let server = server();
    let database = server.database().name;
    server.run(&database, "CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL)");
    server.run(&database, "SELECT name FROM people WHERE id = 1");
    server.run(&database, "SELECT id FROM people WHERE name = 'Li'");
    server.run(&database, "SELECT count(*) FROM people");
    server.run(
        &database,
        "CREATE FUNCTION hidden() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
        RETURN (SELECT id FROM people WHERE name = 'hidden'); END $$",
    );
    server.run(&database, "SELECT hidden()");
    let mut scans = BTreeSet::new();
    for (statement, plan) in plans(&server.log()) {
        scans_of(&plan, &mut |scan| {
            scans.insert(format!("{scan}: {statement}"));
        });
    }
    let found: Vec<&str> = scans.iter().map(String::as_str).collect();
    assert_eq!(
        found,
        [
            "Bitmap Index Scan of people_pkey: SELECT count(*) FROM people",
            "Seq Scan of people: (SELECT id FROM people WHERE name = 'hidden')",
            "Seq Scan of people: SELECT id FROM people WHERE name = 'Li'",
        ]
    );
}

/// Each statement that was run, in one line, with its plan. One that was planned in several ways has them all.
fn plans(log: &str) -> Vec<(String, Value)> {
    let mut plans = BTreeMap::new();
    for entry in log.split("plan:\n").skip(1) {
        let mut values = serde_json::Deserializer::from_str(entry).into_iter::<Value>();
        let told = values.next().expect("a plan").expect("JSON");
        let statement = told["Query Text"].as_str().expect("a statement");
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        plans.insert((statement, told["Plan"].to_string()), told["Plan"].clone());
    }
    plans.into_iter().map(|((statement, _), plan)| (statement, plan)).collect()
}

/// Tells of each step that goes through a whole table, or through a whole index of it.
fn scans_of(plan: &Value, tell: &mut impl FnMut(String)) {
    let text = |name: &str| plan[name].as_str().unwrap_or_default();
    // A Bitmap Heap Scan takes the rows that the Bitmap Index Scan below it has found in an index.
    let step = text("Node Type");
    let table = [text("Relation Name"), text("Index Name")].into_iter().find(|name| !name.is_empty());
    let table = table.filter(|_| step.ends_with("Scan") && step != "Bitmap Heap Scan").unwrap_or_default();
    let goes_by_something = ["Index Cond", "TID Cond"].iter().any(|cond| !plan[*cond].is_null());
    let is_small = table.starts_with("pg_") || SMALL.iter().any(|small| table.starts_with(small));
    if !table.is_empty() && !goes_by_something && !is_small {
        tell(format!("{step} of {table}"));
    }
    for below in plan["Plans"].as_array().into_iter().flatten() {
        scans_of(below, tell);
    }
}

/// The functions of the store that nobody has called. What is counted of them a connection tells at its end.
fn never_called(server: &Postgres) -> BTreeSet<String> {
    let since = Instant::now();
    let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'weixin-login'";
    while server.run("postgres", left) != "0" {
        assert!(since.elapsed() < PATIENCE, "a store's connections end with it");
        std::thread::park_timeout(Duration::from_millis(100));
    }
    // Those in SQL become part of the statement that calls them, and a trigger may be there to refuse what nobody does.
    let never = "SELECT proname FROM pg_proc JOIN pg_language ON pg_language.oid = prolang
        WHERE pronamespace = 'public'::regnamespace AND lanname = 'plpgsql' AND prorettype <> 'trigger'::regtype
        AND NOT EXISTS (SELECT 1 FROM pg_stat_user_functions WHERE funcid = pg_proc.oid)";
    let databases = server.run("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'test_%'");
    let never = databases.lines().map(|database| -> BTreeSet<String> {
        server.run(database, never).lines().map(str::to_owned).collect()
    });
    never.reduce(|never, here| &never & &here).expect("a database")
}
