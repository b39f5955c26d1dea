//! The clock is set back by an hour while people log in, as a machine does whose clock was wrong: nobody is lost.

use crate::harness::{House, SHOP, SHOP_SESSION, VERIFIER, allowed, code_and_state};

const HOUR: i64 = 3600;

#[tokio::test]
async fn a_clock_that_is_set_back_loses_nobody() {
    let house = House::new().await;
    // Who has begun, who holds a code, who is logged in.
    let mut begun = house.visitor();
    let callback = allowed(&house, &begun.start_hosted().await);
    let mut holding = house.visitor();
    let body = code_and_state(&allowed(&house, &holding.start_embedded().await));
    let code = holding.post(SHOP, "/callback", &body).await.json()["code"].clone();
    let mut inside = house.visitor();
    let own = allowed(&house, &inside.start_hosted().await);
    assert_eq!(inside.open(&own).await.status, 303);

    house.clock.advance(-HOUR);
    assert_eq!(begun.open(&callback).await.status, 303);
    let redeem = serde_json::json!({ "code": code, "code_verifier": VERIFIER });
    assert_eq!(holding.post(SHOP, "/session", &redeem).await.status, 200);
    assert_eq!(
        holding.post(SHOP, "/session", &redeem).await.status,
        400,
        "a code is good once, whatever the clock says"
    );
    assert_eq!(inside.session().await.status, 200);
    let ready = reqwest::get(format!("http://{}/readyz", house.ops_address)).await.unwrap();
    assert_eq!(ready.status(), 200);
    let mut later = house.visitor();
    let callback = allowed(&house, &later.start_hosted().await);
    assert_eq!(later.open(&callback).await.status, 303);
    assert!(later.cookies.contains_key(SHOP_SESSION));

    // Set right again: those who came meanwhile are there.
    house.clock.advance(HOUR);
    for visitor in [&mut begun, &mut inside, &mut later] {
        assert_eq!(visitor.session().await.status, 200);
    }
}
