//! What an attempt is bound to: PKCE's pair that the widget makes, or the challenge, nonce and state of the site's backend.

mod driver;

use std::rc::Rc;

use driver::*;
use protocol::service::{ErrorCode, Kind, LoginResult};
use weixin_login_flow::error::{Code, LoginError};
use weixin_login_flow::event::{Challenge, Effect, Event, Permission, Success};
use weixin_login_flow::machine::RENEWAL_RETRY;
use weixin_login_flow::screen::{Button, Phase};

/// What the page's backend gave, for the attempt of this number.
fn backends(number: u32) -> Rc<Challenge> {
    Rc::new(Challenge {
        code_challenge: format!("backends-challenge{number}"),
        code_verifier: None,
        nonce: Some(format!("nonce{number}")),
        state: Some(format!("site{number}")),
    })
}

/// Ends in a code, with the first challenge in the attributes.
fn for_a_code() -> Driver {
    Driver::prepared(Kind::Embedded, |widget| {
        let given = backends(1);
        widget.options.result = LoginResult::Code;
        widget.options.code_challenge = Some(given.code_challenge.clone());
        widget.options.nonce = given.nonce.clone();
        widget.options.state = given.state.clone();
    })
}

fn for_a_code_at_the_qr_code() -> Driver {
    let mut widget = for_a_code();
    widget.permitted(Permission::Denied);
    assert_eq!(widget.machine.screen().phase, Phase::Qr);
    let number = widget.machine.screen().frame.map_or(0, |frame| frame.number);
    widget.send(Event::Frame { number, status: protocol::qrconnect::PostedStatus::QrCodeReady });
    widget
}

fn none() -> Event {
    Event::Challenged(Err(LoginError::new(Code::Unsupported, "nobody answered")))
}

#[test]
fn a_session_is_bound_to_a_pair_that_the_widget_makes_and_redeemed_by_its_verifier() {
    let mut widget = Driver::new(Kind::Embedded);
    let effects = widget.appear();
    assert_eq!(effects, [Effect::TellPhase(Phase::Loading), Effect::QueryPermission, Effect::MakeChallenge]);
    assert_eq!(widget.send(Event::Challenged(Ok(challenge(1)))), [start(challenge(1))]);
    widget.send(Event::Permission(Permission::Denied));
    widget.started(1);
    // Another pair is for another attempt: a scan of the first one is redeemed with the first one's.
    widget.at(300_000, Event::Woke);
    widget.started(2);
    assert_eq!(widget.message(1), [Effect::TellPhase(Phase::Confirming), redeem(1)]);
}

#[test]
fn where_no_pair_can_be_made_that_is_told() {
    let mut widget = Driver::new(Kind::Embedded);
    widget.appear();
    let error = LoginError::new(Code::Unsupported, "crypto.subtle is missing");
    let effects = widget.send(Event::Challenged(Err(error.clone())));
    assert_eq!(effects, [Effect::TellPhase(Phase::Error), Effect::TellError(error)]);
}

#[test]
fn the_first_attempt_for_a_code_is_bound_to_the_attributes_nonce_included() {
    let mut widget = for_a_code();
    let effects = widget.appear();
    assert_eq!(effects.last(), Some(&start(backends(1))));
}

#[test]
fn a_renewal_for_a_code_asks_the_page_and_tells_that_challenges_state() {
    let mut widget = for_a_code_at_the_qr_code();
    assert_eq!(widget.at(300_000, Event::Woke), [Effect::AskForChallenge]);
    assert_eq!(widget.send(Event::Challenged(Ok(backends(2)))), [start(backends(2))]);
    widget.started(2);
    for (number, state) in [(2, "site2"), (1, "site1")] {
        let mut widget = for_a_code_at_the_qr_code();
        widget.at(300_000, Event::Woke);
        widget.send(Event::Challenged(Ok(backends(2))));
        widget.started(2);
        let code = format!("code{number}");
        let success = Success::Code { code, state: Some(state.into()), iss: ISS.into() };
        assert!(widget.message(number).contains(&Effect::TellSuccess(success)), "{state}");
    }
}

#[test]
fn where_the_page_has_no_challenge_the_qr_code_lives_to_its_end() {
    let mut widget = for_a_code_at_the_qr_code();
    widget.at(300_000, Event::Woke);
    assert_eq!(widget.send(none()), []);
    assert_eq!(widget.machine.wakes_at(), Some(600_000), "it is not asked again");
    assert_eq!(widget.at(300_000 + 2 * RENEWAL_RETRY, Event::Woke), []);
    assert!(widget.machine.screen().frame.is_some());
    assert_eq!(widget.at(600_000, Event::Woke), [Effect::TellPhase(Phase::Expired)]);
    // Of itself nothing comes of it any more.
    assert_eq!(widget.send(Event::Visible(true)), []);

    // A person who tries again is not sent away for that: no code was bound to the attributes' challenge.
    assert_eq!(
        widget.press(Button::StartAgain),
        [Effect::TellPhase(Phase::Loading), Effect::AskForChallenge]
    );
    let effects = widget.send(none());
    let [Effect::StartAttempt { challenge: again, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(Some(&again.code_challenge), widget.options.code_challenge.as_ref());
}

#[test]
fn a_challenge_that_a_code_was_bound_to_is_never_used_again() {
    let mut widget = for_a_code_at_the_qr_code();
    widget.message(1);
    widget.send(Event::ShownAgain);
    assert_eq!(widget.send(none()), [Effect::TellPhase(Phase::Expired)]);
    widget.press(Button::StartAgain);
    let effects = widget.send(none());
    let [Effect::TellPhase(Phase::Error), Effect::TellError(error)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(error.code, Code::Service(ErrorCode::InvalidRequest));
    assert!(error.message.contains("weixin-login-renew"), "{}", error.message);
}

#[test]
fn a_card_that_expires_by_itself_accuses_nobody() {
    let mut widget = for_a_code();
    widget.permitted(Permission::Granted);
    widget.ready();
    let effects = widget.at(600_000, Event::Woke);
    assert_eq!(effects, [Effect::TellPhase(Phase::Loading), Effect::AskForChallenge]);
    assert_eq!(widget.send(none()), [Effect::TellPhase(Phase::Expired)]);
}

#[test]
fn an_attempt_that_never_came_leaves_the_attributes_challenge_unused() {
    let mut widget = for_a_code();
    widget.appear();
    widget.not_started(LoginError::new(Code::Offline, ""));
    let effects = widget.send(Event::Online(true));
    assert_eq!(effects, [Effect::TellPhase(Phase::Loading), start(backends(1))]);
}

#[test]
fn a_challenge_that_comes_too_late_starts_nothing() {
    let mut widget = Driver::qr(Kind::Embedded);
    widget.at(300_000, Event::Woke);
    widget.message(1);
    assert_eq!(widget.send(Event::Challenged(Ok(challenge(2)))), []);
    // And nobody's challenge starts nothing either.
    let mut widget = Driver::qr(Kind::Embedded);
    assert_eq!(widget.send(Event::Challenged(Ok(challenge(2)))), []);
}

#[test]
fn the_services_own_page_brings_its_first_attempt_with_it() {
    let mut widget = Driver::new(Kind::Hosted);
    assert_eq!(widget.appear().last(), Some(&Effect::ReadAttempt(ATTEMPT.into())));
    widget.send(Event::Permission(Permission::Denied));
    widget.started(1);
    let effects = widget.at(3_600_000, Event::Woke);
    assert_eq!(effects, [Effect::TellPhase(Phase::Loading), Effect::RenewAttempt(widget.attempt(1).into())]);
}
