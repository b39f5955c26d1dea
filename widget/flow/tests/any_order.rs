//! Whatever happens, and in whatever order: no panic, and never two of anything that must be one.

mod driver;

use std::rc::Rc;

use driver::*;
use proptest::prelude::*;
use protocol::fast_login::Unusable;
use protocol::ids::ErrCode;
use protocol::qrconnect::{ColorScheme, PostedStatus};
use protocol::service::{Kind, LoginResult, Problem, SceneEvent, WebMessage};
use weixin_login_flow::event::{CloseReason, Dismissal, Effect, Ended, Event, Permission, Profile};
use weixin_login_flow::options::{Device, Display};
use weixin_login_flow::screen::{Body, Button, FrameStatus, Phase};
use weixin_login_flow::text::Language;

/// What the world may do; answers are to the last question of their kind, or to one long before.
#[derive(Debug, Clone)]
enum Step {
    Pass(u64),
    Plain(usize),
    Challenged(bool),
    Started(bool),
    Probed { ok: bool, stale: bool },
    Authorized { answer: usize, stale: bool },
    Message { number: u32, ok: bool },
    Scene { number: u32, event: usize },
    Finished { number: u32, ok: bool },
    Redeemed(bool),
    Unbound(u32),
    FinishedUnbound(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop_oneof![Just(1_u64), Just(400), Just(30_000), Just(300_000), Just(600_000), Just(3_600_000)]
            .prop_map(Step::Pass),
        6 => (0..PLAIN.len()).prop_map(Step::Plain),
        4 => any::<bool>().prop_map(Step::Challenged),
        5 => any::<bool>().prop_map(Step::Started),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(ok, stale)| Step::Probed { ok, stale }),
        2 => (0..4_usize, any::<bool>()).prop_map(|(answer, stale)| Step::Authorized { answer, stale }),
        1 => (1..6_u32, any::<bool>()).prop_map(|(number, ok)| Step::Message { number, ok }),
        1 => (1..6_u32).prop_map(Step::Unbound),
        1 => (1..6_u32).prop_map(Step::FinishedUnbound),
        2 => (1..6_u32, 0..5_usize).prop_map(|(number, event)| Step::Scene { number, event }),
        1 => (1..6_u32, any::<bool>()).prop_map(|(number, ok)| Step::Finished { number, ok }),
        1 => any::<bool>().prop_map(Step::Redeemed),
    ]
}

const PLAIN: &[Event] = &[
    Event::Appeared { visible: true, draft: None },
    Event::Permission(Permission::Granted),
    Event::Permission(Permission::Prompt),
    Event::Permission(Permission::Denied),
    Event::Permission(Permission::Absent),
    Event::Visible(true),
    Event::Visible(false),
    Event::Online(true),
    Event::Online(false),
    Event::Dressed(Language::En, ColorScheme::Dark),
    Event::Dressed(Language::ZhTw, ColorScheme::Light),
    Event::Copied(true),
    Event::Copied(false),
    Event::Dismissed(Dismissal::CloseButton),
    Event::Dismissed(Dismissal::Escape),
    Event::Dismissed(Dismissal::Backdrop),
    Event::ShownAgain,
    Event::FrameLost { number: 1 },
    Event::Returned,
    Event::Reopened,
    Event::Woke,
    Event::Frame { number: 1, status: PostedStatus::Ready },
    Event::Frame { number: 3, status: PostedStatus::QrCodeReady },
    Event::Pressed(Button::Continue),
    Event::Pressed(Button::ScanInstead),
    Event::Pressed(Button::OtherAccount),
    Event::Pressed(Button::UseThisComputer),
    Event::Pressed(Button::Cancel),
    Event::Pressed(Button::StartAgain),
    Event::Pressed(Button::OpenPage),
    Event::Pressed(Button::ShowQr),
    Event::Pressed(Button::CopyLink),
    Event::Pressed(Button::ReloadFrame),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_leaves_two_of_anything_alive(
        kind in 0..3_usize,
        device in 0..3_usize,
        in_a_dialog in any::<bool>(),
        ends_in_a_code in any::<bool>(),
        visible in any::<bool>(),
        told in any::<bool>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let kind = [Kind::Hosted, Kind::Embedded, Kind::Scene][kind];
        let mut widget = Driver::prepared(kind, |widget| {
            widget.options.device = [Device::Computer, Device::Computer, Device::Phone][device];
            if in_a_dialog {
                widget.options.display = Display::Button;
            }
            if ends_in_a_code {
                widget.options.result = LoginResult::Code;
                widget.options.code_challenge = Some("challenge0".into());
            }
        });
        let mut alive = Alive::default();
        let draft = (told && kind == Kind::Embedded).then(|| Rc::new(widget.draft(1)));
        let appears = Event::Appeared { visible, draft };
        let appeared = widget.send(appears.clone());
        alive.check(&widget, &appears, &appeared);
        let mut starts = 0;
        for step in steps {
            let event = match step {
                Step::Pass(time) => { widget.now += time; Event::Woke }
                Step::Plain(which) => PLAIN[which].clone(),
                Step::Challenged(ok) => {
                    Event::Challenged(if ok { Ok(challenge(starts + 1)) } else { Err(unreachable()) })
                }
                Step::Started(ok) => {
                    starts += 1;
                    Event::Started(if ok { Ok(widget.attempt(starts).into()) } else { Err(unreachable()) })
                }
                Step::Probed { ok, stale } => Event::Probed {
                    run: widget.some_run(stale),
                    desktop: 0,
                    outcome: if ok { Ok(ready_answer("陈锴")) } else { Err(Unusable::NotUnderstood) },
                },
                Step::Authorized { answer, stale } => Event::Authorized {
                    run: widget.some_run(stale),
                    outcome: match answer {
                        0 => Ok(redirect_answer(&redirect_url(starts))),
                        1 => Ok(redirect_answer("https://evil.example/")),
                        2 => Err(Unusable::ErrCode(ErrCode(10046))),
                        _ => Err(Unusable::ErrCode(ErrCode(10050))),
                    },
                },
                Step::Message { number, ok } => Event::Message(if ok {
                    WebMessage::Finished(finished(number))
                } else {
                    let problem = Problem { error: "access_denied".into(), error_description: String::new(), ..Problem::default() };
                    WebMessage::Failed { state: format!("state{number}"), iss: ISS.into(), problem }
                }),
                Step::Unbound(number) => Event::Message(WebMessage::Unbound(unbound(number))),
                Step::FinishedUnbound(number) => Event::Finished(Ok(Ended::Unbound(unbound(number)))),
                Step::Scene { number, event } => Event::Scene {
                    run: widget.scene_run(number),
                    event: [SceneEvent::Waiting, SceneEvent::Scanned, SceneEvent::Approved, SceneEvent::Denied,
                        SceneEvent::Expired][event],
                },
                Step::Finished { number, ok } => {
                    Event::Finished(if ok { Ok(Ended::Code(finished(number))) } else { Err(unreachable()) })
                }
                Step::Redeemed(ok) => Event::Redeemed(if ok {
                    Ok(Profile { nickname: String::new(), picture: None })
                } else {
                    Err(unreachable())
                }),
            };
            let effects = widget.send(event.clone());
            alive.check(&widget, &event, &effects);
        }
    }
}

/// What must be one or none, at every moment.
#[derive(Default)]
struct Alive {
    challenge: bool,
    attempt: bool,
    /// Answers of local services, or of a scene, may still come.
    asking: bool,
    /// Attempts that came, and successes that were told.
    attempts: usize,
    successes: usize,
    left: bool,
    phase: Option<Phase>,
}

impl Alive {
    fn check(&mut self, widget: &Driver, event: &Event, effects: &[Effect]) {
        assert!(!self.left || effects.is_empty(), "after the panel was taken away: {effects:?}");
        match event {
            Event::Challenged(_) => self.challenge = false,
            Event::Started(outcome) => {
                self.attempt = false;
                self.attempts += usize::from(outcome.is_ok());
            }
            // The only local service of these tests has answered; a late answer may be to an earlier question, and is then no
            // end of this one.
            Event::Probed { run, .. } | Event::Authorized { run, .. }
                if Some(*run) == widget.asked_before =>
            {
                self.asking = false;
            }
            _ => {}
        }
        for (at, effect) in effects.iter().enumerate() {
            match effect {
                Effect::MakeChallenge | Effect::AskForChallenge => {
                    assert!(!self.challenge && !self.attempt, "two attempts are on their way");
                    self.challenge = true;
                }
                Effect::StartAttempt { .. } | Effect::ReadAttempt(_) | Effect::RenewAttempt(_) => {
                    assert!(!self.challenge && !self.attempt, "two attempts are on their way");
                    self.attempt = true;
                }
                Effect::Probe { .. } | Effect::Authorize { .. } | Effect::HearScene { .. } => {
                    assert!(!self.asking, "a second question before the first was dropped: {effects:?}");
                    self.asking = true;
                }
                Effect::FinishScene(_) => assert!(!self.asking, "a scene is listened to while it is ended"),
                Effect::HangUp => self.asking = false,
                Effect::TellSuccess(_) => self.successes += 1,
                Effect::TellPhase(phase) => {
                    assert_ne!(self.phase, Some(*phase), "a phase is told twice");
                    self.phase = Some(*phase);
                }
                Effect::CloseDialog(reason) => {
                    assert_eq!(widget.options.display, Display::Button, "there is no dialog");
                    assert_ne!(*reason, CloseReason::Removed, "that is the page's to say");
                }
                Effect::Leave => {
                    assert_eq!(at, effects.len() - 1, "the last one: {effects:?}");
                    assert!(!self.asking, "a question outlives the panel");
                    self.left = true;
                }
                Effect::Navigate(address) => {
                    let ours = address == PAGE || address.starts_with(REDIRECT_URI);
                    assert!(ours, "led astray to {address}");
                }
                _ => {}
            }
        }
        assert!(self.successes <= self.attempts, "an attempt succeeds twice");
        let screen = widget.machine.screen();
        assert_eq!(self.phase, Some(screen.phase), "the page knows the phase");
        if screen.phase == Phase::Loading && screen.frame.is_some() {
            let covered = matches!(screen.body, Body::Qr { status: FrameStatus::Loading, .. });
            assert!(covered && screen.former_frame.is_none(), "a frame without an attempt can be scanned");
        } else if !matches!(screen.phase, Phase::Qr | Phase::Binding) {
            assert!(screen.frame.is_none() && screen.former_frame.is_none(), "a frame outside the QR code");
        }
        if let Some(former) = screen.former_frame {
            assert!(former.number < screen.frame.expect("a former frame has a successor").number);
        }
        if self.left || matches!(screen.phase, Phase::Expired | Phase::Denied | Phase::Error) {
            assert_eq!(widget.machine.wakes_at(), None, "a timer after the end");
        }
        if let Some(at) = widget.machine.wakes_at() {
            assert!(at > widget.now, "a timer that is due at once, for ever");
        }
        let bodied = match screen.body {
            Body::Waiting => self.left || matches!(screen.phase, Phase::Loading | Phase::Probing),
            Body::Card(_) => screen.phase == Phase::FastLogin,
            Body::Confirming { .. } | Body::Finishing => screen.phase == Phase::Confirming,
            Body::Qr { .. } => matches!(screen.phase, Phase::Qr | Phase::Loading) && screen.frame.is_some(),
            Body::Scene(code) => {
                let phase = if code.scanned { Phase::Scanned } else { Phase::Qr };
                screen.phase == phase && screen.frame.is_none() && code.seconds_left > 0
            }
            Body::Binding { .. } => {
                screen.phase == Phase::Binding && screen.frame.is_some() && screen.former_frame.is_none()
            }
            Body::Page { .. } | Body::Phone { .. } => screen.phase == Phase::Qr && screen.frame.is_none(),
            Body::Expired => screen.phase == Phase::Expired,
            Body::Denied => screen.phase == Phase::Denied,
            Body::Failed { .. } => screen.phase == Phase::Error,
            Body::Done => screen.phase == Phase::Success,
        };
        assert!(bodied, "{screen:?}");
    }
}
