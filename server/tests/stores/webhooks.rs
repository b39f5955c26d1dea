//! What clients are to hear by a webhook: kept with what has happened, given out in order, and to one node at a time.

use std::collections::BTreeSet;

use protocol::service::ContactKind;
use weixin_login::clock::Seconds;
use weixin_login::store::contacts::{ProvenContact, Terms};
use weixin_login::store::grants::GrantRow;
use weixin_login::store::logins::{BeginGrant, GrantSession, Person};
use weixin_login::store::webhooks::EventRow;
use weixin_login::store::{SessionRow, Store};

use crate::given::{Given, at_once};
use crate::rows::{LATER, NOW, ending, grant, identity, log_in, logged_in, session};

/// Ends sessions of this person one after the other, each of which the shop has logged in within.
async fn sessions_end(store: &Store, openid: &str, sids: &[&str]) {
    for sid in sids {
        let session = logged_in(store, openid, sid).await;
        let row = GrantRow { sub: openid.into(), ..grant(&format!("grant in {sid}"), &session) };
        assert!(store.lasting.insert_grant(&row, None).await.expect("an answer"));
        store.lasting.end_session(sid, ending(&[])).await.expect("an answer").expect("it was there");
    }
}

async fn claim(store: &Store, now: Seconds, most: u32) -> Vec<EventRow> {
    let mut claimed = store.lasting.claim_events("shop", now, now + 30, most).await.expect("an answer");
    claimed.sort_by(|one, other| one.data.cmp(&other.data));
    claimed
}

fn sid(row: &EventRow) -> String {
    let data: serde_json::Value = serde_json::from_str(&row.data).expect("JSON");
    data["sid"].as_str().expect("a sid").into()
}

fn told(rows: &[EventRow]) -> Vec<(String, String, u32)> {
    rows.iter().map(|row| (row.sub.clone(), sid(row), row.tries)).collect()
}

fn expected(rows: &[(&str, &str, u32)]) -> Vec<(String, String, u32)> {
    rows.iter().map(|(sub, sid, tries)| ((*sub).into(), (*sid).into(), *tries)).collect()
}

pub async fn the_end_of_a_session_is_kept_for_its_clients_that_listen(given: &Given) {
    let lasting = &given.lasting;
    sessions_end(given, "before anybody listens", &["0"]).await;
    lasting.keep_webhook_clients(&["forum", "gone"]).await.expect("kept");
    lasting.keep_webhook_clients(&["forum", "shop"]).await.expect("kept");
    let shared = logged_in(given, "one", "shared").await;
    for client_id in ["shop", "forum", "deaf"] {
        let row = GrantRow { client_id: client_id.into(), ..grant(&format!("at {client_id}"), &shared) };
        assert!(lasting.insert_grant(&row, None).await.expect("an answer"));
    }
    // A session of one client alone, which has a name for the person.
    let sub = lasting.subject("shop", &shared.account_id, NOW).await.expect("an answer");
    let own: SessionRow = session("own", &shared.account_id, Some("shop"));
    lasting.insert_session(&own).await.expect("kept");
    let before: BTreeSet<_> =
        lasting.events(None, 99).await.expect("an answer").into_iter().map(|row| row.id).collect();
    for sid in ["shared", "own", "unknown"] {
        lasting.end_session(sid, ending(&["shop"])).await.expect("an answer");
    }
    let events = lasting.events(None, 99).await.expect("an answer");
    let events: Vec<_> = events.into_iter().filter(|row| !before.contains(&row.id)).collect();
    let known = |row: &EventRow| {
        (row.client_id.clone(), row.sub.clone(), row.event.clone(), sid(row), row.happened_at, row.tries)
    };
    let row = |client: &str, sub: &str, sid: &str| {
        (client.to_owned(), sub.to_owned(), "session.ended".to_owned(), sid.to_owned(), NOW, 0)
    };
    assert_eq!(
        events.iter().map(known).collect::<Vec<_>>(),
        [row("forum", "sub", "shared"), row("shop", "sub", "shared"), row("shop", &sub, "own")]
    );
    let of_forum = lasting.events(Some("forum"), 99).await.expect("an answer");
    assert_eq!(of_forum, events[..1]);
    assert_eq!(lasting.events(None, 1).await.expect("an answer").len(), 1);
}

pub async fn a_client_hears_of_an_account_in_order(given: &Given) {
    let lasting = &given.lasting;
    lasting.keep_webhook_clients(&["shop"]).await.expect("kept");
    sessions_end(given, "one", &["1", "2", "3"]).await;
    sessions_end(given, "other", &["4"]).await;
    let next = async || lasting.next_event("shop").await.expect("an answer");
    assert_eq!(next().await, Some(NOW));
    assert_eq!(claim(given, NOW - 1, 9).await, []);
    let first = claim(given, NOW, 9).await;
    assert_eq!(told(&first), expected(&[("one", "1", 1), ("other", "4", 1)]));
    // What follows waits as long as what is being tried.
    assert_eq!((claim(given, NOW, 9).await, next().await), (vec![], Some(NOW + 30)));
    lasting.postpone_event(&first[0].id, NOW + 100).await.expect("kept");
    lasting.forget_event(&first[1].id, NOW).await.expect("kept");
    assert_eq!(next().await, Some(NOW + 100));
    // What happens meanwhile waits too.
    sessions_end(given, "one", &["5"]).await;
    assert_eq!((claim(given, NOW + 99, 9).await, next().await), (vec![], Some(NOW + 100)));
    let again = claim(given, NOW + 100, 9).await;
    assert_eq!(told(&again), expected(&[("one", "1", 2)]));
    assert_eq!(again[0].id, first[0].id);
    for (heard, following) in [("1", "2"), ("2", "3"), ("3", "5")] {
        let rows = lasting.events(Some("shop"), 1).await.expect("an answer");
        assert_eq!(sid(&rows[0]), heard);
        lasting.forget_event(&rows[0].id, NOW + 101).await.expect("kept");
        assert_eq!(next().await, Some(NOW + 101), "at once");
        assert_eq!(told(&claim(given, NOW + 101, 9).await), expected(&[("one", following, 1)]));
    }
    // An operator's patience is shorter than ours.
    assert_eq!(lasting.replay_events(Some("forum"), NOW).await.expect("an answer"), 0);
    assert_eq!(lasting.replay_events(None, NOW).await.expect("an answer"), 1);
    assert_eq!(told(&claim(given, NOW, 9).await), expected(&[("one", "5", 2)]));
    assert_eq!(lasting.sweep_events(NOW - 1, 9).await.expect("an answer"), 0);
    assert_eq!(lasting.sweep_events(NOW, 9).await.expect("an answer"), 1);
    assert_eq!(next().await, None);
    lasting.forget_event("unknown", NOW).await.expect("nothing to do");
}

pub async fn of_64_nodes_one_has_each_event_and_none_of_its_account_beside_it(given: &Given) {
    given.lasting.keep_webhook_clients(&["shop"]).await.expect("kept");
    for number in 0..6 {
        let sids = [format!("{number} first"), format!("{number} then")];
        sessions_end(given, &format!("person {number}"), &[&sids[0], &sids[1]]).await;
    }
    for word in ["first", "then"] {
        let claimed = at_once(given, |store, _| async move {
            store.lasting.claim_events("shop", NOW, NOW + 30, 2).await.expect("an answer")
        })
        .await;
        let rows: Vec<EventRow> = claimed.into_iter().flatten().collect();
        let sids: Vec<String> = rows.iter().map(sid).collect();
        let all: BTreeSet<String> = (0..6).map(|number| format!("{number} {word}")).collect();
        assert_eq!((sids.len(), sids.into_iter().collect::<BTreeSet<_>>()), (6, all));
        at_once(given, |store, number| {
            let id = rows[number % rows.len()].id.clone();
            async move { store.lasting.forget_event(&id, NOW).await.expect("kept") }
        })
        .await;
    }
    assert_eq!(given.lasting.next_event("shop").await.expect("an answer"), None);
}

/// What is waiting: client, event, `sub`, and what else is said.
async fn waiting(store: &Store) -> Vec<(String, String, String, String)> {
    let rows = store.lasting.events(None, 99).await.expect("an answer");
    rows.into_iter()
        .map(|row| {
            let data: serde_json::Value = serde_json::from_str(&row.data).expect("JSON");
            (row.client_id, row.event, row.sub, data.to_string())
        })
        .collect()
}

pub async fn what_becomes_of_people_is_kept_for_the_clients_that_have_seen_them(given: &Given) {
    let lasting = &given.lasting;
    lasting.keep_webhook_clients(&["forum", "shop"]).await.expect("kept");
    let log_in = async |openid: &str| {
        let login = log_in(Person::Identity(identity(openid, None)), None, None);
        lasting.log_in(login, NOW).await.expect("an answer").expect("kept")
    };
    let (one, other) = (log_in("one").await, log_in("other").await);
    log_in("one").await;
    // The forum knows one of them, who comes to it in a login that there was; a third client is deaf.
    let session = session("sid", &other.account.id, None);
    lasting.insert_session(&session).await.expect("kept");
    let grant = BeginGrant {
        id: "grant".into(),
        client_id: "forum".into(),
        account_id: other.account.id.clone(),
        session: GrantSession::OfLogin("sid".into()),
        scope: "openid".into(),
        auth_time: NOW,
        expires_at: LATER,
        refresh_token: None,
    };
    let at_forum = lasting.begin_grant(grant, NOW).await.expect("an answer").expect("granted").sub;
    lasting.subject("deaf", &one.account.id, NOW).await.expect("an answer");
    let row = |client: &str, event: &str, sub: &str, data: String| {
        (client.to_owned(), event.to_owned(), sub.to_owned(), data)
    };
    let none = || "{}".to_owned();
    let created = [
        row("shop", "account.created", &one.sub, none()),
        row("shop", "account.created", &other.sub, none()),
        row("forum", "account.created", &at_forum, none()),
    ];
    assert_eq!(waiting(given).await, created);

    lasting.merge_accounts(&other.account.id, &one.account.id, ending(&[])).await.expect("merged");
    let merged = [
        row("forum", "session.ended", &at_forum, r#"{"sid":"sid"}"#.into()),
        row("shop", "account.merged", &one.sub, format!(r#"{{"former_sub":"{}"}}"#, other.sub)),
    ];
    assert_eq!(waiting(given).await[3..], merged);
    // What two accounts have to tell is told in one order now.
    let first = lasting.claim_events("shop", NOW, NOW + 30, 9).await.expect("an answer");
    assert_eq!(first.iter().map(|row| &row.sub).collect::<Vec<_>>(), [&one.sub]);

    lasting.delete_account(&one.account.id, ending(&[])).await.expect("deleted");
    let deleted = [
        row("forum", "account.deleted", &at_forum, none()),
        row("shop", "account.deleted", &one.sub, none()),
    ];
    assert_eq!(waiting(given).await[5..], deleted);
}

pub async fn a_contact_that_was_proven_is_told_of_once(given: &Given) {
    let lasting = &given.lasting;
    lasting.keep_webhook_clients(&["shop"]).await.expect("kept");
    for _ in 0..2 {
        let login = log_in(Person::Identity(identity("one", None)), None, None);
        let contact = ProvenContact { kind: ContactKind::Phone, value: "+8613800000000".into(), take: false };
        let terms = Terms { require: Vec::new(), contacts: vec![contact] };
        lasting.log_in_on_terms(login, terms, NOW).await.expect("an answer");
    }
    let told: Vec<_> = waiting(given).await.into_iter().map(|(_, event, _, data)| (event, data)).collect();
    assert_eq!(
        told,
        [
            ("account.created".to_owned(), "{}".to_owned()),
            ("contact.bound".to_owned(), r#"{"contact":"phone"}"#.to_owned()),
        ]
    );
}

pub async fn what_two_accounts_have_to_tell_is_due_when_the_first_of_it_is(given: &Given) {
    let lasting = &given.lasting;
    lasting.keep_webhook_clients(&["shop"]).await.expect("kept");
    sessions_end(given, "one", &["1"]).await;
    let claimed = claim(given, NOW, 9).await;
    let [first] = &*claimed else { panic!("there is one") };
    lasting.postpone_event(&first.id, NOW + 1_000).await.expect("kept");
    sessions_end(given, "other", &["2"]).await;
    let [one, other] =
        [crate::rows::somebody(given, "one").await, crate::rows::somebody(given, "other").await];
    lasting.merge_accounts(&other, &one, ending(&[])).await.expect("merged");
    // What is due later is not looked for every second until then.
    assert_eq!(lasting.next_event("shop").await.expect("an answer"), Some(NOW + 1_000));
    assert_eq!(claim(given, NOW + 999, 9).await, []);
    assert_eq!(told(&claim(given, NOW + 1_000, 9).await), expected(&[("one", "1", 2)]));
    lasting.forget_event(&first.id, NOW + 1_001).await.expect("kept");
    assert_eq!(told(&claim(given, NOW + 1_001, 9).await), expected(&[("other", "2", 1)]));
}
