//! Fast login: who is asked and when, and what comes of each answer.

#![allow(clippy::unwrap_used)]

mod driver;

use driver::*;
use protocol::fast_login::Unusable;
use protocol::ids::ErrCode;
use protocol::qrconnect::PostedStatus;
use protocol::service::Kind;
use weixin_login_flow::event::{Effect, Event, Permission};
use weixin_login_flow::machine::{PRESSED_PROBE_LIMIT, QR_WAITS, QUIET_PROBE_LIMIT};
use weixin_login_flow::screen::{Body, Button, FrameStatus, Offer, Phase};
use weixin_login_flow::text::Text;

// The first second.

#[test]
fn a_granted_permission_asks_at_once_and_shows_the_card_without_a_frame() {
    let mut widget = Driver::new(Kind::Hosted);
    assert_eq!(
        widget.appear(),
        [Effect::TellPhase(Phase::Loading), Effect::QueryPermission, Effect::ReadAttempt(ATTEMPT.into())]
    );
    assert_eq!(widget.send(Event::Permission(Permission::Granted)), []);
    let effects = widget.started(1);
    assert_eq!(effects[0], Effect::TellPhase(Phase::Probing));
    let (run, started) = (widget.run.unwrap(), widget.attempt(1).into());
    assert_eq!(effects[1], Effect::Probe { run, started, desktop: None, limit: QUIET_PROBE_LIMIT });

    assert_eq!(widget.ready(), [Effect::TellPhase(Phase::FastLogin)]);
    let screen = widget.machine.screen();
    assert_eq!(screen.body, Body::Card(person()));
    assert_eq!((screen.frame, screen.former_frame), (None, None));
}

/// Which permission, and whether it is asked at once, whether the frame may ask, what is offered.
#[test]
fn what_the_browser_permits_decides_who_asks_and_when() {
    let secure_page = |widget: &mut Driver| widget.options.secure = true;
    type Row = (&'static str, fn(&mut Driver), Option<Permission>, bool, bool, Offer<'static>);
    let table: [Row; 9] = [
        ("granted", secure_page, Some(Permission::Granted), true, true, Offer::None),
        ("no such permission", secure_page, Some(Permission::Absent), true, true, Offer::None),
        ("prompt", secure_page, Some(Permission::Prompt), false, false, Offer::UseThisComputer),
        ("denied", secure_page, Some(Permission::Denied), false, false, Offer::None),
        (
            "a page on localhost, whatever the query says",
            |widget| widget.options.loopback_page = true,
            Some(Permission::Denied),
            true,
            true,
            Offer::None,
        ),
        (
            "an http page",
            |widget| widget.options.secure = false,
            Some(Permission::Granted),
            false,
            false,
            Offer::None,
        ),
        ("no-fast-login", |widget| widget.options.fast_login = false, None, false, false, Offer::None),
        (
            "no local service configured: WeChat's own page may ask all the same",
            |widget| widget.desktop_urls = Vec::new(),
            Some(Permission::Granted),
            false,
            true,
            Offer::None,
        ),
        (
            "no local service configured, prompt",
            |widget| widget.desktop_urls = Vec::new(),
            Some(Permission::Prompt),
            false,
            false,
            Offer::UseThisComputer,
        ),
    ];
    for (what, prepare, permission, asks, frame_asks, offered) in table {
        let mut widget = Driver::prepared(Kind::Hosted, prepare);
        widget.appear();
        if let Some(permission) = permission {
            widget.send(Event::Permission(permission));
        }
        let effects = widget.started(1);
        assert_eq!(effects.iter().any(is_probe), asks, "{what}");
        if asks {
            widget.unavailable();
        }
        let screen = widget.machine.screen();
        assert_eq!(screen.phase, Phase::Qr, "{what}");
        let frame = screen.frame.unwrap();
        assert_eq!(frame.fast_login, frame_asks, "{what}");
        assert_eq!(frame.address.contains("&fast_login=0"), !frame_asks, "{what}");
        let Body::Qr { offer, .. } = screen.body else { panic!("{what}") };
        assert_eq!(offer, offered, "{what}");
    }
}

#[test]
fn the_qr_code_waits_300_ms_for_a_hanging_answer_and_a_late_one_becomes_an_offer_beside_it() {
    let mut widget = Driver::probing(Kind::Hosted);
    assert_eq!(widget.machine.wakes_at(), Some(QR_WAITS));
    assert_eq!(widget.at(QR_WAITS - 1, Event::Woke), []);
    assert_eq!(widget.machine.screen().frame, None);
    assert_eq!(widget.at(QR_WAITS, Event::Woke), [Effect::TellPhase(Phase::Qr)]);
    let frame = widget.machine.screen().frame.unwrap().clone();

    widget.now += 5_000;
    assert_eq!(widget.ready(), []);
    let screen = widget.machine.screen();
    assert_eq!(screen.frame, Some(&frame), "the frame stays as it is");
    assert_eq!(
        screen.body,
        Body::Qr { status: FrameStatus::Loading, offer: Offer::Continue(person()), note: None, page: true }
    );
}

#[test]
fn a_browser_that_does_not_answer_the_query_delays_the_qr_code_by_300_ms_at_most() {
    let mut widget = Driver::new(Kind::Hosted);
    widget.appear();
    assert_eq!(widget.started(1), [Effect::TellPhase(Phase::Probing)]);
    assert_eq!(widget.at(QR_WAITS, Event::Woke), [Effect::TellPhase(Phase::Qr)]);
    assert!(!widget.machine.screen().frame.unwrap().fast_login);

    // It answers after all, and is nobody's wish: an offer, not the card.
    let effects = widget.send(Event::Permission(Permission::Granted));
    assert!(effects.iter().any(is_probe), "{effects:?}");
    widget.ready();
    assert_eq!(widget.machine.screen().phase, Phase::Qr);
}

#[test]
fn each_local_service_is_asked_and_the_first_good_answer_counts() {
    let mut widget = Driver::prepared(Kind::Hosted, |widget| {
        widget.desktop_urls = vec!["http://127.0.0.1:1".into(), DESKTOP.into(), "http://127.0.0.1:3".into()];
    });
    widget.permitted(Permission::Granted);
    let run = widget.run.unwrap();
    let answer = |desktop, outcome| Event::Probed { run, desktop, outcome };
    let refused = Err(Unusable::ErrCode(ErrCode(-11028)));
    assert_eq!(widget.send(answer(0, refused)), []);
    assert_eq!(
        widget.send(answer(1, Ok(ready_answer("陈锴")))),
        [Effect::TellPhase(Phase::FastLogin), Effect::HangUp]
    );
    let late = answer(2, Ok(ready_answer("别人")));
    assert_eq!(widget.send(late), []);
    assert_eq!(widget.machine.screen().body, Body::Card(person()));
}

// Permission, asked for by a press.

#[test]
fn in_state_prompt_a_press_asks_and_a_late_allow_turns_the_qr_code_into_the_card() {
    let mut widget = Driver::new(Kind::Hosted);
    widget.permitted(Permission::Prompt);
    let frame = widget.machine.screen().frame.unwrap().clone();

    let effects = widget.press(Button::UseThisComputer);
    let [Effect::Probe { limit, .. }] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(limit, PRESSED_PROBE_LIMIT);
    assert_eq!(
        widget.machine.screen().body,
        Body::Qr { status: FrameStatus::Loading, offer: Offer::Asking, note: None, page: true }
    );
    assert_eq!(widget.press(Button::UseThisComputer), [], "pressed twice");

    // The person thinks for a minute; the QR code stays where it is all the while.
    widget.send(Event::Frame { number: 1, status: PostedStatus::QrCodeReady });
    widget.now += 60_000;
    assert_eq!(widget.machine.screen().frame, Some(&frame));
    assert_eq!(widget.send(Event::Permission(Permission::Granted)), []);
    assert_eq!(widget.ready(), [Effect::TellPhase(Phase::FastLogin)]);
    assert_eq!(widget.machine.screen().frame, None);
}

#[test]
fn where_an_allow_is_for_one_call_the_panel_says_that_the_browser_may_ask_once_more() {
    let mut widget = Driver::new(Kind::Hosted);
    widget.permitted(Permission::Prompt);
    widget.press(Button::UseThisComputer);
    assert_eq!(widget.ready(), [Effect::TellPhase(Phase::FastLogin)]);
    widget.press(Button::Continue);
    assert_eq!(widget.machine.screen().body, Body::Confirming { browser_asks: true });
    widget.send(Event::Permission(Permission::Granted));
    assert_eq!(widget.machine.screen().body, Body::Confirming { browser_asks: false });
}

#[test]
fn a_page_on_this_computer_is_asked_nothing_whatever_the_permission_says() {
    let mut widget = Driver::prepared(Kind::Hosted, |widget| widget.options.loopback_page = true);
    widget.permitted(Permission::Prompt);
    widget.ready();
    widget.press(Button::Continue);
    assert_eq!(widget.machine.screen().body, Body::Confirming { browser_asks: false });
}

#[test]
fn an_allow_after_our_question_was_dropped_is_heard_all_the_same() {
    let mut widget = Driver::new(Kind::Hosted);
    widget.permitted(Permission::Prompt);
    widget.press(Button::UseThisComputer);
    widget.now += 5_000;
    widget.unavailable();
    let effects = widget.send(Event::Permission(Permission::Granted));
    assert!(effects.iter().any(is_probe), "{effects:?}");
    assert_eq!(widget.ready(), [Effect::TellPhase(Phase::FastLogin)]);
}

#[test]
fn where_our_call_is_refused_at_once_the_frame_is_loaded_with_both_turned_on() {
    let mut widget = Driver::new(Kind::Hosted);
    widget.permitted(Permission::Prompt);
    widget.press(Button::UseThisComputer);
    widget.now += 5;
    widget.unavailable();
    let screen = widget.machine.screen();
    let frame = screen.frame.unwrap();
    assert!(frame.fast_login && frame.number > 1);
    assert!(!frame.address.contains("fast_login"));
}

#[test]
fn a_person_who_closed_the_browsers_question_is_not_asked_again_by_the_frame() {
    let mut widget = Driver::new(Kind::Hosted);
    widget.permitted(Permission::Prompt);
    widget.press(Button::UseThisComputer);
    widget.now += 3_000;
    widget.unavailable();
    let screen = widget.machine.screen();
    assert!(!screen.frame.unwrap().fast_login);
    let note = Some(Text::NoteNoDesktop);
    assert_eq!(
        screen.body,
        Body::Qr { status: FrameStatus::Loading, offer: Offer::UseThisComputer, note, page: true }
    );
}

#[test]
fn a_block_takes_the_offer_away_and_leaves_the_qr_code() {
    let mut widget = Driver::new(Kind::Hosted);
    widget.permitted(Permission::Prompt);
    widget.press(Button::UseThisComputer);
    widget.now += 3_000;
    assert_eq!(widget.send(Event::Permission(Permission::Denied)), []);
    widget.unavailable();
    let Body::Qr { offer, .. } = widget.machine.screen().body else { panic!() };
    assert_eq!(offer, Offer::None);
}

// The card, and WeChat's question.

#[test]
fn a_hosted_login_goes_where_weixin_says_when_it_is_this_logins_place() {
    let mut widget = Driver::card(Kind::Hosted);
    let effects = widget.press(Button::Continue);
    let [Effect::TellPhase(Phase::Confirming), Effect::Authorize { found, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((&*found.started, found.desktop), (&widget.attempt(1), 0));
    assert_eq!(found.ready, ready_answer("陈锴"));
    assert_eq!(widget.machine.screen().body, Body::Confirming { browser_asks: false });

    let address = redirect_url(1);
    assert_eq!(widget.authorized(Ok(redirect_answer(&address))), [Effect::Navigate(address)]);
    assert_eq!(widget.machine.screen().body, Body::Finishing);
}

#[test]
fn a_redirect_url_that_leads_elsewhere_is_not_followed() {
    for address in [
        "https://evil.example/callback?code=C0de&state=state1".into(),
        redirect_url(2),
        format!("{REDIRECT_URI}?state=state1"),
        "javascript:alert(1)".into(),
    ] {
        let mut widget = Driver::card(Kind::Hosted);
        widget.press(Button::Continue);
        assert_eq!(
            widget.authorized(Ok(redirect_answer(&address))),
            [Effect::TellPhase(Phase::Qr)],
            "{address}"
        );
        let Body::Qr { note, .. } = widget.machine.screen().body else { panic!("{address}") };
        assert_eq!(note, Some(Text::NoteFastLoginFailed), "{address}");
    }
}

#[test]
fn what_weixin_may_answer_instead_means_the_qr_code() {
    let table = [
        (Unusable::ErrCode(ErrCode(10050)), Text::NoteRefused, Offer::Continue(person())),
        (Unusable::ErrCode(ErrCode(10057)), Text::NoteFastLoginFailed, Offer::None),
        (Unusable::ErrCode(ErrCode(-1)), Text::NoteFastLoginFailed, Offer::None),
        (Unusable::NotUnderstood, Text::NoteFastLoginFailed, Offer::None),
    ];
    for (answer, note, offer) in table {
        let mut widget = Driver::card(Kind::Hosted);
        widget.press(Button::Continue);
        assert_eq!(widget.authorized(Err(answer)), [Effect::TellPhase(Phase::Qr)], "{answer:?}");
        let screen = widget.machine.screen();
        assert!(screen.frame.is_some());
        assert_eq!(
            screen.body,
            Body::Qr { status: FrameStatus::Loading, offer, note: Some(note), page: true },
            "{answer:?}"
        );
    }
}

#[test]
fn an_expired_uuid_is_replaced_once_and_without_another_press() {
    let expired = || Err(Unusable::ErrCode(ErrCode(10046)));
    let mut widget = Driver::card(Kind::Hosted);
    widget.press(Button::Continue);
    let effects = widget.authorized(expired());
    assert!(matches!(effects[..], [Effect::Probe { .. }]), "{effects:?}");
    assert_eq!(widget.machine.screen().body, Body::Confirming { browser_asks: false });
    let effects = widget.ready();
    assert!(matches!(effects[..], [Effect::Authorize { .. }]), "{effects:?}");
    assert_eq!(widget.authorized(expired()), [Effect::TellPhase(Phase::Qr)], "not for ever");
}

#[test]
fn somebody_else_who_is_logged_in_there_meanwhile_is_asked_first() {
    let mut widget = Driver::card(Kind::Hosted);
    widget.press(Button::Continue);
    widget.authorized(Err(Unusable::ErrCode(ErrCode(10046))));
    assert_eq!(widget.ready_as("别人"), [Effect::TellPhase(Phase::FastLogin)]);
    let Body::Card(person) = widget.machine.screen().body else { panic!() };
    assert_eq!(person.nickname, "别人");
}

#[test]
fn a_cancelled_question_is_dropped_and_its_late_answer_does_nothing() {
    let mut widget = Driver::card(Kind::Hosted);
    widget.press(Button::Continue);
    let run = widget.run.unwrap();
    assert_eq!(widget.press(Button::Cancel), [Effect::TellPhase(Phase::FastLogin), Effect::HangUp]);
    let late = Event::Authorized { run, outcome: Ok(redirect_answer(&redirect_url(1))) };
    assert_eq!(widget.send(late), []);
    assert_eq!(widget.machine.screen().body, Body::Card(person()));
}

#[test]
fn the_card_leads_to_the_qr_code_by_two_ways() {
    for (button, note) in [(Button::ScanInstead, None), (Button::OtherAccount, Some(Text::NoteOtherAccount))]
    {
        let mut widget = Driver::card(Kind::Hosted);
        assert_eq!(widget.press(button), [Effect::TellPhase(Phase::Qr)]);
        let offer = Offer::Continue(person());
        assert_eq!(
            widget.machine.screen().body,
            Body::Qr { status: FrameStatus::Loading, offer, note, page: true }
        );
    }
}

#[test]
fn a_double_press_asks_weixin_once() {
    let mut widget = Driver::card(Kind::Hosted);
    assert_eq!(
        widget.press(Button::Continue).iter().filter(|e| matches!(e, Effect::Authorize { .. })).count(),
        1
    );
    assert_eq!(widget.press(Button::Continue), []);
}
