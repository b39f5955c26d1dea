//! What `cargo xtask bench` measures in a browser: how soon a person can log in by the element, against WeChat's own page in a bare
//! frame of the same browser. Prints medians; proves nothing, and fails for no time.
//!
//! Latency is made in two ways. The browser's own (CDP) delays each request and no connection: what it shows is the number of requests
//! that wait for one another. A [wire](wire::Wire) with a length delays connections too, as networks do.
#![allow(clippy::print_stdout, reason = "this is what the person asked to read")]

mod devtools;
mod wire;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use devtools::{Chromium, Visitor};
use tempfile::TempDir;
use weixin_emulator::DesktopMode;
use weixin_login_e2e::house::{House, HouseOptions};
use wire::Wire;

/// How often each page is opened, in turns, where the command line does not say.
const RUNS: usize = 20;
/// There and back, in ms.
const LATENCIES: [u64; 3] = [0, 50, 200];
/// What is asked on this computer is on no network.
const DESKTOP: &str = "localhost.weixin.qq.com:";

/// Tells when the QR code can be scanned, by WeChat's own message and where the element no longer covers it, and when a card can be
/// pressed, wherever it is.
const TELL_TIMES: &str = "
    if (window === top) {
        const tell = (name) => window.benchTell(`${name} ${performance.now()}`);
        const uncovered = () => {
            const frame = document.querySelector('weixin-login')?.shadowRoot?.querySelector('iframe');
            if (frame?.inert) setTimeout(uncovered, 1);
            else tell('qr');
        };
        addEventListener('message', ({ data }) => {
            if (String(data).includes('wxQRcodeReady')) uncovered();
            if (data === 'bench-card') tell('card');
        });
    }
    const look = () => {
        const panel = [...(document.querySelector('weixin-login')?.shadowRoot?.querySelectorAll('[data-press=continue]') ?? [])]
            .find((button) => button.checkVisibility());
        const own = document.querySelector('#fast-login');
        if (panel || own?.checkVisibility()) top.postMessage('bench-card', '*');
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";

/// Notes when the element begins what the browser's own list of requests does not have, and when it is done.
const NOTE_STEPS: &str = "
    window.benchSteps = {};
    if (window === top && isSecureContext) {
        const note = (name) => window.benchSteps[name] ??= performance.now();
        const noted = (owner, call, name) => {
            const original = owner[call].bind(owner);
            owner[call] = (...asked) => {
                note(`${name} asked`);
                const answer = original(...asked);
                answer.then(() => note(`${name} answered`), () => {});
                return answer;
            };
        };
        noted(navigator.permissions, 'query', 'permission');
        noted(crypto.subtle, 'digest', 'digest');
        const Module = WebAssembly.Module;
        WebAssembly.Module = function (bytes) {
            note('compiling');
            const module = new Module(bytes);
            note('compiled');
            return module;
        };
        WebAssembly.Module.prototype = Module.prototype;
    }";

/// What the element waited for, as the browser notes it, and as [`NOTE_STEPS`] does.
const STEPS: &str = "JSON.stringify(Object.assign(window.benchSteps, Object.fromEntries(performance.getEntriesByType('resource').flatMap((entry) => {
    const kinds = { 'weixin-login.js': 'script', '/weixin/login': 'login', 'check-login': 'desktop', '/qrconnect?': 'frame' };
    const kind = Object.keys(kinds).find((part) => entry.name.includes(part));
    return kind ? [[`${kinds[kind]} asked`, entry.startTime], [`${kinds[kind]} answered`, entry.responseEnd]] : [];
}))))";

const ELEMENT: &str = "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>Element</title>\
    <script type=module src=/weixin/widget/weixin-login.js></script><weixin-login client-id=shop></weixin-login>";

/// What is waited for, and how things stand on the person's computer.
struct Goal {
    words: &'static str,
    mark: &'static str,
    /// The person has allowed the page to ask this computer; else nobody has been asked.
    allowed: bool,
    desktop: DesktopMode,
}

const GOALS: [Goal; 3] = [
    Goal {
        words: "the QR code can be scanned; nobody was asked about this computer",
        mark: "qr",
        allowed: false,
        desktop: DesktopMode::Absent,
    },
    Goal {
        words: "the QR code can be scanned; this computer may be asked, and has no WeChat",
        mark: "qr",
        allowed: true,
        desktop: DesktopMode::Absent,
    },
    Goal {
        words: "the fast-login card can be pressed",
        mark: "card",
        allowed: true,
        desktop: DesktopMode::Normal,
    },
];

/// How latency is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Requests,
    Wires,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let runs = std::env::args().nth(1).and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    println!(
        "ms from the navigation, medians of {runs}; a first visit is somebody's who has never been here, a later one finds the"
    );
    println!(
        "files in its cache and no connection open. Ratio: the element to WeChat's page in a bare frame."
    );
    for goal in GOALS {
        let house = Bench::new(&goal).await;
        println!("\n== until {}", goal.words);
        for (way, words) in [
            (Way::Wires, "latency of the network: connections and requests"),
            (Way::Requests, "latency of each request, and none of connections (CDP)"),
        ] {
            println!("\n{words:<56} {:^26} {:^26}", "first visit", "later visit");
            println!(
                "{:<56} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
                "", "element", "bare", "ratio", "element", "bare", "ratio"
            );
            let mut rows = Vec::new();
            for latency in LATENCIES {
                let (row, steps) = house.measure(&goal, way, Duration::from_millis(latency), runs).await;
                println!("{:>56} {}", format!("{latency} ms"), row.print());
                if latency == 0 {
                    println!("{:>56} {}", "the element's steps at the first of these", print_steps(&steps));
                }
                rows.push(row);
            }
            println!("{:>56} {}", "journeys there and back, by the difference", journeys(&rows));
        }
    }
}

/// Medians.
struct Row {
    first: [f64; 2],
    later: [f64; 2],
}

impl Row {
    fn print(&self) -> String {
        let Self { first: [a, b], later: [c, d] } = self;
        format!("{a:>8.1} {b:>8.1} {:>8.2} {c:>8.1} {d:>8.1} {:>8.2}", a / b, c / d)
    }
}

/// How many latencies stand between the page and the goal: what is added by the longest of them, over that.
fn journeys(rows: &[Row]) -> String {
    let (Some(nearest), Some(farthest)) = (rows.first(), rows.last()) else { return String::new() };
    let span = (LATENCIES[LATENCIES.len() - 1] - LATENCIES[0]) as f64;
    let [a, b] = [0, 1].map(|which| (farthest.first[which] - nearest.first[which]) / span);
    let [c, d] = [0, 1].map(|which| (farthest.later[which] - nearest.later[which]) / span);
    format!("{a:>8.1} {b:>8.1} {:>8} {c:>8.1} {d:>8.1}", "")
}

fn print_steps(steps: &BTreeMap<String, Vec<f64>>) -> String {
    let mut steps: Vec<_> = steps.iter().map(|(name, times)| (median(times.clone()), name)).collect();
    steps.sort_by(|one, other| one.0.total_cmp(&other.0));
    steps.iter().map(|(time, name)| format!("{name} {time:.1}")).collect::<Vec<_>>().join(", ")
}

/// A house with two pages: the element, and WeChat's page in a bare frame.
struct Bench {
    house: House,
    _pages: TempDir,
}

impl Bench {
    async fn new(goal: &Goal) -> Self {
        let pages = TempDir::new().expect("a folder");
        std::fs::write(pages.path().join("index.html"), ELEMENT).expect("the page");
        let limits = ["starts_per_minute", "answers_per_minute", "client_starts_per_minute"];
        let more_config =
            limits.iter().fold("\n[limits]\n".to_owned(), |text, limit| format!("{text}{limit} = 1000000\n"));
        let www = Some(pages.path().to_owned());
        let house =
            House::build(HouseOptions { tls: true, www, more_config, ..HouseOptions::default() }).await;
        house.weixin.set_desktop(DesktopMode::Absent).await.expect("the desktop");

        // The widget's own frame, so that both load the very same page with the very same rights.
        let mut chromium = Chromium::start(&switches(&house, &house.browser_options().names));
        let mut visitor = visitor(&mut chromium, &house, goal);
        visitor.open(&house.page("/"), "qr");
        let frame = visitor.evaluate(
            "(({ src, allow }) => { const bare = document.createElement('iframe'); Object.assign(bare, { src, allow, width: 300, height: 400 }); \
             return bare.outerHTML; })(document.querySelector('weixin-login').shadowRoot.querySelector('iframe'))",
        );
        let bare = format!("<!doctype html><html lang=zh-CN><meta charset=utf-8><title>Bare</title>{frame}");
        std::fs::write(pages.path().join("bare.html"), bare).expect("the page");
        drop(visitor);
        house.weixin.set_desktop(goal.desktop).await.expect("the desktop");
        Self { house, _pages: pages }
    }

    /// Medians, and the steps of the element at its first visits.
    async fn measure(
        &self,
        goal: &Goal,
        way: Way,
        latency: Duration,
        runs: usize,
    ) -> (Row, BTreeMap<String, Vec<f64>>) {
        let mut names = self.house.browser_options().names;
        let mut wires = HashMap::new();
        if way == Way::Wires {
            for (_, address) in names.iter_mut().filter(|(name, _)| !name.starts_with(DESKTOP)) {
                if !wires.contains_key(address) {
                    wires.insert(*address, Wire::to(*address, latency).await);
                }
                *address = wires[address].address;
            }
        }
        let mut chromium = Chromium::start(&switches(&self.house, &names));
        let pages = [self.house.page("/"), self.house.page("/bare.html")];
        let [mut first, mut later] = [const { [Vec::new(), Vec::new()] }; 2];
        let mut steps: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        // The first of each is the browser's own warming up.
        for run in 0..=runs {
            for (which, page) in pages.iter().enumerate() {
                let cut = || wires.values().for_each(Wire::cut);
                let mut visitor = visitor(&mut chromium, &self.house, goal);
                if way == Way::Requests {
                    visitor.delay_requests(latency);
                }
                let at_first = visitor.open(page, goal.mark)[goal.mark];
                let noted = visitor.evaluate(STEPS);
                visitor.leave();
                cut();
                let at_last = visitor.open(page, goal.mark)[goal.mark];
                visitor.leave();
                drop(visitor);
                cut();
                if run == 0 {
                    continue;
                }
                first[which].push(at_first);
                later[which].push(at_last);
                if which == 0 {
                    let noted: HashMap<String, f64> = serde_json::from_str(&noted).unwrap_or_default();
                    noted.into_iter().for_each(|(name, time)| steps.entry(name).or_default().push(time));
                }
            }
        }
        (Row { first: first.map(median), later: later.map(median) }, steps)
    }
}

/// Somebody who has said what the goal wants.
fn visitor<'browser>(chromium: &'browser mut Chromium, house: &House, goal: &Goal) -> Visitor<'browser> {
    let mut visitor = chromium.visitor(&[NOTE_STEPS, TELL_TIMES].concat());
    if goal.allowed {
        visitor.allow("loopback-network", &house.origin);
    }
    visitor
}

fn switches(house: &House, names: &[(String, std::net::SocketAddr)]) -> Vec<String> {
    let rules: Vec<_> = names.iter().map(|(name, address)| format!("MAP {name} {address}")).collect();
    let own = [
        format!("--host-resolver-rules={}", rules.join(", ")),
        // Else the script above would not reach into WeChat's frame, which has a process of its own.
        "--disable-site-isolation-trials".into(),
        "--disable-features=IsolateOrigins,site-per-process".into(),
    ];
    house.browser_options().switches.into_iter().chain(own).collect()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    if times.len().is_multiple_of(2) { (times[middle - 1] + times[middle]) / 2.0 } else { times[middle] }
}
