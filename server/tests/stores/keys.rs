//! Signing keys.

use weixin_login::clock::Seconds;
use weixin_login::signing_algorithm::SigningAlgorithm;
use weixin_login::store::keys::SealedKey;

use crate::given::{Given, at_once, count};
use crate::rows::NOW;

fn key(kid: &str, algorithm: SigningAlgorithm, created_at: Seconds) -> SealedKey {
    SealedKey {
        kid: kid.into(),
        algorithm,
        sealed: vec![0, 1, 255],
        created_at,
        active_from: created_at + 10,
    }
}

pub async fn keys_come_back_in_the_order_of_their_time(given: &Given) {
    let rows = [
        key("b", SigningAlgorithm::RS256, NOW),
        key("c", SigningAlgorithm::ES256, NOW),
        key("a", SigningAlgorithm::RS256, NOW + 1),
    ];
    for row in [&rows[2], &rows[1], &rows[0]] {
        assert!(given.lasting.insert_signing_key(row, Seconds::MAX).await.expect("an answer"));
    }
    assert_eq!(given.lasting.signing_keys().await.expect("an answer"), rows);
    let mut names = given.lasting.signing_key_names().await.expect("an answer");
    names.sort();
    assert_eq!(names, ["a", "b", "c"]);
}

pub async fn of_64_nodes_that_find_no_key_one_adds_it(given: &Given) {
    let added = at_once(given, |store, number| async move {
        let algorithm = if number % 2 == 0 { SigningAlgorithm::RS256 } else { SigningAlgorithm::ES256 };
        let row = key(&format!("key {number}"), algorithm, NOW);
        store.lasting.insert_signing_key(&row, NOW - 5).await.expect("an answer")
    })
    .await;
    assert_eq!(count(&added, &true), 2, "one of each algorithm");
    assert_eq!(given.lasting.signing_keys().await.expect("an answer").len(), 2);
    let newer = key("newer", SigningAlgorithm::RS256, NOW + 1);
    assert!(!given.lasting.insert_signing_key(&newer, NOW).await.expect("an answer"));
    assert!(given.lasting.insert_signing_key(&newer, NOW + 1).await.expect("an answer"));
}

pub async fn a_key_is_withdrawn_with_one_in_its_place(given: &Given) {
    let (leaked, announced, successor) = (
        key("leaked", SigningAlgorithm::RS256, NOW),
        key("announced", SigningAlgorithm::RS256, NOW + 1),
        key("successor", SigningAlgorithm::RS256, NOW + 1),
    );
    for row in [&leaked, &announced] {
        assert!(given.lasting.insert_signing_key(row, Seconds::MAX).await.expect("an answer"));
    }
    let withdrawn = given.lasting.withdraw_signing_key("unknown", Some(&successor)).await;
    assert!(!withdrawn.expect("an answer"));
    let withdrawn = given.lasting.withdraw_signing_key("leaked", Some(&successor)).await;
    assert!(withdrawn.expect("an answer"));
    assert_eq!(given.lasting.signing_keys().await.expect("an answer"), [announced, successor.clone()]);
    assert!(given.lasting.withdraw_signing_key("announced", None).await.expect("an answer"));
    assert_eq!(given.lasting.signing_keys().await.expect("an answer"), [successor]);
}

pub async fn a_key_goes_when_its_successor_has_signed_for_long(given: &Given) {
    let rows = [
        key("old", SigningAlgorithm::RS256, NOW),
        key("other", SigningAlgorithm::ES256, NOW),
        key("new", SigningAlgorithm::RS256, NOW + 100),
    ];
    for row in &rows {
        assert!(given.lasting.insert_signing_key(row, Seconds::MAX).await.expect("an answer"));
    }
    assert_eq!(given.lasting.sweep_signing_keys(NOW + 109).await.expect("an answer"), 0);
    assert_eq!(given.lasting.sweep_signing_keys(NOW + 110).await.expect("an answer"), 1);
    assert_eq!(given.lasting.signing_keys().await.expect("an answer"), rows[1..]);
}
