//! The network between a service and its stores is cut, and nobody says so: packets are lost, and what was connected stays lost when the
//! network is there again, as behind a firewall that has forgotten its connections. The service goes on by itself, soon.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use weixin_emulator::Emulator;
use weixin_login_servers::{Postgres, Redis, Wire};

use crate::harness::{CHALLENGE, KIOSK, Visitor, WEIXIN, all_at_once, allowed_by, attempt_of};
use crate::named_store::on_postgres;
use crate::program::{PATIENCE, Program, write_config};

/// Longer than a service needs, and far shorter than the quarter of an hour that the system waits by itself.
const SOON: Duration = Duration::from_secs(120);

async fn is_ready(ops: SocketAddr) -> bool {
    reqwest::get(format!("http://{ops}/readyz")).await.unwrap().status() == 200
}

async fn until(ops: SocketAddr, ready: bool) {
    let looks = async {
        while is_ready(ops).await != ready {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, looks).await.unwrap_or_else(|_| panic!("ready: {ready}, by itself"));
}

/// A service whose store and cache are at the other ends of these.
async fn service(weixin: &Emulator, data: &TempDir, store: &str, cache: Option<&Wire>) -> Program {
    let cache = cache.map(|wire| format!("cache = \"redis://127.0.0.1:{}/0\"\n", wire.port()));
    let file = write_config(weixin, data, |config| {
        let config = on_postgres(&config, store, data.path());
        let limits = "store_timeout_seconds = 2\nstore_connections = 4\n";
        format!("cache_prefix = \"network:\"\n{limits}{}{config}", cache.unwrap_or_default())
    });
    Program::start(&file)
}

async fn log_in(weixin: &Emulator, address: SocketAddr) -> Visitor {
    let mut visitor = Visitor::at(address);
    let page = visitor.open("/login?return_to=%2F").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let callback = allowed_by(weixin, &attempt_of(&page.body));
    assert_eq!(visitor.open(&callback).await.status, 303);
    visitor
}

fn behind(wire: &Wire, server: &Postgres, url: &str) -> String {
    url.replace(&format!(":{}/", server.port()), &format!(":{}/", wire.port()))
}

#[tokio::test]
async fn when_a_cut_network_is_there_again_people_log_in_again_soon() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let (data, server) = (TempDir::new().unwrap(), Postgres::shared());
    let [to_store, to_cache] = [server.port(), Redis::shared().port()].map(|port| Wire::to(port).unwrap());
    let url = behind(&to_store, server, &server.database().url);
    let mut program = service(&weixin, &data, &url, Some(&to_cache)).await;
    let (address, ops) = program.addresses().expect("it listens");
    let mut visitor = log_in(&weixin, address).await;
    let answered = |path: &str| -> Vec<_> { (0..24).map(|_| visitor.request(Method::GET, path)).collect() };
    // As many connections as it may have.
    for answer in all_at_once(answered("/session")).await {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    to_store.cut().unwrap();
    to_cache.cut().unwrap();
    // Whoever comes now hears that it is not their fault, and each connection has something under way.
    for path in ["/session", "/login?return_to=%2F"] {
        for answer in all_at_once(answered(path)).await {
            assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        }
    }
    until(ops, false).await;
    to_store.mend().unwrap();
    to_cache.mend().unwrap();
    until(ops, true).await;
    log_in(&weixin, address).await;
    assert_eq!(visitor.session().await.status, 200, "nobody was logged out");
    let log = program.stop();
    assert!(!log.contains(Postgres::PASSWORD), "{log}");
}

#[tokio::test]
async fn a_node_hears_the_others_again_when_the_network_was_cut_while_it_listened() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let (data, server) = (TempDir::new().unwrap(), Postgres::shared());
    let wire = Wire::to(server.port()).unwrap();
    let url = server.database().url;
    let mut near = service(&weixin, &data, &url, None).await;
    let phones = near.addresses().expect("it listens").0;
    let mut far = service(&weixin, &data, &behind(&wire, server, &url), None).await;
    let (computers, ops) = far.addresses().expect("it listens");
    hears(computers, phones).await;
    wire.cut().unwrap();
    until(ops, false).await;
    wire.mend().unwrap();
    until(ops, true).await;
    hears(computers, phones).await;
}

/// What a phone does at one node is heard at once by a computer at the other: if not of the first scene, then soon.
async fn hears(computers: SocketAddr, phones: SocketAddr) {
    for _ in 0..8 {
        let computer = Visitor::at(computers);
        let mut phone = Visitor::at(phones);
        phone.user_agent = Some(WEIXIN);
        let body = json!({ "client_id": "kiosk", "result": "code", "code_challenge": CHALLENGE });
        let started = computer.clone().post(KIOSK, "/login", &body).await.json();
        let id = started["id"].as_str().unwrap();
        let events = computer.request(Method::GET, &format!("/login/{id}/events")).header("origin", KIOSK);
        let events = events.header("weixin-login-secret", started["secret"].as_str().unwrap());
        let mut stream = events.send().await.unwrap();
        assert_eq!(event(&mut stream).await, "waiting");
        let tap = phone.request(Method::POST, &format!("/scan/{id}")).header("sec-fetch-site", "same-origin");
        let tapped = phone.send(tap.form(&[("x", "y")])).await;
        assert_eq!(tapped.status, 303, "{}", tapped.body);
        // A node that hears nothing looks every 15 seconds.
        if let Ok(heard) = tokio::time::timeout(Duration::from_secs(8), event(&mut stream)).await {
            assert_eq!(heard, "scanned");
            return;
        }
    }
    panic!("the news does not come by itself within {:?}", 8 * PATIENCE);
}

/// The next event's name.
async fn event(stream: &mut reqwest::Response) -> String {
    loop {
        let chunk = String::from_utf8(stream.chunk().await.unwrap().unwrap().to_vec()).unwrap();
        if let Some((_, rest)) = chunk.split_once("event: ") {
            return rest.lines().next().unwrap().to_owned();
        }
    }
}
