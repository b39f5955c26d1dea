//! How fast the store is by itself, without HTTP: start, take and end of a login, by many tasks at once, in a temporary folder on
//! the disk of `TMPDIR`, for as many people as are to be there already.
//! `cargo run --example store_speed -- TASKS LOGINS PEOPLE`; under `strace -c -f -e trace=fsync,fdatasync` it tells the waits for the disk.

#![allow(clippy::print_stdout)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use protocol::ids::Product;
use weixin_login::secret::{SecretHash, random_word};
use weixin_login::store::attempts::{AttemptKind, Destination};
use weixin_login::store::logins::{FinishLogin, LogIn, NewSession, Person};
use weixin_login::store::{AttemptRow, IdentityRow, SqliteStore, Store, StoreError};

const NOW: i64 = 1_800_000_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), StoreError> {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse::<u64>().ok());
    let mut next = |or| numbers.next().unwrap_or(or);
    let (tasks, logins, people) = (next(32), next(3200), next(0));
    let folder = tempfile::tempdir().map_err(|error| StoreError::Row(error.into()))?;
    let file = folder.path().join("store.db");
    let store = Store::whole(Arc::new(SqliteStore::open(&file).await?));
    fill(&file, people)?;
    for number in 0..50 {
        log_in(&store, logins + number).await?;
    }
    let (before, since) = (cpu(), Instant::now());
    let next = Arc::new(AtomicU64::new(0));
    let work = (0..tasks).map(|_| {
        let (store, next) = (store.clone(), next.clone());
        tokio::spawn(async move {
            let mut times = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= logins {
                    return Ok::<_, StoreError>(times);
                }
                times.push(log_in(&store, number).await?);
            }
        })
    });
    let mut times = Vec::new();
    for done in work.collect::<Vec<_>>() {
        times.extend(done.await.expect("no panic")?);
    }
    let (took, used) = (since.elapsed(), cpu() - before);
    println!(
        "{tasks} tasks, {logins} logins of new people beside {people}: {:.0} per second, CPU {:.3} ms each",
        logins as f64 / took.as_secs_f64(),
        used.as_secs_f64() * 1000.0 / logins as f64,
    );
    for (number, verb) in ["start", "take", "end"].into_iter().enumerate() {
        let mut times: Vec<_> = times.iter().map(|times| times[number]).collect();
        times.sort();
        let at = |percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1000.0;
        println!("  {verb}: p50 {:.2} ms, p99 {:.2} ms", at(50), at(99));
    }
    Ok(())
}

/// Start, take and end of a new person's hosted login with a session at the service and one at the site; how long each took.
async fn log_in(store: &Store, number: u64) -> Result<[Duration; 3], StoreError> {
    let state_hash = SecretHash::of(&random_word());
    let attempt = AttemptRow {
        id: random_word(),
        kind: AttemptKind::Hosted(Destination::ReturnTo("https://shop.example.com/".into())),
        product: Product::Website,
        state_hash,
        secret_hash: SecretHash::of(&random_word()),
        client_id: "shop".into(),
        lang: Some("zh-CN".into()),
        expires_at: NOW + 600,
        taken_at: None,
        end: None,
    };
    let started = Instant::now();
    store.fleeting.insert_attempt(&attempt, None).await?;
    let taken = Instant::now();
    let attempt = store.fleeting.attempt_by_state(&state_hash).await?.expect("it was kept");
    assert!(store.fleeting.take_attempt(&attempt.id, NOW).await?);
    let ended = Instant::now();
    let session = || NewSession {
        sid: random_word(),
        secret_hash: SecretHash::of(&random_word()),
        before: None,
        browser: None,
        device: "Firefox, Linux".into(),
        auth_time: NOW,
        idle_until: NOW + 86_400,
        expires_at: NOW + 864_000,
    };
    let identity = IdentityRow {
        appid: "wx0123456789abcdef".into(),
        openid: format!("o-{number}"),
        unionid: Some(random_word()),
        nickname: "A person".into(),
        picture: None,
    };
    let login = LogIn {
        person: Person::Identity(identity),
        join: None,
        client_id: "shop".into(),
        expected_sub: None,
        sso: Some(session()),
        site: Some(session()),
        tell: Vec::new(),
    };
    let finish = FinishLogin { attempt_id: attempt.id, log_in: login, code: None };
    store.finish_login(finish, NOW).await?.expect("the account is there");
    Ok([taken - started, ended - taken, ended.elapsed()])
}

/// People who were here before.
fn fill(file: &Path, people: u64) -> Result<(), StoreError> {
    let store = rusqlite::Connection::open(file)?;
    store.execute_batch(&format!(
        "BEGIN;
         CREATE TEMP TABLE people AS WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < {people})
             SELECT n, hex(randomblob(21)) AS id FROM more WHERE n <= {people};
         INSERT INTO accounts SELECT id, 'A person', NULL, {NOW}, {NOW} FROM people ORDER BY id;
         INSERT INTO identities SELECT 'wx0123456789abcdef', 'o' || id, 'u' || id, id FROM people ORDER BY id;
         INSERT INTO subjects SELECT 'shop', id, hex(randomblob(21)) FROM people ORDER BY id;
         INSERT INTO sessions (sid, secret_hash, account_id, auth_time, idle_until, expires_at)
             SELECT hex(randomblob(21)), randomblob(32), id, {NOW} - n, {NOW} + n, {NOW} + n + 86400 FROM people ORDER BY id;
         COMMIT;
         PRAGMA wal_checkpoint(TRUNCATE);"
    ))?;
    Ok(())
}

/// What this process has used of the processors.
fn cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let used = tasks.filter_map(|task| {
        let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(used.sum())
}
