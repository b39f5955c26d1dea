//! Nothing that OpenID Connect hands out, or is shown, is ever logged: the program runs at TRACE, and everything that it says is
//! searched. WeChat's part of a login is searched in the same way beside its own tests.

use std::collections::BTreeSet;

use crate::door::*;
use crate::listener::Listener;
use crate::program::Program;

/// What must not be found.
#[derive(Default)]
struct Canaries(BTreeSet<String>);

impl Canaries {
    fn note(&mut self, value: &str) {
        assert!(value.len() > 8, "{value} could be anywhere");
        self.0.insert(value.to_owned());
    }

    fn note_tokens(&mut self, answer: &Answer) {
        for name in ["access_token", "refresh_token", "id_token"] {
            let token = answer.text(name);
            self.note(token);
            // A piece of a JWT is as good as the whole: its signature alone would do.
            token.split('.').skip(1).for_each(|part| self.note(part));
        }
    }
}

#[tokio::test]
async fn a_run_at_trace_names_no_secret_of_openid_connect() {
    let backchannel = Listener::start(&[500, 200]).await;
    let address = backchannel.address();
    let mut program = None;
    let with_backchannel = |config: String| {
        let suite = "id = \"suite\"\n";
        config.replace(suite, &format!("{suite}backchannel_logout_uri = \"{address}\"\n"))
    };
    let provider = Provider::run_by(with_backchannel, |provider| {
        program = Some(Program::start(provider, "trace"));
        None
    })
    .await;
    let browser = provider.browser();
    let mut canaries = Canaries::default();
    canaries.note(weixin_emulator::DEFAULT_SECRET);
    canaries.note(VERIFIER);
    for client in [SUITE, SECOND, STRICT] {
        let secret = client.secret.expect("a secret");
        canaries.note(secret);
        canaries.note(&weixin_login::commands::hash_secret(secret));
        canaries.note(basic(client.id, secret).trim_start_matches("Basic "));
    }

    // A login with PKCE, in every part of it: what WeChat answers, the state, the nonce, the code.
    let parameters = [
        ("scope", "openid profile weixin offline_access"),
        ("state", "state-of-the-canary"),
        ("nonce", "nonce-of-the-canary"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    canaries.note("state-of-the-canary");
    canaries.note("nonce-of-the-canary");
    let page = browser.get(&provider.authorize_url(STRICT, &parameters)).await.text().await.expect("a page");
    let from_weixin = provider.agree(&attempt(&page).expect("a login"));
    for (name, value) in url::Url::parse(&from_weixin).expect("an address").query_pairs() {
        if matches!(&*name, "code" | "state") {
            canaries.note(&value);
        }
    }
    browser.get(&from_weixin).await;
    let authorized = browser.authorize(STRICT, &parameters).await;
    canaries.note(authorized.code());
    let mut form = redemption(authorized.code()).to_vec();
    let wrong = [("code_verifier", "the-wrong-verifier-of-the-canary-0123456789")];
    canaries.note(wrong[0].1);
    let refused = provider.token(STRICT, &[&form[..], &wrong].concat()).await;
    assert_eq!(refused.error(), (400, "invalid_grant"));
    form.push(("code_verifier", VERIFIER));
    let tokens = provider.token(STRICT, &form).await;
    canaries.note_tokens(&tokens);
    let refreshed = provider.refresh(STRICT, tokens.text("refresh_token")).await;
    canaries.note_tokens(&refreshed);
    let person = provider.userinfo(refreshed.text("access_token")).await;
    for name in ["weixin_openid", "weixin_unionid"] {
        canaries.note(person.text(name));
    }
    // The code comes again: the grant goes, and the log says so.
    assert_eq!(provider.token(STRICT, &form).await.error(), (400, "invalid_grant"));

    // Another client in the same session, with its secret in the body; and everything that is refused.
    let authorized =
        browser.authorize(SUITE, &[("scope", "openid offline_access"), ("prompt", "none")]).await;
    canaries.note(authorized.code());
    let secret = [("client_id", SUITE.id), ("client_secret", SUITE.secret.expect("a secret"))];
    let form = [&redemption(authorized.code())[..], &secret].concat();
    let tokens = provider.post("/token", &form).await.into_answer().await;
    canaries.note_tokens(&tokens);
    for wrong in ["wrong-secret-of-the-canary", "wrong-code-of-the-canary", "wrong-token-of-the-canary"] {
        canaries.note(wrong);
        let client = Client { secret: Some(wrong), ..SUITE };
        assert_eq!(provider.redeem(client, wrong).await.error(), (401, "invalid_client"));
        assert_eq!(provider.redeem(SUITE, wrong).await.error(), (400, "invalid_grant"));
        assert_eq!(provider.refresh(SUITE, wrong).await.error(), (400, "invalid_grant"));
        assert_eq!(provider.userinfo(wrong).await.status, 401);
        assert_eq!(provider.post("/userinfo", &[("access_token", wrong)]).await.status(), 401);
        assert_eq!(provider.post_as(SUITE, "/revoke", &[("token", wrong)]).await.status(), 200);
        let address = format!("{}?id_token_hint={wrong}", provider.at("/logout"));
        assert_eq!(browser.get(&address).await.status(), 400);
        let address = provider.authorize_url(SUITE, &[("id_token_hint", wrong), ("login_hint", wrong)]);
        browser.get(&address).await;
        let address = provider.authorize_url(SUITE, &[("redirect_uri", &format!("https://{wrong}/"))]);
        assert_eq!(browser.get(&address).await.status(), 400);
    }
    assert_eq!(
        provider.post("/userinfo", &[("access_token", tokens.text("access_token"))]).await.status(),
        200
    );
    browser.get(&provider.at("/sessions")).await;

    // Out: the client is told twice, for it fails at first.
    let out = format!(
        "{}?id_token_hint={}&state=state-of-the-canary",
        provider.at("/logout"),
        tokens.text("id_token")
    );
    assert_eq!(browser.get(&out).await.status(), 200);
    for _ in 0..2 {
        let request = backchannel.request().await;
        let (_, logout_token) = request.split_once("logout_token=").expect("a logout token");
        canaries.note(logout_token);
    }
    let revoked = [("token", tokens.text("refresh_token"))];
    assert_eq!(provider.post_as(SUITE, "/revoke", &revoked).await.status(), 200);
    let cookies = browser.cookies();
    assert!(cookies.len() >= 2, "of the attempt and of the session: {cookies:?}");
    for cookie in cookies {
        canaries.note(cookie.rsplit('.').next().expect("a part"));
    }

    let said = program.expect("it was started").stop();
    for words in [" DEBUG ", "a code came twice", "a logout was not delivered"] {
        assert!(said.contains(words), "{words} is missing: {said}");
    }
    for canary in canaries.0 {
        assert!(!said.contains(&canary), "{canary} is in: {said}");
    }
}
