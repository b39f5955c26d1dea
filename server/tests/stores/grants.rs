//! Grants and refresh tokens.

use weixin_login::clock::Seconds;
use weixin_login::secret::SecretHash;
use weixin_login::store::grants::{Chosen, GrantRow, PresentedToken, Rotation};

use crate::given::{Given, MANY, at_once, count};
use crate::rows::{LATER, NOW, ending, grant, hash, logged_in};

/// How long a used token gives the same successor.
const GRACE: Seconds = 30;

fn presented<'a>(token: &str, successors: &'a [SecretHash]) -> PresentedToken<'a> {
    PresentedToken {
        hash: hash(token),
        grant_id: None,
        client_id: "shop",
        successors,
        idle_until: NOW + 1000,
        grace: GRACE,
    }
}

/// A grant with a refresh token that dies unused after 100 seconds.
async fn with_token(given: &Given) -> GrantRow {
    let row = grant("grant", &logged_in(given, "one", "sid").await);
    assert!(given.lasting.insert_grant(&row, Some((hash("first"), NOW + 100))).await.expect("an answer"));
    row
}

async fn rotated(given: &Given, token: PresentedToken<'_>, now: Seconds) -> Rotation {
    given.lasting.rotate_refresh_token(token, now).await.expect("an answer")
}

pub async fn a_grant_needs_its_session(given: &Given) {
    let lasting = &given.lasting;
    let session = logged_in(given, "one", "sid").await;
    let row = grant("one", &session);
    assert!(lasting.insert_grant(&row, None).await.expect("an answer"));
    for (at, there) in [(LATER - 1, true), (LATER, false)] {
        assert_eq!(lasting.grant("one", at).await.expect("an answer").is_some(), there);
    }
    let of_others = [
        GrantRow { id: "late".into(), created_at: LATER, expires_at: LATER + 9, ..row.clone() },
        GrantRow { id: "unknown".into(), sid: "unknown".into(), ..row.clone() },
        GrantRow { id: "somebody's".into(), account_id: "somebody".into(), ..row.clone() },
    ];
    for other in of_others {
        assert!(!lasting.insert_grant(&other, Some((hash(&other.id), LATER))).await.expect("an answer"));
        assert_eq!(lasting.grant(&other.id, NOW).await.expect("an answer"), None);
        assert_eq!(lasting.refresh_token_grant(&hash(&other.id), None).await.expect("an answer"), None);
    }
    assert!(lasting.end_session("sid", ending(&[])).await.expect("an answer").is_some());
    assert!(!lasting.insert_grant(&grant("two", &session), None).await.expect("an answer"));
}

pub async fn a_grant_that_was_revoked_before_it_was_made_stays_revoked(given: &Given) {
    let row = grant("one", &logged_in(given, "one", "sid").await);
    given.lasting.revoke_grant("one", NOW, LATER).await.expect("kept");
    assert!(given.lasting.insert_grant(&row, Some((hash("token"), LATER))).await.expect("an answer"));
    assert_eq!(given.lasting.grant("one", NOW).await.expect("an answer"), None);
    assert_eq!(rotated(given, presented("token", &[hash("next")]), NOW).await, Rotation::Refused);
}

pub async fn a_refresh_token_goes_on_as_its_successor(given: &Given) {
    let row = with_token(given).await;
    let successors = [hash("second")];
    let first = presented("first", &successors);
    assert_eq!(rotated(given, first, NOW).await, Rotation::Rotated(row.clone()));
    // Whose answer was lost asks again, with successors under new keys before and behind.
    let successors = [hash("under a new key"), hash("second"), hash("under an old key")];
    let again = rotated(given, presented("first", &successors), NOW + GRACE).await;
    assert_eq!(again, Rotation::Again(row.clone(), hash("second")));
    let successors = [hash("third")];
    let second = presented("second", &successors);
    assert_eq!(rotated(given, second, NOW + 99).await, Rotation::Rotated(row.clone()));
    let of_third = given.lasting.refresh_token_grant(&hash("third"), None).await.expect("an answer");
    assert_eq!(of_third, Some(row.clone()));
    // Its successor was used: the first is known by its tag alone.
    assert_eq!(given.lasting.refresh_token_grant(&hash("first"), None).await.expect("an answer"), None);
    let by_tag = given.lasting.refresh_token_grant(&hash("first"), Some("grant")).await.expect("an answer");
    assert_eq!(by_tag, Some(row));
}

pub async fn of_64_presentations_of_a_refresh_token_all_get_one_successor(given: &Given) {
    let row = with_token(given).await;
    let rotations = at_once(given, |store, _| async move {
        store
            .lasting
            .rotate_refresh_token(presented("first", &[hash("second")]), NOW)
            .await
            .expect("an answer")
    })
    .await;
    let again = Rotation::Again(row.clone(), hash("second"));
    assert_eq!((count(&rotations, &Rotation::Rotated(row)), count(&rotations, &again)), (1, MANY - 1));
}

pub async fn a_refresh_token_that_comes_again_late_ends_its_grant(given: &Given) {
    with_token(given).await;
    let successors = [hash("second")];
    assert!(matches!(rotated(given, presented("first", &successors), NOW).await, Rotation::Rotated(_)));
    let late = at_once(given, |store, _| async move {
        let successors = [hash("second")];
        let token = presented("first", &successors);
        store.lasting.rotate_refresh_token(token, NOW + GRACE + 1).await.expect("an answer")
    })
    .await;
    assert_eq!((count(&late, &Rotation::Reused), count(&late, &Rotation::Refused)), (1, MANY - 1));
    assert_eq!(given.lasting.grant("grant", NOW).await.expect("an answer"), None);
    let successors = [hash("third")];
    let second = presented("second", &successors);
    assert_eq!(rotated(given, second, NOW).await, Rotation::Refused);
}

pub async fn a_refresh_token_that_has_no_row_any_more_ends_the_grant_of_its_tag(given: &Given) {
    let row = with_token(given).await;
    let unknown = [hash("next")];
    assert_eq!(rotated(given, presented("unknown", &unknown), NOW).await, Rotation::Refused);
    let of_another = PresentedToken { grant_id: Some("another"), ..presented("unknown", &unknown) };
    assert_eq!(rotated(given, of_another, NOW).await, Rotation::Refused);
    let others =
        PresentedToken { grant_id: Some("grant"), client_id: "forum", ..presented("unknown", &unknown) };
    assert_eq!(rotated(given, others, NOW).await, Rotation::Refused);
    assert_eq!(given.lasting.grant("grant", NOW).await.expect("an answer"), Some(row));
    let tagged = PresentedToken { grant_id: Some("grant"), ..presented("unknown", &unknown) };
    assert_eq!(rotated(given, tagged, NOW).await, Rotation::Reused);
    assert_eq!(given.lasting.grant("grant", NOW).await.expect("an answer"), None);
}

pub async fn a_refresh_token_is_no_other_clients_and_dies_in_its_second(given: &Given) {
    let row = with_token(given).await;
    let successors = [hash("second")];
    let others = PresentedToken { client_id: "forum", ..presented("first", &successors) };
    assert_eq!(rotated(given, others, NOW).await, Rotation::Refused);
    assert_eq!(rotated(given, presented("first", &successors), NOW + 100).await, Rotation::Refused);
    let in_time = rotated(given, presented("first", &successors), NOW + 99).await;
    assert_eq!(in_time, Rotation::Rotated(row), "a refusal uses nothing up");
    // The successor dies with the grant, whatever its idle time says.
    let forever = PresentedToken { idle_until: LATER + 99, ..presented("second", &[]) };
    let third = [hash("third")];
    let second = PresentedToken { successors: &third, ..forever };
    assert!(matches!(rotated(given, second, NOW + 99).await, Rotation::Rotated(_)));
    assert_eq!(rotated(given, presented("third", &successors), LATER).await, Rotation::Refused);
}

pub async fn grants_of_those_who_are_away_are_found_and_ended(given: &Given) {
    let lasting = &given.lasting;
    let (one, other) = (logged_in(given, "one", "one").await, logged_in(given, "other", "other").await);
    let rows = [
        GrantRow { created_at: NOW + 2, ..grant("c", &one) },
        GrantRow { created_at: NOW + 1, ..grant("a", &one) },
        GrantRow { created_at: NOW + 1, client_id: "forum".into(), ..grant("b", &other) },
    ];
    for row in &rows {
        assert!(lasting.insert_grant(row, Some((hash(&row.id), LATER))).await.expect("an answer"));
    }
    assert!(lasting.insert_grant(&grant("no token", &one), None).await.expect("an answer"));
    let chosen = async |id, account_id, client_id, most| {
        let chosen = Chosen { id, account_id, client_id };
        lasting.offline_grants(chosen, NOW + 2, most).await.expect("an answer")
    };
    assert_eq!(chosen(None, None, None, 9).await, rows);
    assert_eq!(chosen(None, None, None, 2).await, rows[..2]);
    assert_eq!(chosen(Some("a"), None, None, 9).await, rows[1..2]);
    assert_eq!(chosen(None, Some(&*one.account_id), None, 9).await, rows[..2]);
    assert_eq!(chosen(None, None, Some("forum"), 9).await, rows[2..]);
    assert_eq!(chosen(Some("a"), Some(&*other.account_id), None, 9).await, []);
    let of_one = Chosen { account_id: Some(&one.account_id), ..Chosen::default() };
    assert_eq!(lasting.end_offline_grants(of_one, NOW + 2, 1).await.expect("an answer"), 1);
    assert_eq!(lasting.end_offline_grants(of_one, NOW + 2, 9).await.expect("an answer"), 1);
    assert_eq!(lasting.end_offline_grants(of_one, NOW + 2, 9).await.expect("an answer"), 0);
    assert_eq!(chosen(None, None, None, 9).await, rows[2..]);
    // A token that was used or has died makes nobody act.
    assert_eq!(lasting.offline_grants(Chosen::default(), LATER, 9).await.expect("an answer"), []);
}
