//! Who is who.

use std::collections::BTreeSet;

use weixin_login::store::people::KnownIdentity;
use weixin_login::store::{AccountRow, Found, IdentityRow, News};

use crate::given::{Given, at_once};
use crate::rows::{NOW, code, ending, grant, hash, identity, identity_at, logged_in, session, somebody};

const OTHER_APP: &str = "wxfedcba9876543210";

async fn found(given: &Given, identity: &IdentityRow) -> Found {
    given.lasting.account_of_identity(identity, ending(&["shop"])).await.expect("an answer")
}

pub async fn an_identity_has_one_account_for_good(given: &Given) {
    let first = found(given, &identity("one", None)).await;
    assert_eq!((first.account.nickname.as_str(), first.news), ("陈锴", News::default()));
    let renamed = IdentityRow { nickname: "小陈".into(), picture: None, ..identity("one", None) };
    let account = AccountRow { nickname: "小陈".into(), picture: None, ..first.account };
    let again = found(given, &renamed).await;
    assert_eq!(again, Found { account: account.clone(), news: News::default(), logouts: vec![] });
    assert_eq!(given.lasting.account(&account.id).await.expect("an answer"), Some(account.clone()));
    // The same openid in another app is another person.
    assert_ne!(found(given, &identity_at(OTHER_APP, "one", None)).await.account.id, account.id);
}

pub async fn a_unionid_joins_apps(given: &Given) {
    let one = found(given, &identity("one", Some("union"))).await.account.id;
    let other = found(given, &identity_at(OTHER_APP, "other", Some("union"))).await;
    assert_eq!((other.account.id.as_str(), other.news), (one.as_str(), News::default()));
    // WeChat does not always tell it; it is not forgotten.
    assert_eq!(found(given, &identity("one", None)).await.account.id, one);
    let known = |appid: &str, openid: &str| KnownIdentity {
        appid: appid.into(),
        openid: openid.into(),
        unionid: Some("union".into()),
    };
    let identities = given.lasting.identities_of_account(&one).await.expect("an answer");
    assert_eq!(identities, [known("wx0123456789abcdef", "one"), known(OTHER_APP, "other")]);
}

pub async fn of_64_first_logins_of_one_person_one_makes_the_account(given: &Given) {
    for unionid in [None, Some("union")] {
        let openid = format!("openid {unionid:?}");
        let ids = at_once(given, |store, _| {
            let identity = identity(&openid, unionid);
            async move {
                store.lasting.account_of_identity(&identity, ending(&[])).await.expect("an answer").account.id
            }
        })
        .await;
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 1);
    }
}

pub async fn of_64_first_logins_in_two_apps_of_one_unionid_one_makes_the_account(given: &Given) {
    let ids = at_once(given, |store, number| async move {
        let appid = if number % 2 == 0 { OTHER_APP } else { "wx0123456789abcdef" };
        let identity = identity_at(appid, &format!("openid {}", number % 8), Some("union"));
        store.lasting.account_of_identity(&identity, ending(&[])).await.expect("an answer").account.id
    })
    .await;
    let ids: BTreeSet<_> = ids.into_iter().collect();
    assert_eq!(ids.len(), 1);
    let id = ids.first().expect("one");
    assert_eq!(given.lasting.identities_of_account(id).await.expect("an answer").len(), 8);
}

pub async fn a_sub_is_the_same_for_all_clients_and_for_good(given: &Given) {
    let (one, other) = (somebody(given, "one").await, somebody(given, "other").await);
    let sub = given.lasting.subject("shop", &one, NOW).await.expect("an answer");
    assert_ne!(sub, one, "clients see no account's id");
    for client_id in ["shop", "forum", "shop"] {
        assert_eq!(given.lasting.subject(client_id, &one, NOW).await.expect("an answer"), sub);
    }
    assert_ne!(given.lasting.subject("shop", &other, NOW).await.expect("an answer"), sub);
    let subjects = given.lasting.subjects_of_account(&one).await.expect("an answer");
    assert_eq!(subjects, [("forum".into(), sub.clone()), ("shop".into(), sub.clone())]);
    assert_eq!(given.lasting.account_of_subject(&sub).await.expect("an answer"), Some(one));
    assert!(given.lasting.subject("shop", "nobody", NOW).await.is_err());
}

pub async fn of_64_first_sights_at_several_clients_all_hear_one_sub(given: &Given) {
    let account = somebody(given, "one").await;
    let subs = at_once(given, |store, number| {
        let account = account.clone();
        async move {
            store.lasting.subject(&format!("client {}", number % 8), &account, NOW).await.expect("an answer")
        }
    })
    .await;
    assert_eq!(subs.iter().collect::<BTreeSet<_>>().len(), 1);
}

pub async fn a_person_who_is_deleted_is_gone_with_everything(given: &Given) {
    let lasting = &given.lasting;
    let session = logged_in(given, "one", "session").await;
    let sub = lasting.subject("shop", &session.account_id, NOW).await.expect("an answer");
    let kept = lasting.insert_grant(&grant("one", &session), Some((hash("refresh"), NOW + 9))).await;
    assert!(kept.expect("an answer"));
    let ended = lasting.delete_account(&session.account_id, ending(&["shop"])).await.expect("an answer");
    assert_eq!((ended.sessions, ended.logouts.len()), (1, 1));
    assert_eq!(lasting.account(&session.account_id).await.expect("an answer"), None);
    assert_eq!(lasting.account_of_subject(&sub).await.expect("an answer"), None);
    assert_eq!(lasting.identities_of_account(&session.account_id).await.expect("an answer"), []);
    assert_eq!(lasting.refresh_token_grant(&hash("refresh"), Some("one")).await.expect("an answer"), None);
    assert_ne!(somebody(given, "one").await, session.account_id, "whoever comes again is new");
    let nobody = lasting.delete_account("nobody", ending(&[])).await.expect("an answer");
    assert_eq!((nobody.sessions, nobody.logouts.len()), (0, 0));
}

pub async fn a_hostile_name_is_kept_as_it_can_be(given: &Given) {
    for (number, nickname) in [
        "",
        "'\"\\ \u{202e}\u{1f600}\u{feff}",
        "\u{1}\u{7f}\u{85}\n",
        "a\0b",
        r"\u0000",
        &"长".repeat(20_000),
    ]
    .into_iter()
    .enumerate()
    {
        let row = IdentityRow { nickname: nickname.into(), ..identity(&format!("openid {number}"), None) };
        let account = found(given, &row).await.account;
        // PostgreSQL's texts have no NUL.
        let as_it_can_be = [nickname.to_owned(), nickname.replace('\0', "\u{fffd}")];
        assert!(as_it_can_be.contains(&account.nickname), "{nickname:?}: {account:?}");
        assert_eq!(given.lasting.account(&account.id).await.expect("an answer"), Some(account));
    }
    let account = somebody(given, "one").await;
    let row = code("code", &account, None);
    let row = weixin_login::store::CodeRow { nonce: Some("\u{1f600}\\\"' ".into()), ..row };
    given.fleeting.insert_code(&row).await.expect("kept");
    assert_eq!(given.fleeting.code(&row.code_hash).await.expect("an answer"), Some(row));
    let row = session("s\u{301}id", &account, Some("shop"));
    given.lasting.insert_session(&row).await.expect("kept");
    assert_eq!(given.lasting.session_of_sid(&row.sid, NOW).await.expect("an answer"), Some(row));
}
