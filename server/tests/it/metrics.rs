//! What Prometheus reads, and the number of a login that the log and a person's page have in common.

use reqwest::Method;
use tempfile::TempDir;
use weixin_emulator::{Call, Emulator, Fault};

use crate::harness::{
    Answer, House, SHOP, VERIFIER, Visitor, allowed, allowed_by, attempt_of, code_and_state,
};
use crate::program::{Program, write_config};

pub async fn metrics(house: &House) -> String {
    let answer = reqwest::get(format!("http://{}/metrics", house.ops_address)).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.unwrap()
}

/// The counts of this name that are not 0.
fn counts<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let mut lines: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|line| line.starts_with('{') && !line.ends_with(" 0"))
        .collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn logins_calls_and_codes_are_counted() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let callback = allowed(&house, &visitor.start_hosted().await);
    assert_eq!(visitor.open(&callback).await.status, 303);
    let mut visitor = house.visitor();
    let body = code_and_state(&allowed(&house, &visitor.start_embedded().await));
    let code = visitor.post(SHOP, "/callback", &body).await.json()["code"].clone();
    let redeem = serde_json::json!({ "code": code, "code_verifier": VERIFIER });
    assert_eq!(visitor.post(SHOP, "/session", &redeem).await.status, 200);
    assert_eq!(visitor.post(SHOP, "/session", &redeem).await.status, 400);
    house.weixin.fault_times(Call::AccessToken, Fault::Errcode { errcode: -1 }, 1);
    let mut visitor = house.visitor();
    let callback = allowed(&house, &visitor.start_hosted().await);
    assert_eq!(visitor.open(&callback).await.status, 503);

    let text = metrics(&house).await;
    assert_eq!(
        counts(&text, "weixin_login_logins_total"),
        [
            "{kind=\"embedded\",way=\"website\",outcome=\"done\"} 1",
            "{kind=\"hosted\",way=\"website\",outcome=\"done\"} 1",
            "{kind=\"hosted\",way=\"website\",outcome=\"temporarily_unavailable\"} 1",
        ]
    );
    assert_eq!(
        counts(&text, "weixin_login_starts_total"),
        ["{kind=\"embedded\",way=\"website\"} 1", "{kind=\"hosted\",way=\"website\"} 2"]
    );
    assert_eq!(
        counts(&text, "weixin_login_weixin_calls_total"),
        [
            "{call=\"/sns/oauth2/access_token\",errcode=\"-1\"} 1",
            "{call=\"/sns/oauth2/access_token\",errcode=\"0\"} 2",
            "{call=\"/sns/userinfo\",errcode=\"0\"} 2",
        ]
    );
    assert_eq!(
        counts(&text, "weixin_login_weixin_call_seconds_count"),
        ["{call=\"/sns/oauth2/access_token\"} 3", "{call=\"/sns/userinfo\"} 2"]
    );
    assert_eq!(
        counts(&text, "weixin_login_tokens_total"),
        ["{grant=\"session\",outcome=\"granted\"} 1", "{grant=\"session\",outcome=\"reused\"} 1"]
    );
    for name in ["weixin_login_build_info{version=", "process_open_fds ", "weixin_login_event_streams 0"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    // The verb is named by the closure that does its work; where the store is another one, so is its name.
    assert!(text.contains("verb=\"insert_session\"") && !text.contains("verb=\"other\""), "{text}");
}

#[tokio::test]
async fn who_comes_too_often_and_whose_stream_is_open_is_counted() {
    let house = House::with(|config| format!("{config}\n[limits]\nstarts_per_minute = 1\n")).await;
    let mut visitor = house.visitor();
    for status in [200, 429, 429] {
        assert_eq!(visitor.open("/login?return_to=%2Forders").await.status, status);
    }
    assert_eq!(counts(&metrics(&house).await, "weixin_login_limited_total"), ["{limit=\"starts\"} 2"]);
}

/// What the documentation says that the widget tells its page; a test of the widget writes it there.
const PHASES: &str = include_str!("../../../docs/phases.md");

/// As `navigator.sendBeacon` does.
async fn tell(visitor: &mut Visitor, origin: &str, word: &str) -> Answer {
    let request = visitor.request(Method::POST, "/phases").header("origin", origin);
    visitor.send(request.header("content-type", "text/plain;charset=UTF-8").body(word.to_owned())).await
}

#[tokio::test]
async fn what_pages_tell_of_the_widget_is_counted_and_nothing_else_is() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let (_, table) = PHASES.split_once("| phase | stages |\n|---|---|\n").unwrap();
    let phases =
        table.lines().map_while(|line| line.strip_prefix("| `")?.split_once('`')).map(|(phase, _)| phase);
    let phases: Vec<&str> = phases.collect();
    assert_eq!(phases.len(), 11, "{phases:?}");
    for phase in &phases {
        assert_eq!(tell(&mut visitor, SHOP, phase).await.status, 204, "{phase}");
    }
    assert_eq!(tell(&mut visitor, SHOP, "qr").await.status, 204);
    for word in ["", "QR", "qr scanned", "\u{1f511}"] {
        assert_eq!(tell(&mut visitor, SHOP, word).await.json()["error"], "invalid_request", "{word}");
    }
    for origin in ["https://evil.example.net", "null", ""] {
        assert_eq!(tell(&mut visitor, origin, "qr").await.json()["error"], "unregistered_origin");
    }
    let mut told: Vec<String> = phases.iter().map(|phase| format!("{{phase=\"{phase}\"}} 1")).collect();
    told.iter_mut().filter(|line| line.contains("\"qr\"")).for_each(|line| *line = "{phase=\"qr\"} 2".into());
    told.sort();
    assert_eq!(counts(&metrics(&house).await, "weixin_login_widget_phases_total"), told);
    let page = visitor.open("/login?return_to=%2Forders").await.body;
    let script = visitor.open("/assets/phases.js").await;
    assert!(page.contains("src=\"/weixin/assets/phases.js\" defer") && script.body.contains("sendBeacon"));
}

/// The number on a person's page.
fn number(page: &str) -> &str {
    let (_, rest) = page.split_once("report number ").unwrap_or_else(|| panic!("a number: {page}"));
    &rest[..8]
}

#[tokio::test]
async fn the_page_and_every_line_of_the_log_have_the_number_of_the_login() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let mut program = Program::start(&write_config(&weixin, &data, |config| config));
    let mut visitor = program.visitor();
    program.logged("WeChat accepts appid and secret of weixin.service_account");
    weixin.fault_times(Call::AccessToken, Fault::Errcode { errcode: 48001 }, 1);
    let attempt = attempt_of(&visitor.open("/login?return_to=%2Forders").await.body);
    let callback = allowed_by(&weixin, &attempt);
    let page = visitor.open(&callback).await;
    let said = number(&page.body).to_owned();
    assert_eq!(page.header("weixin-login-report"), said);
    let line = program.logged("errcode=48001");
    assert!(line.contains(&format!("login{{id=\"{said}\"}}")), "{line}");
    // Loaded again it is the same login; another one has another number.
    assert_eq!(number(&visitor.open(&callback).await.body), said);
    assert!(!program.stop().contains(attempt["id"].as_str().unwrap()), "what is in addresses is in no log");
}

#[tokio::test]
async fn a_code_goes_on_with_the_number_of_its_login_and_json_has_it_too() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let json = |config: String| format!("log_format = \"json\"\n{config}");
    let mut program = Program::start(&write_config(&weixin, &data, json));
    let mut visitor: Visitor = program.visitor();
    let attempt = visitor.start_embedded().await;
    let body = code_and_state(&allowed_by(&weixin, &attempt));
    let code = visitor.post(SHOP, "/callback", &body).await.json()["code"].as_str().unwrap().to_owned();
    let redeem = serde_json::json!({ "code": code, "code_verifier": VERIFIER });
    assert_eq!(visitor.post(SHOP, "/session", &redeem).await.status, 200);
    assert_eq!(visitor.post(SHOP, "/session", &redeem).await.status, 400);
    let line = program.logged("a code came twice");
    let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["span"]["id"].as_str(), code.split('.').next());
    assert!(!program.stop().contains(&code));
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_nobody_up() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let mut program = Program::start_unread(&write_config(&weixin, &data, |config| config));
    let (address, ops) = program.addresses().expect("it listens");
    let mut visitor = Visitor::at(address);
    // More than a pipe and the program's own buffer hold.
    let lost = async || {
        let text = reqwest::get(format!("http://{ops}/metrics")).await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("weixin_login_log_lines_lost_total "));
        line.unwrap().parse::<u64>().unwrap()
    };
    while lost().await == 0 {
        for _ in 0..200 {
            visitor.open("/jwks").await;
        }
    }
    let callback = allowed_by(&weixin, &visitor.start_hosted().await);
    assert_eq!(visitor.open(&callback).await.status, 303);
    program.terminate();
    let (status, _) = tokio::task::spawn_blocking(|| program.ended()).await.unwrap();
    assert_eq!(status, Some(0));
}

/// Whoever is woken by an alert finds it in the documentation.
#[test]
fn each_alert_stands_in_the_documentation() {
    let alerts = include_str!("../../../deploy/prometheus/alerts.yml");
    let alerts: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 5, "{alerts:?}");
    let rows = include_str!("../../../docs/operations.md").lines();
    let rows: Vec<&str> = rows.filter_map(|line| line.strip_prefix("| `Weixin")?.split('`').next()).collect();
    assert_eq!(rows.iter().map(|row| format!("Weixin{row}")).collect::<Vec<_>>(), alerts);
}

/// The dashboard and the alerts ask for nothing that is not there.
#[tokio::test]
async fn what_the_dashboard_and_the_alerts_ask_for_is_there() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    assert_eq!(visitor.open("/jwks").await.status, 200);
    let text = metrics(&house).await;
    let deploy = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy");
    for file in ["grafana/weixin-login.json", "prometheus/alerts.yml"] {
        let asking = std::fs::read_to_string(format!("{deploy}/{file}")).unwrap();
        let words = asking.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_');
        let names = words.filter(|word| word.starts_with("weixin_login_") || word.starts_with("process_"));
        let names: std::collections::BTreeSet<&str> = names.collect();
        assert!(names.len() > 5, "{file}");
        for name in names {
            let name = name.strip_suffix("_bucket").unwrap_or(name);
            assert!(
                text.contains(&format!("# TYPE {name} ")),
                "{file} asks for {name}, which is not in: {text}"
            );
        }
    }
}
