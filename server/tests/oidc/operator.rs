//! What an operator does from the command line, beside a running service: sessions, accounts, keys.

use serde_json::Value;
use weixin_emulator::Person;
use weixin_login::commands;
use weixin_login::config::Config;

use crate::door::*;
use crate::listener::Listener;

fn config(provider: &Provider) -> Config {
    parse(&provider.config_text)
}

async fn with_backchannel(listener: &Listener) -> Provider {
    let address = listener.address();
    Provider::with(|config| {
        config
            .replace("id = \"suite\"\n", &format!("id = \"suite\"\nbackchannel_logout_uri = \"{address}\"\n"))
    })
    .await
}

async fn logout_token(provider: &Provider, listener: &Listener) -> Value {
    let request = listener.request().await;
    let (_, token) = request.split_once("logout_token=").expect("a logout token");
    provider.verified(token, "logout+jwt", SUITE.id).await
}

/// Who holds the phone of a new emulator.
fn first_person() -> Person {
    Person::new("chen-kai", "陈锴")
}

/// What this client calls the person who holds the phone.
async fn sub(provider: &Provider, client: Client) -> String {
    let answer = provider.log_in(client, &[]).await;
    provider.id_token(client, &answer).await["sub"].as_str().expect("a sub").to_owned()
}

#[tokio::test]
async fn an_operator_lists_and_revokes_sessions_and_looks_at_accounts() {
    let provider = Provider::start().await;
    let config = parse(&provider.config_text);
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[("scope", "openid offline_access")]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    let claims = provider.id_token(SUITE, &answer).await;
    let (sub, sid) = (claims["sub"].as_str().expect("a sub"), claims["sid"].as_str().expect("a sid"));

    let account = commands::show_account(&config, &provider.clock, sub).await.expect("known");
    assert!(account.contains("nickname  陈锴\n"), "{account}");
    assert!(account.contains(&format!("sub       {sub} at suite\n")), "{account}");
    assert!(account.contains("sessions  1\n"), "{account}");
    let list = commands::list_sessions(&config, &provider.clock, Some(sub)).await.expect("known");
    assert!(list.starts_with(&format!("{sid}  account ")) && list.ends_with("\n1 sessions\n"), "{list}");

    commands::revoke_session(&config, &provider.clock, sid).await.expect("revoked");
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "login_required");
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 401);
    assert_eq!(provider.refresh(SUITE, answer.text("refresh_token")).await.error(), (400, "invalid_grant"));
    let again = commands::revoke_session(&config, &provider.clock, sid).await.expect_err("gone");
    assert_eq!(again.to_string(), format!("no session is called {sid}"));
    let nobody = commands::show_account(&config, &provider.clock, "nobody").await.expect_err("unknown");
    assert_eq!(
        nobody.to_string(),
        "no account is known by nobody: it is no account's id, sub, openid, unionid, phone number or email address"
    );
}

#[tokio::test]
async fn a_session_that_an_operator_revokes_is_told_to_its_clients() {
    let listener = Listener::start(&[200]).await;
    let provider = with_backchannel(&listener).await;
    let answer = provider.log_in(SUITE, &[]).await;
    let claims = provider.id_token(SUITE, &answer).await;
    let sid = claims["sid"].as_str().expect("a sid");
    let text = commands::revoke_session(&config(&provider), &provider.clock, sid).await.expect("revoked");
    assert_eq!(text, format!("session {sid} is revoked\nclient suite was told\n"));
    let told = logout_token(&provider, &listener).await;
    assert_eq!((&told["sid"], &told["sub"]), (&claims["sid"], &claims["sub"]));
}

#[tokio::test]
async fn a_session_is_revoked_though_its_client_refuses_to_hear_it() {
    let listener = Listener::start(&[400]).await;
    let provider = with_backchannel(&listener).await;
    let answer = provider.log_in(SUITE, &[]).await;
    let sid = provider.id_token(SUITE, &answer).await["sid"].as_str().expect("a sid").to_owned();
    let text = commands::revoke_session(&config(&provider), &provider.clock, &sid).await.expect("revoked");
    assert_eq!(text, format!("session {sid} is revoked\nclient suite could NOT be told\n"));
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 401);
}

#[tokio::test]
async fn a_deleted_person_is_forgotten_and_comes_back_as_somebody_new() {
    let listener = Listener::start(&[200]).await;
    let provider = with_backchannel(&listener).await;
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[("scope", "openid offline_access")]).await;
    let answer = provider.redeem(SUITE, authorized.code()).await;
    let waiting = browser.authorize(SUITE, &[("prompt", "none")]).await;
    let claims = provider.id_token(SUITE, &answer).await;
    let old = claims["sub"].as_str().expect("a sub");
    provider.emulator.set_person(Person::new("other", "Somebody Else"));
    let other = provider.log_in(SUITE, &[]).await;
    provider.emulator.set_person(first_person());

    let text =
        commands::delete_account(&config(&provider), &provider.clock, old, false).await.expect("deleted");
    assert!(text.ends_with(" is deleted; 1 sessions have ended\nclient suite was told\n"), "{text}");
    assert_eq!(logout_token(&provider, &listener).await["sid"], claims["sid"]);
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 401);
    assert_eq!(provider.refresh(SUITE, answer.text("refresh_token")).await.error(), (400, "invalid_grant"));
    assert_eq!(provider.redeem(SUITE, waiting.code()).await.error(), (400, "invalid_grant"));
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "login_required");
    let gone = commands::show_account(&config(&provider), &provider.clock, old).await.expect_err("gone");
    assert_eq!(
        gone.to_string(),
        format!(
            "no account is known by {old}: it is no account's id, sub, openid, unionid, phone number or email address"
        )
    );
    assert_ne!(sub(&provider, SUITE).await, old);
    // Nobody else has lost anything.
    assert_eq!(provider.userinfo(other.text("access_token")).await.status, 200);
}

#[tokio::test]
async fn two_accounts_become_one_and_every_client_keeps_what_it_saw() {
    let provider = Provider::start().await;
    let config = config(&provider);
    let (first, second) = (first_person(), Person::new("second", "The same, at another app"));
    let at_suite = provider.log_in(SUITE, &[("scope", "openid offline_access")]).await;
    let first_sub = provider.id_token(SUITE, &at_suite).await["sub"].as_str().expect("a sub").to_owned();
    provider.emulator.set_person(second.clone());
    let second_sub = sub(&provider, SECOND).await;
    assert_ne!(first_sub, second_sub);

    let merged = commands::merge_accounts(&config, &provider.clock, &first_sub, &second_sub, false);
    let text = merged.await.expect("merged");
    assert!(text.ends_with("; 1 sessions have ended\n"), "{text}");
    // The sessions of the first one have ended, with what was granted in them.
    assert_eq!(provider.refresh(SUITE, at_suite.text("refresh_token")).await.error(), (400, "invalid_grant"));
    for person in [first, second] {
        provider.emulator.set_person(person);
        assert_eq!(sub(&provider, SUITE).await, first_sub);
        assert_eq!(sub(&provider, SECOND).await, second_sub);
    }
    let shown = commands::show_account(&config, &provider.clock, &first_sub).await.expect("known");
    assert_eq!(shown, commands::show_account(&config, &provider.clock, &second_sub).await.expect("known"));
    assert_eq!(shown.matches("weixin    appid").count(), 2, "{shown}");
    let again = commands::merge_accounts(&config, &provider.clock, &first_sub, &second_sub, false).await;
    assert!(again.expect_err("one").to_string().starts_with("both are account "));
}

#[tokio::test]
async fn a_client_that_knows_both_accounts_loses_a_name_only_when_that_is_asked_for() {
    let provider = Provider::start().await;
    let config = config(&provider);
    let first_sub = sub(&provider, SUITE).await;
    provider.emulator.set_person(Person::new("second", "The same, at another app"));
    let second_sub = sub(&provider, SUITE).await;

    let refused = commands::merge_accounts(&config, &provider.clock, &first_sub, &second_sub, false).await;
    let refused = refused.expect_err("refused").to_string();
    let both = format!("client suite knows both, as {first_sub} and as {second_sub}\n");
    assert!(refused.starts_with(&both) && refused.contains("--retire"), "{refused}");
    assert_eq!(sub(&provider, SUITE).await, second_sub);

    let merged = commands::merge_accounts(&config, &provider.clock, &first_sub, &second_sub, true).await;
    assert!(merged.expect("merged").contains(&both));
    assert_eq!(sub(&provider, SUITE).await, second_sub);
    provider.emulator.set_person(first_person());
    assert_eq!(sub(&provider, SUITE).await, second_sub);
}

#[tokio::test]
async fn a_leaked_key_is_gone_at_once_and_another_one_signs() {
    let provider = Provider::start().await;
    let config = config(&provider);
    let browser = provider.browser();
    let authorized = browser.authorize(SUITE, &[("scope", "openid offline_access")]).await;
    let old = provider.redeem(SUITE, authorized.code()).await;
    let kid = |answer: &Answer, token: &str| {
        jsonwebtoken::decode_header(answer.text(token)).expect("a header").kid.expect("a kid")
    };
    for token in ["id_token", "access_token"] {
        let leaked = kid(&old, token);
        let text = commands::withdraw_key(&config, &provider.clock, &leaked).await.expect("withdrawn");
        assert!(text.starts_with(&format!("key {leaked} is withdrawn")), "{text}");
        assert!(text.contains(" signs in its place\n"), "{text}");
        // The running service looks once a second.
        provider.clock.advance(1);
        let jwks = provider.get_json("/jwks").await.to_string();
        assert!(!jwks.contains(&leaked), "{jwks}");
        let unknown = commands::withdraw_key(&config, &provider.clock, &leaked).await.expect_err("gone");
        assert_eq!(unknown.to_string(), format!("no key is called {leaked}; `keys list` names them"));
    }
    assert_eq!(provider.userinfo(old.text("access_token")).await.status, 401);
    let hint = format!("{}?id_token_hint={}", provider.at("/logout"), old.text("id_token"));
    // As a hint it is none: the person is asked.
    let page = browser.get(&hint).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().await.expect("a page").contains("<form"));

    // Who is logged in stays so, with tokens of the new keys.
    let new = provider.refresh(SUITE, old.text("refresh_token")).await;
    for token in ["id_token", "access_token"] {
        assert_ne!(kid(&new, token), kid(&old, token));
    }
    provider.id_token(SUITE, &new).await;
    assert_eq!(provider.userinfo(new.text("access_token")).await.status, 200);
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "");
    let list = commands::list_keys(&config, &provider.clock).await.expect("listed");
    assert!(list.contains(&format!("{}  RS256  signs  made", kid(&new, "id_token"))), "{list}");
}

#[tokio::test]
async fn a_key_that_does_not_sign_is_withdrawn_without_a_successor() {
    let provider = Provider::start().await;
    let config = config(&provider);
    commands::rotate_keys(&config, &provider.clock).await.expect("rotated");
    let list = commands::list_keys(&config, &provider.clock).await.expect("listed");
    let announced: Vec<&str> = list.lines().filter(|line| line.contains("  signs in 12 min  ")).collect();
    assert_eq!((list.lines().count(), announced.len()), (4, 2), "{list}");
    let kid = announced[0].split(' ').next().expect("a name");
    let text = commands::withdraw_key(&config, &provider.clock, kid).await.expect("withdrawn");
    assert!(!text.contains("signs in its place"), "{text}");
    assert_eq!(commands::list_keys(&config, &provider.clock).await.expect("listed").lines().count(), 3);
}

#[tokio::test]
async fn an_account_that_is_deleted_with_grace_comes_back_by_a_login() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &[("scope", "openid offline_access")]).await;
    let claims = provider.id_token(SUITE, &answer).await;
    let sub = claims["sub"].as_str().expect("a sub");
    let show = async || commands::show_account(&config(&provider), &provider.clock, sub).await;
    let said =
        commands::delete_account(&config(&provider), &provider.clock, sub, true).await.expect("deleted");
    assert!(
        said.contains("will be deleted in 7 days, unless the person logs in before; 1 sessions have ended")
    );
    assert!(show().await.expect("shown").contains("deleted   in 7 days, unless the person logs in\n"));
    assert_eq!(provider.refresh(SUITE, answer.text("refresh_token")).await.error(), (400, "invalid_grant"));
    let again = provider.log_in(SUITE, &[]).await;
    assert_eq!(provider.id_token(SUITE, &again).await["sub"], sub);
    let shown = show().await.expect("shown");
    assert!(!shown.contains("deleted   in") && shown.contains("deleted by operator\n"), "{shown}");
}
