//! The end of sessions, and who is told of it.

use std::collections::BTreeSet;

use weixin_login::store::SessionRow;
use weixin_login::store::grants::GrantRow;
use weixin_login::store::logouts::{Ending, LogoutRow};

use crate::given::{Given, MANY, at_once};
use crate::rows::{LATER, NOW, ending, grant, hash, logged_in};

/// A session in which two clients have a grant, of which one is for who is away.
async fn with_clients(given: &Given, sid: &str) -> SessionRow {
    let session = logged_in(given, &format!("person of {sid}"), sid).await;
    for (client_id, token) in [("shop", None), ("forum", Some((hash(sid), LATER)))] {
        let id = format!("{client_id} in {sid}");
        let row = GrantRow { client_id: client_id.into(), ..grant(&id, &session) };
        assert!(given.lasting.insert_grant(&row, token).await.expect("an answer"));
    }
    session
}

fn told(row: &LogoutRow) -> (&str, &str, &str, i64, u32) {
    (&row.sid, &row.client_id, &row.sub, row.ended_at, row.tries)
}

pub async fn of_64_that_end_a_session_one_hears_whom_to_tell(given: &Given) {
    let session = with_clients(given, "sid").await;
    let ended = at_once(given, |store, _| async move {
        let ending = Ending { due_at: NOW + 10, ..ending(&["shop", "forum", "nobody"]) };
        store.lasting.end_session("sid", ending).await.expect("an answer")
    })
    .await;
    let heard: Vec<_> = ended.into_iter().flatten().collect();
    assert_eq!((heard.len(), heard[0].sessions), (1, 1));
    let logouts: Vec<_> = heard[0].logouts.iter().map(told).collect();
    assert_eq!(logouts, [("sid", "forum", "sub", NOW, 1), ("sid", "shop", "sub", NOW, 1)]);
    assert_eq!(given.lasting.session(&session.secret_hash, NOW).await.expect("an answer"), None);
    assert_eq!(given.lasting.session_clients(&session.account_id).await.expect("an answer"), []);
    assert_eq!(given.lasting.next_logout().await.expect("an answer"), Some(NOW + 10));
}

pub async fn grants_end_with_their_session_but_for_those_of_who_is_away(given: &Given) {
    for (sid, offline) in [("online", false), ("offline", true)] {
        with_clients(given, sid).await;
        let ended =
            given.lasting.end_session(sid, Ending { offline, ..ending(&[]) }).await.expect("an answer");
        assert_eq!(ended.map(|ended| ended.logouts), Some(vec![]), "nobody is to be told");
        let grant = async |client: &str| {
            given.lasting.grant(&format!("{client} in {sid}"), NOW).await.expect("an answer").is_some()
        };
        assert_eq!((grant("shop").await, grant("forum").await), (false, !offline));
    }
    assert_eq!(given.lasting.next_logout().await.expect("an answer"), None);
}

pub async fn of_64_nodes_each_client_is_told_by_one(given: &Given) {
    for number in 0..10 {
        let sid = format!("sid {number}");
        with_clients(given, &sid).await;
        given.lasting.end_session(&sid, ending(&["shop", "forum"])).await.expect("an answer");
    }
    let claimed = at_once(given, |store, _| async move {
        store.lasting.claim_logouts(NOW, NOW + 60, 3).await.expect("an answer")
    })
    .await;
    assert!(claimed.iter().all(|claimed| claimed.len() <= 3));
    let rows: Vec<_> = claimed.iter().flatten().collect();
    assert_eq!(rows.len(), 20);
    assert_eq!(rows.iter().map(|row| &row.id).collect::<BTreeSet<_>>().len(), 20);
    assert!(rows.iter().all(|row| row.tries == 1));
    assert_eq!(given.lasting.next_logout().await.expect("an answer"), Some(NOW + 60));
    assert_eq!(claimed.len(), MANY);
}

pub async fn a_logout_is_tried_again_and_forgotten(given: &Given) {
    let lasting = &given.lasting;
    with_clients(given, "sid").await;
    let ended = lasting.end_session("sid", ending(&["shop", "forum"])).await.expect("an answer");
    let ids: Vec<_> = ended.expect("it was there").logouts.into_iter().map(|row| row.id).collect();
    let claimed = async |now, most| {
        let mut rows = lasting.claim_logouts(now, now + 60, most).await.expect("an answer");
        rows.sort_by(|one, other| one.client_id.cmp(&other.client_id));
        rows.iter().map(|row| (row.client_id.clone(), row.tries)).collect::<Vec<_>>()
    };
    let tried = |forum, shop| vec![("forum".to_owned(), forum), ("shop".to_owned(), shop)];
    assert_eq!(claimed(NOW - 1, 9).await, []);
    assert_eq!(claimed(NOW, 9).await, tried(1, 1));
    assert_eq!(claimed(NOW + 59, 9).await, []);
    lasting.postpone_logout(&ids[0], NOW + 5).await.expect("kept");
    assert_eq!(claimed(NOW + 5, 9).await, tried(2, 0)[..1]);
    assert_eq!(claimed(NOW + 65, 1).await, tried(0, 2)[1..], "those first who were tried the least");
    lasting.forget_logout(&ids[1]).await.expect("kept");
    assert_eq!(claimed(NOW + 1000, 9).await, tried(3, 0)[..1]);
    lasting.forget_logout(&ids[0]).await.expect("kept");
    lasting.forget_logout("unknown").await.expect("nothing to do");
    assert_eq!(lasting.next_logout().await.expect("an answer"), None);
}
