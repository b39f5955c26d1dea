//! The site's own QR code: what is seen of it, what the service tells, and how it ends.

mod driver;

use std::rc::Rc;

use driver::{ATTEMPT, Driver, ISS, finished, redeem, unreachable};
use protocol::service::{ErrorCode, Kind, SceneEvent};
use weixin_login_flow::error::{Code, LoginError};
use weixin_login_flow::event::{Effect, Ended, Event, Permission};
use weixin_login_flow::screen::{Body, Button, Copying, Phase, SceneCode};

fn shown() -> Driver {
    let mut widget = Driver::new(Kind::Scene);
    widget.permitted(Permission::Granted);
    widget
}

fn code(widget: &Driver) -> SceneCode<'_> {
    match widget.machine.screen().body {
        Body::Scene(code) => code,
        other => panic!("{other:?}"),
    }
}

fn hear(widget: &Driver, number: u32) -> Effect {
    Effect::HearScene { run: widget.scene_run(number), started: widget.attempt(number).into() }
}

#[test]
fn the_code_is_shown_at_once_and_listened_for() {
    let mut widget = Driver::new(Kind::Scene);
    widget.appear();
    let effects = widget.started(1);
    assert_eq!(effects, [Effect::TellPhase(Phase::Qr), hear(&widget, 1)], "no local service is asked");
    let seen = SceneCode {
        qr_path: "M0 0h7v1h-7z",
        qr_size: 29,
        number: "42",
        seconds_left: 300,
        scanned: false,
        copying: Copying::NotYet,
    };
    assert_eq!(code(&widget), seen);
    assert!(widget.machine.screen().frame.is_none(), "WeChat's page is not framed");
}

#[test]
fn an_approved_scene_is_finished_and_its_code_becomes_a_session() {
    let mut widget = shown();
    assert_eq!(widget.scene(1, SceneEvent::Scanned), [Effect::TellPhase(Phase::Scanned)]);
    assert!(code(&widget).scanned);
    let finish = Effect::FinishScene(widget.attempt(1).into());
    assert_eq!(
        widget.scene(1, SceneEvent::Approved),
        [Effect::TellPhase(Phase::Confirming), Effect::HangUp, finish]
    );
    assert_eq!(widget.scene(1, SceneEvent::Approved), [], "once");
    let effects = widget.send(Event::Finished(Ok(Ended::Code(finished(1)))));
    assert_eq!(effects, [redeem(1)]);
}

#[test]
fn on_the_services_own_page_the_browser_goes_on() {
    let mut widget = shown();
    widget.scene(1, SceneEvent::Approved);
    let onward = Event::Finished(Ok(Ended::Onward("https://shop.example.com/menu".into())));
    assert_eq!(widget.send(onward), [Effect::Navigate("https://shop.example.com/menu".into())]);
}

#[test]
fn an_end_with_another_state_is_an_error() {
    let mut widget = shown();
    widget.scene(1, SceneEvent::Approved);
    widget.send(Event::Finished(Ok(Ended::Code(finished(2)))));
    assert_eq!(widget.machine.screen().phase, Phase::Error);
}

#[test]
fn a_refusal_on_the_phone_is_told_and_may_be_tried_again() {
    let mut widget = shown();
    let effects = widget.scene(1, SceneEvent::Denied);
    assert_eq!(effects[0], Effect::TellPhase(Phase::Denied));
    assert!(effects.contains(&Effect::HangUp), "{effects:?}");
    let denied = |effect: &Effect| {
        matches!(effect, Effect::TellError(LoginError { code: Code::Service(ErrorCode::AccessDenied), .. }))
    };
    assert!(effects.iter().any(denied), "{effects:?}");
    widget.press(Button::StartAgain);
    let effects = widget.started(2);
    assert_eq!(effects, [Effect::TellPhase(Phase::Qr), hear(&widget, 2)]);
}

#[test]
fn the_countdown_ticks_and_ends_in_one_press() {
    let mut widget = shown();
    assert_eq!(widget.machine.wakes_at(), Some(1_000));
    widget.at(1_000, Event::Woke);
    assert_eq!(code(&widget).seconds_left, 299);
    widget.at(299_400, Event::Woke);
    assert_eq!(code(&widget).seconds_left, 1);
    assert_eq!(widget.machine.wakes_at(), Some(300_000));
    assert_eq!(widget.at(300_000, Event::Woke), [Effect::TellPhase(Phase::Expired), Effect::HangUp]);
    let effects = widget.press(Button::StartAgain);
    assert_eq!(effects, [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge]);
}

#[test]
fn a_hidden_page_counts_nothing_and_renews_when_it_is_seen_again() {
    let mut widget = shown();
    widget.send(Event::Visible(false));
    assert_eq!(widget.machine.wakes_at(), Some(300_000));
    // A laptop that slept wakes an hour late.
    widget.at(3_900_000, Event::Woke);
    assert_eq!(widget.machine.screen().phase, Phase::Expired);
    let effects = widget.send(Event::Visible(true));
    assert_eq!(effects, [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge]);
}

#[test]
fn a_scene_of_the_services_own_page_is_renewed_by_its_cookie() {
    let mut widget = Driver::prepared(Kind::Scene, |widget| widget.options.attempt = Some(ATTEMPT.into()));
    widget.appear();
    let mut attempt = widget.attempt(1);
    attempt.secret = None;
    let attempt = Rc::new(attempt);
    widget.send(Event::Started(Ok(attempt.clone())));
    widget.at(300_000, Event::Woke);
    let effects = widget.press(Button::StartAgain);
    assert!(effects.contains(&Effect::RenewAttempt(attempt)), "{effects:?}");
}

#[test]
fn news_of_another_scene_and_late_news_change_nothing() {
    let mut widget = shown();
    assert_eq!(widget.scene(7, SceneEvent::Approved), []);
    widget.at(300_000, Event::Woke);
    assert_eq!(widget.scene(1, SceneEvent::Scanned), []);
    assert_eq!(widget.machine.screen().phase, Phase::Expired);
}

#[test]
fn an_approval_under_way_counts_however_late_it_is_heard() {
    let mut widget = shown();
    let approved = Event::Scene { run: widget.scene_run(1), event: SceneEvent::Approved };
    widget.at(300_500, approved);
    assert_eq!(
        widget.machine.screen().phase,
        Phase::Confirming,
        "the service decides whether it is too late"
    );
    widget.send(Event::Finished(Err(LoginError::new(Code::Service(ErrorCode::AttemptExpired), ""))));
    assert_eq!(widget.machine.screen().phase, Phase::Expired);
}

#[test]
fn the_way_round_the_code_is_its_address() {
    let mut widget = shown();
    let scan_url = format!("{ISS}/scan/attempt1");
    assert_eq!(widget.press(Button::CopyLink), [Effect::Copy(scan_url)]);
    assert_eq!(code(&widget).copying, Copying::NotYet, "the clipboard has not answered");
    widget.send(Event::Copied(true));
    assert_eq!(code(&widget).copying, Copying::Copied);
}

#[test]
fn a_service_that_cannot_be_reached_at_the_end_is_said() {
    let mut widget = shown();
    widget.scene(1, SceneEvent::Approved);
    widget.send(Event::Finished(Err(unreachable())));
    assert_eq!(widget.machine.screen().phase, Phase::Error);
}

#[test]
fn news_of_a_scene_are_asked_anew_when_the_computer_or_its_network_is_back() {
    let mut widget = shown();
    for back in [Event::Visible(true), Event::Online(true), Event::Returned] {
        let before = widget.scenes.last().copied();
        let effects = widget.send(back);
        let [Effect::HangUp, Effect::HearScene { run, .. }] = &effects[..] else { panic!("{effects:?}") };
        assert_ne!(Some(*run), before);
    }
}
