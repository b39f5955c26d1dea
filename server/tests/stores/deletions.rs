//! Accounts that are to be forgotten, and identities that go.

use weixin_login::store::audit::By;
use weixin_login::store::{IdentityRow, Store};

use crate::given::{Given, at_once, count};
use crate::rows::{NOW, ending, identity, identity_at, logged_in};

const WEEK: i64 = 7 * 24 * 3600;

async fn seen_again(store: &Store, identity: &IdentityRow) -> String {
    let login =
        crate::rows::log_in(weixin_login::store::logins::Person::Identity(identity.clone()), None, None);
    store.lasting.log_in(login, NOW).await.expect("an answer").expect("kept").account.id
}

pub async fn an_account_is_forgotten_when_its_time_has_come(given: &Given) {
    let lasting = &given.lasting;
    let session = logged_in(given, "openid", "sid").await;
    let id = &*session.account_id;
    assert_eq!(lasting.delete_later("nobody", NOW, By::Person, ending(&[])).await.expect("an answer"), None);
    assert_eq!(lasting.delete_at(id).await.expect("an answer"), None);
    let ended = lasting.delete_later(id, NOW + WEEK, By::Person, ending(&[])).await.expect("an answer");
    assert_eq!(ended.map(|ended| ended.sessions), Some(1));
    assert_eq!(lasting.session(&session.secret_hash, NOW).await.expect("an answer"), None);
    assert_eq!(lasting.delete_at(id).await.expect("an answer"), Some(NOW + WEEK));
    assert_eq!(lasting.due_deletions(NOW + WEEK - 1, 9).await.expect("an answer"), [""; 0]);
    assert_eq!(lasting.delete_if_due(id, ending(&[])).await.expect("an answer"), None);
    assert_eq!(lasting.due_deletions(NOW + WEEK, 9).await.expect("an answer"), [id]);
    let deleted = at_once(given, |store, _| {
        let id = id.to_owned();
        async move {
            let ending = weixin_login::store::logouts::Ending { now: NOW + WEEK, ..ending(&[]) };
            store.lasting.delete_if_due(&id, ending).await.expect("an answer").is_some()
        }
    })
    .await;
    assert_eq!(count(&deleted, &true), 1);
    assert_eq!(lasting.account(id).await.expect("an answer"), None);
    assert_ne!(seen_again(given, &identity("openid", None)).await, id);
}

pub async fn a_login_brings_an_account_back(given: &Given) {
    let lasting = &given.lasting;
    let session = logged_in(given, "openid", "sid").await;
    let id = &*session.account_id;
    lasting.delete_later(id, NOW + WEEK, By::Person, ending(&[])).await.expect("an answer");
    assert_eq!(seen_again(given, &identity("openid", None)).await, id);
    assert_eq!(lasting.delete_at(id).await.expect("an answer"), None);
    assert_eq!(lasting.due_deletions(NOW + WEEK, 9).await.expect("an answer"), [""; 0]);
    let ending = weixin_login::store::logouts::Ending { now: NOW + WEEK, ..ending(&[]) };
    assert_eq!(lasting.delete_if_due(id, ending).await.expect("an answer"), None);
    assert!(lasting.account(id).await.expect("an answer").is_some());
    let history = lasting.history(id).await.expect("an answer");
    let history: Vec<_> = history.iter().map(|row| (&*row.what, &*row.by)).collect();
    assert_eq!(history, [("created", "login"), ("deleted", "person"), ("restored", "login")]);
}

pub async fn a_computer_that_a_phone_lets_in_brings_an_account_back(given: &Given) {
    let lasting = &given.lasting;
    let session = logged_in(given, "openid", "sid").await;
    let id = session.account_id;
    lasting.delete_later(&id, NOW + WEEK, By::Person, ending(&[])).await.expect("an answer");
    let person = weixin_login::store::logins::Person::Account(id.clone());
    let login = crate::rows::log_in(person, None, None);
    let kept = lasting.log_in(login, NOW + 5).await.expect("an answer").expect("kept").account;
    assert_eq!((kept.id, &*kept.nickname), (id.clone(), &*identity("openid", None).nickname));
    assert_eq!(lasting.delete_at(&id).await.expect("an answer"), None);
    let history = lasting.history(&id).await.expect("an answer");
    let last = history.last().map(|row| (&*row.what, row.at));
    assert_eq!(last, Some(("restored", NOW + 5)));
}

pub async fn of_64_that_take_identities_from_an_account_the_last_one_stays(given: &Given) {
    let lasting = &given.lasting;
    let id = seen_again(given, &identity("openid", Some("unionid"))).await;
    for number in 0..3 {
        let other = identity_at(&format!("wx000000000000000{number}"), "openid", Some("unionid"));
        assert_eq!(seen_again(given, &other).await, id);
    }
    let known = lasting.identities_of_account(&id).await.expect("an answer");
    assert_eq!(known.len(), 4);
    assert!(!lasting.unlink_identity("nobody", &known[0].appid, "openid", NOW).await.expect("an answer"));
    let gone = at_once(given, |store, number| {
        let (id, appid) = (id.clone(), known[number % 4].appid.clone());
        async move { store.lasting.unlink_identity(&id, &appid, "openid", NOW).await.expect("an answer") }
    })
    .await;
    assert_eq!(count(&gone, &true), 3);
    assert_eq!(lasting.identities_of_account(&id).await.expect("an answer").len(), 1);
}
