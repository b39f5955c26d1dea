//! What is measured, and in which order. Everything that is compared is measured in turns, within the same minutes: whatever else the
//! machine does meanwhile is done to all.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::load::{self, Run, Until, percentile};
use crate::process::{self, Program};
use crate::report::Report;
use crate::scenario::{Browser, Scenario};
use crate::scenarios::{
    ABANDONED, EMBEDDED, HOSTED, LISTEN, OIDC, OIDC_PROVIDER as PROVIDERS_OIDC, REFRESH, SCAN, SCENE,
    START_SCENE,
};
use crate::subjects::{
    Data, EXPRESS, House, OIDC_PROVIDER, OVER_POSTGRES, OVER_POSTGRES_WITH_REDIS, SERVICE, Subject,
    WITH_REDIS,
};

/// What is measured together, and stands together in the document.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Part {
    /// Each way to log in, over SQLite, and the peers
    Logins,
    /// Two of them over each store
    Stores,
    /// Size, start and memory of a service that does nothing
    Rest,
    /// Many computers that listen
    Streams,
    /// Many attempts that nobody answers
    Pending,
}

/// How much is measured.
#[derive(clap::Args)]
pub struct Extent {
    /// How often each is measured; the middle one is told
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How often each is measured at half of that load
    #[arg(long, default_value_t = 3)]
    half_rounds: usize,
    /// How many seconds each time
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// How many attempts are left pending
    #[arg(long, default_value_t = 1_000_000)]
    pending: u64,
    /// How many event streams are open
    #[arg(long, default_value_t = 10_000)]
    streams: usize,
}

/// Who is compared, by the name that `--only` has for it: the service goes first.
type Contest = (&'static str, &'static [(Subject, Scenario)]);
const LOGINS: &[Contest] = &[
    ("hosted", &[(SERVICE, HOSTED), (EXPRESS, HOSTED)]),
    ("oidc", &[(SERVICE, OIDC), (OIDC_PROVIDER, PROVIDERS_OIDC)]),
    ("embedded", &[(SERVICE, EMBEDDED)]),
    ("refresh", &[(SERVICE, REFRESH)]),
    ("scene", &[(SERVICE, SCENE)]),
];
const STORES: &[Contest] = &[("hosted", &over_every_store(HOSTED)), ("oidc", &over_every_store(OIDC))];
const fn over_every_store(scenario: Scenario) -> [(Subject, Scenario); 4] {
    [
        (SERVICE, scenario),
        (WITH_REDIS, scenario),
        (OVER_POSTGRES, scenario),
        (OVER_POSTGRES_WITH_REDIS, scenario),
    ]
}
/// After so long nobody waits for the end of a sweep.
const LONGEST_SWEEP: Duration = Duration::from_secs(100);
/// Before anything is measured: connections, caches, the compiler of a peer.
const WARM: Duration = Duration::from_secs(3);

impl Part {
    /// Measures it; of contests those with this in their name.
    pub async fn measure(self, house: &House, extent: &Extent, only: &str) -> Result<Report> {
        let mut report = Report::default();
        report.heading(&match self {
            Self::Logins => "Logins".into(),
            Self::Stores => "Logins over each store".into(),
            Self::Rest => "At rest".into(),
            Self::Streams => format!("{} open event streams", thousands(extent.streams as f64)),
            Self::Pending => format!("{} pending attempts", thousands(extent.pending as f64)),
        });
        let before = load_average()?;
        match self {
            Self::Logins => logins(house, extent, &mut report, LOGINS, only).await?,
            Self::Stores => {
                logins(house, extent, &mut report, STORES, only).await?;
                report.paragraph("The fsyncs of PostgreSQL are its own, and not counted here.");
            }
            Self::Rest => rest(house, &mut report).await?,
            Self::Streams => streams(house, extent, &mut report).await?,
            Self::Pending => pending(house, extent, &mut report).await?,
        }
        report.paragraph(&format!(
            "{} Load average before: {before}; at the end: {}.",
            machine(house)?,
            load_average()?
        ));
        Ok(report)
    }
}

/// One subject of a contest, and what its rounds have given.
struct Entrant {
    subject: Subject,
    scenario: Scenario,
    program: Program,
    rounds: Vec<Round>,
    /// At half of the load.
    halves: Vec<Round>,
    data: Data,
}

impl Entrant {
    fn middle(&self, pick: impl Fn(&Round) -> f64) -> f64 {
        middle(self.rounds.iter().map(pick))
    }
}

struct Round {
    per_second: f64,
    p50: f64,
    p99: f64,
    /// Milliseconds of a login.
    cpu: f64,
    /// The same, of the servers that it keeps things in.
    servers: f64,
    /// The same, of what is around it: the load, and WeChat's answers.
    around: f64,
    /// How often one asks the disk to keep what was written.
    syncs: f64,
}

async fn logins(
    house: &House,
    extent: &Extent,
    report: &mut Report,
    contests: &[Contest],
    only: &str,
) -> Result<()> {
    let length = Until::Over(Duration::from_secs(extent.seconds));
    let mut rows = Vec::new();
    for (_, contest) in contests.iter().filter(|(name, _)| name.contains(only)) {
        let mut entrants = Vec::new();
        for (subject, scenario) in *contest {
            let data = house.data(*subject)?;
            let program = house.start(*subject, &data)?;
            load::full(program.address, *scenario, Until::Over(WARM)).await.context(subject.name())?;
            let (subject, scenario) = (*subject, *scenario);
            let (rounds, halves) = (Vec::new(), Vec::new());
            entrants.push(Entrant { subject, scenario, program, rounds, halves, data });
        }
        for _ in 0..extent.rounds {
            for entrant in &mut entrants {
                let round = round(house, entrant, length, None).await?;
                entrant.rounds.push(round);
            }
        }
        for _ in 0..extent.half_rounds {
            for entrant in &mut entrants {
                let half = entrant.middle(|round| round.per_second) / 2.0;
                let round = round(house, entrant, length, Some(half)).await?;
                entrant.halves.push(round);
            }
        }
        let first = entrants[0].middle(|round| round.per_second);
        for entrant in entrants {
            let per_second = entrant.middle(|round| round.per_second);
            let at_half = |pick: fn(&Round) -> f64| middle(entrant.halves.iter().map(pick));
            let (half_p50, half_p99) = (at_half(|round| round.p50), at_half(|round| round.p99));
            let of = |pick: fn(&Round) -> f64| entrant.middle(pick);
            let Entrant { subject, scenario, rounds, .. } = &entrant;
            let range = rounds.iter().map(|round| round.per_second);
            let (least, most) = (range.clone().fold(f64::MAX, f64::min), range.fold(0.0, f64::max));
            rows.push(vec![
                scenario.name.into(),
                subject.name().into(),
                format!("**{per_second:.0}** ({least:.0}–{most:.0})"),
                format!("{:.1}", first / per_second),
                format!("{:.1}", of(|round| round.p50)),
                format!("{:.1}", of(|round| round.p99)),
                format!("{half_p50:.1}"),
                format!("{half_p99:.1}"),
                format!("{:.2}", of(|round| round.cpu)),
                format!("{:.2}", of(|round| round.servers)),
                format!("{:.2}", of(|round| round.around)),
                format!("{:.2}", of(|round| round.syncs)),
            ]);
            crate::say(&rows.last().map(|row| row.join(" | ")).unwrap_or_default());
        }
    }
    report.table(
        &[
            "login",
            "who",
            "per second (all rounds)",
            "ours ÷ theirs",
            "p50 ms",
            "p99 ms",
            "at half the load p50",
            "p99",
            "CPU ms",
            "CPU ms of its servers",
            "CPU ms around it",
            "fsyncs",
        ],
        &rows,
    );
    Ok(())
}

async fn round(house: &House, entrant: &Entrant, until: Until, pace: Option<f64>) -> Result<Round> {
    let Entrant { scenario, program, data, .. } = entrant;
    let syncs = program.count_syncs(data.path())?;
    // Until it counts.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let around = || anyhow::Ok(house.weixin.cpu()? + process::cpu(std::process::id())?);
    let (cpu, servers, others) = (program.cpu()?, data.cpu()?, around()?);
    let mut run = match pace {
        None => load::full(program.address, *scenario, until).await?,
        Some(per_second) => load::paced(program.address, *scenario, until, per_second).await?,
    };
    let logins = run.logins.len() as f64;
    let (cpu, servers) = ((program.cpu()? - cpu) / logins, (data.cpu()? - servers) / logins);
    let around = (around()? - others) / logins;
    let syncs = syncs.end()? / logins;
    Ok(Round {
        around,
        per_second: run.per_second(),
        p50: run.percentile(50.0),
        p99: run.percentile(99.0),
        cpu,
        servers,
        syncs,
    })
}

/// Size, start, and memory of a service that does nothing.
async fn rest(house: &House, report: &mut Report) -> Result<()> {
    let data = house.data(SERVICE)?;
    let first = house.start(SERVICE, &data)?;
    let first_start = first.started_within;
    first.stop()?;
    let mut starts = Vec::new();
    let mut idle = Vec::new();
    for _ in 0..9 {
        let program = house.start(SERVICE, &data)?;
        starts.push(program.started_within);
        tokio::time::sleep(Duration::from_secs(1)).await;
        idle.push(program.memory()?);
        program.stop()?;
    }
    report.table(
        &["what", "how much"],
        &[
            vec!["program".into(), megabytes(std::fs::metadata(&house.program)?.len() as f64)],
            vec!["memory after the start".into(), megabytes(middle(idle))],
            vec!["start, until it listens".into(), format!("{:.0} ms", percentile(&mut starts, 50.0))],
            vec![
                "first start, which makes the file and its keys".into(),
                format!("{:.0} ms", first_start.as_secs_f64() * 1e3),
            ],
        ],
    );
    Ok(())
}

/// Many computers that show a QR code and listen; then a phone scans each.
async fn streams(house: &House, extent: &Extent, report: &mut Report) -> Result<()> {
    let data = house.data(SERVICE)?;
    let program = house.start(SERVICE, &data)?;
    load::full(program.address, SCENE, Until::Done(300)).await?;
    let mut browsers = Vec::new();
    let mut beginner = Browser::at(program.address);
    for number in 0..extent.streams {
        beginner.forget(number as u64);
        beginner.go(&[START_SCENE]).await?;
        browsers.push(Browser::knowing(program.address, beginner.words()));
    }
    let before = program.memory()?;
    for browser in &mut browsers {
        browser.go(&[LISTEN]).await?;
        browser.hear("waiting").await?;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (program.memory()? - before) / extent.streams as f64;
    let cpu = program.cpu()?;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let cpu = (program.cpu()? - cpu) / 30.0;
    // Each computer listens by itself, while phones scan one after another.
    let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
    let mut scans = Vec::new();
    for mut browser in browsers {
        let words = browser.words();
        let told = told.clone();
        tokio::spawn(async move {
            let heard = browser.hear("scanned").await.map(|()| Instant::now());
            let _ = told.send((browser.word("id").to_owned(), heard));
            browser
        });
        scans.push(words);
    }
    drop(told);
    let begun = Instant::now();
    let mut begins = std::collections::HashMap::new();
    let mut phone = Browser::at(program.address);
    for words in scans {
        phone.know(words);
        let now = Instant::now();
        phone.go(&[SCAN]).await?;
        begins.insert(phone.word("id").to_owned(), now);
    }
    let seconds = begun.elapsed().as_secs_f64();
    let mut waits = Vec::new();
    while let Some((id, heard)) = tells.recv().await {
        waits.push(heard?.saturating_duration_since(begins[&id]));
    }
    report.table(
        &["what", "how much"],
        &[
            vec!["memory for each".into(), format!("{:.1} kB", each / 1e3)],
            vec!["CPU while nothing happens".into(), format!("{:.1} % of a core", cpu / 10.0)],
            vec![
                "scans, one after another".into(),
                format!("{:.0} a second", extent.streams as f64 / seconds),
            ],
            vec![
                "from the phone's request until the computer hears".into(),
                format!(
                    "p50 {:.1} ms, p99 {:.1} ms, the last {:.1} ms",
                    percentile(&mut waits, 50.0),
                    percentile(&mut waits, 99.0),
                    percentile(&mut waits, 100.0)
                ),
            ],
        ],
    );
    Ok(())
}

/// Many attempts that nobody answers; then all of them expire at once.
async fn pending(house: &House, extent: &Extent, report: &mut Report) -> Result<()> {
    let length = Until::Over(Duration::from_secs(extent.seconds));
    let data = house.data(SERVICE)?;
    let program = house.start(SERVICE, &data)?;
    load::full(program.address, HOSTED, Until::Over(WARM)).await?;
    let mut rows = Vec::new();
    let mut pace = 0.0;
    let mut memory = program.memory()?;
    let mut last = 0;
    for pending in [1_000, extent.pending] {
        load::full(program.address, ABANDONED, Until::Done(pending - last)).await?;
        let grown = (program.memory()? - memory) / (pending - last) as f64;
        (memory, last) = (program.memory()?, pending);
        let fast = load::full(program.address, HOSTED, length).await?;
        if pace == 0.0 {
            pace = fast.per_second() / 2.0;
        }
        let cpu = program.cpu()?;
        let mut slow = load::paced(program.address, HOSTED, length, pace).await?;
        let cpu = (program.cpu()? - cpu) / slow.logins.len() as f64;
        let mut row = vec![thousands(pending as f64), format!("{:.0}", fast.per_second())];
        row.extend(details(&mut slow));
        row.extend([format!("{cpu:.2}"), format!("{grown:.0} B")]);
        rows.push(row);
    }
    report.table(
        &[
            "pending",
            "hosted logins a second",
            "at the same load: start p50 ms",
            "callback p50 ms",
            "login p50 ms",
            "login p99 ms",
            "CPU ms",
            "memory for each",
        ],
        &rows,
    );
    program.stop()?;
    house.age(&data, "expire")?;
    // A service that starts sweeps at once.
    let program = house.start(SERVICE, &data)?;
    let begun = Instant::now();
    let mut slow = load::paced(program.address, HOSTED, length, pace).await?;
    let mut left = house.age(&data, "count")?;
    report.paragraph(&format!(
        "All of them expired at once, and a service that clears them away from its first second on: p50 {:.1} ms, p99 {:.1} ms at the same load; \
         after {:.0} s this was left: {left}.",
        slow.percentile(50.0),
        slow.percentile(99.0),
        begun.elapsed().as_secs_f64(),
    ));
    while !left.contains(":0}") && begun.elapsed() < LONGEST_SWEEP {
        tokio::time::sleep(Duration::from_secs(1)).await;
        left = house.age(&data, "count")?;
    }
    report.paragraph(&format!("After {:.0} s, without logins since: {left}.", begun.elapsed().as_secs_f64()));
    Ok(())
}

fn details(run: &mut Run) -> Vec<String> {
    let mut figures = vec![percentile(&mut run.steps[0], 50.0), percentile(&mut run.steps[1], 50.0)];
    figures.extend([run.percentile(50.0), run.percentile(99.0)]);
    figures.into_iter().map(|figure| format!("{figure:.2}")).collect()
}

/// The middle one.
fn middle(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

fn thousands(number: f64) -> String {
    match number {
        number if number >= 1e6 => format!(
            "{:.0},{:03.0},{:03.0}",
            (number / 1e6).floor(),
            (number / 1e3 % 1e3).floor(),
            number % 1e3
        ),
        number if number >= 1e3 => format!("{:.0},{:03.0}", (number / 1e3).floor(), number % 1e3),
        number => format!("{number:.0}"),
    }
}

fn load_average() -> Result<String> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

/// On what it was measured.
fn machine(house: &House) -> Result<String> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches(['\t', ' ', ':']);
    let node = Command::new("node").arg("--version").output()?.stdout;
    let mut file = tempfile::tempfile_in(&house.folder)?;
    let (begun, mut syncs) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(1) {
        std::io::Write::write_all(&mut file, &[0; 4096])?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(format!(
        "{} cores of {model}; the disk keeps {} pieces of 4 kB a second, one after another; Node.js {}.",
        std::thread::available_parallelism()?,
        thousands(f64::from(syncs)),
        String::from_utf8_lossy(&node).trim(),
    ))
}
