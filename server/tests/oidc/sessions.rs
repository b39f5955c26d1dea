//! A person's own sessions: seen and ended by that person.

use crate::door::*;

async fn page(provider: &Provider, browser: &Browser<'_>) -> (u16, String) {
    let response = browser.get(&provider.at("/sessions")).await;
    (response.status().as_u16(), response.text().await.expect("a page"))
}

fn sids(page: &str) -> Vec<String> {
    page.split("/sessions/")
        .skip(1)
        .filter_map(|rest| rest.split_once("/end"))
        .map(|(sid, _)| sid.to_owned())
        .collect()
}

#[tokio::test]
async fn a_person_sees_their_logins_and_ends_one_of_them() {
    let provider = Provider::start().await;
    let (here, there) = (provider.browser(), provider.browser());
    here.authorize(SUITE, &[]).await;
    let elsewhere = there.authorize(SECOND, &[("scope", "openid offline_access")]).await;
    let elsewhere = provider.redeem(SECOND, elsewhere.code()).await;
    let sid = provider.id_token(SECOND, &elsewhere).await["sid"].as_str().expect("a sid").to_owned();
    let (status, list) = page(&provider, &here).await;
    assert_eq!((status, sids(&list).len()), (200, 2), "{list}");
    assert!(list.contains("<bdi>second</bdi>"), "{list}");
    assert_eq!(list.matches("This browser").count(), 1, "{list}");

    let response = here.submit(&format!("/sessions/{sid}/end"), &[]).await;
    assert_eq!(location(&response).as_str(), provider.at("/sessions"));
    assert_eq!(sids(&page(&provider, &here).await.1).len(), 1);
    // With everything that was granted in it, refresh tokens too.
    assert_eq!(there.authorize(SECOND, &[("prompt", "none")]).await.error(), "login_required");
    assert_eq!(provider.userinfo(elsewhere.text("access_token")).await.status, 401);
    assert_eq!(
        provider.refresh(SECOND, elsewhere.text("refresh_token")).await.error(),
        (400, "invalid_grant")
    );
    assert_eq!(here.authorize(SUITE, &[("prompt", "none")]).await.error(), "");
}

#[tokio::test]
async fn nobody_sees_or_ends_the_sessions_of_others() {
    let provider = Provider::start().await;
    let mine = provider.browser();
    mine.authorize(SUITE, &[]).await;
    let sid = sids(&page(&provider, &mine).await.1).remove(0);
    provider.emulator.set_person(weixin_emulator::Person::new("other", "Somebody Else"));
    let other = provider.browser();
    assert_eq!(page(&provider, &other).await.0, 401);
    assert_eq!(other.submit(&format!("/sessions/{sid}/end"), &[]).await.status(), 401);
    other.authorize(SUITE, &[]).await;
    assert!(!page(&provider, &other).await.1.contains(&sid));
    assert_eq!(other.submit(&format!("/sessions/{sid}/end"), &[]).await.status(), 303);
    assert_eq!(mine.authorize(SUITE, &[("prompt", "none")]).await.error(), "");
}

#[tokio::test]
async fn a_page_of_another_site_ends_no_session() {
    let provider = Provider::start().await;
    let browser = provider.browser();
    browser.authorize(SUITE, &[]).await;
    let sid = sids(&page(&provider, &browser).await.1).remove(0);
    let path = format!("/sessions/{sid}/end");
    assert_eq!(browser.submit_from("https://attacker.example", &path).await.status(), 400);
    assert_eq!(browser.authorize(SUITE, &[("prompt", "none")]).await.error(), "");
}

#[tokio::test]
async fn two_clients_whose_callbacks_come_at_once_are_in_one_session_and_a_logout_ends_both() {
    let provider = Provider::start().await;
    for (round, hinted) in [0, 1, 0, 1].into_iter().enumerate() {
        let browser = provider.browser();
        let mut callbacks = Vec::new();
        for client in [SUITE, SECOND] {
            let page = browser.get(&provider.authorize_url(client, &[])).await.text().await.expect("a page");
            callbacks.push(provider.agree(&attempt(&page).expect("a login")));
        }
        let answers = futures_util::future::join_all(callbacks.iter().map(|at| browser.get(at))).await;
        let mut tokens = Vec::new();
        for (client, answer) in [SUITE, SECOND].into_iter().zip(&answers) {
            let location = location(answer);
            let code =
                location.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
            tokens.push(provider.redeem(client, &code).await);
        }
        let first = provider.id_token(SUITE, &tokens[0]).await;
        let second = provider.id_token(SECOND, &tokens[1]).await;
        assert_eq!(first["sid"], second["sid"], "round {round}");
        assert_eq!(sids(&page(&provider, &browser).await.1).len(), 1, "round {round}");

        let hint = tokens[hinted].text("id_token");
        let address = url::Url::parse_with_params(&provider.at("/logout"), [("id_token_hint", hint)]);
        assert_eq!(browser.get(address.expect("an address").as_str()).await.status(), 200);
        for (client, token) in [SUITE, SECOND].into_iter().zip(&tokens) {
            assert_eq!(browser.authorize(client, &[("prompt", "none")]).await.error(), "login_required");
            assert_eq!(provider.userinfo(token.text("access_token")).await.status, 401, "round {round}");
        }
    }
}
