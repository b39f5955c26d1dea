//! Two nodes whose clocks are half a minute apart, and people whose every request goes to the other one: a balancer deals them out, and
//! both nodes clear away what has expired by their own clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};

use crate::door::*;
use crate::swept_clock::SweptClock;

/// As far as docs/operations.md lets them be.
const APART: i64 = 30;

/// Passes each connection on to one of the nodes, in turns; gives how many each has had.
async fn balancer(at: u16, nodes: [u16; 2]) -> Arc<[AtomicUsize; 2]> {
    let listener = TcpListener::bind(("127.0.0.1", at)).await.expect("a port");
    let dealt = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let counted = dealt.clone();
    tokio::spawn(async move {
        let mut turn = 0;
        while let Ok((mut browser, _)) = listener.accept().await {
            turn = 1 - turn;
            counted[turn].fetch_add(1, Ordering::Relaxed);
            let node = nodes[turn];
            tokio::spawn(async move {
                let mut node = TcpStream::connect(("127.0.0.1", node)).await?;
                tokio::io::copy_bidirectional(&mut browser, &mut node).await
            });
        }
    });
    dealt
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_whose_clocks_are_half_a_minute_apart_log_people_in_together() {
    let nodes = [free_port(), free_port()];
    let provider = Provider::run_by(|config| config, |_| None).await;
    let front = provider.issuer.rsplit_once(':').expect("a port").1.parse().expect("a number");
    let ahead = SweptClock::default();
    let at = |node: u16| {
        provider.config_text.replacen(
            &format!("listen = \"127.0.0.1:{front}"),
            &format!("listen = \"127.0.0.1:{node}"),
            1,
        )
    };
    let _services = [Service::start(&at(nodes[0]), &provider.clock), Service::start(&at(nodes[1]), &ahead)];
    ahead.advance(APART);
    let dealt = balancer(front, nodes).await;

    let mut refresh_tokens = Vec::new();
    for _ in 0..6 {
        let browser = provider.browser();
        let scope = ("scope", "openid profile offline_access");
        let authorized = browser
            .authorize(STRICT, &[scope, ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")])
            .await;
        assert!(authorized.asked, "{authorized:?}");
        // What has expired by either clock is gone before the code is redeemed.
        provider.clock.advance(0);
        ahead.advance(0);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", authorized.code()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let tokens = provider.token(STRICT, &form).await;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        for _ in 0..2 {
            let person = provider.userinfo(tokens.text("access_token")).await;
            assert_eq!(person.status, 200, "{person:?}");
        }
        let again = provider.token(STRICT, &form).await;
        assert_eq!(again.error(), (400, "invalid_grant"), "a code is good once, by whichever clock");
        let person = provider.userinfo(tokens.text("access_token")).await;
        assert_eq!(person.status, 401, "and its reuse ends what it gave");

        // The session is known on both: nobody is asked again.
        let authorized = browser
            .authorize(STRICT, &[scope, ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")])
            .await;
        assert!(!authorized.asked, "{authorized:?}");
        let form = [
            ("grant_type", "authorization_code"),
            ("code", authorized.code()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let mut tokens = provider.token(STRICT, &form).await;
        for _ in 0..4 {
            let renewed = provider.refresh(STRICT, tokens.text("refresh_token")).await;
            assert_eq!(renewed.status, 200, "{renewed:?}");
            tokens = renewed;
        }
        refresh_tokens.push(tokens);
    }
    for tokens in refresh_tokens {
        assert_eq!(provider.userinfo(tokens.text("access_token")).await.status, 200);
    }
    let dealt = dealt.each_ref().map(|dealt| dealt.load(Ordering::Relaxed));
    assert!(dealt.iter().all(|dealt| *dealt > 30), "{dealt:?}");
}

#[tokio::test]
async fn a_code_of_the_node_behind_lives_for_half_a_minute_at_the_one_ahead() {
    let provider = Provider::start().await;
    let code = provider.browser().authorize(SUITE, &[]).await.code().to_owned();
    // By the other node's clock it is as old as this.
    provider.clock.advance(APART + 25);
    assert_eq!(provider.redeem(SUITE, &code).await.status, 200);
    let code = provider.browser().authorize(SUITE, &[]).await.code().to_owned();
    provider.clock.advance(APART + 31);
    assert_eq!(provider.redeem(SUITE, &code).await.error(), (400, "invalid_grant"));
}
