//! The page and the browser around the panel: who sees it, its language and theme, its network, and its clipboard.

mod driver;

use driver::*;
use protocol::fast_login::Unusable;
use protocol::ids::ErrCode;
use protocol::qrconnect::{ColorScheme, PostedStatus};
use protocol::service::{ErrorCode, Kind, LoginResult, SceneEvent};
use weixin_login_flow::error::{Code, LoginError};
use weixin_login_flow::event::{Effect, Ended, Event, Permission, Profile};
use weixin_login_flow::machine::{CODE_LIVES, FRAME_SILENT_AFTER};
use weixin_login_flow::options::Device;
use weixin_login_flow::screen::{Body, Button, Copying, FrameStatus, Offer, Phase};
use weixin_login_flow::text::{Language, Text};

fn frame(widget: &Driver) -> weixin_login_flow::screen::Frame {
    widget.machine.screen().frame.expect("a frame").clone()
}

fn spoke(widget: &mut Driver) {
    let number = frame(widget).number;
    widget.send(Event::Frame { number, status: PostedStatus::QrCodeReady });
}

fn note(widget: &Driver) -> Option<Text> {
    match widget.machine.screen().body {
        Body::Qr { note, .. } | Body::Page { note, .. } => note,
        other => panic!("{other:?}"),
    }
}

fn status(widget: &Driver) -> FrameStatus {
    match widget.machine.screen().body {
        Body::Qr { status, .. } => status,
        other => panic!("{other:?}"),
    }
}

fn profile() -> Profile {
    Profile { nickname: String::new(), picture: None }
}

// Seen, and not seen.

#[test]
fn a_page_that_nobody_sees_starts_nothing_and_asks_nobody() {
    let mut widget = Driver::new(Kind::Embedded);
    assert_eq!(
        widget.send(Event::Appeared { visible: false, draft: None }),
        [Effect::TellPhase(Phase::Loading)]
    );
    assert_eq!(widget.machine.wakes_at(), None);
    assert_eq!(widget.at(3_600_000, Event::Woke), []);
    assert_eq!(widget.send(Event::Online(true)), []);
    assert_eq!(widget.send(Event::Visible(true)), [Effect::QueryPermission, Effect::MakeChallenge]);
}

#[test]
fn a_hidden_page_whose_network_is_back_waits_until_it_is_seen() {
    let mut widget = Driver::new(Kind::Embedded);
    widget.appear();
    widget.not_started(LoginError::new(Code::Offline, ""));
    widget.send(Event::Visible(false));
    assert_eq!(widget.send(Event::Online(true)), [Effect::TellPhase(Phase::Loading)]);
    assert_eq!(
        widget.send(Event::Visible(true)),
        [Effect::MakeChallenge],
        "the permission is watched already"
    );
}

#[test]
fn a_panel_that_is_shown_again_after_a_success_begins_again() {
    let mut widget = Driver::qr(Kind::Embedded);
    widget.message(1);
    let effects = widget.send(Event::Redeemed(Ok(profile())));
    assert_eq!(effects.iter().filter(|effect| **effect == Effect::WatchForShowing).count(), 1);
    assert_eq!(widget.at(3_600_000, Event::Woke), []);
    let effects = widget.send(Event::ShownAgain);
    assert_eq!(effects, [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge]);
    assert_eq!(widget.send(Event::ShownAgain), [], "only after a success");
}

#[test]
fn shown_again_for_a_code_it_asks_for_another_challenge() {
    let mut widget = Driver::prepared(Kind::Embedded, |widget| {
        widget.options.result = LoginResult::Code;
        widget.options.code_challenge = Some("challenge0".into());
    });
    widget.permitted(Permission::Denied);
    widget.message(1);
    let effects = widget.send(Event::ShownAgain);
    assert_eq!(effects, [Effect::TellPhase(Phase::Loading), Effect::AskForChallenge]);
}

// Language and theme.

#[test]
fn another_theme_loads_the_frame_anew_once() {
    let mut widget = Driver::qr(Kind::Embedded);
    spoke(&mut widget);
    let before = frame(&widget);
    assert!(before.address.ends_with("&color_scheme=auto"), "{}", before.address);

    let dark = Event::Dressed(Language::ZhCn, ColorScheme::Dark);
    assert_eq!(widget.send(dark.clone()), []);
    let after = frame(&widget);
    assert_ne!(after.number, before.number);
    assert_eq!(after.started, before.started, "it is the same attempt");
    assert!(after.address.ends_with("&color_scheme=dark"));
    assert_eq!(status(&widget), FrameStatus::Loading);
    widget.send(dark);
    assert_eq!(frame(&widget).number, after.number, "once");
}

#[test]
fn another_language_is_another_attempt_since_the_service_speaks_it_too() {
    let mut widget = Driver::qr(Kind::Embedded);
    spoke(&mut widget);
    let before = frame(&widget);

    let english = Event::Dressed(Language::En, ColorScheme::Dark);
    assert_eq!(widget.send(english.clone()), [Effect::MakeChallenge]);
    assert_eq!(widget.send(english), [], "once");
    assert_eq!(frame(&widget), before, "until the new one comes");
    assert_eq!((widget.machine.language(), widget.machine.theme()), (Language::En, ColorScheme::Dark));
    widget.started(2);
    let after = frame(&widget);
    assert_ne!(after.started, before.started);
    assert!(after.address.contains("&lang=en") && after.address.ends_with("&color_scheme=dark"));
}

#[test]
fn where_an_attempt_has_to_be_asked_for_another_language_loads_the_frame_alone() {
    let mut widget = Driver::prepared(Kind::Embedded, |widget| {
        widget.options.result = LoginResult::Code;
        widget.options.code_challenge = Some("challenge0".into());
    });
    widget.permitted(Permission::Denied);
    let before = frame(&widget);
    assert_eq!(widget.send(Event::Dressed(Language::En, ColorScheme::Auto)), []);
    let after = frame(&widget);
    assert_eq!(after.started, before.started, "it is the same attempt");
    assert!(after.address.contains("&lang=en"));
}

#[test]
fn a_language_that_weixins_page_does_not_have_loads_nothing_anew() {
    let mut widget = Driver::qr(Kind::Embedded);
    let before = frame(&widget);
    widget.send(Event::Dressed(Language::ZhTw, ColorScheme::Auto));
    assert_eq!(frame(&widget), before);
    assert_eq!(widget.machine.language(), Language::ZhTw);
}

#[test]
fn what_was_chosen_before_the_frame_is_what_it_is_loaded_with() {
    let mut widget = Driver::new(Kind::Embedded);
    assert_eq!(widget.send(Event::Dressed(Language::En, ColorScheme::Light)), []);
    widget.permitted(Permission::Denied);
    assert!(frame(&widget).address.ends_with("&color_scheme=light"));
}

// The network.

#[test]
fn offline_is_said_beside_the_qr_code_while_it_lasts() {
    let mut widget = Driver::card(Kind::Embedded);
    widget.press(Button::OtherAccount);
    spoke(&mut widget);
    assert_eq!(widget.send(Event::Online(false)), []);
    assert_eq!(note(&widget), Some(Text::NoteOffline));
    assert_eq!(widget.send(Event::Online(true)), []);
    assert_eq!(note(&widget), Some(Text::NoteOtherAccount), "what was said before is said again");
}

#[test]
fn a_frame_that_did_not_come_for_want_of_a_network_is_loaded_when_it_is_back() {
    let mut widget = Driver::qr(Kind::Embedded);
    widget.send(Event::Online(false));
    assert_eq!(widget.at(FRAME_SILENT_AFTER, Event::Woke), [], "nobody blocks it");
    let before = frame(&widget).number;
    assert_eq!(widget.send(Event::Online(true)), []);
    assert_ne!(frame(&widget).number, before);

    spoke(&mut widget);
    let before = frame(&widget).number;
    widget.send(Event::Online(false));
    widget.send(Event::Online(true));
    assert_eq!(frame(&widget).number, before, "one that is there stays");
}

/// The network is lost while the service ends the attempt; and what it was asked for.
fn lost_at(now: u64, kind: Kind) -> (Driver, Effect) {
    let mut widget = if kind == Kind::Scene { Driver::new(kind) } else { Driver::card(kind) };
    let effects = if kind == Kind::Scene {
        widget.permitted(Permission::Denied);
        widget.now = now;
        widget.scene(1, SceneEvent::Approved)
    } else {
        widget.press(Button::Continue);
        widget.now = now;
        widget.authorized(Ok(redirect_answer(&redirect_url(1))))
    };
    let step = effects.last().cloned().expect("a step");
    let effects = widget.send(Event::Finished(Err(unreachable())));
    assert_eq!(effects, [Effect::TellPhase(Phase::Error), Effect::TellError(unreachable())]);
    (widget, step)
}

#[test]
fn a_step_that_the_network_was_lost_in_is_taken_again_while_its_code_lives() {
    for kind in [Kind::Embedded, Kind::Scene] {
        for again in [Event::Online(true), Event::Pressed(Button::StartAgain)] {
            let (mut widget, step) = lost_at(1_000, kind);
            let effects = widget.at(1_000 + CODE_LIVES - 1, again.clone());
            assert_eq!(effects, [Effect::TellPhase(Phase::Confirming), step], "{again:?}");
            assert_eq!(widget.send(Event::Finished(Ok(Ended::Code(finished(1))))), [redeem(1)]);

            let (mut widget, _) = lost_at(1_000, kind);
            let effects = widget.at(1_000 + CODE_LIVES, again.clone());
            assert_eq!(effects, [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge], "{again:?}");
        }
    }
}

#[test]
fn a_session_that_the_network_was_lost_before_is_redeemed_again() {
    let mut widget = Driver::qr(Kind::Embedded);
    widget.message(1);
    widget.send(Event::Redeemed(Err(LoginError::new(Code::Offline, ""))));
    assert_eq!(widget.send(Event::Online(true)), [Effect::TellPhase(Phase::Confirming), redeem(1)]);
    // Whatever else the service says of it begins again.
    widget.send(Event::Redeemed(Err(LoginError::new(Code::Service(ErrorCode::InvalidGrant), ""))));
    assert_eq!(widget.press(Button::StartAgain), [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge]);
}

// The frame.

#[test]
fn each_frame_that_stays_silent_is_told_once_and_may_be_loaded_anew() {
    let mut widget = Driver::qr(Kind::Embedded);
    let blocked =
        |effects: &[Effect]| matches!(effects, [Effect::TellError(LoginError { code: Code::Blocked, .. })]);
    assert_eq!(widget.press(Button::ReloadFrame), [], "it is still loading");
    assert_eq!(frame(&widget).number, 1);
    for round in 1..4 {
        let effects = widget.at(round * FRAME_SILENT_AFTER, Event::Woke);
        assert!(blocked(&effects), "{round}: {effects:?}");
        assert_eq!((status(&widget), note(&widget)), (FrameStatus::Silent, None));
        assert_eq!(widget.send(Event::Woke), [], "once a frame");
        let before = frame(&widget);
        assert_eq!(widget.press(Button::ReloadFrame), []);
        assert_ne!(frame(&widget).number, before.number);
        assert_eq!((status(&widget), note(&widget)), (FrameStatus::Loading, None));
    }
    // A renewed one that stays silent as well.
    spoke(&mut widget);
    widget.at(300_000, Event::Woke);
    widget.started(2);
    let effects = widget.at(300_000 + FRAME_SILENT_AFTER, Event::Woke);
    assert!(blocked(&effects), "{effects:?}");
}

#[test]
fn a_frame_whose_callback_something_else_answers_is_told() {
    let mut widget = Driver::qr(Kind::Embedded);
    assert_eq!(widget.send(Event::FrameLost { number: 7 }), [], "that is no frame of ours");
    let effects = widget.send(Event::FrameLost { number: 1 });
    let [Effect::TellPhase(Phase::Error), Effect::TellError(error)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(error.code.as_str(), "callback_intercepted");
    assert_eq!(widget.machine.screen().frame, None);
    assert_eq!(widget.press(Button::StartAgain), [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge]);
}

#[test]
fn whoever_refused_in_weixins_dialog_is_not_asked_again_by_the_frame() {
    let mut widget = Driver::card(Kind::Embedded);
    widget.press(Button::Continue);
    widget.authorized(Err(Unusable::ErrCode(ErrCode(10050))));
    assert_eq!(note(&widget), Some(Text::NoteRefused));
    let refused = frame(&widget);
    assert!(!refused.fast_login && refused.address.contains("&fast_login=0"), "{}", refused.address);
    // Nor by the next one.
    spoke(&mut widget);
    widget.at(300_000, Event::Woke);
    widget.started(2);
    assert!(!frame(&widget).fast_login);
    // The offer is asked about anew, and whoever presses it has thought again.
    widget.ready();
    let Body::Qr { offer: Offer::Continue(_), .. } = widget.machine.screen().body else { panic!() };
    widget.press(Button::Continue);
    widget.authorized(Err(Unusable::NotUnderstood));
    assert!(frame(&widget).fast_login);
}

// The clipboard.

#[test]
fn an_address_that_the_clipboard_refuses_is_there_to_be_copied_by_hand() {
    let here = "https://shop.example.com/cart";
    let mut phone = Driver::prepared(Kind::Embedded, |widget| widget.options.device = Device::Phone);
    phone.appear();
    assert_eq!(phone.press(Button::CopyLink), [Effect::Copy(here.into())]);
    assert_eq!(phone.send(Event::Copied(false)), []);
    assert_eq!(phone.machine.screen().body, Body::Phone { copying: Copying::ByHand(here) });

    let scan_url = format!("{ISS}/scan/attempt1");
    let mut scene = Driver::new(Kind::Scene);
    scene.permitted(Permission::Denied);
    scene.press(Button::CopyLink);
    scene.send(Event::Copied(false));
    let Body::Scene(code) = scene.machine.screen().body else { panic!() };
    assert_eq!(code.copying, Copying::ByHand(&scan_url));
}

// Questions.

#[test]
fn a_question_is_dropped_before_the_next_one_begins() {
    let mut widget = Driver::probing(Kind::Embedded);
    // It is not answered yet when the QR code is renewed.
    widget.at(300, Event::Woke);
    spoke(&mut widget);
    widget.at(300_000, Event::Woke);
    let effects = widget.started(2);
    assert!(matches!(effects[..], [Effect::HangUp, Effect::Probe { .. }]), "{effects:?}");
    // Nor when a phone has scanned it.
    let effects = widget.message(2);
    assert_eq!(effects, [Effect::TellPhase(Phase::Confirming), Effect::HangUp, redeem(2)]);
}
