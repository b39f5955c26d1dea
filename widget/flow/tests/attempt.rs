//! An attempt's life: its frame, its time, its end, and the devices that have a way of their own.

#![allow(clippy::unwrap_used)]

mod driver;

use driver::*;
use protocol::ids::AuthorizationCode;
use protocol::qrconnect::PostedStatus;
use protocol::service::{ErrorCode, FinishedLogin, Kind, LoginResult, Problem, WebMessage};
use weixin_login_flow::error::{Code, LoginError};
use weixin_login_flow::event::{Effect, Ended, Event, Permission, Profile, Success};
use weixin_login_flow::machine::{FRAME_SILENT_AFTER, UNATTENDED_RENEWALS};
use weixin_login_flow::options::Device;
use weixin_login_flow::screen::{Body, Button, Copying, FrameStatus, Offer, Phase};
use weixin_login_flow::text::Text;

// The frame.

#[test]
fn a_hosted_frame_moves_the_top_page_and_an_embedded_one_itself() {
    for (kind, top, word) in [(Kind::Hosted, true, "false"), (Kind::Embedded, false, "true")] {
        let widget = Driver::qr(kind);
        let frame = widget.machine.screen().frame.unwrap();
        assert_eq!(frame.top_navigation, top);
        assert_eq!(
            frame.address,
            format!(
                "{OPEN}/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&\
                 redirect_uri=https%3A%2F%2Fshop.example.com%2Fweixin%2Fcallback&state=state1&login_type=jssdk&\
                 self_redirect={word}&styletype=&sizetype=&bgcolor=&rst=&stylelite=1&fast_login=0&color_scheme=auto"
            )
        );
    }
}

#[test]
fn a_silent_frame_is_told_once_and_shows_a_way_round() {
    let mut widget = Driver::qr(Kind::Hosted);
    let effects = widget.at(FRAME_SILENT_AFTER, Event::Woke);
    let [Effect::TellError(error)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(error.code, Code::Blocked);
    let silent = Body::Qr { status: FrameStatus::Silent, offer: Offer::None, note: None, page: true };
    assert_eq!(widget.machine.screen().body, silent);
    assert_eq!(widget.at(FRAME_SILENT_AFTER + 1, Event::Woke), []);

    // It was only slow.
    widget.send(Event::Frame { number: 1, status: PostedStatus::QrCodeReady });
    assert_eq!(
        widget.machine.screen().body,
        Body::Qr { status: FrameStatus::Ready, offer: Offer::None, note: None, page: true }
    );
}

#[test]
fn without_a_frame_the_qr_code_opens_on_a_page_of_its_own() {
    let mut widget = Driver::prepared(Kind::Embedded, |widget| widget.options.frame = false);
    widget.permitted(Permission::Denied);
    let screen = widget.machine.screen();
    assert_eq!(screen.frame, None);
    assert_eq!(screen.body, Body::Page { hint: Text::PageHint, offer: Offer::None, note: None });
    assert_eq!(widget.press(Button::OpenPage), [Effect::Navigate(PAGE.into())]);
}

#[test]
fn without_a_frame_and_without_a_page_there_is_a_word() {
    let mut widget = Driver::prepared(Kind::Embedded, |widget| {
        widget.options.frame = false;
        widget.options.page = None;
    });
    widget.appear();
    widget.send(Event::Permission(Permission::Denied));
    let effects = widget.started(1);
    let [Effect::TellPhase(Phase::Error), Effect::TellError(error)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(error.code, Code::Unsupported);
    assert!(error.message.contains("`page`"), "it says what is missing: {}", error.message);
    let Body::Failed { code: Code::Unsupported, page: false } = widget.machine.screen().body else {
        panic!()
    };
}

// Time.

#[test]
fn after_five_minutes_a_new_frame_comes_and_a_scan_of_the_old_one_still_works() {
    let mut widget = Driver::qr(Kind::Embedded);
    widget.send(Event::Frame { number: 1, status: PostedStatus::QrCodeReady });
    assert_eq!(widget.machine.wakes_at(), Some(300_000));
    assert_eq!(widget.at(300_000, Event::Woke), [Effect::MakeChallenge]);
    assert_eq!(
        widget.machine.screen().frame.unwrap().number,
        1,
        "the old one stays until the new one is there"
    );
    widget.started(2);
    let screen = widget.machine.screen();
    assert!(screen.frame.unwrap().address.contains("state=state2"));
    assert!(screen.former_frame.unwrap().address.contains("state=state1"));

    let effects = widget.message(1);
    assert_eq!(effects, [Effect::TellPhase(Phase::Confirming), redeem(1),]);
}

#[test]
fn the_old_frame_goes_when_its_attempt_dies() {
    let mut widget = Driver::qr(Kind::Embedded);
    widget.at(300_000, Event::Woke);
    widget.started(2);
    widget.at(599_999, Event::Woke);
    assert!(widget.machine.screen().former_frame.is_some());
    widget.at(600_000, Event::Woke);
    assert_eq!(widget.machine.screen().former_frame, None);
}

#[test]
fn a_hosted_attempt_is_renewed_by_its_name() {
    let mut widget = Driver::qr(Kind::Hosted);
    widget.send(Event::Frame { number: 1, status: PostedStatus::QrCodeReady });
    assert_eq!(widget.at(300_000, Event::Woke), [Effect::RenewAttempt(widget.attempt(1).into())]);
}

#[test]
fn a_renewal_that_fails_is_tried_again_while_the_code_lives() {
    let mut widget = Driver::qr(Kind::Embedded);
    widget.send(Event::Frame { number: 1, status: PostedStatus::QrCodeReady });
    widget.at(300_000, Event::Woke);
    assert_eq!(widget.not_started(unreachable()), []);
    assert_eq!(widget.machine.wakes_at(), Some(330_000));
    assert_eq!(widget.at(330_000, Event::Woke), [Effect::MakeChallenge]);
    widget.started(2);
    assert!(widget.machine.screen().frame.unwrap().address.contains("state=state2"));
}

#[test]
fn an_hour_of_sleep_brings_a_new_code_when_the_page_is_seen() {
    let mut widget = Driver::qr(Kind::Embedded);
    let effects = widget.at(3_600_000, Event::Woke);
    assert_eq!(effects, [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge]);
    assert_eq!(widget.machine.screen().frame, None, "the dead code is not shown any more");
    widget.started(2);
    assert_eq!(widget.machine.screen().phase, Phase::Qr);
}

#[test]
fn a_hidden_page_renews_nothing_until_it_is_seen_again() {
    let mut widget = Driver::qr(Kind::Embedded);
    widget.send(Event::Frame { number: 1, status: PostedStatus::QrCodeReady });
    widget.send(Event::Visible(false));
    assert_eq!(widget.at(300_000, Event::Woke), []);
    assert_eq!(widget.at(600_000, Event::Woke), [Effect::TellPhase(Phase::Expired)]);
    assert_eq!(widget.machine.wakes_at(), None);
    assert_eq!(
        widget.at(900_000, Event::Visible(true)),
        [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge]
    );
}

#[test]
fn a_code_that_nobody_touches_expires_in_the_end_and_a_press_brings_a_new_one() {
    let mut widget = Driver::qr(Kind::Embedded);
    let mut now = 0;
    for renewal in 0..u32::from(UNATTENDED_RENEWALS) {
        let number = widget.machine.screen().frame.unwrap().number;
        widget.send(Event::Frame { number, status: PostedStatus::QrCodeReady });
        now += 300_000;
        assert_eq!(widget.at(now, Event::Woke), [Effect::MakeChallenge]);
        widget.started(renewal + 2);
    }
    assert_eq!(
        widget.at(now + 300_000, Event::Woke).iter().filter(|e| **e == Effect::MakeChallenge).count(),
        0
    );
    let effects = widget.at(now + 600_000, Event::Woke);
    assert_eq!(effects, [Effect::TellPhase(Phase::Expired)]);
    assert_eq!(widget.press(Button::StartAgain), [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge]);
}

#[test]
fn weixins_question_ends_with_the_attempt() {
    let mut widget = Driver::card(Kind::Hosted);
    widget.press(Button::Continue);
    assert_eq!(widget.at(600_000, Event::Woke), [Effect::TellPhase(Phase::Expired), Effect::HangUp]);
}

#[test]
fn a_press_on_a_card_that_has_expired_asks_with_a_new_attempt() {
    let mut widget = Driver::card(Kind::Embedded);
    widget.now = 3_600_000;
    assert_eq!(widget.press(Button::Continue), [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge]);
}

#[test]
fn a_hosted_attempt_that_is_gone_is_loaded_anew_by_a_press_and_never_by_itself() {
    let mut widget = Driver::qr(Kind::Hosted);
    widget.at(3_600_000, Event::Woke);
    let gone = LoginError::new(Code::Service(ErrorCode::UnknownAttempt), "");
    assert_eq!(widget.send(Event::Started(Err(gone))), [Effect::TellPhase(Phase::Expired)]);
    assert_eq!(widget.send(Event::Visible(false)), []);
    assert_eq!(widget.send(Event::Visible(true)), []);
    assert_eq!(widget.press(Button::StartAgain), [Effect::Reload]);
}

// The end.

#[test]
fn an_embedded_login_ends_in_a_session_or_in_a_code() {
    let mut session = Driver::qr(Kind::Embedded);
    assert_eq!(session.message(1), [Effect::TellPhase(Phase::Confirming), redeem(1),]);
    assert_eq!(session.machine.screen().frame, None);
    let profile = Profile { nickname: "陈锴".into(), picture: None };
    assert_eq!(
        session.send(Event::Redeemed(Ok(profile.clone()))),
        [
            Effect::TellPhase(Phase::Success),
            Effect::TellSuccess(Success::Session(profile)),
            Effect::WatchForShowing
        ]
    );

    let mut code = Driver::prepared(Kind::Embedded, |widget| {
        widget.options.result = LoginResult::Code;
        widget.options.code_challenge = Some("challenge0".into());
        widget.options.state = Some("the-sites-own".into());
    });
    code.permitted(Permission::Denied);
    let success =
        Success::Code { code: "code1".into(), state: Some("the-sites-own".into()), iss: ISS.into() };
    assert_eq!(
        code.message(1),
        [Effect::TellPhase(Phase::Success), Effect::TellSuccess(success), Effect::WatchForShowing]
    );
    assert_eq!(code.message(1), [], "once");
}

#[test]
fn an_embedded_fast_login_hands_its_code_to_the_service_with_the_secret() {
    let mut widget = Driver::card(Kind::Embedded);
    widget.press(Button::Continue);
    let effects = widget.authorized(Ok(redirect_answer(&redirect_url(1))));
    let code = AuthorizationCode::parse("C0de").unwrap();
    assert_eq!(effects, [Effect::PostCallback { started: widget.attempt(1).into(), code }]);
    assert_eq!(widget.send(Event::Finished(Ok(Ended::Code(finished(1))))), [redeem(1)]);
}

#[test]
fn an_answer_with_another_attempts_state_or_another_issuer_is_not_taken() {
    let table = [
        FinishedLogin { state: "state9".into(), ..finished(1) },
        FinishedLogin { iss: "https://evil.example".into(), ..finished(1) },
    ];
    for forged in table {
        let mut widget = Driver::qr(Kind::Embedded);
        assert_eq!(widget.send(Event::Message(WebMessage::Finished(forged.clone()))), []);
        assert_eq!(widget.machine.screen().phase, Phase::Qr);

        let mut widget = Driver::card(Kind::Embedded);
        widget.press(Button::Continue);
        widget.authorized(Ok(redirect_answer(&redirect_url(1))));
        let effects = widget.send(Event::Finished(Ok(Ended::Code(forged))));
        let [Effect::TellPhase(Phase::Error), Effect::TellError(error)] = &effects[..] else { panic!() };
        assert_eq!(error.code, Code::Service(ErrorCode::ServerError));
    }
}

#[test]
fn a_hosted_page_takes_no_message_for_a_login() {
    let mut widget = Driver::qr(Kind::Hosted);
    assert_eq!(widget.message(1), []);
}

#[test]
fn what_the_service_refuses_has_a_phase_and_a_code() {
    let table = [
        (ErrorCode::AccessDenied, Phase::Denied),
        (ErrorCode::AttemptExpired, Phase::Expired),
        (ErrorCode::CodeSpent, Phase::Expired),
        (ErrorCode::AttemptUsed, Phase::Error),
        (ErrorCode::TemporarilyUnavailable, Phase::Error),
        (ErrorCode::VirtualPerson, Phase::Error),
    ];
    for (code, phase) in table {
        let mut widget = Driver::qr(Kind::Embedded);
        let problem =
            Problem { error: code.as_str().into(), error_description: "why".into(), ..Problem::default() };
        let effects = widget.send(Event::Message(WebMessage::Failed {
            state: "state1".into(),
            iss: ISS.into(),
            problem,
        }));
        let error = LoginError::new(Code::Service(code), "why");
        assert_eq!(effects, [Effect::TellPhase(phase), Effect::TellError(error)]);
        assert_eq!(widget.machine.screen().frame, None);
        let effects = widget.press(Button::StartAgain);
        assert_eq!(effects, [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge], "{code:?}");
    }
}

#[test]
fn a_service_that_cannot_be_reached_is_tried_again_when_the_network_is_back() {
    for (error, again) in [
        (LoginError::new(Code::Offline, ""), true),
        (unreachable(), true),
        (LoginError::new(Code::Service(ErrorCode::UnknownClient), ""), false),
    ] {
        let mut widget = Driver::new(Kind::Embedded);
        widget.appear();
        assert_eq!(
            widget.not_started(error.clone()),
            [Effect::TellPhase(Phase::Error), Effect::TellError(error.clone())]
        );
        assert_eq!(widget.send(Event::Online(true)).contains(&Effect::MakeChallenge), again, "{error:?}");
    }
}

#[test]
fn a_person_who_comes_back_by_the_browsers_back_finds_a_fresh_login() {
    let mut widget = Driver::card(Kind::Hosted);
    widget.press(Button::Continue);
    widget.authorized(Ok(redirect_answer(&redirect_url(1))));
    assert_eq!(
        widget.send(Event::Returned),
        [Effect::TellPhase(Phase::Loading), Effect::RenewAttempt(widget.attempt(1).into())]
    );
}

// Elsewhere.

#[test]
fn a_phone_starts_nothing_until_the_qr_code_is_asked_for() {
    let mut widget = Driver::prepared(Kind::Embedded, |widget| widget.options.device = Device::Phone);
    assert_eq!(widget.appear(), [Effect::TellPhase(Phase::Qr)]);
    assert_eq!(widget.machine.screen().body, Body::Phone { copying: Copying::NotYet });
    assert_eq!(widget.press(Button::CopyLink), [Effect::Copy("https://shop.example.com/cart".into())]);
    assert_eq!(widget.send(Event::Copied(true)), []);
    assert_eq!(widget.machine.screen().body, Body::Phone { copying: Copying::Copied });
    assert_eq!(widget.press(Button::ShowQr), [Effect::TellPhase(Phase::Loading), Effect::MakeChallenge]);
    widget.started(1);
    assert!(!widget.machine.screen().frame.unwrap().fast_login, "no WeChat program runs on a phone's port");
}

#[test]
fn inside_weixin_a_tap_leads_to_the_login_page() {
    let mut widget = Driver::prepared(Kind::Embedded, |widget| widget.options.device = Device::InsideWeixin);
    widget.appear();
    assert_eq!(
        widget.machine.screen().body,
        Body::Page { hint: Text::InsideWeixinHint, offer: Offer::None, note: None }
    );
    assert_eq!(widget.press(Button::OpenPage), [Effect::Navigate(PAGE.into())]);
}

#[test]
fn inside_weixin_without_a_page_there_is_a_word() {
    let mut widget = Driver::prepared(Kind::Embedded, |widget| {
        widget.options.device = Device::InsideWeixin;
        widget.options.page = None;
    });
    let effects = widget.appear();
    let [Effect::TellPhase(Phase::Error), Effect::TellError(error)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(error.code, Code::Unsupported);
    assert!(error.message.contains("`page`"), "it says what is missing: {}", error.message);
}

#[test]
fn wrong_attributes_are_told_and_nothing_is_started() {
    let mut widget =
        Driver::prepared(Kind::Embedded, |widget| widget.options.wrong = Some("client-id is missing"));
    let error = LoginError::new(Code::Service(ErrorCode::InvalidRequest), "client-id is missing");
    assert_eq!(widget.appear(), [Effect::TellPhase(Phase::Error), Effect::TellError(error)]);
}
