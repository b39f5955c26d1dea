//! Services whose people log in while something happens to them, over and over: a node is killed, the database, the cache, WeChat does
//! not answer. What was acknowledged is there afterwards, everywhere, and once; what has ended does not come back.
//!
//! `CHAOS_ROUNDS` says how often something happens; `cargo xtask chaos` sets it. `SEED` repeats a run's choices.

#![allow(clippy::unwrap_used, missing_docs)]
#![allow(clippy::print_stdout, reason = "a run says what repeats it, and what it has seen")]

mod cluster;
mod flood;
mod history;
mod people;
mod trouble;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use tokio::sync::watch;
use weixin_emulator::{DEFAULT_APPID, DEFAULT_SERVICE_ACCOUNT_APPID, Emulator, Person};

use crate::cluster::Cluster;
use crate::flood::Flood;
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
async fn a_node_that_stands_still_has_a_slow_disk_and_is_killed_loses_no_login_and_doubles_nobody() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let cluster = Cluster::start_alone(&weixin);
    let scale = match Scale::new(90, 2_000) {
        // Twice each.
        scale if std::env::var_os("CHAOS_ROUNDS").is_none() => Scale { rounds: 6, every: 15, ..scale },
        scale => scale,
    };
    try_it("one node on SQLite, held and slow", weixin, cluster, scale, Trouble::OF_ONE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_database_cache_nodes_and_weixin_no_login_is_lost_and_nobody_doubled() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let cluster = Cluster::start(&weixin, false);
    try_it("three nodes, everything", weixin, cluster, Scale::new(400, 2_000), Trouble::ALL).await;
}

/// Begins of logins for one client, in the plain run: a small flood is over this limit too.
const FEW_STARTS: u64 = 600;
/// The same where nothing is set.
const STARTS: u64 = 12_000;
/// What the service has more of in a flood than before it, at most: docs/operations.md says so.
const MOST_MORE_MEMORY: u64 = 256 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_flood_people_log_in_and_memory_and_rows_stay_bounded() {
    let (flood, before, starts) = match std::env::var("CHAOS_ROUNDS") {
        Ok(rounds) => {
            let requests = rounds.parse::<u64>().unwrap() * 5_000;
            let flood = Flood { requests, addresses: 10_000, senders: 32, slow: 200, unread: 200 };
            (flood, 1_000, STARTS)
        }
        Err(_) if std::env::var_os("WEIXIN_LOGIN_FULL_TESTS").is_some() => {
            (Flood { requests: 100_000, addresses: 10_000, senders: 32, slow: 100, unread: 100 }, 200, STARTS)
        }
        Err(_) => {
            (Flood { requests: 6_000, addresses: 600, senders: 16, slow: 20, unread: 20 }, 20, FEW_STARTS)
        }
    };
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let limits = format!("client_starts_per_minute = {starts}");
    let cluster = Cluster::start_alone_with(&weixin, &limits);
    let at = cluster.addresses()[0];
    let world = Arc::new(World::new(weixin, cluster.addresses(), false));
    let next = Arc::new(AtomicUsize::new(0));
    let people = async |goes_on: Arc<dyn Fn(usize) -> bool + Send + Sync>| {
        let mut people = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (world, next, goes_on) = (world.clone(), next.clone(), goes_on.clone());
            people.spawn(async move {
                let mut took = Vec::new();
                loop {
                    let login = next.fetch_add(1, Ordering::Relaxed);
                    if !goes_on(login) {
                        return took;
                    }
                    took.push(world.log_in_by_session(login, login % 200).await);
                }
            });
        }
        let (again, mut took): (Vec<usize>, Vec<Duration>) =
            people.join_all().await.concat().into_iter().unzip();
        took.sort_unstable();
        (again.iter().sum::<usize>(), took)
    };
    let (_, calm) = people(Arc::new(move |login| login < before)).await;
    let memory_before = memory(cluster.pid(0), "VmRSS");
    let _unread = flood::unread_streams(at, flood.unread).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let begun = Instant::now();
    let flooding = async {
        let flooded = flood::flood(at, flood).await;
        is_over.store(true, Ordering::Relaxed);
        flooded
    };
    let still = is_over.clone();
    let goes_on = Arc::new(move |_| !still.load(Ordering::Relaxed));
    let (flooded, (again, in_flood)) = tokio::join!(flooding, people(goes_on));
    let memory_most = memory(cluster.pid(0), "VmHWM");
    cluster.wait_until_ready();
    let rows: u64 = cluster.rows("SELECT count(*) FROM attempts")[0][0].parse().unwrap();
    let refused = flooded.answers.get(&429).copied().unwrap_or_default();
    let begun_logins = flooded.answers.get(&201).copied().unwrap_or_default();
    let [calm_half, calm_most] = [50, 99].map(|percent| at_percent(&calm, percent));
    let [half, most] = [50, 99].map(|percent| at_percent(&in_flood, percent));
    println!(
        "| flood of {} from {} addresses | {} s | {begun_logins} | {refused} | {} ({again} begun anew) | {calm_half} / {half} | {calm_most} / {most} | {} / {} MB | {rows} | {} MB |",
        flood.requests,
        flood.addresses,
        flooded.took.as_secs(),
        in_flood.len(),
        memory_before >> 20,
        memory_most >> 20,
        cluster.bytes() >> 20,
    );
    let minutes = begun.elapsed().as_secs() / 60 + 1;
    let most_rows = starts * (minutes + 1) + next.load(Ordering::Relaxed) as u64 * 2;
    assert!(rows <= most_rows, "{rows} rows of {most_rows}");
    assert!(refused > 0 && flooded.answers.keys().all(|status| *status < 500), "{:?}", flooded.answers);
    assert!(!in_flood.is_empty(), "people log in");
    assert!(memory_most < memory_before + MOST_MORE_MEMORY, "{memory_before} became {memory_most} bytes");
}

/// Milliseconds, of times in order.
fn at_percent(times: &[Duration], percent: usize) -> f64 {
    let at = times.get(times.len() * percent / 100).or(times.last()).copied().unwrap_or_default();
    (at.as_secs_f64() * 10_000.0).round() / 10.0
}

/// Bytes, as the system has them of a process.
fn memory(pid: u32, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':')).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
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
