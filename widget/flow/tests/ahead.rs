//! WeChat's page is loaded while the service is asked for the attempt: when, with which state, and what becomes of it.

mod driver;

use std::rc::Rc;

use driver::*;
use protocol::qrconnect::{ColorScheme, PostedStatus};
use protocol::service::{ErrorCode, Kind, LoginResult, StartedLogin};
use weixin_login_flow::error::{Code, LoginError};
use weixin_login_flow::event::{Dismissal, Effect, Event, Permission};
use weixin_login_flow::options::Display;
use weixin_login_flow::screen::{Body, FrameStatus, Phase};
use weixin_login_flow::text::Language;

/// The panel has appeared, and its script was told of WeChat.
fn told(prepare: impl FnOnce(&mut Driver)) -> Driver {
    let mut widget = Driver::prepared(Kind::Embedded, prepare);
    let draft = Some(Rc::new(widget.draft(1)));
    widget.send(Event::Appeared { visible: true, draft });
    widget
}

/// And this computer cannot be asked.
fn ahead() -> Driver {
    let mut widget = told(|_| {});
    widget.send(Event::Permission(Permission::Prompt));
    assert!(widget.machine.screen().frame.is_some());
    widget
}

fn frame(widget: &Driver) -> Option<(u32, String)> {
    widget.machine.screen().frame.map(|frame| (frame.number, frame.address.clone()))
}

fn status(widget: &Driver) -> Option<FrameStatus> {
    match widget.machine.screen().body {
        Body::Qr { status, .. } => Some(status),
        _ => None,
    }
}

fn said_ready(widget: &mut Driver) {
    let (number, _) = frame(widget).expect("a frame");
    widget.send(Event::Frame { number, status: PostedStatus::Ready });
}

fn answered_otherwise(change: impl FnOnce(&mut StartedLogin)) -> (Driver, u32) {
    let mut widget = ahead();
    let (number, _) = frame(&widget).expect("a frame");
    widget.send(Event::Challenged(Ok(challenge(1))));
    let mut attempt = widget.attempt(1);
    change(&mut attempt);
    widget.send(Event::Started(Ok(Rc::new(attempt))));
    (widget, number)
}

#[test]
fn the_page_is_loaded_beside_the_question_and_stays_the_same_frame() {
    let mut widget = ahead();
    let before = frame(&widget);
    let effects = widget.send(Event::Challenged(Ok(challenge(1))));
    assert_eq!(effects, [Effect::StartAttempt { challenge: challenge(1), state: Some("state1".into()) }]);
    assert_eq!(widget.machine.screen().phase, Phase::Loading);
    widget.started(1);
    assert_eq!((widget.machine.screen().phase, frame(&widget)), (Phase::Qr, before));
}

#[test]
fn nobody_scans_a_code_that_has_no_attempt_yet() {
    let mut widget = ahead();
    said_ready(&mut widget);
    assert_eq!(status(&widget), Some(FrameStatus::Loading), "covered, and out of reach");
    widget.started(1);
    assert_eq!(status(&widget), Some(FrameStatus::Ready), "what it said meanwhile counts");
}

#[test]
fn a_frame_whose_attempt_is_refused_is_taken_away_at_once() {
    for code in [ErrorCode::UnregisteredOrigin, ErrorCode::SlowDown, ErrorCode::TemporarilyUnavailable] {
        let mut widget = ahead();
        widget.not_started(LoginError::new(Code::Service(code), ""));
        assert_eq!((widget.machine.screen().phase, frame(&widget)), (Phase::Error, None), "{code:?}");
    }
    let mut widget = told(|widget| widget.options.display = Display::Button);
    widget.send(Event::Permission(Permission::Denied));
    widget.send(Event::Dismissed(Dismissal::CloseButton));
    assert_eq!(frame(&widget), None, "the dialog was closed");
}

#[test]
fn where_this_computer_is_asked_first_no_frame_is_loaded() {
    for permission in [None, Some(Permission::Granted), Some(Permission::Absent)] {
        let mut widget = told(|_| {});
        if let Some(permission) = permission {
            widget.send(Event::Permission(permission));
        }
        assert_eq!(frame(&widget), None, "{permission:?}");
        widget.started(1);
        assert_eq!((widget.machine.screen().phase, frame(&widget)), (Phase::Probing, None), "{permission:?}");
    }
    // Allowed while the service was asked: the card comes first, and the frame goes.
    let mut widget = ahead();
    widget.send(Event::Permission(Permission::Granted));
    widget.started(1);
    assert_eq!((widget.machine.screen().phase, frame(&widget)), (Phase::Probing, None));
}

#[test]
fn without_frames_nothing_is_loaded_ahead() {
    let mut widget = told(|widget| widget.options.frame = false);
    widget.send(Event::Permission(Permission::Denied));
    assert_eq!(frame(&widget), None);
}

#[test]
fn what_the_service_answers_holds() {
    type Change = fn(&mut StartedLogin);
    let table: [(&str, Change); 4] = [
        ("a service of the version before makes a state of its own", |attempt| {
            attempt.state = "state9".into()
        }),
        ("another app, since the script was kept", |attempt| attempt.appid = Some("wx9".into())),
        ("another address", |attempt| attempt.redirect_uri = "https://login.example.com/callback".into()),
        ("another WeChat", |attempt| attempt.open_url = "http://127.0.0.1:9".into()),
    ];
    for (what, change) in table {
        let (widget, number) = answered_otherwise(change);
        let (shown, address) = frame(&widget).expect(what);
        assert!(shown != number, "{what}: the frame is loaded anew");
        let attempt = &widget.machine.screen().frame.expect(what).started;
        assert!(
            address.contains(&attempt.state) && address.starts_with(&attempt.open_url),
            "{what}: {address}"
        );
    }
    let (widget, number) = answered_otherwise(|attempt| attempt.client_name = "Another".into());
    assert_eq!(frame(&widget).map(|(shown, _)| shown), Some(number), "nothing of the address has changed");
}

#[test]
fn a_scene_takes_the_frame_away() {
    let mut widget = ahead();
    widget.send(Event::Challenged(Ok(challenge(1))));
    let scene = Driver::new(Kind::Scene).attempt(1);
    widget.send(Event::Started(Ok(Rc::new(scene))));
    assert!(matches!(widget.machine.screen().body, Body::Scene(_)));
    assert_eq!(frame(&widget), None);
}

#[test]
fn a_language_that_changes_meanwhile_is_another_page() {
    let mut widget = ahead();
    let before = frame(&widget);
    widget.send(Event::Dressed(Language::En, ColorScheme::Dark));
    widget.started(1);
    let (_, address) = frame(&widget).expect("a frame");
    assert!(frame(&widget) != before && address.contains("&lang=en"), "{address}");
}

#[test]
fn a_state_that_was_sent_twice_costs_one_more_question() {
    let mut widget = ahead();
    widget.send(Event::Challenged(Ok(challenge(1))));
    let used = LoginError::new(Code::Service(ErrorCode::AttemptUsed), "");
    let effects = widget.send(Event::Started(Err(used.clone())));
    assert_eq!((effects, frame(&widget)), (vec![Effect::MakeChallenge], None));
    assert_eq!(
        widget.send(Event::Challenged(Ok(challenge(2)))),
        [start(challenge(2))],
        "the service makes this one"
    );
    // Its own word for the service's own state is an end.
    widget.send(Event::Started(Err(used)));
    assert_eq!(widget.machine.screen().phase, Phase::Error);
}

#[test]
fn a_renewed_attempt_has_the_services_state() {
    let mut widget = ahead();
    widget.started(1);
    said_ready(&mut widget);
    assert_eq!(widget.at(300_000, Event::Woke), [Effect::MakeChallenge]);
    assert_eq!(widget.send(Event::Challenged(Ok(challenge(2)))), [start(challenge(2))]);
}

#[test]
fn a_login_for_a_code_tells_its_state_too() {
    let mut widget = told(|widget| {
        widget.options.result = LoginResult::Code;
        widget.options.code_challenge = Some("challenge0".into());
    });
    let effects = widget.send(Event::Visible(true));
    assert_eq!(effects, [], "nothing is asked twice");
    widget.send(Event::Permission(Permission::Denied));
    assert!(frame(&widget).is_some_and(|(_, address)| address.contains("state1")));
}

#[test]
fn only_the_services_own_script_knows_its_attempts() {
    for (service, told) in [
        (ISS, true),
        ("https://shop.example.com/other", false),
        ("https://shop.example.com", false),
        ("https://shop.example.com.evil.example/weixin", false),
    ] {
        let mut widget = self::told(|widget| widget.options.service = service.into());
        widget.send(Event::Permission(Permission::Denied));
        assert_eq!(frame(&widget).is_some(), told, "{service}");
    }
}

#[test]
fn the_services_own_page_brings_its_attempt() {
    let mut widget = Driver::new(Kind::Hosted);
    let draft = Some(Rc::new(Driver::new(Kind::Embedded).draft(1)));
    widget.send(Event::Appeared { visible: true, draft });
    widget.send(Event::Permission(Permission::Denied));
    assert_eq!(frame(&widget), None, "until its attempt is read, which waits for nothing");
}
