//! What a site asks for at the first login: the service's own page asks for it, in a frame.

mod driver;

use driver::{Driver, ISS, finished, redeem, redirect_answer, redirect_url, unbound};
use protocol::qrconnect::ColorScheme;
use protocol::service::{ErrorCode, Kind, Problem, SceneEvent, WebMessage};
use weixin_login_flow::error::Code;
use weixin_login_flow::event::{CloseReason, Dismissal, Effect, Ended, Event, Permission};
use weixin_login_flow::machine::BINDING_SILENT_AFTER;
use weixin_login_flow::options::Display;
use weixin_login_flow::screen::{Body, Button, Phase};
use weixin_login_flow::text::Language;

/// After a scan.
fn asked() -> Driver {
    let mut widget = Driver::qr(Kind::Embedded);
    let effects = widget.send(Event::Message(WebMessage::Unbound(unbound(1))));
    assert_eq!(effects, [Effect::TellPhase(Phase::Binding)]);
    widget
}

fn is_there(widget: &Driver) -> bool {
    match widget.machine.screen().body {
        Body::Binding { is_there } => is_there,
        body => panic!("{body:?}"),
    }
}

fn failed(number: u32, code: ErrorCode) -> Event {
    let problem =
        Problem { error: code.as_str().into(), error_description: String::new(), ..Problem::default() };
    Event::Message(WebMessage::Failed { state: format!("state{number}"), iss: ISS.into(), problem })
}

#[test]
fn the_services_page_comes_into_a_frame_with_the_token_in_no_address() {
    let mut widget = asked();
    let screen = widget.machine.screen();
    let frame = screen.frame.expect("a frame");
    assert_eq!(frame.address, format!("{ISS}/binding/attempt1/frame?theme=auto"));
    assert_eq!(
        (frame.token.as_str(), frame.top_navigation, frame.fast_login),
        ("attempt1.secret", false, false)
    );
    assert!(screen.former_frame.is_none() && !is_there(&widget), "covered until it speaks");
    // It says that somebody is asked: it is there.
    assert_eq!(widget.send(Event::Message(WebMessage::Unbound(unbound(1)))), []);
    assert!(is_there(&widget));
    assert!(widget.message(1).contains(&redeem(1)));
}

#[test]
fn its_colours_are_those_that_are_seen() {
    let mut widget = Driver::qr(Kind::Embedded);
    widget.send(Event::Dressed(Language::En, ColorScheme::Dark));
    widget.send(Event::Message(WebMessage::Unbound(unbound(1))));
    assert!(widget.machine.screen().frame.expect("a frame").address.ends_with("?theme=dark"));
}

#[test]
fn another_attempts_word_changes_nothing() {
    let mut qr = Driver::qr(Kind::Embedded);
    assert_eq!(qr.send(Event::Message(WebMessage::Unbound(unbound(9)))), []);
    let mut widget = asked();
    let another = [WebMessage::Unbound(unbound(9)), WebMessage::Finished(finished(9))].map(Event::Message);
    for event in another.into_iter().chain([failed(9, ErrorCode::AttemptUsed)]) {
        assert_eq!(widget.send(event), []);
        assert!(!is_there(&widget));
    }
}

#[test]
fn fast_login_and_a_scene_lead_there_too() {
    let fast = || {
        let mut widget = Driver::card(Kind::Embedded);
        widget.press(Button::Continue);
        widget.authorized(Ok(redirect_answer(&redirect_url(1))));
        widget
    };
    let scene = || {
        let mut widget = Driver::new(Kind::Scene);
        widget.permitted(Permission::Denied);
        widget.scene(1, SceneEvent::Approved);
        widget
    };
    for mut widget in [fast(), scene()] {
        widget.send(Event::Finished(Ok(Ended::Unbound(unbound(1)))));
        assert_eq!(widget.machine.screen().phase, Phase::Binding);
        let frame = widget.machine.screen().frame.expect("a frame");
        assert_eq!(frame.address, format!("{ISS}/binding/attempt1/frame?theme=auto"));
    }
    for mut widget in [fast(), scene()] {
        widget.send(Event::Finished(Ok(Ended::Unbound(unbound(9)))));
        assert_eq!(widget.machine.screen().phase, Phase::Error, "another attempt's");
    }
}

#[test]
fn a_page_that_does_not_come_is_told() {
    let mut widget = asked();
    let at = widget.machine.wakes_at().expect("somebody looks");
    assert_eq!(at, widget.now + BINDING_SILENT_AFTER);
    let effects = widget.at(at, Event::Woke);
    let [Effect::TellPhase(Phase::Error), Effect::TellError(error)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(error.code, Code::Blocked);
    assert_eq!(widget.machine.screen().frame, None);
}

#[test]
fn in_time_or_not_at_all() {
    let mut widget = asked();
    widget.send(Event::Message(WebMessage::Unbound(unbound(1))));
    assert_eq!(widget.machine.wakes_at(), Some(widget.now + 600_000));
    widget.at(widget.now + 600_000, Event::Woke);
    assert_eq!(widget.machine.screen().phase, Phase::Expired);
    for (code, phase) in [(ErrorCode::AttemptExpired, Phase::Expired), (ErrorCode::AttemptUsed, Phase::Error)]
    {
        let mut widget = asked();
        widget.send(failed(1, code));
        assert_eq!(widget.machine.screen().phase, phase);
        assert_eq!(widget.machine.screen().frame, None);
    }
}

#[test]
fn only_its_own_button_closes_a_dialog_in_which_something_is_entered() {
    let mut widget = Driver::prepared(Kind::Embedded, |widget| widget.options.display = Display::Button);
    widget.permitted(Permission::Denied);
    widget.send(Event::Message(WebMessage::Unbound(unbound(1))));
    widget.now = 1_000;
    for how in [Dismissal::Escape, Dismissal::Backdrop] {
        assert_eq!(widget.send(Event::Dismissed(how)), [], "{how:?}");
    }
    let effects = widget.send(Event::Dismissed(Dismissal::CloseButton));
    assert_eq!(effects, [Effect::CloseDialog(CloseReason::Cancelled), Effect::Leave]);
}

#[test]
fn nobody_is_asked_in_a_dialog_that_was_let_go() {
    let mut widget = Driver::prepared(Kind::Embedded, |widget| widget.options.display = Display::Button);
    widget.permitted(Permission::Granted);
    widget.ready();
    widget.press(Button::Continue);
    widget.authorized(Ok(redirect_answer(&redirect_url(1))));
    widget.send(Event::Dismissed(Dismissal::CloseButton));
    let effects = widget.send(Event::Finished(Ok(Ended::Unbound(unbound(1)))));
    let told = effects.iter().find_map(|effect| match effect {
        Effect::TellError(error) => Some(error.code),
        _ => None,
    });
    assert_eq!(told, Some(Code::Service(ErrorCode::AccessDenied)), "{effects:?}");
    assert_eq!(effects.last(), Some(&Effect::Leave));
}
