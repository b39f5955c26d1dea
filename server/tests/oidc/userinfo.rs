//! `/userinfo`: good access tokens of grants that stand, and nothing else.

use reqwest::header::WWW_AUTHENTICATE;

use crate::door::*;

const INVALID_TOKEN: (u16, &str) = (401, "invalid_token");

#[tokio::test]
async fn a_token_in_the_address_is_not_seen() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &[]).await;
    let token = answer.text("access_token");
    let response = provider.get(&format!("/userinfo?access_token={token}")).await;
    assert_eq!(response.status(), 401);
    assert_eq!(
        response.headers()[WWW_AUTHENTICATE],
        "Bearer realm=\"weixin-login\", error=\"invalid_token\", error_description=\"there is no access token\""
    );
}

#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &[]).await;
    assert_eq!(provider.userinfo(answer.text("id_token")).await.error(), INVALID_TOKEN);
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &[("scope", "openid offline_access")]).await;
    provider.clock.advance(601);
    assert_eq!(provider.userinfo(answer.text("access_token")).await.error(), INVALID_TOKEN);
}

#[tokio::test]
async fn a_token_of_another_provider_is_refused() {
    let (provider, other) = tokio::join!(Provider::start(), Provider::start());
    let answer = other.log_in(SUITE, &[]).await;
    assert_eq!(other.userinfo(answer.text("access_token")).await.status, 200);
    assert_eq!(provider.userinfo(answer.text("access_token")).await.error(), INVALID_TOKEN);
}

#[tokio::test]
async fn a_cut_or_changed_token_is_refused() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &[]).await;
    let token = answer.text("access_token");
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    for changed in
        [&token[..token.len() - 2], signed, &format!("{signed}."), &format!("{token}A"), "x", "a.b.c", ""]
    {
        assert_eq!(provider.userinfo(changed).await.error(), INVALID_TOKEN, "{changed}");
    }
}

#[tokio::test]
async fn two_tokens_at_once_are_refused() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &[]).await;
    let token = answer.text("access_token");
    let request =
        provider.http().post(provider.at("/userinfo")).bearer_auth(token).form(&[("access_token", token)]);
    let answer = request.send().await.expect("an answer").into_answer().await;
    assert_eq!(answer.error(), (400, "invalid_request"));
}

#[tokio::test]
async fn the_weixin_scope_tells_the_ids_at_weixin() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &[("scope", "openid weixin")]).await;
    let info = provider.userinfo(answer.text("access_token")).await.body;
    assert!(info["weixin_openid"].as_str().is_some_and(|openid| !openid.is_empty()), "{info}");
    assert!(info["weixin_unionid"].as_str().is_some_and(|unionid| !unionid.is_empty()), "{info}");
    assert_eq!(info.get("nickname"), None);
}

/// OpenID Connect Core §5.3.2: a claim without a value is left out.
#[tokio::test]
async fn what_a_person_has_not_is_no_claim() {
    let provider = Provider::start().await;
    for (nickname, name) in [("", None), ("\u{7}\n", None), ("\u{14}琦娅", Some("琦娅"))] {
        let headimgurl = Some(String::new());
        let person = weixin_emulator::Person::new("unnamed", nickname);
        provider.emulator.set_person(weixin_emulator::Person { headimgurl, ..person });
        let answer = provider.log_in(SUITE, &[("scope", "openid profile")]).await;
        let claims = provider.id_token(SUITE, &answer).await;
        let info = provider.userinfo(answer.text("access_token")).await.body;
        for told in [&claims, &info] {
            assert!(told["sub"].is_string(), "{told}");
            assert_eq!(told.get("picture"), None, "{told}");
        }
        assert_eq!((claims.get("name"), claims.get("nickname")), (None, None), "{claims}");
        let told = [info.get("name"), info.get("nickname")]
            .map(|claim| claim.map(|claim| claim.as_str().expect("a text")));
        assert_eq!(told, [name, name], "{info}");
    }
}

#[tokio::test]
async fn a_person_is_the_same_at_each_login_and_another_person_another() {
    let provider = Provider::start().await;
    let sub = |answer: Answer| {
        let provider = &provider;
        async move { provider.id_token(SUITE, &answer).await["sub"].as_str().expect("a sub").to_owned() }
    };
    let first = sub(provider.log_in(SUITE, &[]).await).await;
    let again = sub(provider.log_in(SUITE, &[]).await).await;
    provider.emulator.set_person(weixin_emulator::Person::new("other", "Somebody Else"));
    let other = sub(provider.log_in(SUITE, &[]).await).await;
    assert_eq!(first, again);
    assert_ne!(first, other);
}

/// Two nodes: the one that is asked has a clock that is behind.
#[tokio::test]
async fn a_token_of_a_node_whose_clock_is_ahead_is_good() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &[]).await;
    for behind in [1, 1, 60] {
        provider.clock.advance(-behind);
        assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 200);
    }
}
