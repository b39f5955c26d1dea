//! Prometheus itself, Debian's, reads the service: `--full` alone has it. Its checker finds no fault, and every question of the dashboard
//! has an answer.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::interval;
use weixin_emulator::{Call, Fault};
use weixin_login_servers::free_port;

use crate::harness::{House, SHOP, VERIFIER, allowed, code_and_state};
use crate::metrics::metrics;

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy");
const PATIENCE: Duration = Duration::from_secs(120);

/// What stands in `deploy/` and what the service says hold before Prometheus's own checker; then people log in for a while, and every
/// query of the dashboard has a value.
#[tokio::test]
async fn prometheus_reads_the_service_and_the_dashboard_has_no_empty_panel() {
    if std::env::var_os("WEIXIN_LOGIN_FULL_TESTS").is_none() {
        return;
    }
    let house = House::with(|config| format!("{config}\n[limits]\nstarts_per_minute = 1000\n")).await;
    logins(&house).await;
    promtool(&["check", "metrics"], &metrics(&house).await);
    promtool(&["check", "config", &format!("{DEPLOY}/prometheus/prometheus.yml")], "");
    promtool(&["check", "rules", &format!("{DEPLOY}/prometheus/alerts.yml")], "");

    let prometheus = Prometheus::start(&house);
    let dashboard = std::fs::read_to_string(format!("{DEPLOY}/grafana/weixin-login.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let mut seen = String::new();
    let mut queries = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            let asked = query.replace("$instance", ".*").replace("$__rate_interval", "30s");
            let begun = Instant::now();
            // It reads once a second.
            let mut again = interval(Duration::from_millis(300));
            let value = loop {
                if let Some(value) = prometheus.value(&asked).await {
                    break value;
                }
                assert!(begun.elapsed() < PATIENCE, "{}: {query} has no value", panel["title"]);
                logins(&house).await;
                again.tick().await;
            };
            queries += 1;
            writeln!(seen, "{} | {query} | {value}", panel["title"].as_str().unwrap()).unwrap();
        }
    }
    assert!(queries > 15, "{queries}");
    println!("{seen}");
}

/// People log in by the page and in the site, one's code comes twice, WeChat fails once, and a page tells what is seen.
async fn logins(house: &House) {
    let mut visitor = house.visitor();
    let callback = allowed(house, &visitor.start_hosted().await);
    assert_eq!(visitor.open(&callback).await.status, 303);
    let mut visitor = house.visitor();
    let body = code_and_state(&allowed(house, &visitor.start_embedded().await));
    let code = visitor.post(SHOP, "/callback", &body).await.json()["code"].clone();
    let redeem = serde_json::json!({ "code": code, "code_verifier": VERIFIER });
    assert_eq!(visitor.post(SHOP, "/session", &redeem).await.status, 200);
    house.weixin.fault_times(Call::AccessToken, Fault::Errcode { errcode: -1 }, 1);
    let mut visitor = house.visitor();
    let callback = allowed(house, &visitor.start_hosted().await);
    assert_eq!(visitor.open(&callback).await.status, 503);
}

/// A Prometheus that reads this service every second; it goes with its test.
struct Prometheus {
    child: Child,
    address: String,
    _data: TempDir,
}

impl Prometheus {
    fn start(house: &House) -> Self {
        let data = TempDir::new().unwrap();
        let config = std::fs::read_to_string(format!("{DEPLOY}/prometheus/prometheus.yml")).unwrap();
        let config = config
            .replace("127.0.0.1:9090", &house.ops_address.to_string())
            .replace("scrape_interval: 15s", "scrape_interval: 1s")
            .replace("alerts.yml", &format!("{DEPLOY}/prometheus/alerts.yml"));
        let file = data.path().join("prometheus.yml");
        std::fs::write(&file, config).unwrap();
        let address = format!("127.0.0.1:{}", free_port().unwrap());
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", data.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--log.level=error"])
            .spawn()
            .expect("prometheus of Debian's package");
        Self { child, address, _data: data }
    }

    /// The first value that it knows for this, if there is one that is a number.
    async fn value(&self, query: &str) -> Option<String> {
        let http = reqwest::Client::new().get(format!("http://{}/api/v1/query", self.address));
        let answer: Value = http.query(&[("query", query)]).send().await.ok()?.json().await.ok()?;
        assert_ne!(answer["status"], "error", "{query}: {answer}");
        let values = answer["data"]["result"].as_array()?.iter().filter_map(|one| one["value"][1].as_str());
        values.filter(|value| *value != "NaN").map(str::to_owned).max_by(|one, other| {
            one.parse::<f64>().unwrap_or_default().total_cmp(&other.parse().unwrap_or_default())
        })
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn promtool(words: &[&str], input: &str) {
    let mut command = Command::new("promtool");
    let command = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("promtool of Debian's prometheus");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && (words[1] != "metrics" || said.is_empty()), "{words:?}: {said}");
}
