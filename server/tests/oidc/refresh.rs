//! Refresh tokens: only where they were asked for, rotated at each use, and reuse kills the family.

use rusqlite::Connection;
use weixin_login::secret::SecretHash;

use crate::door::*;
use crate::named_store::on_its_file;

const OFFLINE: [(&str, &str); 1] = [("scope", "openid profile offline_access")];
const INVALID_GRANT: (u16, &str) = (400, "invalid_grant");

#[tokio::test]
async fn there_is_none_without_offline_access() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &[("scope", "openid profile")]).await;
    assert_eq!(answer.body.get("refresh_token"), None);
}

#[tokio::test]
async fn of_64_uses_at_once_all_get_the_same_successor() {
    let provider = Provider::start().await;
    let mut refresh_token = provider.log_in(SUITE, &OFFLINE).await.text("refresh_token").to_owned();
    for round in 0..rounds() {
        let uses = (0..64).map(|_| provider.refresh(SUITE, &refresh_token));
        let answers = futures_util::future::join_all(uses).await;
        let mut successors: Vec<_> = answers.iter().map(|answer| answer.text("refresh_token")).collect();
        successors.dedup();
        assert_eq!(successors.len(), 1, "round {round}");
        refresh_token = successors[0].to_owned();
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again_for_ten_seconds() {
    let provider = Provider::start().await;
    let first = provider.log_in(SUITE, &OFFLINE).await;
    let successor = provider.refresh(SUITE, first.text("refresh_token")).await;
    provider.clock.advance(9);
    let again = provider.refresh(SUITE, first.text("refresh_token")).await;
    assert_eq!(again.text("refresh_token"), successor.text("refresh_token"));
    assert_eq!(provider.refresh(SUITE, again.text("refresh_token")).await.status, 200);
}

#[tokio::test]
async fn reuse_after_the_grace_kills_the_family() {
    let provider = Provider::start().await;
    let first = provider.log_in(SUITE, &OFFLINE).await;
    let second = provider.refresh(SUITE, first.text("refresh_token")).await;
    provider.clock.advance(11);
    assert_eq!(provider.refresh(SUITE, first.text("refresh_token")).await.error(), INVALID_GRANT);
    assert_eq!(provider.refresh(SUITE, second.text("refresh_token")).await.error(), INVALID_GRANT);
    assert_eq!(provider.userinfo(second.text("access_token")).await.error(), (401, "invalid_token"));
}

#[tokio::test]
async fn reuse_within_the_grace_kills_the_family_once_the_successor_was_used() {
    let provider = Provider::start().await;
    let first = provider.log_in(SUITE, &OFFLINE).await;
    let second = provider.refresh(SUITE, first.text("refresh_token")).await;
    let third = provider.refresh(SUITE, second.text("refresh_token")).await;
    assert_eq!(provider.refresh(SUITE, first.text("refresh_token")).await.error(), INVALID_GRANT);
    assert_eq!(provider.refresh(SUITE, third.text("refresh_token")).await.error(), INVALID_GRANT);
    assert_eq!(provider.userinfo(third.text("access_token")).await.status, 401);
}

#[tokio::test]
async fn another_client_gets_nothing_and_kills_nothing() {
    let provider = Provider::start().await;
    let first = provider.log_in(SUITE, &OFFLINE).await;
    let second = provider.refresh(SUITE, first.text("refresh_token")).await;
    provider.clock.advance(11);
    for token in [first.text("refresh_token"), second.text("refresh_token")] {
        assert_eq!(provider.refresh(SECOND, token).await.error(), INVALID_GRANT);
    }
    assert_eq!(provider.refresh(SUITE, second.text("refresh_token")).await.status, 200);
}

#[tokio::test]
async fn rotation_does_not_move_the_absolute_limit() {
    const DAY: i64 = 24 * 3600;
    let provider = Provider::start().await;
    let mut answer = provider.log_in(SUITE, &OFFLINE).await;
    for _ in 0..3 {
        provider.clock.advance(9 * DAY);
        answer = provider.refresh(SUITE, answer.text("refresh_token")).await;
        assert_eq!(answer.status, 200);
    }
    provider.clock.advance(3 * DAY + 1);
    assert_eq!(provider.refresh(SUITE, answer.text("refresh_token")).await.error(), INVALID_GRANT);
}

#[tokio::test]
async fn a_refresh_token_that_was_not_used_for_14_days_is_dead() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &OFFLINE).await;
    provider.clock.advance(14 * 24 * 3600 + 1);
    assert_eq!(provider.refresh(SUITE, answer.text("refresh_token")).await.error(), INVALID_GRANT);
}

#[tokio::test]
async fn the_scope_may_be_narrowed_and_never_widened() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &OFFLINE).await;
    let refresh = |scope: &'static str, token: String| {
        let provider = &provider;
        async move {
            let form = [("grant_type", "refresh_token"), ("refresh_token", &token), ("scope", scope)];
            provider.token(SUITE, &form).await
        }
    };
    let token = answer.text("refresh_token").to_owned();
    let wide = refresh("openid profile offline_access weixin", token.clone()).await;
    assert_eq!(wide.error(), (400, "invalid_scope"));
    let narrow = refresh("openid", token).await;
    assert_eq!(narrow.text("scope"), "openid");
    assert_eq!(provider.userinfo(narrow.text("access_token")).await.body.get("nickname"), None);
    let back = refresh("openid profile", narrow.text("refresh_token").to_owned()).await;
    assert_eq!(back.text("scope"), "openid profile");
}

#[tokio::test]
async fn a_revoked_token_takes_its_whole_grant_along() {
    let provider = Provider::start().await;
    for kind in ["refresh_token", "access_token"] {
        let answer = provider.log_in(SUITE, &OFFLINE).await;
        let form = [("token", answer.text(kind))];
        // Somebody else's is left alone, and an unknown one is no error.
        assert_eq!(provider.post_as(SECOND, "/revoke", &form).await.status(), 200);
        assert_eq!(provider.post_as(SUITE, "/revoke", &[("token", "unknown")]).await.status(), 200);
        assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 200);
        assert_eq!(provider.post_as(SUITE, "/revoke", &form).await.status(), 200);
        assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 401);
        assert_eq!(provider.refresh(SUITE, answer.text("refresh_token")).await.error(), INVALID_GRANT);
    }
}

#[tokio::test]
async fn nobody_revokes_without_proving_who_they_are() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &OFFLINE).await;
    let form = [("token", answer.text("refresh_token")), ("client_id", "suite"), ("client_secret", "wrong")];
    assert_eq!(provider.post("/revoke", &form).await.status(), 401);
    assert_eq!(provider.refresh(SUITE, answer.text("refresh_token")).await.status, 200);
}

/// How many refresh tokens the store has rows for.
fn rows(provider: &Provider) -> i64 {
    let count = "SELECT count(*) FROM refresh_tokens";
    beside(provider).query_row(count, [], |row| row.get(0)).expect("a number")
}

fn beside(provider: &Provider) -> Connection {
    let store = Connection::open(provider.folder.path().join("store.db")).expect("the store");
    store.busy_timeout(std::time::Duration::from_secs(5)).expect("it waits");
    store
}

#[tokio::test]
async fn after_200_uses_the_store_has_two_rows_and_any_token_but_the_newest_kills_the_family() {
    let provider = Provider::with(on_its_file).await;
    for reused in [0, 1, 100, 198, 199] {
        let mut answer = provider.log_in(SUITE, &OFFLINE).await;
        let mut tokens = Vec::new();
        for _ in 0..200 {
            tokens.push(answer.text("refresh_token").to_owned());
            answer = provider.refresh(SUITE, answer.text("refresh_token")).await;
            assert_eq!(answer.status, 200);
        }
        assert_eq!(rows(&provider), 2, "{reused}");
        provider.clock.advance(11);
        // Another client's word is none, and neither is a token that the service has not made.
        let forged = format!("{}A", tokens[reused]);
        assert_eq!(provider.refresh(SECOND, &tokens[reused]).await.error(), INVALID_GRANT);
        assert_eq!(provider.refresh(SUITE, &forged).await.error(), INVALID_GRANT);
        assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 200);
        assert_eq!(provider.refresh(SUITE, &tokens[reused]).await.error(), INVALID_GRANT);
        assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 401, "{reused}");
        let newest = provider.refresh(SUITE, answer.text("refresh_token")).await;
        assert_eq!(newest.error(), INVALID_GRANT, "{reused}");
        provider.clock.advance(31 * 24 * 3600);
        assert_eq!(rows(&provider), 0);
    }
}

#[tokio::test]
async fn who_knows_a_grants_name_alone_does_not_end_it() {
    let provider = Provider::start().await;
    let answer = provider.log_in(SUITE, &OFFLINE).await;
    let claims = provider.verified(answer.text("access_token"), "at+jwt", &provider.issuer).await;
    let grant_id = claims["grant_id"].as_str().expect("a name");
    let (body, tag) = answer.text("refresh_token").rsplit_once('.').expect("a tag");
    let made_up = [
        grant_id.to_owned(),
        format!("{grant_id}."),
        format!("{grant_id}.."),
        format!("{grant_id}.secret.{tag}"),
        format!("{body}."),
        format!("{body}.{}", &tag[..42]),
    ];
    for token in made_up {
        assert_eq!(provider.refresh(SUITE, &token).await.error(), INVALID_GRANT, "{token}");
        assert_eq!(provider.post_as(SUITE, "/revoke", &[("token", &token)]).await.status(), 200);
    }
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 200);
    assert_eq!(provider.refresh(SUITE, answer.text("refresh_token")).await.status, 200);
}

#[tokio::test]
async fn a_token_that_was_used_long_ago_can_be_given_back() {
    let provider = Provider::start().await;
    let first = provider.log_in(SUITE, &OFFLINE).await;
    let mut answer = first.clone();
    for _ in 0..3 {
        answer = provider.refresh(SUITE, answer.text("refresh_token")).await;
    }
    let form = [("token", first.text("refresh_token"))];
    assert_eq!(provider.post_as(SECOND, "/revoke", &form).await.status(), 200);
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 200);
    assert_eq!(provider.post_as(SUITE, "/revoke", &form).await.status(), 200);
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 401);
}

/// A token as an earlier version has given it out: a random word, and nothing in it says whose.
fn of_an_earlier_version(provider: &Provider, answer: &Answer) -> String {
    let word = "q6pZ0mG3b1Vv5hY8c2Xt7nR4sK9dL0fJ1wE6uA3iO5M".to_owned();
    let (new, old) = (SecretHash::of(&word), SecretHash::of(answer.text("refresh_token")));
    let hashes = [new.as_bytes(), old.as_bytes()];
    beside(provider)
        .execute("UPDATE refresh_tokens SET hash = ?1, tagged = 0 WHERE hash = ?2", hashes)
        .expect("written");
    word
}

#[tokio::test]
async fn a_token_of_before_the_upgrade_is_good_and_its_reuse_kills_the_family() {
    let provider = Provider::with(on_its_file).await;
    let old = of_an_earlier_version(&provider, &provider.log_in(SUITE, &OFFLINE).await);
    let mut answer = provider.refresh(SUITE, &old).await;
    let again = provider.refresh(SUITE, &old).await;
    assert_eq!(again.text("refresh_token"), answer.text("refresh_token"));
    for _ in 0..20 {
        answer = provider.refresh(SUITE, answer.text("refresh_token")).await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(rows(&provider), 3, "the old one, and the two newest");
    assert_eq!(provider.refresh(SUITE, &old).await.error(), INVALID_GRANT);
    assert_eq!(provider.userinfo(answer.text("access_token")).await.status, 401);
}
