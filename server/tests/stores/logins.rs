//! The end of a login: account, sub, sessions and code by one verb.

use std::collections::BTreeSet;

use protocol::service::LoginResult;
use weixin_login::store::logins::{FinishLogin, LogIn, LoggedIn, NewCode, NewSession, Person};
use weixin_login::store::{AttemptEnd, AttemptRow, CodeRow, News, SessionRow};

use crate::given::{Given, at_once};
use crate::rows::{
    NOW, SOON, attempt, ending, grant, hash, identity, log_in, new_session, session, somebody,
};

async fn done(given: &Given, login: LogIn) -> LoggedIn {
    given.lasting.log_in(login, NOW).await.expect("an answer").expect("the account is there")
}

fn one() -> Person {
    Person::Identity(identity("one", None))
}

pub fn new_code(word: &str) -> NewCode {
    NewCode {
        code_hash: hash(word),
        redeem_at: LoginResult::Code,
        redirect_uri: "https://shop.example.test/back".into(),
        code_challenge: None,
        nonce: Some("nonce".into()),
        scope: "openid".into(),
        grant_id: format!("grant of {word}"),
        expires_at: SOON,
    }
}

pub async fn a_login_makes_account_sub_and_session(given: &Given) {
    let (sso, site) = (new_session("sso", Some("browser"), None), new_session("site", None, None));
    let logged_in = done(given, log_in(one(), Some(sso), Some(site))).await;
    let account = somebody(given, "one").await;
    let sub = given.lasting.subject("shop", &account, NOW).await.expect("an answer");
    let browser = new_session("sso", Some("browser"), None).browser;
    let expected = LoggedIn {
        account: given.lasting.account(&account).await.expect("an answer").expect("it is there"),
        news: News::default(),
        sub: sub.clone(),
        is_expected: true,
        sso: Some(SessionRow { browser, ..session("sso", &account, None) }),
        site: Some(session("site", &account, Some("shop"))),
        logouts: vec![],
    };
    assert_eq!(logged_in, expected);
    for row in [expected.sso, expected.site].into_iter().flatten() {
        let kept = given.lasting.session(&row.secret_hash, NOW).await.expect("an answer");
        assert_eq!(kept, Some(row));
    }
    // An account that has let this computer in, without any session.
    let logged_in = done(given, log_in(Person::Account(account.clone()), None, None)).await;
    assert_eq!((logged_in.account.id, logged_in.sub), (account, sub));
    assert_eq!((logged_in.sso, logged_in.site), (None, None));
}

pub async fn of_64_first_logins_of_one_identity_all_have_one_account_and_one_sub(given: &Given) {
    let logins = at_once(given, |store, number| async move {
        let person = Person::Identity(identity("one", Some("union")));
        let sso = new_session(&format!("sid {number}"), None, None);
        let login = LogIn { client_id: format!("client {}", number % 4), ..log_in(person, Some(sso), None) };
        store.lasting.log_in(login, NOW).await.expect("an answer").expect("an account")
    })
    .await;
    let accounts: BTreeSet<_> = logins.iter().map(|login| &login.account.id).collect();
    let subs: BTreeSet<_> = logins.iter().map(|login| &login.sub).collect();
    let sids: BTreeSet<_> = logins.iter().flat_map(|login| &login.sso).map(|session| &session.sid).collect();
    assert_eq!((accounts.len(), subs.len(), sids.len()), (1, 1, 64), "other browsers, other sessions");
}

pub async fn of_64_callbacks_of_one_browser_one_makes_the_session(given: &Given) {
    let logins = at_once(given, |store, number| async move {
        let sso = new_session(&format!("sid {number}"), Some("browser"), None);
        let login = log_in(one(), Some(sso), None);
        store.lasting.log_in(login, NOW).await.expect("an answer").expect("an account")
    })
    .await;
    let sessions: Vec<_> = logins.into_iter().filter_map(|login| login.sso).collect();
    assert_eq!(sessions.len(), 64);
    assert!(sessions.iter().all(|session| *session == sessions[0]), "one is everybody's");
    let account = somebody(given, "one").await;
    assert_eq!(given.lasting.sessions(Some(&account), NOW, 99).await.expect("an answer"), sessions[..1]);
    // A minute later it is a new login.
    let later = NewSession { auth_time: NOW + 60, ..new_session("later", Some("browser"), None) };
    let login = done(given, log_in(one(), Some(later), None)).await;
    assert_eq!(login.sso.map(|session| session.sid), Some("later".into()));
}

pub async fn the_same_person_goes_on_in_the_same_session(given: &Given) {
    done(given, log_in(one(), Some(new_session("first", None, None)), None)).await;
    let second = NewSession { auth_time: NOW + 5, ..new_session("second", None, Some("first")) };
    let logged_in = done(given, log_in(one(), Some(second), None)).await;
    let account = logged_in.account.id.clone();
    let expected = SessionRow {
        secret_hash: hash("cookie of second"),
        auth_time: NOW + 5,
        ..session("first", &account, None)
    };
    assert_eq!((logged_in.sso, logged_in.logouts.len()), (Some(expected.clone()), 0));
    assert_eq!(given.lasting.sessions(Some(&account), NOW, 9).await.expect("an answer"), [expected]);
    // At the client alone a new login is a new session.
    done(given, log_in(one(), None, Some(new_session("site", None, None)))).await;
    let again = new_session("site again", None, Some("site"));
    let logged_in = done(given, log_in(one(), None, Some(again))).await;
    assert_eq!(logged_in.site, Some(session("site again", &account, Some("shop"))));
    assert_eq!(given.lasting.session_of_sid("site", NOW).await.expect("an answer"), None);
}

pub async fn somebody_else_ends_the_session_before(given: &Given) {
    let first = done(given, log_in(one(), Some(new_session("first", None, None)), None)).await;
    let row = first.sso.expect("a session");
    let kept = given.lasting.insert_grant(&grant("online", &row), None).await.expect("an answer");
    assert!(kept);
    let offline = grant("offline", &row);
    assert!(given.lasting.insert_grant(&offline, Some((hash("refresh"), SOON))).await.expect("an answer"));
    let other = Person::Identity(identity("other", None));
    // A cookie of the client's is none of the service's.
    let foreign = log_in(other.clone(), None, Some(new_session("foreign", None, Some("first"))));
    assert_eq!(done(given, foreign).await.logouts, []);
    let login = log_in(other, Some(new_session("second", None, Some("first"))), None);
    let logged_in = done(given, login).await;
    assert_eq!(logged_in.sso.map(|session| session.sid), Some("second".into()));
    let told: Vec<_> =
        logged_in.logouts.iter().map(|row| (&*row.sid, &*row.client_id, row.ended_at)).collect();
    assert_eq!(told, [("first", "shop", NOW)]);
    assert_eq!(given.lasting.session_of_sid("first", NOW).await.expect("an answer"), None);
    assert_eq!(given.lasting.grant("online", NOW).await.expect("an answer"), None);
    assert_eq!(given.lasting.grant("offline", NOW).await.expect("an answer"), Some(offline));
}

pub async fn a_login_of_an_account_that_is_gone_keeps_nothing(given: &Given) {
    given.fleeting.insert_attempt(&attempt("one"), None).await.expect("kept");
    let login = log_in(Person::Account("nobody".into()), Some(new_session("sid", None, None)), None);
    let finish =
        FinishLogin { attempt_id: "one".into(), log_in: login.clone(), code: Some(new_code("code")) };
    assert_eq!(given.finish_login(finish, NOW).await.expect("an answer"), None);
    assert_eq!(given.lasting.log_in(login, NOW).await.expect("an answer"), None);
    assert_eq!(given.lasting.session_of_sid("sid", NOW).await.expect("an answer"), None);
    assert_eq!(given.fleeting.attempt("one").await.expect("an answer"), Some(attempt("one")));
    assert_eq!(given.fleeting.code(&hash("code")).await.expect("an answer"), None);
}

pub async fn who_was_not_expected_gets_no_code(given: &Given) {
    let account = somebody(given, "one").await;
    let sub = given.lasting.subject("shop", &account, NOW).await.expect("an answer");
    for (id, expected, is_expected) in [("right", sub, true), ("wrong", "somebody".into(), false)] {
        given.fleeting.insert_attempt(&attempt(id), None).await.expect("kept");
        let login = LogIn { expected_sub: Some(expected), ..log_in(one(), None, None) };
        let finish = FinishLogin { attempt_id: id.into(), log_in: login, code: Some(new_code(id)) };
        let logged_in = given.finish_login(finish, NOW).await.expect("an answer").expect("an account");
        assert_eq!(logged_in.is_expected, is_expected);
        let code = given.fleeting.code(&hash(id)).await.expect("an answer");
        assert_eq!(code.is_some(), is_expected);
        let row = given.fleeting.attempt(id).await.expect("an answer").expect("it is there");
        assert_eq!(row.end, Some(AttemptEnd::Done), "the attempt is over in any case");
    }
}

pub async fn the_end_of_a_login_is_one(given: &Given) {
    let fleeting = &given.fleeting;
    for (id, sso) in [("with a session", Some(new_session("sid", None, None))), ("without", None)] {
        let sid = sso.as_ref().map(|session| session.sid.clone());
        fleeting.insert_attempt(&attempt(id), None).await.expect("kept");
        assert!(fleeting.take_attempt(id, NOW).await.expect("an answer"));
        let auth_time = NOW - 7;
        let sso = sso.map(|session| NewSession { auth_time, ..session });
        let finish =
            FinishLogin { attempt_id: id.into(), log_in: log_in(one(), sso, None), code: Some(new_code(id)) };
        let logged_in = given.finish_login(finish, NOW).await.expect("an answer").expect("an account");
        let expected = AttemptRow { taken_at: Some(NOW), end: Some(AttemptEnd::Done), ..attempt(id) };
        assert_eq!(fleeting.attempt(id).await.expect("an answer"), Some(expected));
        let expected = CodeRow {
            code_hash: hash(id),
            redeem_at: LoginResult::Code,
            client_id: "shop".into(),
            redirect_uri: "https://shop.example.test/back".into(),
            code_challenge: None,
            nonce: Some("nonce".into()),
            scope: "openid".into(),
            account_id: logged_in.account.id,
            auth_time: if sid.is_some() { auth_time } else { NOW },
            sid,
            grant_id: format!("grant of {id}"),
            expires_at: SOON,
            used_at: None,
        };
        assert_eq!(fleeting.code(&hash(id)).await.expect("an answer"), Some(expected));
    }
    assert!(given.lasting.end_session("sid", ending(&[])).await.expect("an answer").is_some());
}
