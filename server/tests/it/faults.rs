//! WeChat is slow, cut, broken or unwilling: a page that says what to do, nothing half-made, and the code exchanged once.

use weixin_emulator::{Call, Fault};

use crate::harness::{House, SHOP, allowed, code_and_state};

/// The callback of a hosted login while WeChat has this fault.
async fn refused(call: Call, fault: Fault, code: &str, status: u16) {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let callback = allowed(&house, &visitor.start_hosted().await);
    house.weixin.fault(call, fault);
    let answer = visitor.open(&callback).await;
    assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    assert!(answer.body.contains(code), "{}", answer.body);
    let again = "/weixin/login?return_to=https%3A%2F%2Fshop.example.test%2Forders%3Fpage%3D2";
    assert!(answer.body.contains(again), "the page has a way to start again: {}", answer.body);
    assert_eq!(house.exchanges(), 1, "a code is exchanged once, whatever happens");
    assert_eq!(visitor.session().await.status, 401);
    house.weixin.clear_faults();
    let reloaded = visitor.open(&callback).await;
    assert!(reloaded.body.contains(code), "a reload says the same: {}", reloaded.body);
    assert_eq!(house.exchanges(), 1);
}

macro_rules! faults {
    ($($name:ident: $call:ident, $fault:expr => $code:literal, $status:literal;)*) => {
        $(#[tokio::test]
        async fn $name() {
            refused(Call::$call, $fault, $code, $status).await;
        })*
    };
}

faults! {
    an_exchange_that_hangs_is_given_up: AccessToken, Fault::Hang => "temporarily_unavailable", 503;
    an_exchange_that_is_cut_is_not_tried_again: AccessToken, Fault::Cut => "temporarily_unavailable", 503;
    an_exchange_whose_answer_is_lost_is_not_tried_again: AccessToken, Fault::LoseAnswer => "temporarily_unavailable", 503;
    a_server_error_is_weixin_being_busy: AccessToken, Fault::Status { status: 502 } => "temporarily_unavailable", 503;
    html_is_no_answer: AccessToken, Fault::Html => "temporarily_unavailable", 503;
    ten_megabytes_are_no_answer: AccessToken, Fault::Huge => "temporarily_unavailable", 503;
    busy_is_said: AccessToken, Fault::Errcode { errcode: -1 } => "temporarily_unavailable", 503;
    a_spent_quota_is_said_as_busy: AccessToken, Fault::Errcode { errcode: 45011 } => "temporarily_unavailable", 503;
    a_bad_code_starts_again: AccessToken, Fault::Errcode { errcode: 40029 } => "code_spent", 400;
    a_used_code_starts_again: AccessToken, Fault::Errcode { errcode: 40163 } => "code_spent", 400;
    a_wrong_secret_is_the_operators: AccessToken, Fault::Errcode { errcode: 40125 } => "misconfigured", 500;
    a_wrong_appid_is_the_operators: AccessToken, Fault::Errcode { errcode: 40013 } => "misconfigured", 500;
    a_missing_parameter_is_ours: AccessToken, Fault::Errcode { errcode: 41002 } => "misconfigured", 500;
    a_missing_right_is_the_operators: UserInfo, Fault::Errcode { errcode: 48001 } => "misconfigured", 500;
    an_unknown_errcode_is_said: AccessToken, Fault::Errcode { errcode: 99999 } => "server_error", 500;
    a_userinfo_that_hangs_is_given_up: UserInfo, Fault::Hang => "temporarily_unavailable", 503;
    a_revoked_person_starts_again: UserInfo, Fault::Errcode { errcode: 42007 } => "code_spent", 400;
    a_refused_access_token_starts_again: UserInfo, Fault::Errcode { errcode: 40001 } => "code_spent", 400;
    a_userinfo_of_html_is_no_answer: UserInfo, Fault::Html => "temporarily_unavailable", 503;
}

#[tokio::test]
async fn an_embedded_login_hears_the_same_codes() {
    let house = House::new().await;
    for (errcode, code) in [(40029, "code_spent"), (-1, "temporarily_unavailable"), (40125, "misconfigured")]
    {
        let mut visitor = house.visitor();
        let callback = allowed(&house, &visitor.start_embedded().await);
        house.weixin.fault_times(Call::AccessToken, Fault::Errcode { errcode }, 1);
        let answer = visitor.post(SHOP, "/callback", &code_and_state(&callback)).await;
        assert_eq!(answer.json()["error"], code);
    }
}
