//! Scenes: what becomes of the site's own QR code.

use weixin_login::store::attempts::AttemptKind;
use weixin_login::store::scenes::{Entered, Progress, SceneRow};

use crate::given::{Given, MANY, at_once, count};
use crate::rows::{NOW, SOON, attempt, attempt_of, scene};

/// A scene whose phone is known.
async fn bound(given: &Given, id: &str) {
    given.fleeting.insert_attempt(&attempt(id), Some(&scene(id))).await.expect("kept");
    assert!(given.fleeting.scan_scene(id, NOW).await.expect("an answer"));
    assert!(given.fleeting.bind_scene(id, "leg", "account", NOW).await.expect("an answer"));
}

pub async fn a_scene_is_kept_with_its_attempt_or_neither_is(given: &Given) {
    let fleeting = &given.fleeting;
    fleeting.insert_attempt(&attempt("one"), Some(&scene("one"))).await.expect("kept");
    assert_eq!(fleeting.scene("one").await.expect("an answer"), Some(scene("one")));
    assert_eq!(fleeting.attempt("one").await.expect("an answer"), Some(attempt("one")));
    // Its attempt has the state of another one.
    let mut other = attempt_of("other", AttemptKind::Leg { scene_id: "one".into() });
    other.state_hash = attempt("one").state_hash;
    let refused =
        fleeting.insert_attempt(&other, Some(&scene("other"))).await.expect_err("a state is good once");
    assert!(refused.is_duplicate(), "{refused}");
    assert_eq!(fleeting.scene("other").await.expect("an answer"), None);
    assert_eq!(fleeting.attempt("other").await.expect("an answer"), None);
}

pub async fn of_64_numbers_three_are_tried(given: &Given) {
    bound(given, "one").await;
    let entered = at_once(given, |store, _| async move {
        store.fleeting.enter_number("one", "leg", "41", NOW).await.expect("an answer")
    })
    .await;
    assert_eq!(count(&entered, &Entered::Wrong { tries_left: 2 }), 1);
    assert_eq!(count(&entered, &Entered::Wrong { tries_left: 1 }), 1);
    assert_eq!(count(&entered, &Entered::Over), MANY - 2);
    let row = given.fleeting.scene("one").await.expect("an answer").expect("it is there");
    assert_eq!((row.progress, row.tries_left), (Progress::Denied, 0));
    assert_eq!(
        given.fleeting.enter_number("one", "leg", "42", NOW).await.expect("an answer"),
        Entered::Over,
        "the right one comes too late"
    );
}

pub async fn of_64_right_numbers_one_lets_the_computer_in(given: &Given) {
    bound(given, "one").await;
    let entered = at_once(given, |store, number| async move {
        let leg = if number % 2 == 0 { "leg" } else { "another leg" };
        store.fleeting.enter_number("one", leg, "42", NOW).await.expect("an answer")
    })
    .await;
    assert_eq!((count(&entered, &Entered::Right), count(&entered, &Entered::Over)), (1, MANY - 1));
    let expected = SceneRow {
        progress: Progress::Approved,
        leg_id: Some("leg".into()),
        account_id: Some("account".into()),
        ..scene("one")
    };
    assert_eq!(given.fleeting.scene("one").await.expect("an answer"), Some(expected));
    assert!(!given.fleeting.deny_scene("one", "leg", NOW).await.expect("an answer"));
}

pub async fn of_64_people_the_first_has_the_scene(given: &Given) {
    given.fleeting.insert_attempt(&attempt("one"), Some(&scene("one"))).await.expect("kept");
    let early = given.fleeting.bind_scene("one", "leg", "account", NOW).await.expect("an answer");
    assert!(!early, "nobody has tapped yet");
    assert!(given.fleeting.scan_scene("one", NOW).await.expect("an answer"));
    let bound = at_once(given, |store, number| async move {
        let (leg, account) = (format!("leg {number}"), format!("account {number}"));
        store.fleeting.bind_scene("one", &leg, &account, NOW).await.expect("an answer")
    })
    .await;
    assert_eq!(count(&bound, &true), 1);
    let first = bound.iter().position(|bound| *bound).expect("one");
    let row = given.fleeting.scene("one").await.expect("an answer").expect("it is there");
    assert_eq!(
        (row.leg_id, row.account_id.clone()),
        (Some(format!("leg {first}")), Some(format!("account {first}")))
    );
    // The same person, by another leg.
    let account = row.account_id.expect("somebody");
    assert!(given.fleeting.bind_scene("one", "again", &account, NOW).await.expect("an answer"));
    assert!(!given.fleeting.deny_scene("one", "leg", NOW).await.expect("an answer"), "another phone");
    assert!(given.fleeting.deny_scene("one", "again", NOW).await.expect("an answer"));
    assert!(!given.fleeting.scan_scene("one", NOW).await.expect("an answer"), "it is over");
}

pub async fn a_scene_is_over_in_its_second(given: &Given) {
    let fleeting = &given.fleeting;
    fleeting.insert_attempt(&attempt("one"), Some(&scene("one"))).await.expect("kept");
    assert!(!fleeting.scan_scene("one", SOON).await.expect("an answer"));
    assert!(fleeting.scan_scene("one", SOON - 1).await.expect("an answer"));
    assert!(!fleeting.bind_scene("one", "leg", "account", SOON).await.expect("an answer"));
    assert!(fleeting.bind_scene("one", "leg", "account", SOON - 1).await.expect("an answer"));
    let entered = fleeting.enter_number("one", "leg", "42", SOON).await.expect("an answer");
    assert_eq!(entered, Entered::Over);
    assert!(!fleeting.deny_scene("one", "leg", SOON).await.expect("an answer"));
    let entered = fleeting.enter_number("one", "leg", "42", SOON - 1).await.expect("an answer");
    assert_eq!(entered, Entered::Right);
}
