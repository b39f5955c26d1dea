//! Sessions of browsers.

use weixin_login::store::{Browser, SessionRow};

use crate::given::Given;
use crate::rows::{LATER, NOW, hash, session, somebody};

pub async fn a_session_comes_back_as_it_was_kept(given: &Given) {
    let lasting = &given.lasting;
    let account = somebody(given, "one").await;
    let browser = Some(Browser { hash: hash("browser"), salt: "salt".into() });
    let rows = [
        session("sso", &account, None),
        SessionRow { browser, device: String::new(), ..session("site", &account, Some("shop")) },
    ];
    for row in &rows {
        lasting.insert_session(row).await.expect("kept");
        assert_eq!(lasting.session(&row.secret_hash, NOW).await.expect("an answer").as_ref(), Some(row));
        assert_eq!(lasting.session_of_sid(&row.sid, NOW).await.expect("an answer").as_ref(), Some(row));
    }
    // In the place of the one that has its sid.
    let again = SessionRow { secret_hash: hash("new cookie"), auth_time: NOW + 5, ..rows[0].clone() };
    lasting.insert_session(&again).await.expect("kept");
    assert_eq!(lasting.session(&rows[0].secret_hash, NOW).await.expect("an answer"), None);
    assert_eq!(lasting.session(&again.secret_hash, NOW).await.expect("an answer"), Some(again));
    // A cookie is one session's, and a session somebody's.
    let same_cookie = SessionRow { sid: "other".into(), ..rows[1].clone() };
    let refused = lasting.insert_session(&same_cookie).await.expect_err("a cookie is good once");
    assert!(refused.is_duplicate(), "{refused}");
    assert!(lasting.insert_session(&session("nobody's", "nobody", None)).await.is_err());
}

pub async fn a_session_dies_of_idleness_and_of_age_in_their_seconds(given: &Given) {
    let lasting = &given.lasting;
    let account = somebody(given, "one").await;
    let row = SessionRow { idle_until: NOW + 10, ..session("one", &account, None) };
    lasting.insert_session(&row).await.expect("kept");
    for (at, lives) in [(NOW + 9, true), (NOW + 10, false), (NOW + 11, false)] {
        assert_eq!(lasting.session(&row.secret_hash, at).await.expect("an answer").is_some(), lives);
        assert_eq!(lasting.session_of_sid("one", at).await.expect("an answer").is_some(), lives);
        assert_eq!(lasting.sessions(None, at, 9).await.expect("an answer").len(), usize::from(lives));
    }
    lasting.touch_session("one", LATER + 10).await.expect("kept");
    for (at, lives) in [(LATER - 1, true), (LATER, false)] {
        assert_eq!(lasting.session(&row.secret_hash, at).await.expect("an answer").is_some(), lives);
    }
}

pub async fn sessions_are_listed_the_newest_first(given: &Given) {
    let (one, other) = (somebody(given, "one").await, somebody(given, "other").await);
    let at = |sid: &str, account: &str, seconds| SessionRow {
        auth_time: NOW + seconds,
        ..session(sid, account, None)
    };
    let rows = [at("newest", &other, 3), at("A", &one, 2), at("b", &one, 2), at("old", &one, 1)];
    for row in rows.iter().rev() {
        given.lasting.insert_session(row).await.expect("kept");
    }
    assert_eq!(given.lasting.sessions(None, NOW, 9).await.expect("an answer"), rows);
    assert_eq!(given.lasting.sessions(None, NOW, 2).await.expect("an answer"), rows[..2]);
    assert_eq!(given.lasting.sessions(Some(&one), NOW, 9).await.expect("an answer"), rows[1..]);
    assert_eq!(given.lasting.sessions(Some("nobody"), NOW, 9).await.expect("an answer"), []);
}
