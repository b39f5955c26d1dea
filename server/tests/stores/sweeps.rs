//! What has expired is cleared away, in pieces.

use weixin_login::store::attempts::AttemptKind;
use weixin_login::store::{SessionRow, TOMBSTONE_LIFETIME};

use crate::given::Given;
use crate::rows::{LATER, NOW, SOON, attempt, attempt_of, code, grant, hash, logged_in, scene, session};

pub async fn what_has_expired_goes_piece_by_piece_and_nothing_else(given: &Given) {
    let lasting = &given.lasting;
    let living = logged_in(given, "one", "living").await;
    for number in 0..3 {
        let old =
            SessionRow { expires_at: SOON, ..session(&format!("old {number}"), &living.account_id, None) };
        let idle =
            SessionRow { idle_until: SOON, ..session(&format!("idle {number}"), &living.account_id, None) };
        for row in [old, idle] {
            lasting.insert_session(&row).await.expect("kept");
        }
        let row = grant(&format!("grant {number}"), &living);
        let row = weixin_login::store::grants::GrantRow { expires_at: SOON, ..row };
        let token = Some((hash(&format!("token {number}")), LATER));
        assert!(lasting.insert_grant(&row, token).await.expect("an answer"));
    }
    assert!(
        lasting.insert_grant(&grant("living", &living), Some((hash("living"), LATER))).await.expect("kept")
    );
    assert_eq!(lasting.sweep_lasting(SOON - 1, 100).await.expect("an answer"), 0);
    assert_eq!(lasting.sweep_grants(SOON - 1, 100).await.expect("an answer"), 0);
    let mut pieces = Vec::new();
    loop {
        let piece = lasting.sweep_lasting(SOON, 4).await.expect("an answer");
        pieces.push(piece);
        if piece == 0 {
            break;
        }
    }
    assert!(pieces.iter().sum::<u64>() == 6 && pieces.iter().all(|piece| *piece <= 4), "{pieces:?}");
    let mut gone = 0;
    loop {
        let piece = lasting.sweep_grants(SOON, 2).await.expect("an answer");
        assert!(piece <= 2);
        gone += piece;
        if piece == 0 {
            break;
        }
    }
    assert_eq!(gone, 6, "three grants, and three tokens");
    assert_eq!(lasting.sessions(None, 0, 99).await.expect("an answer"), std::slice::from_ref(&living));
    assert_eq!(
        lasting.refresh_token_grant(&hash("token 0"), Some("grant 0")).await.expect("an answer"),
        None
    );
    let kept = lasting.refresh_token_grant(&hash("living"), None).await.expect("an answer");
    assert_eq!(kept, Some(grant("living", &living)));
}

pub async fn tombstones_stay_for_an_hour(given: &Given) {
    let fleeting = &given.fleeting;
    fleeting.insert_attempt(&attempt("scene"), Some(&scene("scene"))).await.expect("kept");
    let leg = attempt_of("leg", AttemptKind::Leg { scene_id: "scene".into() });
    fleeting.insert_attempt(&leg, None).await.expect("kept");
    for word in ["used", "unused"] {
        fleeting.insert_code(&code(word, "account", None)).await.expect("kept");
    }
    assert!(fleeting.take_code(&hash("used"), NOW).await.expect("an answer"));
    let last = SOON + TOMBSTONE_LIFETIME - 1;
    let there = async || {
        let code = async |word: &str| fleeting.code(&hash(word)).await.expect("an answer").is_some();
        [
            fleeting.attempt("scene").await.expect("an answer").is_some(),
            fleeting.attempt("leg").await.expect("an answer").is_some(),
            fleeting.scene("scene").await.expect("an answer").is_some(),
            code("used").await,
            code("unused").await,
        ]
    };
    for (at, expected) in [
        (SOON - 1, [true, true, true, true, true]),
        (SOON, [true, true, true, true, false]),
        (last, [true, true, true, true, false]),
        (last + 1, [false; 5]),
    ] {
        while fleeting.sweep_fleeting(at, 2).await.expect("an answer") > 0 {}
        assert_eq!(there().await, expected, "after {} s", at - SOON);
    }
}
