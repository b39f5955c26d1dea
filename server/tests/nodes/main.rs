//! Services whose people log in while something happens to them, over and over: a node is killed, the database, the cache, WeChat does
//! not answer. What was acknowledged is there afterwards, everywhere, and once; what has ended does not come back.
//!
//! `CHAOS_ROUNDS` says how often something happens; `cargo xtask chaos` sets it. `SEED` repeats a run's choices.

#![allow(clippy::unwrap_used, missing_docs)]
#![allow(clippy::print_stdout, reason = "a run says what repeats it, and what it has seen")]

mod cluster;
mod history;
mod people;
mod trouble;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use tokio::sync::watch;
use weixin_emulator::{DEFAULT_APPID, DEFAULT_SERVICE_ACCOUNT_APPID, Emulator, Person};

use crate::cluster::Cluster;
use crate::history::{Event, Kept, faults};
use crate::people::{LoggedIn, World};
use crate::trouble::Trouble;

/// So many log in at once.
const AT_ONCE: usize = 16;
/// Every person logs in some times, now and then twice at once.
const LOGINS_OF_A_PERSON: usize = 3;

/// How long people go on: until so many logins have ended, and something has happened so often, each time that so many more have.
#[derive(Debug, Clone, Copy)]
struct Scale {
    logins: usize,
    rounds: usize,
    every: usize,
}

impl Scale {
    /// As many logins in a test of everything as are given, in a plain one fewer.
    fn new(logins: usize, all: usize) -> Self {
        match std::env::var("CHAOS_ROUNDS") {
            Ok(rounds) => Self { logins, rounds: rounds.parse().unwrap(), every: 25 },
            Err(_) if std::env::var_os("WEIXIN_LOGIN_FULL_TESTS").is_some() => {
                Self { logins: all, rounds: 20, every: 100 }
            }
            Err(_) => Self { logins, rounds: 20, every: logins / 20 },
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_are_killed_lose_no_login_and_double_nobody() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    // What is killed are nodes: the database under them goes on.
    let cluster = Cluster::start(&weixin, true);
    try_it("three nodes, killed", weixin, cluster, Scale::new(500, 10_000), &[Trouble::KillNode]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_over_its_sqlite_file_loses_no_login_and_doubles_nobody() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let cluster = Cluster::start_alone(&weixin);
    try_it("one node on SQLite, killed", weixin, cluster, Scale::new(400, 2_000), &[Trouble::KillNode]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_database_cache_nodes_and_weixin_no_login_is_lost_and_nobody_doubled() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let cluster = Cluster::start(&weixin, false);
    try_it("three nodes, everything", weixin, cluster, Scale::new(400, 2_000), Trouble::ALL).await;
}

/// People log in while these troubles come, one after the other, and everything is looked at afterwards.
async fn try_it(name: &str, weixin: Emulator, cluster: Cluster, scale: Scale, troubles: &'static [Trouble]) {
    let seed: u64 = match std::env::var("SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => rand::random(),
    };
    println!("SEED={seed}");
    let people = scale.logins / LOGINS_OF_A_PERSON;
    let cache_forgets = troubles.contains(&Trouble::KillRedis);
    let nodes = cluster.addresses().len();
    let world = Arc::new(World::new(weixin, cluster.addresses(), cache_forgets));
    let (progress, progressed) = watch::channel(0_usize);
    let enough = Arc::new(AtomicBool::new(false));

    let started = Instant::now();
    let everybody = async {
        let mut logged_in = Vec::<LoggedIn>::new();
        let goes_on = |login: &usize| {
            let goes_on = *login < scale.logins || !enough.load(Ordering::Relaxed);
            std::future::ready(goes_on)
        };
        let mut ends = stream::iter(0..)
            .take_while(goes_on)
            .map(|login| world.log_in(login, login % people, seed))
            .buffer_unordered(AT_ONCE);
        let mut logins = 0;
        while let Some(ended) = ends.next().await {
            logins += 1;
            logged_in.extend(ended);
            for mut old in logged_in.extract_if(.., |logged_in| logged_in.grows_old()) {
                world.look_again(&mut old).await;
            }
            progress.send_modify(|ended| *ended += 1);
        }
        drop(progress);
        (logins, logged_in)
    };
    let rounds = Rounds { world: world.clone(), troubles, scale, seed, enough: enough.clone() };
    let rounds = tokio::task::spawn_blocking(move || rounds.happen(cluster, progressed));
    let (logins, mut logged_in) = everybody.await;
    let (cluster, happened) = rounds.await.unwrap();
    let took = started.elapsed().as_secs();

    // All is well now.
    world.weixin.clear_faults();
    let looks = stream::iter(&mut logged_in).map(|logged_in| world.look_again(logged_in));
    looks.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    let history = world.history.lock().unwrap().clone();
    let again = history.iter().filter(|event| matches!(event, Event::StartedAgain { .. })).count();
    let ended = history.iter().filter(|event| matches!(event, Event::Ended { .. })).count();
    let found = faults(&history, &kept(&cluster, people), logins, nodes);
    println!(
        "| {name} | {happened} | {logins} | {people} | {again} | {ended} | {took} s | {} |",
        found.len()
    );
    assert!(
        found.is_empty(),
        "SEED={seed}: {} faults: {:#?}\n{:#?}",
        found.len(),
        &found[..found.len().min(20)],
        cluster.complaints().iter().rev().take(20).collect::<Vec<_>>()
    );
    assert!(happened >= scale.rounds, "{happened} rounds prove little");
}

/// What lets troubles come.
struct Rounds {
    world: Arc<World>,
    troubles: &'static [Trouble],
    scale: Scale,
    seed: u64,
    enough: Arc<AtomicBool>,
}

impl Rounds {
    /// One each time that so many more logins have ended, until nobody logs in any more; gives how many.
    fn happen(self, mut cluster: Cluster, mut progressed: watch::Receiver<usize>) -> (Cluster, usize) {
        let mut chance = SmallRng::seed_from_u64(!self.seed);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut happened = 0;
        loop {
            let ended = *progressed.borrow();
            let next = ended + self.scale.every;
            if runtime.block_on(progressed.wait_for(|ended| *ended >= next)).is_err() {
                return (cluster, happened);
            }
            let trouble = self.troubles[happened % self.troubles.len()];
            trouble.happen(&mut cluster, &self.world, &mut chance);
            happened += 1;
            if happened >= self.scale.rounds {
                self.enough.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// What the store holds.
fn kept(cluster: &Cluster, people: usize) -> Kept {
    let openids: BTreeMap<String, usize> = (0..people)
        .flat_map(|person| {
            let known = Person::new(format!("person-{person}"), "");
            [DEFAULT_APPID, DEFAULT_SERVICE_ACCOUNT_APPID].map(|appid| (known.openid(appid), person))
        })
        .collect();
    let identities = cluster.rows("SELECT openid, account_id FROM identities");
    let subjects = cluster.rows("SELECT client_id, account_id, sub FROM subjects");
    let leaves =
        cluster.rows("SELECT grant_id, count(*) FROM refresh_tokens WHERE used_at IS NULL GROUP BY grant_id");
    Kept {
        accounts: cluster.rows("SELECT id FROM accounts").into_iter().map(|row| row[0].clone()).collect(),
        identities: identities.into_iter().map(|row| (openids[&row[0]], row[1].clone())).collect(),
        subjects: subjects.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect(),
        leaves: leaves.into_iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect(),
    }
}
