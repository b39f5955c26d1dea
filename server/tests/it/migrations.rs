//! Nodes of two adjacent versions run side by side over one store while a service is updated: the new one migrates, the old one goes on
//! with the statements that it knows. So a migration takes nothing away that an old statement names, and asks for nothing that an old
//! statement does not say.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::digest;
use rusqlite::{Connection, params};
use tempfile::TempDir;
use weixin_emulator::Emulator;
use weixin_login_servers::Postgres;

use crate::harness::{Visitor, allowed_by};
use crate::named_store::{on_its_file, on_postgres};
use crate::program::{Program, command, write_config};

/// A column as statements meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    kind: String,
    may_be_left_out: bool,
}

/// What statements name: tables with their columns, what must be unique, and functions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Schema {
    tables: BTreeMap<String, BTreeMap<String, Column>>,
    /// Index and the columns that it lets be there once, of a table.
    unique: Vec<(String, String)>,
    functions: Vec<String>,
}

/// What an old node would stumble over, a sentence each.
fn breaks(before: &Schema, after: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    for (table, columns) in &before.tables {
        let Some(now) = after.tables.get(table) else {
            found.push(format!("the table {table} is gone"));
            continue;
        };
        for (name, column) in columns {
            match now.get(name) {
                None => found.push(format!("{table}.{name} is gone")),
                Some(now) if now.kind != column.kind => {
                    found.push(format!("{table}.{name} was {}, and is {}", column.kind, now.kind));
                }
                Some(now) if column.may_be_left_out && !now.may_be_left_out => {
                    found.push(format!("{table}.{name} must be given now"));
                }
                Some(_) => {}
            }
        }
        for (name, _) in
            now.iter().filter(|(name, column)| !columns.contains_key(*name) && !column.may_be_left_out)
        {
            found.push(format!("{table}.{name} is new, and must be given"));
        }
    }
    for (table, what) in after.unique.iter().filter(|unique| !before.unique.contains(unique)) {
        if before.tables.contains_key(table) {
            found.push(format!("{table} may have each {what} once now"));
        }
    }
    for function in before.functions.iter().filter(|function| !after.functions.contains(function)) {
        found.push(format!("the function {function} is gone"));
    }
    found
}

/// The migrations of a store, in their order.
fn migrations(store: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(store);
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap())
        .map(|file| (file.file_name().into_string().unwrap(), std::fs::read_to_string(file.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn of_sqlite(store: &Connection) -> Schema {
    let list = |statement: &str| -> Vec<[String; 4]> {
        let mut statement = store.prepare(statement).unwrap();
        let rows = statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let mut schema = Schema::default();
    for [table, name, kind, may] in list(
        "SELECT t.name, c.name, c.type, iif(c.\"notnull\" = 0 OR c.dflt_value IS NOT NULL, 'yes', 'no')
         FROM pragma_table_list t JOIN pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
    ) {
        let column = Column { kind, may_be_left_out: may == "yes" };
        schema.tables.entry(table).or_default().insert(name, column);
    }
    let unique = list(
        "SELECT t.name, (SELECT group_concat(name) FROM pragma_index_info(i.name)), '', ''
         FROM pragma_table_list t JOIN pragma_index_list(t.name) i
         WHERE i.\"unique\" = 1 AND t.name NOT LIKE 'sqlite_%'",
    );
    schema.unique = unique.into_iter().map(|[table, columns, ..]| (table, columns)).collect();
    schema
}

fn of_postgres(postgres: &Postgres, database: &str) -> Schema {
    let list = |statement: &str| -> Vec<Vec<String>> {
        let rows = postgres.run(database, statement);
        rows.lines().map(|row| row.split('|').map(str::to_owned).collect()).collect()
    };
    let mut schema = Schema::default();
    for row in list(
        "SELECT table_name, column_name, data_type, is_nullable = 'YES' OR column_default IS NOT NULL
         FROM information_schema.columns WHERE table_schema = 'public'",
    ) {
        let column = Column { kind: row[2].clone(), may_be_left_out: row[3] == "t" };
        schema.tables.entry(row[0].clone()).or_default().insert(row[1].clone(), column);
    }
    let unique = list(
        "SELECT i.indrelid::regclass, pg_get_indexdef(i.indexrelid, 0, true) FROM pg_index i
         JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE i.indisunique AND n.nspname = 'public' ORDER BY 2",
    );
    schema.unique = unique.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let functions = list(
        "SELECT p.proname || '(' || pg_get_function_arguments(p.oid) || ') ' || coalesce(pg_get_function_result(p.oid), '')
         FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' ORDER BY 1",
    );
    schema.functions = functions.into_iter().map(|row| row.join("|")).collect();
    schema
}

#[test]
fn migrations_of_sqlite_only_add() {
    let store = Connection::open_in_memory().unwrap();
    let mut before = Schema::default();
    for (file, text) in migrations("sqlite") {
        store.execute_batch(&text).unwrap();
        let after = of_sqlite(&store);
        assert_eq!(breaks(&before, &after), Vec::<String>::new(), "{file}");
        assert_ne!(after, Schema::default(), "{file}: the schema is read");
        before = after;
    }
}

#[test]
fn migrations_of_postgresql_only_add() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let mut before = Schema::default();
    for (file, text) in migrations("postgres") {
        postgres.run(&database.name, &text);
        let after = of_postgres(postgres, &database.name);
        assert_eq!(breaks(&before, &after), Vec::<String>::new(), "{file}");
        before = after;
    }
}

#[test]
fn what_takes_away_or_asks_for_more_is_found() {
    let store = Connection::open_in_memory().unwrap();
    let first = "CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT, born INTEGER NOT NULL);
                 CREATE TABLE pets (id TEXT);";
    store.execute_batch(first).unwrap();
    let before = of_sqlite(&store);
    for (migration, expected) in [
        ("DROP TABLE pets", &["the table pets is gone"][..]),
        ("ALTER TABLE pets RENAME TO animals", &["the table pets is gone"]),
        ("ALTER TABLE people DROP COLUMN name", &["people.name is gone"]),
        ("ALTER TABLE people RENAME COLUMN name TO called", &["people.name is gone"]),
        ("CREATE UNIQUE INDEX names ON people (name)", &["people may have each name once now"]),
        (
            "DROP TABLE people; CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT NOT NULL, born TEXT NOT NULL, kind TEXT NOT NULL)",
            &[
                "people.born was INTEGER, and is TEXT",
                "people.name must be given now",
                "people.kind is new, and must be given",
            ],
        ),
        ("ALTER TABLE people ADD COLUMN kind TEXT NOT NULL DEFAULT 'cat'", &[]),
        ("ALTER TABLE people ADD COLUMN kind TEXT", &[]),
        ("CREATE INDEX names ON people (name); CREATE TABLE more (id TEXT NOT NULL PRIMARY KEY)", &[]),
    ] {
        let changed = Connection::open_in_memory().unwrap();
        changed.execute_batch(first).unwrap();
        changed.execute_batch(migration).unwrap();
        assert_eq!(breaks(&before, &of_sqlite(&changed)), expected, "{migration}");
    }
}

/// As a node of another version does its work: with the columns that it knows, and none besides.
const OLD_STATEMENTS: &str = "
    INSERT INTO accounts (id, nickname, picture, created_at, updated_at) VALUES ('old', 'Old', NULL, 1, 1);
    INSERT INTO identities (appid, openid, unionid, account_id) VALUES ('wx1', 'old', NULL, 'old');
    INSERT INTO subjects (client_id, account_id, sub) VALUES ('shop', 'old', 'old-sub');
    INSERT INTO sessions (sid, secret_hash, account_id, client_id, auth_time, idle_until, expires_at)
        VALUES ('old', zeroblob(32), 'old', NULL, 1, 4000000000, 4000000000);
    INSERT INTO attempts (id, kind, state_hash, secret_hash, client_id, return_to, expires_at)
        VALUES ('old', 'hosted', zeroblob(32), zeroblob(32), 'shop', '/', 4000000000);
    INSERT INTO codes (code_hash, redeem_at, client_id, redirect_uri, scope, account_id, grant_id, auth_time, expires_at)
        VALUES (zeroblob(32), 'session', 'shop', 'web_message:x', 'openid', 'old', 'old', 1, 4000000000);
    UPDATE attempts SET taken_at = 1, outcome = 'done' WHERE id = 'old' AND taken_at IS NULL;
    UPDATE codes SET used_at = 1 WHERE code_hash = zeroblob(32) AND used_at IS NULL;
    UPDATE sessions SET idle_until = 4000000001 WHERE sid = 'old';
";

#[tokio::test]
async fn a_store_of_the_version_before_is_migrated_and_old_statements_go_on() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let all = migrations("sqlite");
    // The first version of all, and the one before this.
    for known in [1, all.len() - 1] {
        let data = TempDir::new().unwrap();
        let store = Connection::open(data.path().join("store.db")).unwrap();
        written_by_an_older_version(&store, &all[..known]);
        if known == 1 {
            store.execute_batch(OLD_STATEMENTS).unwrap();
        }
        let mut program = Program::start(&write_config(&weixin, &data, on_its_file));
        let mut visitor: Visitor = program.visitor();
        if known > 1 {
            store.execute_batch(OLD_STATEMENTS).unwrap();
        }
        let callback = allowed_by(&weixin, &visitor.start_hosted().await);
        assert_eq!(visitor.open(&callback).await.status, 303);
        assert_eq!(visitor.session().await.status, 200);
        let of_old = "SELECT sub FROM subjects JOIN sessions USING (account_id) WHERE sid = 'old'";
        let sub: String = store.query_row(of_old, [], |row| row.get(0)).unwrap();
        assert_eq!(sub, "old-sub", "what was there is there");
    }
}

/// What a newer program has done that has only added.
const LATER: &str = "
    ALTER TABLE accounts ADD COLUMN later text;
    CREATE TABLE later (id text PRIMARY KEY);
    INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999, 'later', true, '', 0);
";

/// An update is taken back, or a node of the old version falls over in the middle of one.
#[tokio::test]
async fn a_program_starts_over_what_a_newer_one_has_added_until_the_store_says_that_it_may_not() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    for postgres in [false, true] {
        let data = TempDir::new().unwrap();
        let database = postgres.then(|| Postgres::shared().database());
        let file = write_config(&weixin, &data, |config| match &database {
            Some(database) => on_postgres(&config, &database.url, data.path()),
            None => on_its_file(config),
        });
        let run = |statement: &str| match &database {
            Some(database) => drop(Postgres::shared().run(&database.name, statement)),
            None => Connection::open(data.path().join("store.db")).unwrap().execute_batch(statement).unwrap(),
        };
        let mut program = Program::start(&file);
        let mut visitor = program.visitor();
        let callback = allowed_by(&weixin, &visitor.start_hosted().await);
        assert_eq!(visitor.open(&callback).await.status, 303);
        program.stop();

        run(LATER);
        let mut program = Program::start(&file);
        program.logged("a newer program has brought the store to migration 999");
        visitor.address = program.addresses().expect("it starts").0;
        assert_eq!(visitor.session().await.status, 200);
        let mut another = Visitor::at(visitor.address);
        let callback = allowed_by(&weixin, &another.start_hosted().await);
        assert_eq!(another.open(&callback).await.status, 303);
        let listed = command(&["sessions", "list"], &file).output().unwrap();
        assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
        program.stop();

        run("UPDATE must_know SET version = 999");
        let (code, log) = Program::start(&file).ended();
        let why = "the store cannot be brought to this version: it has migration 999, which a newer program has made";
        assert!(code == Some(1) && log.contains(why), "{code:?} {log}");
        let listed = command(&["sessions", "list"], &file).output().unwrap();
        let said = String::from_utf8_lossy(&listed.stderr);
        assert!(said.contains("is of a newer version than this program"), "{said}");
    }
}

/// These migrations, and the table that says so.
fn written_by_an_older_version(store: &Connection, known: &[(String, String)]) {
    let table = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
        installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,
        checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";
    store.execute_batch(table).unwrap();
    for (file, text) in known {
        store.execute_batch(text).unwrap();
        let (version, description) = file.trim_end_matches(".sql").split_once('_').unwrap();
        let checksum = digest::digest(&digest::SHA384, text.as_bytes());
        let row = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (?1, ?2, TRUE, ?3, 0)";
        let version: i64 = version.parse().unwrap();
        store.execute(row, params![version, description.replace('_', " "), checksum.as_ref()]).unwrap();
    }
}
