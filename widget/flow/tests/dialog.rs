//! The dialog: who may close it in which stage, what that costs, and how it goes after a success.

mod driver;

use driver::*;
use protocol::service::{Kind, SceneEvent};
use weixin_login_flow::event::{CloseReason, Dismissal, Effect, Ended, Event, Permission, Profile, Success};
use weixin_login_flow::machine::{BACKDROP_HOLDS, DONE_IS_SEEN_FOR};
use weixin_login_flow::options::{Device, Display};
use weixin_login_flow::screen::{Body, Button, Phase};

const WAYS: [Dismissal; 3] = [Dismissal::CloseButton, Dismissal::Escape, Dismissal::Backdrop];
const CANCELLED: Effect = Effect::CloseDialog(CloseReason::Cancelled);
const GOES_ON: Effect = Effect::CloseDialog(CloseReason::Finishing);
const SUCCESS: Effect = Effect::CloseDialog(CloseReason::Success);

/// In a dialog that has been there for a while.
fn opened(kind: Kind, permission: Permission) -> Driver {
    let mut widget = Driver::prepared(kind, |widget| widget.options.display = Display::Button);
    widget.appear();
    widget.now = BACKDROP_HOLDS;
    widget.send(Event::Permission(permission));
    widget.started(1);
    widget
}

fn confirming(kind: Kind) -> Driver {
    let mut widget = opened(kind, Permission::Granted);
    widget.ready();
    widget.press(Button::Continue);
    widget
}

fn finishing() -> Driver {
    let mut widget = confirming(Kind::Embedded);
    widget.authorized(Ok(redirect_answer(&redirect_url(1))));
    assert_eq!(widget.machine.screen().body, Body::Finishing);
    widget
}

fn profile() -> Profile {
    Profile { nickname: "陈锴".into(), picture: None }
}

fn success() -> Effect {
    Effect::TellSuccess(Success::Session(profile()))
}

fn done() -> Driver {
    let mut widget = opened(Kind::Embedded, Permission::Denied);
    widget.message(1);
    let effects = widget.send(Event::Redeemed(Ok(profile())));
    assert_eq!(effects, [Effect::TellPhase(Phase::Success), success()]);
    widget
}

#[test]
fn before_the_person_has_agreed_every_way_closes_it() {
    for how in WAYS {
        let mut card = opened(Kind::Embedded, Permission::Granted);
        card.ready();
        assert_eq!(card.send(Event::Dismissed(how)), [CANCELLED, Effect::Leave], "{how:?}");

        let mut qr = opened(Kind::Embedded, Permission::Denied);
        assert_eq!(qr.send(Event::Dismissed(how)), [CANCELLED, Effect::Leave], "{how:?}");

        // Where something is under way, it is dropped first.
        let mut probing = opened(Kind::Embedded, Permission::Granted);
        assert_eq!(
            probing.send(Event::Dismissed(how)),
            [Effect::HangUp, CANCELLED, Effect::Leave],
            "{how:?}"
        );
        let mut scene = opened(Kind::Scene, Permission::Denied);
        assert_eq!(scene.send(Event::Dismissed(how)), [Effect::HangUp, CANCELLED, Effect::Leave], "{how:?}");
    }
}

#[test]
fn a_press_beside_a_dialog_that_has_just_come_counts_for_nothing() {
    let mut widget = Driver::prepared(Kind::Embedded, |widget| widget.options.display = Display::Button);
    widget.at(7_000, Event::Appeared { visible: true, draft: None });
    let backdrop = Event::Dismissed(Dismissal::Backdrop);
    assert_eq!(widget.at(7_000 + BACKDROP_HOLDS - 1, backdrop.clone()), []);
    assert_eq!(widget.at(7_000 + BACKDROP_HOLDS, backdrop), [CANCELLED, Effect::Leave]);

    let mut widget = Driver::prepared(Kind::Embedded, |widget| widget.options.display = Display::Button);
    widget.appear();
    let escape = Event::Dismissed(Dismissal::Escape);
    assert_eq!(widget.send(escape), [CANCELLED, Effect::Leave], "that is no second half of a double click");
}

#[test]
fn while_weixin_asks_only_the_close_button_closes_it() {
    for how in [Dismissal::Escape, Dismissal::Backdrop] {
        let mut widget = confirming(Kind::Embedded);
        assert_eq!(widget.send(Event::Dismissed(how)), [], "{how:?}");
        assert_eq!(widget.machine.screen().phase, Phase::Confirming);
    }
    let mut widget = confirming(Kind::Embedded);
    let close = Event::Dismissed(Dismissal::CloseButton);
    assert_eq!(widget.send(close), [Effect::HangUp, CANCELLED, Effect::Leave]);
    let late = Ok(redirect_answer(&redirect_url(1)));
    assert_eq!(widget.authorized(late), [], "nothing comes any more");
}

#[test]
fn while_the_service_finishes_no_light_dismissal_ends_the_login() {
    for how in [Dismissal::Escape, Dismissal::Backdrop] {
        let mut widget = finishing();
        assert_eq!(widget.send(Event::Dismissed(how)), [], "{how:?}");
        assert_eq!(widget.send(Event::Finished(Ok(Ended::Code(finished(1))))), [redeem(1)]);
    }
}

#[test]
fn while_the_service_finishes_the_dialog_may_go_and_the_login_ends() {
    let close = || Event::Dismissed(Dismissal::CloseButton);
    let mut widget = finishing();
    assert_eq!(widget.send(close()), [GOES_ON]);
    assert_eq!(widget.send(close()), [], "it has gone");
    assert_eq!(widget.send(Event::Finished(Ok(Ended::Code(finished(1))))), [redeem(1)]);
    let effects = widget.send(Event::Redeemed(Ok(profile())));
    assert_eq!(effects, [Effect::TellPhase(Phase::Success), success(), Effect::Leave]);

    let mut widget = finishing();
    widget.send(close());
    let effects = widget.send(Event::Finished(Err(unreachable())));
    assert_eq!(effects, [Effect::TellPhase(Phase::Error), Effect::TellError(unreachable()), Effect::Leave]);
    assert_eq!(widget.send(Event::Online(true)), [], "nobody waits for it any more");
}

#[test]
fn a_dialog_that_was_let_go_comes_back_with_the_same_login() {
    let mut widget = finishing();
    assert_eq!(widget.send(Event::Reopened), [], "it is there");
    widget.send(Event::Dismissed(Dismissal::CloseButton));
    assert_eq!(widget.send(Event::Reopened), [Effect::OpenDialog]);
    assert_eq!(widget.machine.screen().body, Body::Finishing);
    widget.send(Event::Finished(Ok(Ended::Code(finished(1)))));
    let effects = widget.send(Event::Redeemed(Ok(profile())));
    assert_eq!(effects, [Effect::TellPhase(Phase::Success), success()], "and is seen to its end");
    // Whatever else goes on, its dialog is open.
    let mut widget = opened(Kind::Embedded, Permission::Denied);
    assert_eq!(widget.send(Event::Reopened), []);
}

#[test]
fn a_scene_that_was_approved_ends_without_its_dialog_too() {
    let mut widget = opened(Kind::Scene, Permission::Denied);
    widget.scene(1, SceneEvent::Approved);
    assert_eq!(widget.send(Event::Dismissed(Dismissal::CloseButton)), [GOES_ON]);
    assert_eq!(widget.send(Event::Finished(Ok(Ended::Code(finished(1))))), [redeem(1)]);
}

#[test]
fn after_a_success_the_dialog_goes_by_itself_when_it_was_seen() {
    let mut widget = done();
    let at = widget.now + DONE_IS_SEEN_FOR;
    assert_eq!(widget.machine.wakes_at(), Some(at));
    assert_eq!(widget.at(at - 1, Event::Woke), []);
    assert_eq!(widget.at(at, Event::Woke), [SUCCESS, Effect::Leave]);
    assert_eq!(widget.machine.wakes_at(), None);
}

#[test]
fn after_a_success_whoever_closes_the_dialog_has_not_cancelled() {
    for how in WAYS {
        let mut widget = done();
        assert_eq!(widget.send(Event::Dismissed(how)), [SUCCESS, Effect::Leave], "{how:?}");
    }
}

#[test]
fn a_panel_in_the_page_is_no_dialog() {
    for how in WAYS {
        let mut widget = Driver::card(Kind::Embedded);
        widget.now = BACKDROP_HOLDS;
        assert_eq!(widget.send(Event::Dismissed(how)), [], "{how:?}");
        assert_eq!(widget.machine.screen().phase, Phase::FastLogin);
    }
}

#[test]
fn after_the_panel_was_taken_away_nothing_comes() {
    let mut widget = opened(Kind::Embedded, Permission::Denied);
    widget.send(Event::Dismissed(Dismissal::CloseButton));
    assert_eq!(widget.machine.screen().frame, None);
    for event in [
        Event::Visible(true),
        Event::Online(true),
        Event::ShownAgain,
        Event::Returned,
        Event::Pressed(Button::StartAgain),
        Event::Appeared { visible: true, draft: None },
        Event::Dismissed(Dismissal::CloseButton),
    ] {
        assert_eq!(widget.at(3_600_000, event.clone()), [], "{event:?}");
    }
}

#[test]
fn a_phones_dialog_closes_as_any_other() {
    let mut widget = Driver::prepared(Kind::Embedded, |widget| {
        widget.options.display = Display::Button;
        widget.options.device = Device::Phone;
    });
    widget.appear();
    assert_eq!(widget.send(Event::Dismissed(Dismissal::CloseButton)), [CANCELLED, Effect::Leave]);
}
