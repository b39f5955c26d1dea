//! Who is told of a logout, whenever it comes and whatever happens in between: each client of the session, once.

use serde_json::Value;
use weixin_login::commands;

use crate::door::*;
use crate::listener::Listener;
use crate::program::Program;

async fn provider(first: &Listener, second: &Listener) -> Provider {
    let (first, second) = (first.address(), second.address());
    Provider::with(|config| with_backchannel(with_backchannel(config, SUITE, &first), SECOND, &second)).await
}

/// Logs in at both clients in one browser; gives the first one's ID token, and the session.
async fn two_clients(provider: &Provider, browser: &Browser<'_>) -> (String, String) {
    let first = browser.authorize(SUITE, &[]).await;
    let first = provider.redeem(SUITE, first.code()).await;
    let second = browser.authorize(SECOND, &[("prompt", "none")]).await;
    provider.redeem(SECOND, second.code()).await;
    let sid = provider.id_token(SUITE, &first).await["sid"].as_str().expect("a sid").to_owned();
    (first.text("id_token").to_owned(), sid)
}

async fn log_out(provider: &Provider, browser: &Browser<'_>, hint: &str) {
    let response = browser.get(&format!("{}?id_token_hint={hint}", provider.at("/logout"))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "login_required");
}

/// The next logout token that this client hears.
async fn heard(provider: &Provider, listener: &Listener, client: Client) -> Value {
    let request = listener.request().await;
    let (_, token) = request.split_once("logout_token=").expect("a logout token");
    provider.verified(token, "logout+jwt", client.id).await
}

/// The sessions that this client hears the end of next, sorted.
async fn heard_sids(provider: &Provider, listener: &Listener, client: Client, count: usize) -> Vec<String> {
    let mut sids = Vec::new();
    for _ in 0..count {
        sids.push(heard(provider, listener, client).await["sid"].as_str().expect("a sid").to_owned());
    }
    sids.sort();
    sids
}

/// Both clients hear of the session and then, as the very next thing, of one that ends later: nothing came twice.
async fn a_logout_tells_each_client_once(minutes_after_the_login: i64) {
    let listeners = [Listener::start(&[200, 200]).await, Listener::start(&[200, 200]).await];
    let provider = provider(&listeners[0], &listeners[1]).await;
    let mut sids = Vec::new();
    for minutes in [minutes_after_the_login, 0] {
        let browser = provider.browser();
        let (hint, sid) = two_clients(&provider, &browser).await;
        provider.clock.advance(minutes * 60);
        log_out(&provider, &browser, &hint).await;
        sids.push(sid);
    }
    sids.sort();
    for (listener, client) in listeners.iter().zip([SUITE, SECOND]) {
        assert_eq!(heard_sids(&provider, listener, client, sids.len()).await, sids);
        assert!(listener.is_done().await);
    }
}

#[tokio::test]
async fn a_logout_1_minute_after_the_login_tells_each_client_once() {
    a_logout_tells_each_client_once(1).await;
}

#[tokio::test]
async fn a_logout_11_minutes_after_the_login_tells_each_client_once() {
    a_logout_tells_each_client_once(11).await;
}

#[tokio::test]
async fn a_logout_120_minutes_after_the_login_tells_each_client_once() {
    a_logout_tells_each_client_once(120).await;
}

#[tokio::test]
async fn a_logout_after_six_days_of_use_tells_each_client_once() {
    a_logout_tells_each_client_once(6 * 24 * 60).await;
}

#[tokio::test]
async fn an_operator_who_revokes_a_session_two_hours_later_tells_its_clients() {
    let listeners = [Listener::start(&[200]).await, Listener::start(&[200]).await];
    let provider = provider(&listeners[0], &listeners[1]).await;
    let (_, sid) = two_clients(&provider, &provider.browser()).await;
    provider.clock.advance(7200);
    let config = parse(&provider.config_text);
    let text = commands::revoke_session(&config, &provider.clock, &sid).await.expect("revoked");
    assert_eq!(text, format!("session {sid} is revoked\nclient second was told\nclient suite was told\n"));
    for (listener, client) in listeners.iter().zip([SUITE, SECOND]) {
        assert_eq!(heard(&provider, listener, client).await["sid"], sid);
    }
}

#[tokio::test]
async fn a_person_sees_the_sites_of_a_login_two_hours_later() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    two_clients(&provider, &browser).await;
    provider.clock.advance(7200);
    let page = browser.get(&provider.at("/sessions")).await.text().await.expect("a page");
    assert!(page.contains("<bdi>second</bdi>, <bdi>suite</bdi>"), "{page}");
}

#[tokio::test]
async fn a_client_that_was_down_is_told_once_after_a_restart_of_the_service() {
    let down = Listener::start(&[503, 503, 200, 200]).await;
    let mut provider = Provider::with(|config| with_backchannel(config, SUITE, &down.address())).await;
    {
        let browser = provider.browser();
        let (hint, _) = two_clients(&provider, &browser).await;
        log_out(&provider, &browser, &hint).await;
    }
    let first = heard(&provider, &down, SUITE).await;
    provider.restart();
    provider.clock.advance(60);
    let second = heard(&provider, &down, SUITE).await;
    provider.restart();
    provider.clock.advance(60);
    let third = heard(&provider, &down, SUITE).await;
    // Whoever hears it twice knows it again, though each is signed anew and is good when it comes.
    for again in [&second, &third] {
        assert_eq!((&again["jti"], &again["sid"]), (&first["jti"], &first["sid"]));
    }
    assert!(third["iat"].as_i64() > first["iat"].as_i64());
    provider.clock.advance(3600);
    let browser = provider.browser();
    let (hint, later) = two_clients(&provider, &browser).await;
    log_out(&provider, &browser, &hint).await;
    assert_eq!(heard(&provider, &down, SUITE).await["sid"], later);
}

#[tokio::test]
async fn a_client_that_answers_while_the_service_stops_is_told_once() {
    let slow = Listener::silent(&[200, 200]).await;
    let mut program = None;
    let with_listener = |config| with_backchannel(config, SUITE, &slow.address());
    let mut provider = Provider::run_by(with_listener, |provider| {
        program = Some(Program::start(provider, "info"));
        None
    })
    .await;
    let program = program.expect("it runs");
    let first = {
        let browser = provider.browser();
        let (hint, sid) = two_clients(&provider, &browser).await;
        log_out(&provider, &browser, &hint).await;
        sid
    };
    assert_eq!(heard(&provider, &slow, SUITE).await["sid"], first);
    program.terminate();
    program.says("stops when what has begun is finished");
    slow.answer(2);
    assert_eq!(tokio::task::spawn_blocking(|| program.ended()).await.expect("it ends"), Some(0));
    // When whoever was not told would be told again.
    provider.clock.advance(60);
    provider.restart();
    let browser = provider.browser();
    let (hint, second) = two_clients(&provider, &browser).await;
    log_out(&provider, &browser, &hint).await;
    assert_eq!(heard(&provider, &slow, SUITE).await["sid"], second);
}

#[tokio::test]
async fn a_client_that_cannot_be_reached_for_a_day_is_told_no_more() {
    let down = Listener::start(&[503; 40]).await;
    let provider = Provider::with(|config| with_backchannel(config, SUITE, &down.address())).await;
    let browser = provider.browser();
    let (hint, sid) = two_clients(&provider, &browser).await;
    log_out(&provider, &browser, &hint).await;
    let first = heard(&provider, &down, SUITE).await;
    provider.clock.advance(23 * 3600);
    loop {
        let last = heard(&provider, &down, SUITE).await;
        assert_eq!(last["sid"], sid);
        if last["iat"].as_i64() >= first["iat"].as_i64().map(|iat| iat + 23 * 3600) {
            break;
        }
    }
    provider.clock.advance(2 * 3600);
    let (hint, later) = two_clients(&provider, &browser).await;
    log_out(&provider, &browser, &hint).await;
    let mut before = 0;
    while heard(&provider, &down, SUITE).await["sid"] != later {
        before += 1;
    }
    assert!(before <= 1, "the last try, when the day is over");
}

#[tokio::test]
async fn whom_a_command_does_not_reach_the_service_tells_later() {
    let listeners = [Listener::start(&[503, 200]).await, Listener::start(&[429, 200]).await];
    let provider = provider(&listeners[0], &listeners[1]).await;
    let (_, sid) = two_clients(&provider, &provider.browser()).await;
    let config = parse(&provider.config_text);
    let text = commands::revoke_session(&config, &provider.clock, &sid).await.expect("revoked");
    let yet = "could NOT be told yet: a running service goes on trying for a day";
    assert_eq!(text, format!("session {sid} is revoked\nclient second {yet}\nclient suite {yet}\n"));
    provider.clock.advance(60);
    for (listener, client) in listeners.iter().zip([SUITE, SECOND]) {
        let first = heard(&provider, listener, client).await;
        assert_eq!(first["jti"], heard(&provider, listener, client).await["jti"]);
    }
}

#[tokio::test]
async fn of_64_logouts_at_once_one_tells_the_clients() {
    let listeners = [Listener::start(&[200, 200]).await, Listener::start(&[200, 200]).await];
    let provider = provider(&listeners[0], &listeners[1]).await;
    let mut sids = Vec::new();
    for times in [64, 1] {
        let browser = provider.browser();
        let (hint, sid) = two_clients(&provider, &browser).await;
        let address = format!("{}?id_token_hint={hint}", provider.at("/logout"));
        futures_util::future::join_all((0..times).map(|_| browser.get(&address))).await;
        sids.push(sid);
    }
    sids.sort();
    for (listener, client) in listeners.iter().zip([SUITE, SECOND]) {
        assert_eq!(heard_sids(&provider, listener, client, sids.len()).await, sids);
    }
}

#[tokio::test]
async fn of_64_codes_that_are_redeemed_while_the_person_logs_out_none_gives_a_token_that_is_good() {
    let provider = Provider::start().await;
    for round in 0..rounds().min(20) {
        let browser = provider.browser();
        let first = browser.authorize(SUITE, &[]).await;
        let first = provider.redeem(SUITE, first.code()).await;
        let mut codes = Vec::new();
        for _ in 0..64 {
            codes.push(browser.authorize(SUITE, &[("prompt", "none")]).await.code().to_owned());
        }
        let address = format!("{}?id_token_hint={}", provider.at("/logout"), first.text("id_token"));
        let (half, rest) = codes.split_at(32);
        let redeem = |code: &String| {
            let (provider, code) = (&provider, code.clone());
            async move { provider.redeem(SUITE, &code).await }
        };
        let (before, out, after) = tokio::join!(
            futures_util::future::join_all(half.iter().map(redeem)),
            browser.get(&address),
            futures_util::future::join_all(rest.iter().map(redeem)),
        );
        assert_eq!(out.status(), 200);
        for answer in before.iter().chain(&after).filter(|answer| answer.status == 200) {
            let status = provider.userinfo(answer.text("access_token")).await.status;
            assert_eq!(status, 401, "round {round}");
        }
    }
}
