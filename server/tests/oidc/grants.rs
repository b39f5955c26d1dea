//! Grants that outlive their session: seen and ended by the person on `/sessions`, and by the operator.

use weixin_emulator::Person;
use weixin_login::commands;

use crate::door::*;

const OFFLINE: [(&str, &str); 1] = [("scope", "openid profile offline_access")];
const INVALID_GRANT: (u16, &str) = (400, "invalid_grant");

/// Logs in for good, and out again: the session ends, the grant stays.
async fn outlived(provider: &Provider, client: Client) -> Answer {
    let browser = provider.browser();
    let answer = provider.redeem(client, browser.authorize(client, &OFFLINE).await.code()).await;
    browser.get(&format!("{}?id_token_hint={}", provider.at("/logout"), answer.text("id_token"))).await;
    assert_eq!(browser.authorize(client, &[("prompt", "none")]).await.error(), "login_required");
    answer
}

async fn page(provider: &Provider, browser: &Browser<'_>) -> String {
    browser.get(&provider.at("/sessions")).await.text().await.expect("a page")
}

/// The paths that end a grant, and the sites, in the page's order.
fn grants(page: &str) -> Vec<(String, String)> {
    let Some((_, list)) = page.split_once("<h2>Sites with ongoing access</h2>") else { return Vec::new() };
    let lines = list.split("<strong><bdi>").skip(1);
    lines
        .map(|line| {
            let (site, rest) = line.split_once("</bdi>").expect("a site");
            let (_, path) = rest.split_once("/sessions/grants/").expect("a form");
            let (id, _) = path.split_once("/end\">").expect("a path");
            (site.to_owned(), format!("/sessions/grants/{id}/end"))
        })
        .collect()
}

#[tokio::test]
async fn a_person_sees_and_ends_what_has_outlived_its_login() {
    let provider = Provider::start().await;
    let second = outlived(&provider, SECOND).await;
    provider.clock.advance(3600);
    let suite = outlived(&provider, SUITE).await;
    let here = provider.browser();
    // What a living login was granted goes with that login, and has no line of its own.
    provider.redeem(SUITE, here.authorize(SUITE, &OFFLINE).await.code()).await;
    let list = page(&provider, &here).await;
    let listed = grants(&list);
    assert_eq!(listed.iter().map(|(site, _)| &**site).collect::<Vec<_>>(), ["suite", "second"], "{list}");
    assert_eq!(list.matches("<time datetime=").count(), 3, "{list}");

    let response = here.submit(&listed[1].1, &[]).await;
    assert_eq!(location(&response).as_str(), provider.at("/sessions"));
    assert_eq!(grants(&page(&provider, &here).await), listed[..1]);
    assert_eq!(provider.refresh(SECOND, second.text("refresh_token")).await.error(), INVALID_GRANT);
    // Once more does no harm, and nobody else's is touched.
    assert_eq!(here.submit(&listed[1].1, &[]).await.status(), 303);
    let suite = provider.refresh(SUITE, suite.text("refresh_token")).await;
    assert_eq!(suite.status, 200);
    assert_eq!(grants(&page(&provider, &here).await), listed[..1]);

    // Out everywhere is out everywhere.
    here.submit("/sessions/end", &[]).await;
    assert_eq!(provider.refresh(SUITE, suite.text("refresh_token")).await.error(), INVALID_GRANT);
    assert_eq!(provider.userinfo(suite.text("access_token")).await.error(), (401, "invalid_token"));
    here.authorize(SUITE, &[]).await;
    assert_eq!(grants(&page(&provider, &here).await), []);
}

#[tokio::test]
async fn a_grant_that_is_dead_by_itself_is_not_shown() {
    const DAY: i64 = 24 * 3600;
    let provider = Provider::start().await;
    let browser = provider.browser();
    let shown = async || {
        browser.authorize(SUITE, &[]).await;
        grants(&page(&provider, &browser).await).len()
    };
    let unused = outlived(&provider, SUITE).await;
    provider.clock.advance(13 * DAY);
    assert_eq!(shown().await, 1);
    provider.clock.advance(2 * DAY);
    assert_eq!(shown().await, 0);
    assert_eq!(provider.refresh(SUITE, unused.text("refresh_token")).await.error(), INVALID_GRANT);
    // A used token is none that is good, and its successor is.
    let used = outlived(&provider, SUITE).await;
    provider.clock.advance(13 * DAY);
    let used = provider.refresh(SUITE, used.text("refresh_token")).await;
    provider.clock.advance(13 * DAY);
    assert_eq!(shown().await, 1);
    provider.post_as(SUITE, "/revoke", &[("token", used.text("refresh_token"))]).await;
    assert_eq!(shown().await, 0);
}

#[tokio::test]
async fn nobody_else_and_no_other_site_ends_a_grant() {
    let provider = Provider::start().await;
    let answer = outlived(&provider, SUITE).await;
    let mine = provider.browser();
    mine.authorize(SUITE, &[]).await;
    let (_, path) = grants(&page(&provider, &mine).await).remove(0);
    assert_eq!(mine.submit_from("https://attacker.example", &path).await.status(), 400);
    provider.emulator.set_person(Person::new("other", "Somebody Else"));
    let other = provider.browser();
    assert_eq!(other.submit(&path, &[]).await.status(), 401);
    other.authorize(SUITE, &[]).await;
    assert_eq!(grants(&page(&provider, &other).await), []);
    assert_eq!(other.submit(&path, &[]).await.status(), 303);
    other.submit("/sessions/end", &[]).await;
    assert_eq!(provider.refresh(SUITE, answer.text("refresh_token")).await.status, 200);
}

#[tokio::test]
async fn an_operator_lists_grants_and_ends_them_by_name_by_account_and_by_client() {
    let provider = Provider::start().await;
    let (config, clock) = (parse(&provider.config_text), &provider.clock);
    let list = async |of: Option<&str>, client: Option<&str>| {
        commands::list_grants(&config, clock, of, client).await.expect("a list")
    };
    let revoke = async |id: Option<&str>, of: Option<&str>, client: Option<&str>| {
        commands::revoke_grants(&config, clock, id, of, client).await.map_err(|error| error.to_string())
    };
    let refreshed =
        async |client: Client, answer: &Answer| provider.refresh(client, answer.text("refresh_token")).await;
    let is_over = async |client: Client, answer: &Answer| {
        assert_eq!(refreshed(client, answer).await.error(), INVALID_GRANT);
    };
    let first = outlived(&provider, SUITE).await;
    provider.clock.advance(60);
    let second = outlived(&provider, SECOND).await;
    let sub = provider.id_token(SUITE, &first).await["sub"].as_str().expect("a sub").to_owned();
    provider.clock.advance(60);
    provider.emulator.set_person(Person::new("other", "Somebody Else"));
    // A session that lives is no matter here, and what has no refresh token is no matter either.
    let browser = provider.browser();
    let third = provider.redeem(SECOND, browser.authorize(SECOND, &OFFLINE).await.code()).await;
    provider.log_in(SUITE, &[]).await;

    let all = list(None, None).await;
    let [of_third, of_second, of_first, count] = *all.lines().collect::<Vec<_>>() else { panic!("{all}") };
    assert_eq!(count, "3 grants");
    let id = of_first.split(' ').next().expect("an id");
    let account = of_first.split(' ').nth(3).expect("an account");
    assert_eq!(
        of_first,
        format!("{id}  account {account}  suite  given 2 min ago: openid profile offline_access")
    );
    assert_eq!(list(Some(&sub), None).await, format!("{of_second}\n{of_first}\n2 grants\n"));
    assert_eq!(list(None, Some("second")).await, format!("{of_third}\n{of_second}\n2 grants\n"));
    assert_eq!(list(Some(account), Some("second")).await, format!("{of_second}\n1 grants\n"));

    assert_eq!(revoke(None, None, None).await, Err("say which: a grant's id, --of or --client".to_owned()));
    let unknown = |id: &str| Err(format!("no living grant is called {id}; `grants list` names them"));
    assert_eq!(revoke(Some("nothing"), None, None).await, unknown("nothing"));
    assert_eq!(revoke(Some(id), None, Some("second")).await, unknown(id));
    assert_eq!(revoke(Some(id), None, None).await, Ok("1 grants are revoked\n".to_owned()));
    assert_eq!(revoke(Some(id), None, None).await, unknown(id));
    is_over(SUITE, &first).await;
    let second = refreshed(SECOND, &second).await;
    assert_eq!(second.status, 200);
    assert_eq!(revoke(None, Some(&sub), None).await, Ok("1 grants are revoked\n".to_owned()));
    is_over(SECOND, &second).await;
    assert_eq!(provider.userinfo(second.text("access_token")).await.status, 401);
    let third = refreshed(SECOND, &third).await;
    assert_eq!(third.status, 200);
    assert_eq!(revoke(None, None, Some("second")).await, Ok("1 grants are revoked\n".to_owned()));
    is_over(SECOND, &third).await;
    assert_eq!(list(None, None).await, "0 grants\n");
}
