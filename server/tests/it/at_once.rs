//! Several tabs of one browser whose callbacks come at once: one login, whichever answer comes last.

use reqwest::Method;
use serde_json::Value;
use weixin_emulator::Person;

use crate::harness::{Answer, House, Visitor, all_at_once, allowed};

/// So many tabs of one browser, of which five may be open.
async fn tabs(visitor: &mut Visitor, many: usize) -> Vec<Value> {
    let mut attempts = Vec::new();
    for _ in 0..many {
        attempts.push(visitor.start_hosted().await);
    }
    attempts
}

/// WeChat sends all tabs back at once, with the cookies that the browser has now.
async fn callbacks(house: &House, visitor: &Visitor, attempts: &[Value]) -> Vec<Answer> {
    let callbacks = attempts.iter().map(|attempt| allowed(house, attempt));
    let answers = all_at_once(callbacks.map(|path| visitor.request(Method::GET, &path)).collect()).await;
    for answer in &answers {
        assert_eq!(
            (answer.status.as_u16(), answer.location()),
            (303, "https://shop.example.test/orders?page=2")
        );
    }
    answers
}

async fn logins(visitor: &mut Visitor) -> usize {
    visitor.open("/sessions").await.body.matches("<span class=\"session\">").count()
}

async fn log_out(visitor: &mut Visitor) {
    let request = visitor.request(Method::DELETE, "/session").header("sec-fetch-site", "same-origin");
    assert_eq!(visitor.send(request).await.status, 204);
}

#[tokio::test]
async fn callbacks_at_once_in_one_browser_are_one_login_whichever_answer_comes_last() {
    let house = House::new().await;
    for round in 0..4 {
        let mut visitor = house.visitor();
        let attempts = tabs(&mut visitor, 5).await;
        let answers = callbacks(&house, &visitor, &attempts).await;
        let mut last = Vec::new();
        for answer in &answers {
            let mut visitor = visitor.clone();
            visitor.keep_cookies(answer);
            assert_eq!(visitor.session().await.status, 200, "round {round}");
            assert_eq!(logins(&mut visitor).await, 1, "round {round}");
            last.push(visitor);
        }
        log_out(&mut last[0]).await;
        for visitor in &mut last {
            assert_eq!(visitor.session().await.status, 401, "round {round}");
            assert_eq!(visitor.open("/sessions").await.status, 401, "round {round}");
        }
    }
}

#[tokio::test]
async fn who_logs_in_once_more_at_once_goes_on_in_one_session_with_a_new_cookie() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    visitor.open(&allowed(&house, &attempt)).await;
    let before = visitor.clone();
    let attempts = tabs(&mut visitor, 4).await;
    let answers = callbacks(&house, &visitor, &attempts).await;
    assert_eq!(before.clone().session().await.status, 401);
    assert_eq!(before.clone().open("/sessions").await.status, 401);
    for answer in &answers {
        let mut visitor = visitor.clone();
        visitor.keep_cookies(answer);
        assert_eq!(visitor.session().await.status, 200);
        assert_eq!(logins(&mut visitor).await, 1);
    }
}

#[tokio::test]
async fn who_logs_in_again_after_a_logout_has_another_cookie_though_the_tab_was_open_before() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let (first, second) = (visitor.start_hosted().await, visitor.start_hosted().await);
    visitor.open(&allowed(&house, &first)).await;
    let before = visitor.clone();
    log_out(&mut visitor).await;
    visitor.open(&allowed(&house, &second)).await;
    assert_eq!(visitor.session().await.status, 200);
    assert_eq!(before.clone().session().await.status, 401);
    assert_eq!(before.clone().open("/sessions").await.status, 401);
}

#[tokio::test]
async fn an_answer_that_was_lost_costs_no_login_at_the_next_try() {
    let house = House::new().await;
    for seconds in [0, 9, 60] {
        let mut visitor = house.visitor();
        let (lost, next) = (visitor.start_hosted().await, visitor.start_hosted().await);
        let unread = visitor.clone();
        callbacks(&house, &unread, &[lost]).await;
        house.clock.advance(seconds);
        assert_eq!(visitor.open(&allowed(&house, &next)).await.status, 303);
        assert_eq!(visitor.session().await.status, 200, "after {seconds} seconds");
        assert_eq!(visitor.open("/sessions").await.status, 200, "after {seconds} seconds");
    }
}

#[tokio::test]
async fn two_browsers_at_once_are_two_logins() {
    let house = House::new().await;
    let (mut here, mut there) = (house.visitor(), house.visitor());
    let (one, other) = (here.start_hosted().await, there.start_hosted().await);
    let callbacks = [(&here, allowed(&house, &one)), (&there, allowed(&house, &other))];
    let callbacks = callbacks.map(|(visitor, path)| visitor.request(Method::GET, &path));
    let answers = all_at_once(callbacks.into()).await;
    here.keep_cookies(&answers[0]);
    there.keep_cookies(&answers[1]);
    assert_eq!(logins(&mut here).await, 2);
    log_out(&mut here).await;
    assert_eq!(there.session().await.status, 200);
}

#[tokio::test]
async fn two_persons_at_once_in_one_browser_share_nothing() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let (one, other) = (visitor.start_hosted().await, visitor.start_hosted().await);
    house.weixin.set_person(Person::new("one", "One"));
    let one = allowed(&house, &one);
    house.weixin.set_person(Person::new("other", "Other"));
    let other = allowed(&house, &other);
    let requests = [one, other].map(|path| visitor.request(Method::GET, &path));
    let answers = all_at_once(requests.into()).await;
    let mut names = Vec::new();
    for answer in &answers {
        let mut visitor = visitor.clone();
        visitor.keep_cookies(answer);
        assert_eq!(logins(&mut visitor).await, 1);
        names.push(visitor.session().await.json()["nickname"].as_str().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["One", "Other"]);
}
