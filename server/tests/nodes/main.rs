//! Several nodes of one service, whose every login is dealt to all of them while one after the other is killed: what was acknowledged
//! is there afterwards, everywhere, and once.

#![allow(clippy::unwrap_used, missing_docs)]

mod cluster;
mod history;
mod people;

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;
use weixin_emulator::{DEFAULT_APPID, DEFAULT_SERVICE_ACCOUNT_APPID, Emulator, Person};

use crate::cluster::{Cluster, NODES};
use crate::history::{Event, Kept, faults};
use crate::people::World;

/// So many log in at once.
const AT_ONCE: usize = 16;
/// Every person logs in some times, now and then twice at once.
const LOGINS_OF_A_PERSON: usize = 3;

/// How many logins, and after how many of them a node is killed.
fn scale() -> (usize, usize) {
    if std::env::var_os("WEIXIN_LOGIN_FULL_TESTS").is_some() { (10_000, 100) } else { (500, 25) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_are_killed_lose_no_login_and_double_nobody() {
    let (logins, kill_after) = scale();
    let seed: u64 = match std::env::var("SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => rand::random(),
    };
    println!("SEED={seed}");
    let people = logins / LOGINS_OF_A_PERSON;
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let cluster = Cluster::start(&weixin);
    let world = World::new(weixin, cluster.addresses());
    let (progress, progressed) = watch::channel(0_usize);

    let started = Instant::now();
    let everybody = async {
        let mut logged_in = Vec::new();
        let mut ends = stream::iter(0..logins)
            .map(|login| world.log_in(login, login % people, seed))
            .buffer_unordered(AT_ONCE);
        while let Some(ended) = ends.next().await {
            logged_in.extend(ended);
            progress.send_modify(|ended| *ended += 1);
        }
        drop(progress);
        logged_in
    };
    let killer =
        tokio::task::spawn_blocking(move || kill_one_after_the_other(cluster, progressed, kill_after, seed));
    let mut logged_in = everybody.await;
    let (cluster, kills) = killer.await.unwrap();
    let took = started.elapsed();

    // All nodes run now.
    let looks = stream::iter(&mut logged_in).map(|logged_in| world.look_again(logged_in));
    looks.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    let history = world.history.lock().unwrap().clone();
    let again = history.iter().filter(|event| matches!(event, Event::StartedAgain { .. })).count();
    println!("{logins} logins of {people} people in {took:?}, {kills} kills, {again} started again");
    let found = faults(&history, &kept(&cluster, people), logins, NODES);
    assert!(
        found.is_empty(),
        "SEED={seed}: {} faults: {:#?}\n{:#?}",
        found.len(),
        &found[..found.len().min(20)],
        cluster.complaints().iter().rev().take(20).collect::<Vec<_>>()
    );
    assert!(kills >= logins / kill_after / 2, "{kills} kills prove little");
}

/// Kills a node each time that so many more logins have ended, and starts it again, until nobody logs in any more.
fn kill_one_after_the_other(
    mut cluster: Cluster,
    mut progressed: watch::Receiver<usize>,
    kill_after: usize,
    seed: u64,
) -> (Cluster, usize) {
    let mut chance = SmallRng::seed_from_u64(!seed);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut kills = 0;
    loop {
        let ended = *progressed.borrow();
        let next = ended + kill_after;
        if runtime.block_on(progressed.wait_for(|ended| *ended >= next)).is_err() {
            return (cluster, kills);
        }
        cluster.kill_and_start_again(chance.random_range(0..NODES));
        kills += 1;
    }
}

/// What PostgreSQL holds.
fn kept(cluster: &Cluster, people: usize) -> Kept {
    let rows = |statement: &str| -> Vec<Vec<String>> {
        let rows = cluster.postgres.run(&cluster.database.name, statement);
        let words = |row: &str| row.split('|').map(str::to_owned).collect();
        rows.lines().map(words).collect()
    };
    let openids: BTreeMap<String, usize> = (0..people)
        .flat_map(|person| {
            let known = Person::new(format!("person-{person}"), "");
            [DEFAULT_APPID, DEFAULT_SERVICE_ACCOUNT_APPID].map(|appid| (known.openid(appid), person))
        })
        .collect();
    let identities = rows("SELECT openid, account_id FROM identities");
    let subjects = rows("SELECT client_id, account_id, sub FROM subjects");
    Kept {
        accounts: rows("SELECT id FROM accounts").into_iter().map(|row| row[0].clone()).collect(),
        identities: identities.into_iter().map(|row| (openids[&row[0]], row[1].clone())).collect(),
        subjects: subjects.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect(),
    }
}
