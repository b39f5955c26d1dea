//! A proven contact that is another account's: the person hears so after the proof, and says what becomes of the two.

use serde_json::{Value, json};

use super::inbox::Inbox;
use super::{
    PHONE, SHOWN, bound, enter, house, join, name, person, refusal, said_sent, step, sub, token, unbound,
};
use crate::harness::{House, SHOP, Visitor, all_at_once};

const MONTH: i64 = 30 * 24 * 3600;

/// Somebody else has proven the number; the question.
async fn exists(house: &House, inbox: &Inbox, visitor: &mut Visitor) -> (String, Value) {
    let token = token(&unbound(house, visitor).await);
    let sent = name(visitor, &token, PHONE).await;
    // Nothing tells whose it is before the proof.
    assert_eq!(said_sent(&sent), (202, json!({ "contact": SHOWN, "resend_after": 60 })));
    let answer = enter(visitor, &token, &inbox.sms_code()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (token, answer.json())
}

#[tokio::test]
async fn the_two_may_become_one() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    person(&house, "first");
    let first = bound(&house, &inbox, PHONE).await;
    person(&house, "second");
    let mut visitor = house.visitor();
    let (token, question) = exists(&house, &inbox, &mut visitor).await;
    assert_eq!(question, json!({ "exists": { "contact": SHOWN, "may_join": true } }));
    let joined = join(&mut visitor, &token, json!({ "join": true })).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    assert_eq!(sub(&mut visitor, &joined.json()).await, first, "the older account stays");
    for id in ["second", "first"] {
        person(&house, id);
        let mut visitor = house.visitor();
        let finished = unbound(&house, &mut visitor).await;
        assert_eq!(sub(&mut visitor, &finished).await, first, "{id}");
    }
}

#[tokio::test]
async fn the_person_may_choose_another_contact() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    person(&house, "first");
    let first = bound(&house, &inbox, PHONE).await;
    person(&house, "second");
    let mut visitor = house.visitor();
    let (token, _) = exists(&house, &inbox, &mut visitor).await;
    let asks = join(&mut visitor, &token, json!({ "join": false })).await.json();
    assert_eq!(asks["binding"]["require"], json!(["phone"]));
    assert_eq!(name(&mut visitor, &token, "13900139000").await.status, 202);
    let finished = enter(&mut visitor, &token, &inbox.sms_code()).await.json();
    assert_ne!(sub(&mut visitor, &finished).await, first);
}

#[tokio::test]
async fn a_number_goes_to_its_new_owner_who_gets_nothing_of_the_old_ones() {
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    person(&house, "old-owner");
    let first = bound(&house, &inbox, PHONE).await;
    house.clock.advance(MONTH);
    person(&house, "new-owner");
    let mut visitor = house.visitor();
    let (token, question) = exists(&house, &inbox, &mut visitor).await;
    assert_eq!(question, json!({ "exists": { "contact": SHOWN, "may_join": false } }));
    for answer in [json!({ "join": true }), json!({ "join": true, "take": true })] {
        let refused = join(&mut visitor, &token, answer).await;
        assert_eq!(refusal(&refused), (400, json!({ "error": "invalid_request" })));
    }
    let taken = join(&mut visitor, &token, json!({ "join": false, "take": true })).await.json();
    assert_ne!(sub(&mut visitor, &taken).await, first);
    // The old owner has lost the number, and nothing else.
    person(&house, "old-owner");
    let mut visitor = house.visitor();
    let waits = unbound(&house, &mut visitor).await;
    let token = self::token(&waits);
    assert_eq!(name(&mut visitor, &token, "13900139000").await.status, 202);
    let finished = enter(&mut visitor, &token, &inbox.sms_code()).await.json();
    assert_eq!(sub(&mut visitor, &finished).await, first);
}

#[tokio::test]
async fn of_many_people_who_prove_one_number_at_once_one_has_it() {
    const MANY: usize = 8;
    let inbox = Inbox::open();
    let house = house(&inbox, r#"["phone"]"#).await;
    let mut logins = Vec::new();
    for number in 0..MANY {
        person(&house, &format!("person-{number}"));
        let mut visitor = house.visitor();
        let token = token(&unbound(&house, &mut visitor).await);
        assert_eq!(name(&mut visitor, &token, PHONE).await.status, 202);
        logins.push((visitor, token, inbox.sms_code()));
    }
    let entered = logins
        .iter()
        .map(|(visitor, token, code)| step(visitor, SHOP, token, "code", &json!({ "code": code })));
    let answers = all_at_once(entered.collect()).await;
    let finished = answers.iter().filter(|answer| !answer.json()["code"].is_null()).count();
    let asked = answers.iter().filter(|answer| !answer.json()["exists"].is_null()).count();
    assert_eq!((finished, asked), (1, MANY - 1));
}
