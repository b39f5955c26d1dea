//! What clients hear of their people by webhooks: each event with its client's own `sub`, in order, and at least once, whatever happens.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use weixin_login::commands;

use crate::door::*;
use crate::listener::Listener;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const HOUR: i64 = 3600;

/// The configuration, with a webhook for this client.
fn with_webhook(config: String, client: Client, address: &str) -> String {
    let (_, folder) = config.split_once("sqlite:").expect("a store");
    let (folder, _) = folder.split_once("/store.db").expect("a file");
    let file = Path::new(folder).join("webhook-secret");
    std::fs::write(&file, SECRET).expect("a secret");
    let id = format!("id = \"{}\"\n", client.id);
    let webhook = format!("{id}webhook_url = \"{address}\"\nwebhook_secret_file = \"{}\"\n", file.display());
    config.replace(&id, &webhook)
}

fn within_this_network(config: String) -> String {
    format!("webhook_private_addresses = true\n{config}")
}

async fn provider(listener: &Listener) -> Provider {
    let address = listener.address();
    Provider::with(|config| within_this_network(with_webhook(config, SUITE, &address))).await
}

/// The next request: the path, the message's id, what it says.
async fn heard(listener: &Listener) -> (String, String, Value) {
    let request = listener.request().await;
    let (head, body) = request.split_once("\r\n\r\n").expect("a body");
    let id = head.lines().find_map(|line| line.strip_prefix("webhook-id: ")).expect("an id");
    let path = head.split(' ').nth(1).expect("a path");
    (path.into(), id.into(), serde_json::from_str(body).expect("JSON"))
}

/// Logs in, and out again: `sub` and `sid`.
async fn in_and_out(provider: &Provider) -> (String, String) {
    let browser = provider.browser();
    let answer = provider.redeem(SUITE, browser.authorize(SUITE, &[]).await.code()).await;
    let claims = provider.id_token(SUITE, &answer).await;
    let hint = answer.text("id_token");
    let response = browser.get(&format!("{}?id_token_hint={hint}", provider.at("/logout"))).await;
    assert_eq!(response.status(), 200);
    let text = |name: &str| claims[name].as_str().expect("a text").to_owned();
    (text("sub"), text("sid"))
}

async fn waiting(provider: &Provider) -> String {
    let config = parse(&provider.config_text);
    commands::list_events(&config, &provider.clock, Some(SUITE.id)).await.expect("a list")
}

/// Waits until the list of what waits says so.
async fn until_the_list_says(provider: &Provider, says: impl Fn(&str) -> bool) -> String {
    let mut looks = tokio::time::interval(Duration::from_millis(50));
    let listed = async {
        loop {
            looks.tick().await;
            let text = waiting(provider).await;
            if says(&text) {
                return text;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), listed).await.expect("it does in time")
}

/// How often the first of them was tried, and in how many seconds it is again.
fn tried(text: &str) -> Option<(i64, i64)> {
    let (_, rest) = text.split_once("tried ")?;
    let (tries, rest) = rest.split_once(" times, again in ")?;
    let (seconds, _) = rest.split_once(" s")?;
    Some((tries.parse().ok()?, seconds.parse().ok()?))
}

/// Waits until the first try has come to nothing; a test that was held up may find more of them.
async fn until_it_has_failed(provider: &Provider) -> String {
    // A try that is being made shows a longer time.
    let has_failed = |text: &str| tried(text).is_some_and(|(tries, seconds)| tries > 1 || seconds <= 5);
    until_the_list_says(provider, has_failed).await
}

fn nothing(text: &str) -> bool {
    text == "0 events\n"
}

/// A receiver of docs/webhooks, as it stands there.
struct Receiver {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Receiver {
    /// It, and where it listens.
    fn start(program: &str, file: &str, secret: &str) -> (Receiver, String) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/webhooks").join(file);
        let mut command = Command::new(program);
        command.arg(file).env("WEBHOOK_SECRET", secret).env("PORT", "0").stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
        let lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut receiver = Receiver { child, lines };
        let line = receiver.line();
        let port = line.strip_prefix("listening ").unwrap_or_else(|| panic!("{line}"));
        let address = format!("http://127.0.0.1:{port}/webhooks");
        (receiver, address)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("its output");
        line.trim_end().to_owned()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receivers_of_the_docs_take_what_comes() {
    for (program, file) in [("node", "receiver.mjs"), ("python3", "receiver.py")] {
        let (mut receiver, address) = Receiver::start(program, file, SECRET);
        let provider =
            Provider::with(|config| within_this_network(with_webhook(config, SUITE, &address))).await;
        let (sub, sid) = in_and_out(&provider).await;
        assert_eq!(receiver.line(), format!("account.created {}", json!({ "sub": sub })));
        let (kind, data) = {
            let line = receiver.line();
            let (kind, data) = line.split_once(' ').expect("two words");
            (kind.to_owned(), serde_json::from_str::<Value>(data).expect("JSON"))
        };
        assert_eq!((&*kind, data), ("session.ended", json!({ "sub": sub, "sid": sid })));
        until_the_list_says(&provider, nothing).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_with_another_secret_takes_nothing() {
    for (program, file) in [("node", "receiver.mjs"), ("python3", "receiver.py")] {
        let (_receiver, address) =
            Receiver::start(program, file, "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=");
        let provider =
            Provider::with(|config| within_this_network(with_webhook(config, SUITE, &address))).await;
        in_and_out(&provider).await;
        until_it_has_failed(&provider).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_comes_again_and_what_follows_waits_for_it() {
    let listener = Listener::start(&[500, 302, 200, 200]).await;
    let provider = provider(&listener).await;
    let (sub, sid) = in_and_out(&provider).await;
    let first = heard(&listener).await;
    assert_eq!(first.2["type"], "account.created");
    let list = until_it_has_failed(&provider).await;
    let both = [
        format!("{}  suite  account.created  sub {sub}  0 min old  tried ", first.1),
        format!("suite  session.ended  sub {sub}  0 min old  not tried yet"),
    ];
    assert!(both.iter().all(|line| list.contains(line)) && list.ends_with("2 events\n"), "{list}");
    provider.clock.advance(5);
    // A redirect leads nowhere: what comes next is the next try.
    let second = heard(&listener).await;
    assert_eq!(second, first);
    let has_failed = |text: &str| tried(text).is_none_or(|(tries, seconds)| tries > 2 || seconds > 20);
    until_the_list_says(&provider, has_failed).await;
    provider.clock.advance(30);
    assert_eq!(heard(&listener).await, first);
    let (path, id, event) = heard(&listener).await;
    assert!(path == "/" && id != first.1);
    assert_eq!(
        (&event["type"], &event["data"]),
        (&json!("session.ended"), &json!({ "sub": sub, "sid": sid }))
    );
    until_the_list_says(&provider, nothing).await;
    assert!(listener.is_done().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_hangs_is_cut() {
    let listener = Listener::silent(&[200, 200, 200]).await;
    let provider = provider(&listener).await;
    in_and_out(&provider).await;
    let first = heard(&listener).await;
    until_it_has_failed(&provider).await;
    listener.answer(3);
    provider.clock.advance(5);
    assert_eq!(heard(&listener).await, first);
    assert_eq!(heard(&listener).await.2["type"], "session.ended");
    until_the_list_says(&provider, nothing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_gone_for_a_day_hears_it_then_and_after_three_days_no_more() {
    let port = free_port();
    let address = format!("http://127.0.0.1:{port}/");
    let provider = Provider::with(|config| within_this_network(with_webhook(config, SUITE, &address))).await;
    let (sub, _) = in_and_out(&provider).await;
    for hour in 1..=24 {
        provider.clock.advance(HOUR);
        // One that is being tried is nobody else's for 20 seconds, and then waits for longer.
        let has_failed =
            |text: &str| tried(text).is_some_and(|(tries, seconds)| tries > hour && seconds > 20);
        until_the_list_says(&provider, has_failed).await;
    }
    let listener = Listener::at(port, &[204, 204]).await;
    provider.clock.advance(HOUR);
    for kind in ["account.created", "session.ended"] {
        let (_, _, event) = heard(&listener).await;
        assert_eq!((&event["type"], &event["data"]["sub"]), (&json!(kind), &json!(sub)));
    }
    until_the_list_says(&provider, nothing).await;
    drop(listener);
    in_and_out(&provider).await;
    until_it_has_failed(&provider).await;
    provider.clock.advance(71 * HOUR);
    assert!(waiting(&provider).await.ends_with("1 events\n"));
    provider.clock.advance(HOUR);
    until_the_list_says(&provider, nothing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_being_told_when_the_service_went_is_told_after_its_start() {
    let listener = Listener::silent(&[200, 200, 200]).await;
    let mut provider = provider(&listener).await;
    in_and_out(&provider).await;
    let first = heard(&listener).await;
    provider.restart();
    listener.answer(3);
    // As long as the node that went might still be telling it.
    provider.clock.advance(20);
    assert_eq!(heard(&listener).await, first);
    assert_eq!(heard(&listener).await.2["type"], "session.ended");
    until_the_list_says(&provider, nothing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_has_it_tried_at_once() {
    let listener = Listener::start(&[503, 200, 200]).await;
    let provider = provider(&listener).await;
    in_and_out(&provider).await;
    let first = heard(&listener).await;
    until_it_has_failed(&provider).await;
    let config = parse(&provider.config_text);
    let replay = async |client| commands::replay_events(&config, &provider.clock, client).await;
    assert!(replay(Some("nobody")).await.is_err());
    let none = replay(Some(SECOND.id)).await.expect("replayed");
    assert_eq!(none, "0 events are due; a running service sends them within a minute\n");
    let both = replay(Some(SUITE.id)).await.expect("replayed");
    assert_eq!(both, "2 events are due; a running service sends them within a minute\n");
    // The service looks within a minute, or when it is swept.
    provider.clock.advance(0);
    assert_eq!(heard(&listener).await, first);
    assert_eq!(heard(&listener).await.2["type"], "session.ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_into_this_network_is_not_called() {
    let listener = Listener::start(&[200]).await;
    let address = listener.address().replace("127.0.0.1", "localhost");
    let provider = Provider::with(|config| with_webhook(config, SUITE, &address)).await;
    in_and_out(&provider).await;
    until_it_has_failed(&provider).await;
    assert!(listener.is_done().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_hears_of_whom_it_has_seen_and_of_its_own_sessions() {
    let [first, second] = [Listener::start(&[200; 4]).await, Listener::start(&[200; 4]).await];
    let addresses = [first.address(), second.address()];
    let provider = Provider::with(|config| {
        let config = with_webhook(config, SUITE, &addresses[0]);
        within_this_network(with_webhook(config, SECOND, &addresses[1]))
    })
    .await;
    let (sub, sid) = in_and_out(&provider).await;
    let browser = provider.browser();
    let answer = provider.redeem(SECOND, browser.authorize(SECOND, &[]).await.code()).await;
    let claims = provider.id_token(SECOND, &answer).await;
    let config = parse(&provider.config_text);
    let deleted = commands::delete_account(&config, &provider.clock, &sub, false).await.expect("deleted");
    assert!(deleted.contains("is deleted; 1 sessions have ended"), "{deleted}");
    provider.clock.advance(0);
    let of_second = claims["sub"].as_str().expect("a sub");
    for (listener, events) in [
        (
            &first,
            [
                ("account.created", json!({ "sub": sub })),
                ("session.ended", json!({ "sub": sub, "sid": sid })),
                ("account.deleted", json!({ "sub": sub })),
            ],
        ),
        (
            &second,
            [
                ("account.created", json!({ "sub": of_second })),
                ("session.ended", json!({ "sub": of_second, "sid": claims["sid"] })),
                ("account.deleted", json!({ "sub": of_second })),
            ],
        ),
    ] {
        for (kind, data) in events {
            let (_, _, event) = heard(listener).await;
            assert_eq!((event["type"].as_str(), &event["data"]), (Some(kind), &data));
        }
    }
    until_the_list_says(&provider, nothing).await;
    assert!(first.is_done().await && second.is_done().await);
}
