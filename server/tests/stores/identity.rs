//! Accounts that turn out to be one person's: what is merged at a login and what is not, and what is left of the one that went.

use std::collections::BTreeSet;

use weixin_login::clock::Seconds;
use weixin_login::store::logins::{BeginGrant, GrantSession, LogIn, LoggedIn, Person};
use weixin_login::store::people::KnownIdentity;
use weixin_login::store::{Found, IdentityRow, News};

use crate::given::{Given, at_once};
use crate::rows::{
    LATER, NOW, ending, grant, identity, identity_at, log_in, logged_in, new_session, session, somebody,
};

const APP: &str = "wx0123456789abcdef";
const OTHER_APP: &str = "wxfedcba9876543210";

/// A login that many seconds later.
async fn comes(given: &Given, identity: &IdentityRow, after: Seconds) -> Found {
    let ending = weixin_login::store::logouts::Ending { now: NOW + after, ..ending(&["forum", "shop"]) };
    given.lasting.account_of_identity(identity, ending).await.expect("an answer")
}

async fn done(given: &Given, login: LogIn) -> Option<LoggedIn> {
    given.lasting.log_in(login, NOW).await.expect("an answer")
}

/// What has happened: whose row it is, what, by whom and the detail.
async fn told(given: &Given, account: &str) -> Vec<[String; 4]> {
    let history = given.lasting.history(account).await.expect("an answer");
    let row = |row: weixin_login::store::audit::AuditRow| {
        [row.account_id, row.what, row.by, row.detail.unwrap_or_default()]
    };
    history.into_iter().map(row).collect()
}

fn event(account: &str, what: &str, by: &str, detail: &str) -> [String; 4] {
    [account, what, by, detail].map(str::to_owned)
}

pub async fn a_unionid_that_turns_up_later_merges_into_the_account_that_was_made_first(given: &Given) {
    let lasting = &given.lasting;
    let first = comes(given, &identity("one", None), 0).await.account.id;
    let second = comes(given, &identity_at(OTHER_APP, "other", Some("union")), 1).await.account.id;
    assert_ne!(first, second);
    let at_forum = lasting.subject("forum", &second, NOW).await.expect("an answer");
    let retired = lasting.subject("shop", &second, NOW).await.expect("an answer");
    let at_shop = lasting.subject("shop", &first, NOW).await.expect("an answer");
    let row = session("session of second", &second, None);
    lasting.insert_session(&row).await.expect("kept");
    assert!(lasting.insert_grant(&grant("of second", &row), None).await.expect("an answer"));

    let found = comes(given, &identity("one", Some("union")), 2).await;
    assert_eq!(found.account.id, first);
    assert_eq!(found.news, News { merged: vec![second.clone()], ..News::default() });
    let ended: Vec<_> = found.logouts.iter().map(|row| (&*row.sid, &*row.client_id)).collect();
    assert_eq!(ended, [("session of second", "shop")]);
    // Whoever comes by either is the one account, and that is news once.
    for identity in [identity("one", Some("union")), identity_at(OTHER_APP, "other", Some("union"))] {
        let found = comes(given, &identity, 3).await;
        assert_eq!((&found.account.id, found.news), (&first, News::default()));
    }
    // A client that has seen one of the two goes on with what it saw; one that has seen both with what the account was called.
    let subjects = lasting.subjects_of_account(&first).await.expect("an answer");
    assert_eq!(subjects, [("forum".into(), at_forum.clone()), ("shop".into(), at_shop.clone())]);
    let older = lasting.retired_subjects(&first).await.expect("an answer");
    assert_eq!(older, [("shop".into(), retired.clone())]);
    for sub in [&at_forum, &at_shop, &retired] {
        assert_eq!(lasting.account_of_subject(sub).await.expect("an answer").as_ref(), Some(&first));
    }
    assert!(lasting.was_called("shop", &first, &retired).await.expect("an answer"));
    assert!(!lasting.was_called("forum", &first, &retired).await.expect("an answer"));
    // The account that went is an older name, and its session and grant have ended.
    let account = lasting.account(&second).await.expect("an answer").expect("an older name");
    assert_eq!(account.id, first);
    assert_eq!(lasting.session(&row.secret_hash, NOW).await.expect("an answer"), None);
    assert_eq!(lasting.grant("of second", NOW).await.expect("an answer"), None);
    let expected = [
        event(&first, "created", "login", APP),
        event(&second, "created", "login", OTHER_APP),
        event(&first, "merged", "login", &second),
        event(&first, "unionid", "login", APP),
    ];
    assert_eq!(told(given, &first).await, expected);
}

pub async fn an_account_that_was_merged_twice_has_all_its_older_names(given: &Given) {
    let lasting = &given.lasting;
    let mut ids = Vec::new();
    for number in 0..3 {
        let openid = format!("openid {number}");
        ids.push(comes(given, &identity(&openid, None), 9 - number).await.account.id);
        let sub = lasting.subject("shop", &ids[ids.len() - 1], NOW).await.expect("an answer");
        assert_eq!(lasting.account_of_subject(&sub).await.expect("an answer").as_ref(), ids.last());
    }
    // The last one was made first.
    for number in 0..3 {
        comes(given, &identity(&format!("openid {number}"), Some("union")), 10).await;
    }
    for id in &ids {
        assert_eq!(lasting.account(id).await.expect("an answer").map(|row| row.id).as_ref(), ids.last());
    }
    assert_eq!(lasting.retired_subjects(&ids[2]).await.expect("an answer").len(), 2);
    assert_eq!(lasting.identities_of_account(&ids[2]).await.expect("an answer").len(), 3);
    assert_eq!(lasting.duplicates(9).await.expect("an answer"), []);
    // And when the person is forgotten, all of them are.
    lasting.delete_account(&ids[2], ending(&[])).await.expect("an answer");
    for id in &ids {
        assert_eq!(lasting.account(id).await.expect("an answer"), None);
    }
}

pub async fn a_unionid_that_changes_is_kept_and_merges_nobody(given: &Given) {
    let lasting = &given.lasting;
    let one = comes(given, &identity("one", Some("before")), 0).await.account.id;
    let other = comes(given, &identity_at(OTHER_APP, "other", Some("taken")), 1).await.account.id;
    // It is nobody else's: from now on it is the one that joins.
    let moved = comes(given, &identity("one", Some("free")), 2).await;
    assert_eq!((&moved.account.id, moved.news.unionid_changed), (&one, true));
    assert_eq!(comes(given, &identity_at(OTHER_APP, "one there", Some("free")), 3).await.account.id, one);
    // It is another account's: told once, and nothing is joined.
    let disputed = comes(given, &identity("one", Some("taken")), 4).await;
    let news = News { merged: vec![], unionid_changed: true, disputed_with: Some(other.clone()) };
    assert_eq!((&disputed.account.id, disputed.news), (&one, news));
    assert_eq!(comes(given, &identity("one", Some("taken")), 5).await.news, News::default());
    assert_eq!(comes(given, &identity_at(OTHER_APP, "other", Some("taken")), 6).await.account.id, other);
    let mut expected = [("taken".to_owned(), one.clone()), ("taken".to_owned(), other.clone())];
    expected.sort();
    assert_eq!(lasting.duplicates(9).await.expect("an answer"), expected);
    assert_eq!(lasting.duplicates(1).await.expect("an answer"), expected[..1]);
    let known = lasting.identities_of_account(&one).await.expect("an answer");
    let expected = KnownIdentity { appid: APP.into(), openid: "one".into(), unionid: Some("free".into()) };
    assert_eq!(known[0], expected);
    // An operator may say that they are one.
    lasting.merge_accounts(&other, &one, ending(&[])).await.expect("an answer");
    assert_eq!(lasting.duplicates(9).await.expect("an answer"), []);
    assert!(comes(given, &identity("one", Some("taken")), 7).await.news.unionid_changed);
    assert_eq!(comes(given, &identity("one", Some("taken")), 8).await.news, News::default());
    let expected = [
        event(&one, "created", "login", APP),
        event(&other, "created", "login", OTHER_APP),
        event(&one, "unionid changed", "login", APP),
        event(&one, "joined", "login", OTHER_APP),
        event(&one, "unionid disputed", "login", &other),
        event(&one, "merged", "operator", &other),
        event(&one, "unionid changed", "login", APP),
    ];
    assert_eq!(told(given, &one).await, expected);
}

pub async fn a_login_may_join_an_account_that_the_person_has_proven(given: &Given) {
    let lasting = &given.lasting;
    let proven = somebody(given, "proven").await;
    // Somebody new is nobody else; who was there before is merged by age.
    let new = Person::Identity(identity("new", None));
    let login = LogIn { join: Some(proven.clone()), ..log_in(new, None, None) };
    let logged_in = done(given, login).await.expect("an account");
    assert_eq!((logged_in.account.id, logged_in.news), (proven.clone(), News::default()));
    for (number, person) in ["identity", "account"].into_iter().enumerate() {
        let later = comes(given, &identity(person, None), 1).await.account.id;
        let who = match number {
            0 => Person::Identity(identity(person, None)),
            _ => Person::Account(later.clone()),
        };
        let sso = new_session(person, None, None);
        let login = LogIn { join: Some(proven.clone()), ..log_in(who, Some(sso), None) };
        let logged_in = done(given, login).await.expect("an account");
        assert_eq!((&logged_in.account.id, logged_in.news.merged), (&proven, vec![later.clone()]));
        // A phone may have let a computer in by the older name.
        let logged_in = done(given, log_in(Person::Account(later), None, None)).await;
        assert_eq!(logged_in.expect("an account").account.id, proven);
    }
    assert_eq!(lasting.identities_of_account(&proven).await.expect("an answer").len(), 4);
    let nowhere = LogIn {
        join: Some("nobody".into()),
        ..log_in(Person::Identity(identity("another", None)), Some(new_session("sid", None, None)), None)
    };
    assert_eq!(done(given, nowhere).await, None);
    assert_eq!(lasting.session_of_sid("sid", NOW).await.expect("an answer"), None);
}

pub async fn what_was_begun_for_an_account_that_was_merged_goes_on_for_the_other(given: &Given) {
    let lasting = &given.lasting;
    let (into, from) =
        (somebody(given, "into").await, comes(given, &identity("from", None), 1).await.account.id);
    let retired = lasting.subject("shop", &from, NOW).await.expect("an answer");
    let sub = lasting.subject("shop", &into, NOW).await.expect("an answer");
    lasting.merge_accounts(&from, &into, ending(&[])).await.expect("an answer");
    // A code of a site's page, and a client that expects the person by the older name.
    let begin = BeginGrant {
        id: "grant".into(),
        client_id: "shop".into(),
        account_id: from.clone(),
        session: GrantSession::New(new_session("site", None, None)),
        scope: "openid".into(),
        auth_time: NOW,
        expires_at: LATER,
        refresh_token: None,
    };
    let granted = lasting.begin_grant(begin, NOW).await.expect("an answer").expect("a grant");
    assert_eq!((&granted.account_id, &granted.sub), (&into, &sub));
    let person = Person::Identity(identity("from", None));
    for (expected, is_expected) in [(sub, true), (retired, true), ("somebody".into(), false)] {
        let login = LogIn { expected_sub: Some(expected), ..log_in(person.clone(), None, None) };
        assert_eq!(done(given, login).await.expect("an account").is_expected, is_expected);
    }
    // Of an account that is gone nothing is begun.
    lasting.delete_account(&into, ending(&[])).await.expect("an answer");
    assert_eq!(done(given, log_in(Person::Account(from), None, None)).await, None);
    let expected = [
        event(&into, "created", "login", APP),
        event(&into, "merged", "operator", &granted_from(given, &into).await),
        event(&into, "deleted", "operator", ""),
    ];
    assert_eq!(told(given, &into).await, expected);
}

/// The account that was merged into this one.
async fn granted_from(given: &Given, into: &str) -> String {
    let merged = told(given, into).await.into_iter().find(|row| row[1] == "merged");
    merged.map(|[.., from]| from).expect("it was merged")
}

pub async fn of_64_logins_of_a_new_unionid_by_two_openids_one_account_is_left(given: &Given) {
    for openid in ["one", "other"] {
        let identity = identity(openid, None);
        let sso = new_session(&format!("first of {openid}"), None, None);
        done(given, log_in(Person::Identity(identity), Some(sso), None)).await.expect("an account");
    }
    let logins = at_once(given, |store, number| async move {
        let openid = if number % 2 == 0 { "one" } else { "other" };
        let person = Person::Identity(identity(openid, Some("union")));
        let sso = new_session(&format!("sid {number}"), None, None);
        store.lasting.log_in(log_in(person, Some(sso), None), NOW).await.expect("an answer")
    })
    .await;
    let logins: Vec<_> = logins.into_iter().map(|login| login.expect("an account")).collect();
    let merged: Vec<_> = logins.iter().flat_map(|login| &login.news.merged).collect();
    assert_eq!(merged.len(), 1, "one of them has merged the two");
    let account = comes(given, &identity("one", Some("union")), 1).await.account;
    assert_eq!(comes(given, &identity("other", Some("union")), 1).await.account, account);
    let subs: BTreeSet<_> =
        logins.iter().filter(|login| login.account == account).map(|login| &login.sub).collect();
    assert_eq!(subs.len(), 1);
    // A login that came before the merge has lost its session with the account that went; every other one has its own.
    let living = given.lasting.sessions(Some(&account.id), NOW, 99).await.expect("an answer");
    let living: BTreeSet<_> = living.iter().map(|session| &session.sid).collect();
    for login in logins.iter().filter(|login| login.account == account) {
        let sid = &login.sso.as_ref().expect("a session").sid;
        assert!(living.contains(sid), "{sid}");
    }
}

pub async fn of_two_that_are_merged_every_client_keeps_its_sub(given: &Given) {
    let lasting = &given.lasting;
    let from = logged_in(given, "from", "session of from").await;
    let into = logged_in(given, "into", "session of into").await;
    let (from_id, into_id) = (&from.account_id, &into.account_id);
    let at_forum = lasting.subject("forum", from_id, NOW).await.expect("an answer");
    lasting.subject("shop", from_id, NOW).await.expect("an answer");
    let at_shop = lasting.subject("shop", into_id, NOW).await.expect("an answer");
    assert!(lasting.insert_grant(&grant("one", &from), None).await.expect("an answer"));
    let ended = lasting.merge_accounts(from_id, into_id, ending(&["shop"])).await.expect("an answer");
    assert_eq!((ended.sessions, ended.logouts.len()), (1, 1));
    assert_eq!((&*ended.logouts[0].sid, &*ended.logouts[0].client_id), ("session of from", "shop"));
    let subjects = lasting.subjects_of_account(into_id).await.expect("an answer");
    assert_eq!(subjects, [("forum".into(), at_forum), ("shop".into(), at_shop)]);
    assert_eq!(comes(given, &identity("from", None), 0).await.account.id, *into_id);
    let account = lasting.account(from_id).await.expect("an answer").expect("an older name");
    assert_eq!(account.id, *into_id);
    assert_eq!(lasting.session(&from.secret_hash, NOW).await.expect("an answer"), None);
    assert_eq!(lasting.session(&into.secret_hash, NOW).await.expect("an answer"), Some(into));
    assert_eq!(lasting.grant("one", NOW).await.expect("an answer"), None);
}
