//! The short-lived rows in a Redis, and two nodes that share it: real processes, a real Redis that is emptied, stopped and held.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use weixin_emulator::Emulator;
use weixin_login_servers::{Postgres, Redis, RedisOptions};

use crate::harness::{CHALLENGE, KIOSK, PUBLIC_URL, SHOP_SESSION, Visitor, WEIXIN, allowed_by, attempt_of};
use crate::named_store::on_its_file;
use crate::program::{PATIENCE, Program, command, write_config};

/// A database of the Redis that tests of this process share.
fn cache() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    Redis::shared().url(NEXT.fetch_add(1, Ordering::Relaxed))
}

fn with_cache(config: String, url: &str) -> String {
    config.replacen("store = ", &format!("cache = \"{url}\"\nstore = "), 1)
}

/// Two services over one SQLite file and one Redis, as far as a test may have that: many nodes have PostgreSQL.
struct Nodes {
    weixin: Emulator,
    data: TempDir,
    first: Program,
    second: Program,
}

impl Nodes {
    async fn start(url: &str, more: &str) -> Self {
        Self::with(|config| with_cache(format!("{config}{more}"), url)).await
    }

    async fn with(change: impl FnOnce(String) -> String) -> Self {
        let weixin = Emulator::start(Default::default()).await.unwrap();
        let data = TempDir::new().unwrap();
        let file = write_config(&weixin, &data, |config| on_its_file(change(config)));
        let mut first = Program::start(&file);
        first.logged("ready at");
        let mut second = Program::start(&file);
        second.logged("ready at");
        Self { weixin, data, first, second }
    }

    /// A browser at the first node, and where the second one is.
    fn visitors(&mut self) -> (Visitor, Visitor) {
        (self.first.visitor(), self.second.visitor())
    }

    fn count(&self, table: &str) -> i64 {
        let store = rusqlite::Connection::open(self.data.path().join("store.db")).unwrap();
        store.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }
}

async fn readiness(ops: std::net::SocketAddr) -> (u16, String) {
    let answer = reqwest::get(format!("http://{ops}/readyz")).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Waits until it says so; each look takes as long as the service needs.
async fn until_ready(ops: std::net::SocketAddr) {
    let looks = async {
        while readiness(ops).await.0 != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, looks).await.expect("it gets ready by itself");
}

#[tokio::test]
async fn a_login_begun_on_one_node_ends_on_another_and_is_known_on_both() {
    let url = cache();
    let mut nodes = Nodes::start(&url, "").await;
    let (mut visitor, second) = nodes.visitors();
    let first_address = visitor.address;
    let callback = allowed_by(&nodes.weixin, &visitor.start_hosted().await);
    visitor.address = second.address;
    let ended = visitor.open(&callback).await;
    assert_eq!(ended.status, 303, "{}", ended.body);
    assert_eq!(ended.location(), "https://shop.example.test/orders?page=2");
    assert!(visitor.cookies.contains_key(SHOP_SESSION));
    assert_eq!(visitor.session().await.status, 200);
    visitor.address = first_address;
    assert_eq!(visitor.session().await.status, 200);
    let again = visitor.open(&callback).await;
    assert_eq!((again.status.as_u16(), again.location()), (303, ended.location()), "a second load goes on");
    assert_eq!(nodes.count("attempts"), 0, "what lives for minutes is not in the store");
}

#[tokio::test]
async fn of_64_callbacks_at_two_nodes_one_logs_in() {
    let mut nodes = Nodes::start(&cache(), "").await;
    let (mut visitor, second) = nodes.visitors();
    let callback = allowed_by(&nodes.weixin, &visitor.start_hosted().await);
    let mut at_second = visitor.clone();
    at_second.address = second.address;
    let loads = (0..64).map(|number| {
        let visitor = if number % 2 == 0 { &visitor } else { &at_second };
        visitor.request(Method::GET, &callback).header("sec-fetch-dest", "document")
    });
    let answers = crate::harness::all_at_once(loads.collect()).await;
    assert!(answers.iter().all(|answer| answer.status == 303), "everybody is led on");
    let with_session = answers.iter().filter(|answer| !answer.set_cookies().is_empty()).count();
    assert_eq!((with_session, nodes.count("sessions"), nodes.count("accounts")), (1, 2, 1));
}

#[tokio::test]
async fn a_computer_at_one_node_hears_what_a_phone_does_at_another() {
    hears_what_a_phone_does(Nodes::start(&cache(), "").await).await;
}

#[tokio::test]
async fn without_a_cache_it_is_the_database_that_tells() {
    let key = TempDir::new().unwrap();
    let file = key.path().join("master-key");
    std::fs::write(&file, STANDARD.encode([7; 32])).unwrap();
    let database = Postgres::shared().database();
    let nodes = Nodes::with(|config| {
        let (before, rest) = config.split_once("store = ").unwrap();
        let rest = rest.split_once('\n').unwrap().1;
        let (file, url) = (file.display(), &database.url);
        format!("{before}store = \"{url}\"\nmaster_key_files = [\"{file}\"]\n{rest}")
    });
    hears_what_a_phone_does(nodes.await).await;
}

async fn hears_what_a_phone_does(mut nodes: Nodes) {
    let (mut computer, mut phone) = nodes.visitors();
    phone.user_agent = Some(WEIXIN);
    let body = json!({ "client_id": "kiosk", "result": "code", "code_challenge": CHALLENGE });
    let started = computer.post(KIOSK, "/login", &body).await.json();
    let id = started["id"].as_str().unwrap();
    let events = computer
        .request(Method::GET, &format!("/login/{id}/events"))
        .header("origin", KIOSK)
        .header("weixin-login-secret", started["secret"].as_str().unwrap());
    let mut stream = events.send().await.unwrap();
    assert_eq!(next(&mut stream).await, "waiting");
    let scan = format!("/scan/{id}");
    let tap = phone.request(Method::POST, &scan).header("sec-fetch-site", "same-origin");
    let tapped = phone.send(tap.form(&[("x", "y")])).await;
    assert_eq!(tapped.status, 303, "{}", tapped.body);
    // A node that hears nothing looks every 15 seconds.
    let heard = tokio::time::timeout(Duration::from_secs(8), next(&mut stream)).await;
    assert_eq!(heard.expect("the news comes by itself"), "scanned");
    let callback = nodes.weixin.code_for(tapped.location()).unwrap();
    let question = phone.open(callback.strip_prefix(PUBLIC_URL).unwrap()).await;
    assert_eq!(question.status, 303, "{}", question.body);
    let number = started["scene"]["number"].as_str().unwrap();
    let form = [("number", number), ("answer", "confirm")];
    let confirm = phone.request(Method::POST, &format!("{scan}/confirm"));
    let confirmed = phone.send(confirm.header("sec-fetch-site", "same-origin").form(&form)).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let heard = tokio::time::timeout(Duration::from_secs(8), next(&mut stream)).await;
    assert_eq!(heard.expect("the news comes by itself"), "approved");
}

/// The next event's name.
async fn next(stream: &mut reqwest::Response) -> String {
    loop {
        let chunk = String::from_utf8(stream.chunk().await.unwrap().unwrap().to_vec()).unwrap();
        if let Some((_, rest)) = chunk.split_once("event: ") {
            return rest.lines().next().unwrap().to_owned();
        }
    }
}

#[tokio::test]
async fn nodes_count_together() {
    let five = "\n[limits]\nstarts_per_minute = 5\nfailed_authentications_per_minute = 3\n";
    let mut nodes = Nodes::start(&cache(), five).await;
    let (first, second) = nodes.visitors();
    let mut passed = 0;
    for number in 0..30 {
        let visitor = if number % 2 == 0 { &first } else { &second };
        let answer = visitor.request(Method::GET, "/login").send().await.unwrap();
        passed += usize::from(answer.status() != 429);
    }
    assert_eq!(passed, 5);
    let mut statuses = Vec::new();
    for number in 0..8 {
        let visitor = if number % 2 == 0 { &first } else { &second };
        let form = [("grant_type", "authorization_code"), ("client_id", "nobody")];
        let answer = visitor.request(Method::POST, "/token").form(&form).send().await.unwrap();
        statuses.push(answer.status().as_u16());
    }
    assert_eq!(
        statuses,
        [401, 401, 401, 401, 429, 429, 429, 429],
        "three failures, and the fourth shuts out"
    );
}

#[tokio::test]
async fn a_cache_that_forgets_everything_costs_a_new_start_and_doubles_nobody() {
    let mut redis = Redis::start(RedisOptions::default()).unwrap();
    let mut nodes = Nodes::start(&redis.url(0), "").await;
    let (mut visitor, _) = nodes.visitors();
    for _ in 0..2 {
        let callback = allowed_by(&nodes.weixin, &visitor.start_hosted().await);
        // Without an append-only file a new start knows nothing.
        redis.kill().unwrap();
        redis.start_again().unwrap();
        let lost = visitor.open(&callback).await;
        assert_eq!(lost.status, 400, "{}", lost.body);
        assert!(lost.body.contains("unknown_attempt"), "{}", lost.body);
        let callback = allowed_by(&nodes.weixin, &visitor.start_hosted().await);
        assert_eq!(visitor.open(&callback).await.status, 303);
        assert_eq!(visitor.session().await.status, 200);
    }
    assert_eq!(nodes.count("accounts"), 1);
}

#[tokio::test]
async fn a_cache_with_its_own_file_loses_nothing_when_it_is_killed() {
    let options = RedisOptions { append_only: true, ..RedisOptions::default() };
    let mut redis = Redis::start(options).unwrap();
    let mut nodes = Nodes::start(&redis.url(3), "").await;
    let (mut visitor, _) = nodes.visitors();
    let callback = allowed_by(&nodes.weixin, &visitor.start_hosted().await);
    redis.kill().unwrap();
    redis.start_again().unwrap();
    assert_eq!(visitor.open(&callback).await.status, 303);
}

#[tokio::test]
async fn without_the_cache_nobody_gets_in_a_page_says_so_and_it_recovers_by_itself() {
    let mut redis = Redis::start(RedisOptions::default()).unwrap();
    redis.kill().unwrap();
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let url = redis.url(0);
    let mut program = Program::start(&write_config(&weixin, &data, |config| with_cache(config, &url)));
    let (address, ops) = program.addresses().unwrap();
    program.logged("the cache does not answer; nobody can log in until it does");
    let (status, said) = readiness(ops).await;
    assert_eq!(status, 503);
    assert!(said.starts_with("the store "), "{said}");
    let mut visitor = Visitor::at(address);
    let page = visitor.open("/login?return_to=%2F").await;
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(page.body.contains("temporarily_unavailable"), "{}", page.body);
    redis.start_again().unwrap();
    until_ready(ops).await;
    let callback = allowed_by(&weixin, &attempt_of(&visitor.open("/login?return_to=%2F").await.body));
    // It answers nothing, and takes connections: as slow as can be.
    redis.pause().unwrap();
    let waiting = visitor.open(&callback).await;
    assert_eq!(waiting.status, 503, "{}", waiting.body);
    redis.resume().unwrap();
    until_ready(ops).await;
    assert_eq!(visitor.open(&callback).await.status, 303, "nothing was taken meanwhile");
}

#[tokio::test]
async fn a_node_counts_by_itself_while_the_cache_is_away() {
    let mut redis = Redis::start(RedisOptions::default()).unwrap();
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let config =
        |config: String| with_cache(format!("{config}\n[limits]\nanswers_per_minute = 2\n"), &redis.url(0));
    let mut program = Program::start(&write_config(&weixin, &data, config));
    let visitor = program.visitor();
    assert_eq!(visitor.request(Method::GET, "/callback").send().await.unwrap().status(), 400);
    redis.kill().unwrap();
    // One more is allowed after half a minute: a machine that is busy has until then.
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(visitor.request(Method::GET, "/callback").send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [400, 400, 429, 429]);
    program.logged("limits count for this node alone while the cache does not answer");
}

#[tokio::test]
async fn with_a_wrong_password_it_says_so_and_goes_on_as_soon_as_that_is_the_right_one() {
    let password =
        |password: &str| RedisOptions { password: Some(password.into()), ..RedisOptions::default() };
    let redis = Redis::start(password("theOldOne")).unwrap();
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let url = redis.url(0).replace("theOldOne", "theNewOne");
    let mut program = Program::start(&write_config(&weixin, &data, |config| with_cache(config, &url)));
    let (address, ops) = program.addresses().unwrap();
    let warned = program.logged("the cache does not answer; nobody can log in until it does");
    assert!(warned.contains("WRONGPASS"), "{warned}");
    let (status, said) = readiness(ops).await;
    assert_eq!(status, 503);
    assert!(said.contains("WRONGPASS") && !said.contains("theNewOne"), "{said}");
    let mut operator = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    operator.write_all(b"AUTH theOldOne\r\nCONFIG SET requirepass theNewOne\r\n").unwrap();
    until_ready(ops).await;
    assert_eq!(Visitor::at(address).open("/login?return_to=%2F").await.status, 200);
}

#[tokio::test]
async fn a_cache_that_may_drop_keys_is_warned_of_and_its_password_is_told_nowhere() {
    const PASSWORD: &str = "onlyForThisTest9876543210";
    let arguments = ["--maxmemory-policy", "allkeys-lru"].map(String::from).to_vec();
    let options = RedisOptions { password: Some(PASSWORD.into()), arguments, ..RedisOptions::default() };
    let redis = Redis::start(options).unwrap();
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let right = write_config(&weixin, &data, |config| with_cache(config, &redis.url(5)));
    let mut program = Program::start(&right);
    let shown = format!("redis://127.0.0.1:{}/5", redis.port());
    let warned = program.logged("drops keys when its memory is full");
    assert!(warned.contains(&format!("{shown} drops keys")), "{warned}");
    let mut said = vec![program.stop()];

    let mut check = |change: &dyn Fn(String) -> String| {
        let file = write_config(&weixin, &data, |config| change(with_cache(config, &redis.url(5))));
        let output = command(&["check"], &file).output().unwrap();
        let text = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
        said.push(text.clone());
        text
    };
    let good = check(&|config| config);
    assert!(good.contains(&format!("good   the cache {shown} answers\nwarn   {shown} drops keys")), "{good}");
    assert!(good.contains("weixin-login.toml holds a secret and may be read by others"), "{good}");
    let wrong = check(&|config| config.replace(PASSWORD, &format!("{PASSWORD}x")));
    assert!(wrong.contains(&format!("WRONG  the cache {shown} answers: ")), "{wrong}");
    let mistyped = check(&|config| config.replace("redis://", "redis:"));
    assert!(mistyped.contains("`cache` must be redis://HOST:6379"), "{mistyped}");
    let unproven = check(&|config| config.replace("/5\"", "/5#insecure\"").replace("redis://", "rediss://"));
    assert!(unproven.contains("`cache` must end with the database"), "{unproven}");
    assert!(said.iter().all(|said| !said.contains("onlyForThisTest")), "{said:#?}");
}
