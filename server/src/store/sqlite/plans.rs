//! How SQLite goes about every statement of the store: none looks at every row of a table that grows.

#![allow(clippy::unwrap_used)]

use rusqlite::Connection;

use super::file::{Access, StoreFile};
use super::statement::Statement;
use super::{
    PATIENCE, accounts, attempts, audit, bindings, contacts, deletions, grants, identity, import, keys,
    logins, logouts, migrations, people, scenes, terms, webhooks,
};

/// A handful of rows, whatever happens; `later` is the same table once more, `apps` are those that people came by, `told` are the
/// clients of one session, and `first` what each client is to hear first of one account.
const SMALL: &[&str] = &["signing_keys", "later", "apps", "told", "first", "webhook_clients"];
/// An operator's commands about everybody, in processes of their own: one compares all accounts, the other goes by the newest
/// logins until it has as many as it prints.
const ABOUT_EVERYBODY: &[Statement] = &[people::ACCOUNTS, people::DUPLICATES, people::LIVING_SESSIONS];

fn every_statement() -> impl Iterator<Item = Statement> {
    let rooms = [
        accounts::ALL,
        attempts::ALL,
        audit::ALL,
        bindings::ALL,
        contacts::ALL,
        deletions::ALL,
        grants::ALL,
        identity::ALL,
        import::ALL,
        keys::ALL,
        logins::ALL,
        logouts::ALL,
        people::ALL,
        scenes::ALL,
        terms::ALL,
        webhooks::ALL,
    ];
    rooms.into_iter().flatten().copied()
}

fn plan(connection: &Connection, statement: Statement) -> Vec<String> {
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.0)).unwrap();
    let steps = explained.raw_query().mapped(|row| row.get("detail")).collect::<Result<_, _>>();
    steps.unwrap()
}

#[test]
fn no_statement_looks_at_every_row_of_a_table_that_grows() {
    let folder = tempfile::tempdir().unwrap();
    let file = StoreFile::new(&folder.path().join("store.db"));
    file.make_for_the_owner_alone().unwrap();
    let mut connection = file.connect(Access::Write(PATIENCE)).unwrap();
    migrations::run(&mut connection).unwrap();
    let mut scans = Vec::new();
    for statement in every_statement() {
        let of_everybody =
            ABOUT_EVERYBODY.iter().chain(webhooks::ABOUT_EVERYBODY).any(|other| other.0 == statement.0);
        for step in plan(&connection, statement) {
            let scanned = step.strip_prefix("SCAN ").filter(|scanned| {
                !SMALL.iter().any(|table| scanned.starts_with(table)) && !scanned.starts_with("CONSTANT ROW")
            });
            if scanned.is_some() && !of_everybody {
                scans.push(format!("{step}: {}", statement.0));
            }
        }
    }
    assert!(scans.is_empty(), "{scans:#?}");
    assert!(every_statement().count() > 70);
}
