//! Attempts: from their start to the callback that takes them.

use protocol::ids::Product;
use protocol::service::{ErrorCode, LoginResult};
use weixin_login::store::attempts::{AttemptKind, Authorization, Destination, SitePage};
use weixin_login::store::{AttemptEnd, AttemptRow};

use crate::given::{Given, at_once, count};
use crate::rows::{NOW, SOON, attempt, attempt_of, code, hash};

pub async fn an_attempt_of_every_kind_comes_back_as_it_was_kept(given: &Given) {
    let fleeting = &given.fleeting;
    let page = |nonce: Option<&str>| SitePage {
        origin: "https://shop.example.test".into(),
        result: LoginResult::Code,
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
        nonce: nonce.map(Into::into),
    };
    let authorization = Authorization {
        redirect_uri: "https://shop.example.test/back?a=b&c=%20".into(),
        state: Some("状态 \"quoted\" \\ \u{1f600}".into()),
        scope: "openid profile".into(),
        nonce: None,
        code_challenge: None,
        expected_sub: Some("sub".into()),
        query: "client_id=shop&state=%00".into(),
    };
    for (id, kind) in [
        (
            "hosted",
            AttemptKind::Hosted(Destination::ReturnTo("https://shop.example.test/orders?page=2".into())),
        ),
        ("client", AttemptKind::Hosted(Destination::Client(authorization.clone()))),
        ("embedded", AttemptKind::Embedded(page(Some("n-0S6_WzA2Mj")))),
        ("own scene", AttemptKind::OwnScene(Destination::Client(authorization))),
        ("site scene", AttemptKind::SiteScene(page(None))),
        ("leg", AttemptKind::Leg { scene_id: "own scene".into() }),
    ] {
        for (lang, product) in [(None, Product::Website), (Some("zh-TW"), Product::ServiceAccount)] {
            let id = format!("{id} {lang:?}");
            let row = AttemptRow { lang: lang.map(Into::into), product, ..attempt_of(&id, kind.clone()) };
            fleeting.insert_attempt(&row, None).await.expect("kept");
            assert_eq!(fleeting.attempt(&id).await.expect("an answer").as_ref(), Some(&row));
            assert_eq!(fleeting.attempt_by_state(&row.state_hash).await.expect("an answer"), Some(row));
        }
    }
}

pub async fn of_64_callbacks_one_takes_the_attempt(given: &Given) {
    given.fleeting.insert_attempt(&attempt("one"), None).await.expect("kept");
    let taken = at_once(given, |store, _| async move {
        store.fleeting.take_attempt("one", NOW).await.expect("an answer")
    })
    .await;
    assert_eq!(count(&taken, &true), 1);
    let row = given.fleeting.attempt("one").await.expect("an answer");
    assert_eq!(row, Some(AttemptRow { taken_at: Some(NOW), ..attempt("one") }));
}

pub async fn an_attempt_is_good_until_its_second_and_no_longer(given: &Given) {
    for (id, at, taken) in [("in time", SOON - 1, true), ("late", SOON, false), ("later", SOON + 1, false)] {
        given.fleeting.insert_attempt(&attempt(id), None).await.expect("kept");
        assert_eq!(given.fleeting.take_attempt(id, at).await.expect("an answer"), taken, "{id}");
    }
    assert!(!given.fleeting.take_attempt("unknown", NOW).await.expect("an answer"));
}

pub async fn an_attempt_says_how_it_ended_and_has_its_code(given: &Given) {
    let fleeting = &given.fleeting;
    for (id, end) in [
        ("done", AttemptEnd::Done),
        ("away", AttemptEnd::StoreAway),
        ("refused", AttemptEnd::Refused(ErrorCode::CodeSpent)),
    ] {
        fleeting.insert_attempt(&attempt(id), None).await.expect("kept");
        assert!(fleeting.take_attempt(id, NOW).await.expect("an answer"));
        fleeting.end_attempt(id, end, None).await.expect("kept");
        let expected = AttemptRow { taken_at: Some(NOW), end: Some(end), ..attempt(id) };
        assert_eq!(fleeting.attempt(id).await.expect("an answer"), Some(expected));
    }
    fleeting.insert_attempt(&attempt("with code"), None).await.expect("kept");
    let row = code("code", "account", None);
    fleeting.end_attempt("with code", AttemptEnd::Done, Some(&row)).await.expect("kept");
    assert_eq!(fleeting.code(&row.code_hash).await.expect("an answer"), Some(row.clone()));
    // Both or neither: the code is there already.
    fleeting.insert_attempt(&attempt("with another's"), None).await.expect("kept");
    assert!(fleeting.end_attempt("with another's", AttemptEnd::Done, Some(&row)).await.is_err());
    let expected = attempt("with another's");
    assert_eq!(fleeting.attempt("with another's").await.expect("an answer"), Some(expected));
}

pub async fn a_state_is_kept_once(given: &Given) {
    given.fleeting.insert_attempt(&attempt("one"), None).await.expect("kept");
    let same_state = AttemptRow { id: "other".into(), ..attempt("one") };
    let refused = given.fleeting.insert_attempt(&same_state, None).await.expect_err("a state is good once");
    assert!(refused.is_duplicate(), "{refused}");
    let same_id = AttemptRow { state_hash: hash("another"), ..attempt("one") };
    let refused = given.fleeting.insert_attempt(&same_id, None).await.expect_err("an id is good once");
    assert!(refused.is_duplicate(), "{refused}");
    assert_eq!(given.fleeting.attempt("other").await.expect("an answer"), None);
}

pub async fn nothing_is_found_by_what_was_never_given(given: &Given) {
    let (lasting, fleeting) = (&given.lasting, &given.fleeting);
    for word in ["", "\0", "a\0b", "'; DROP TABLE attempts; --", "%", "\u{fffd}", &"x".repeat(100_000)] {
        assert_eq!(fleeting.attempt(word).await.expect("an answer"), None);
        assert!(!fleeting.take_attempt(word, NOW).await.expect("an answer"));
        assert_eq!(fleeting.scene(word).await.expect("an answer"), None);
        assert!(!fleeting.deny_scene(word, word, NOW).await.expect("an answer"));
        assert_eq!(fleeting.attempt_by_state(&hash(word)).await.expect("an answer"), None);
        assert_eq!(fleeting.code(&hash(word)).await.expect("an answer"), None);
        assert_eq!(lasting.session(&hash(word), NOW).await.expect("an answer"), None);
        assert_eq!(lasting.session_of_sid(word, NOW).await.expect("an answer"), None);
        assert_eq!(lasting.account(word).await.expect("an answer"), None);
        assert_eq!(lasting.account_of_subject(word).await.expect("an answer"), None);
        assert_eq!(lasting.grant(word, NOW).await.expect("an answer"), None);
    }
}

pub async fn of_64_attempts_at_once_those_of_one_state_take_no_other_with_them(given: &Given) {
    let kept = at_once(given, |store, number| async move {
        let id = format!("attempt {number}");
        let mut row = attempt(&id);
        if number % 2 == 0 {
            row.state_hash = hash("the state of all");
        }
        store.fleeting.insert_attempt(&row, None).await.map_err(|error| error.is_duplicate())
    })
    .await;
    assert_eq!((count(&kept, &Ok(())), count(&kept, &Err(true))), (33, 31));
    for number in (1..64).step_by(2) {
        let row = attempt(&format!("attempt {number}"));
        assert_eq!(given.fleeting.attempt(&row.id).await.expect("an answer"), Some(row));
    }
}
