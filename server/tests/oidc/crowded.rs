//! A store that others write too: a login costs no more for it than the time that it waits. What has expired goes piece by piece.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use weixin_emulator::Person;
use weixin_login::app::Application;
use weixin_login::commands;

use crate::door::*;
use crate::named_store::on_its_file;

/// A connection of somebody else's to the store.
fn beside(file: PathBuf) -> Connection {
    let connection = Connection::open(file).expect("the store");
    connection.busy_timeout(Duration::from_secs(20)).expect("it waits");
    // It writes as often as it can: it does not wait for the disk.
    connection.pragma_update(None, "synchronous", "OFF").expect("it does not wait");
    connection
}

fn store(provider: &Provider) -> PathBuf {
    provider.folder.path().join("store.db")
}

/// What somebody else does to the store.
#[derive(Debug, Clone, Copy)]
enum Work {
    /// Small transactions.
    Rows,
    /// As who looks after a database has it done at night.
    Statement(&'static str),
}

/// Somebody who writes to the store all the time, on a thread of their own.
struct OtherWriter {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl OtherWriter {
    fn start(file: PathBuf, work: Work) -> OtherWriter {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let connection = beside(file);
            connection.execute_batch("CREATE TABLE beside (n INTEGER)").expect("made");
            let mut written = 0;
            while !stopped.load(Ordering::Relaxed) {
                match work {
                    Work::Rows => connection
                        .execute_batch("BEGIN IMMEDIATE; INSERT INTO beside VALUES (1); COMMIT")
                        .expect("written"),
                    // Who does not get its turn comes again.
                    Work::Statement(statement) => {
                        let _ = connection.execute_batch(statement);
                    }
                }
                written += 1;
            }
            written
        });
        OtherWriter { stop, thread }
    }

    /// Gives how often it has written.
    fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("it writes")
    }
}

/// Logs 40 people in, one after the other; gives each login's last answers: of the callback, and of `/token`.
async fn forty_logins(provider: &Provider) -> Vec<(u16, u16)> {
    let mut answers = Vec::new();
    for number in 0..40 {
        // Half of them are here for the first time.
        let person = format!("person-{}", number / 2);
        provider.emulator.set_person(Person::new(&person, &person));
        let authorized = provider.browser().authorize(SUITE, &[]).await;
        let token = match &authorized.location {
            Some(_) => provider.redeem(SUITE, authorized.code()).await.status,
            None => 0,
        };
        answers.push((authorized.status.as_u16(), token));
    }
    answers
}

/// Beside somebody who does this all the time.
async fn no_login_is_lost_beside(work: Work) {
    let provider = Provider::with(on_its_file).await;
    let other = OtherWriter::start(store(&provider), work);
    let answers = forty_logins(&provider).await;
    let written = other.stop();
    assert_eq!(answers, [(303, 200); 40], "{work:?}");
    assert!(written > 10, "the other one had {written} turns: {work:?}");
}

#[tokio::test]
async fn of_40_logins_beside_somebody_who_writes_all_the_time_none_is_lost() {
    no_login_is_lost_beside(Work::Rows).await;
}

#[tokio::test]
async fn of_40_logins_beside_somebody_who_tidies_the_store_all_the_time_none_is_lost() {
    for statement in ["PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM"] {
        no_login_is_lost_beside(Work::Statement(statement)).await;
    }
}

#[tokio::test]
async fn of_40_logins_beside_commands_about_accounts_none_is_lost() {
    let provider = Provider::with(on_its_file).await;
    let config = parse(&provider.config_text);
    let mut subs = Vec::new();
    for number in 0..16 {
        let person = format!("account-{number}");
        provider.emulator.set_person(Person::new(&person, &person));
        let answer = provider.log_in(SUITE, &[]).await;
        subs.push(provider.id_token(SUITE, &answer).await["sub"].as_str().expect("a sub").to_owned());
    }
    let into = &subs[0];
    let commands = async {
        for from in &subs[1..] {
            for _ in 0..4 {
                commands::show_account(&config, &provider.clock, from).await.expect("shown");
            }
            commands::merge_accounts(&config, &provider.clock, from, into, true).await.expect("merged");
            commands::list_sessions(&config, &provider.clock, None).await.expect("listed");
            commands::rotate_keys(&config, &provider.clock).await.expect("rotated");
        }
    };
    let (answers, ()) = tokio::join!(forty_logins(&provider), commands);
    assert_eq!(answers, [(303, 200); 40]);
    // Each of them has done its work.
    let text = commands::show_account(&config, &provider.clock, into).await.expect("shown");
    assert_eq!(text.lines().filter(|line| line.starts_with("weixin ")).count(), 16, "{text}");
}

/// Fewer than SQLite begins its log anew after.
const STARTS: usize = 100;

#[tokio::test]
async fn logins_that_begin_together_lie_together_however_many_wait() {
    let provider = Provider::with(on_its_file).await;
    let other = beside(store(&provider));
    let attempts = "WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 20000)
         INSERT INTO attempts (id, kind, state_hash, secret_hash, client_id, expires_at)
         SELECT hex(randomblob(21)), 'hosted', randomblob(32), randomblob(32), 'suite', ?1 FROM more";
    other.execute(attempts, [provider.clock.now() + 600]).expect("written");
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("the log begins anew");
    for _ in 0..STARTS {
        let page = provider.browser().get(&provider.authorize_url(SUITE, &[])).await;
        assert_eq!(page.status(), 200);
    }
    // The pages of the file that the log holds, each where SQLite's documentation of its format says.
    let log = std::fs::read(store(&provider).with_extension("db-wal")).expect("the log");
    let pages: BTreeSet<&[u8]> = log[32..].chunks_exact(24 + 4096).map(|frame| &frame[..4]).collect();
    // With names that are in no order, each start takes a page of its own in each of two indexes: some 150 pages in all.
    assert!((10..90).contains(&pages.len()), "{} pages for {STARTS} starts", pages.len());
}

#[actix_web::test]
async fn a_sweep_of_20_000_attempts_is_kept_piece_by_piece_and_the_next_one_leaves_none() {
    const STOPS_AT: i64 = 10_500;
    let provider = Provider::run_by(on_its_file, |_| None).await;
    let application = Application::build(parse(&provider.config_text), (*provider.clock).clone()).await;
    let upkeep = application.expect("a service").upkeep();
    let other = beside(store(&provider));
    let (now, long_ago) = (provider.clock.now(), 24 * 3600);
    let attempts = "WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 20000)
         INSERT INTO attempts (id, kind, state_hash, secret_hash, client_id, expires_at)
         SELECT n, 'hosted', randomblob(32), randomblob(32), 'suite', ?1 + n FROM more";
    other.execute(attempts, [now - long_ago]).expect("written");
    let left = || -> i64 {
        other.query_row("SELECT count(*) FROM attempts", [], |row| row.get(0)).expect("a number")
    };
    // One row in the midst of them refuses to go.
    let refusal = format!(
        "CREATE TRIGGER refusal BEFORE DELETE ON attempts WHEN OLD.id = '{STOPS_AT}'
         BEGIN SELECT RAISE(ABORT, 'refused'); END"
    );
    other.execute_batch(&refusal).expect("made");
    upkeep.sweep().await.expect_err("refused");
    // Those before it have gone, but for the 500 at most of its piece: whoever waited to write has had a turn after each piece.
    let (most, least) = (20_000 - (STOPS_AT - 500), 20_000 - (STOPS_AT - 1));
    assert!((least..=most).contains(&left()), "{} are left", left());
    other.execute_batch("DROP TRIGGER refusal").expect("dropped");
    upkeep.sweep().await.expect("swept");
    assert_eq!(left(), 0);
}
