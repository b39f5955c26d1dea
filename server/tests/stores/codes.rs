//! Codes: given out once, used once, and known for a while afterwards.

use weixin_login::store::CodeRow;
use weixin_login::store::grants::GrantRow;
use weixin_login::store::logins::{BeginGrant, GrantSession, RedeemCode, Redemption};

use crate::given::{Given, MANY, at_once, count};
use crate::rows::{LATER, NOW, SOON, code, ending, hash, logged_in, new_session, session};

fn redemption(code: &CodeRow, session: GrantSession) -> RedeemCode {
    RedeemCode {
        code_hash: code.code_hash,
        grant: BeginGrant {
            id: code.grant_id.clone(),
            client_id: code.client_id.clone(),
            account_id: code.account_id.clone(),
            session,
            scope: code.scope.clone(),
            auth_time: code.auth_time,
            expires_at: LATER,
            refresh_token: Some((hash("refresh"), SOON)),
        },
        keep_until: LATER,
    }
}

fn granted(code: &CodeRow, sub: &str, sid: &str) -> GrantRow {
    GrantRow {
        id: code.grant_id.clone(),
        client_id: code.client_id.clone(),
        account_id: code.account_id.clone(),
        sub: sub.into(),
        sid: sid.into(),
        scope: code.scope.clone(),
        auth_time: code.auth_time,
        created_at: NOW,
        expires_at: LATER,
    }
}

pub async fn a_code_comes_back_as_it_was_kept_until_it_is_used(given: &Given) {
    let fleeting = &given.fleeting;
    let row = code("one", "account", Some("sid"));
    let bare = CodeRow { code_challenge: None, nonce: None, sid: None, ..code("bare", "account", None) };
    for row in [&row, &bare] {
        fleeting.insert_code(row).await.expect("kept");
        assert_eq!(fleeting.code(&row.code_hash).await.expect("an answer").as_ref(), Some(row));
    }
    assert!(fleeting.take_code(&row.code_hash, NOW + 1).await.expect("an answer"));
    let used = CodeRow { used_at: Some(NOW + 1), ..row };
    assert_eq!(fleeting.code(&used.code_hash).await.expect("an answer"), Some(used.clone()));
    let refused =
        fleeting.insert_code(&CodeRow { used_at: None, ..used }).await.expect_err("it is good once");
    assert!(refused.is_duplicate(), "{refused}");
}

pub async fn of_64_redemptions_one_takes_the_code(given: &Given) {
    given.fleeting.insert_code(&code("one", "account", None)).await.expect("kept");
    let taken = at_once(given, |store, _| async move {
        store.fleeting.take_code(&hash("one"), NOW).await.expect("an answer")
    })
    .await;
    assert_eq!(count(&taken, &true), 1);
}

pub async fn a_code_is_good_until_its_second_and_no_longer(given: &Given) {
    for (word, at, good) in [("in time", SOON - 1, true), ("late", SOON, false), ("later", SOON + 1, false)] {
        given.fleeting.insert_code(&code(word, "account", None)).await.expect("kept");
        assert_eq!(given.fleeting.take_code(&hash(word), at).await.expect("an answer"), good, "{word}");
    }
}

pub async fn a_code_gives_a_grant_once_and_its_reuse_revokes_it(given: &Given) {
    let session = logged_in(given, "one", "sid").await;
    let sub = given.lasting.subject("shop", &session.account_id, NOW).await.expect("an answer");
    let row = code("one", &session.account_id, Some("sid"));
    given.fleeting.insert_code(&row).await.expect("kept");
    let redeem = redemption(&row, GrantSession::OfLogin("sid".into()));
    let unknown = RedeemCode { code_hash: hash("unknown"), ..redeem.clone() };
    assert_eq!(given.redeem_code(unknown, NOW).await.expect("an answer"), Redemption::Refused);
    let grant = granted(&row, &sub, "sid");
    let first = given.redeem_code(redeem.clone(), NOW).await.expect("an answer");
    assert_eq!(first, Redemption::Granted(grant.clone()));
    assert_eq!(given.lasting.grant(&grant.id, NOW).await.expect("an answer"), Some(grant.clone()));
    let of_token = given.lasting.refresh_token_grant(&hash("refresh"), None).await.expect("an answer");
    assert_eq!(of_token, Some(grant.clone()));
    let clients = given.lasting.session_clients(&session.account_id).await.expect("an answer");
    assert_eq!(clients, [("sid".into(), "shop".into())]);
    assert_eq!(given.redeem_code(redeem, NOW + 1).await.expect("an answer"), Redemption::Reused);
    assert_eq!(given.lasting.grant(&grant.id, NOW + 1).await.expect("an answer"), None);
}

pub async fn of_64_redemptions_at_once_one_is_granted_and_it_is_revoked(given: &Given) {
    let session = logged_in(given, "one", "sid").await;
    let row = code("one", &session.account_id, Some("sid"));
    given.fleeting.insert_code(&row).await.expect("kept");
    let redeemed = at_once(given, |store, _| {
        let redeem = redemption(&row, GrantSession::OfLogin("sid".into()));
        async move { store.redeem_code(redeem, NOW).await.expect("an answer") }
    })
    .await;
    let granted = redeemed.iter().filter(|one| matches!(one, Redemption::Granted(_))).count();
    assert_eq!((granted, count(&redeemed, &Redemption::Reused)), (1, MANY - 1));
    assert_eq!(given.lasting.grant(&row.grant_id, NOW).await.expect("an answer"), None);
}

pub async fn a_code_of_a_session_that_has_ended_gives_nothing(given: &Given) {
    let session = logged_in(given, "one", "sid").await;
    let row = code("one", &session.account_id, Some("sid"));
    given.fleeting.insert_code(&row).await.expect("kept");
    assert!(given.lasting.end_session("sid", ending(&[])).await.expect("an answer").is_some());
    let redeem = redemption(&row, GrantSession::OfLogin("sid".into()));
    assert_eq!(given.redeem_code(redeem.clone(), NOW).await.expect("an answer"), Redemption::Refused);
    assert_eq!(given.lasting.grant(&row.grant_id, NOW).await.expect("an answer"), None);
    let used = given.fleeting.code(&row.code_hash).await.expect("an answer").expect("it is there");
    assert_eq!(used.used_at, Some(NOW), "it was used all the same");
    // The same of an account.
    let row = code("two", "nobody", Some("sid"));
    given.fleeting.insert_code(&row).await.expect("kept");
    let redeem = redemption(&row, GrantSession::OfLogin("sid".into()));
    assert_eq!(given.redeem_code(redeem, NOW).await.expect("an answer"), Redemption::Refused);
}

pub async fn a_code_may_make_its_session(given: &Given) {
    let account = logged_in(given, "one", "of another browser").await.account_id;
    let row = code("one", &account, None);
    given.fleeting.insert_code(&row).await.expect("kept");
    let redeem = redemption(&row, GrantSession::New(new_session("made", None, None)));
    let redeemed = given.redeem_code(redeem, NOW).await.expect("an answer");
    let sub = given.lasting.subject("shop", &account, NOW).await.expect("an answer");
    assert_eq!(redeemed, Redemption::Granted(granted(&row, &sub, "made")));
    let made = given.lasting.session_of_sid("made", NOW).await.expect("an answer");
    assert_eq!(made, Some(session("made", &account, Some("shop"))));
}
