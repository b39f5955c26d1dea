//! The table of docs/phases.md: every event in every stage, on machines that were led there. The docs and the machine are held
//! together here; `WEIXIN_LOGIN_WRITE_TABLE=1 cargo test -p weixin-login-flow --test table` writes the docs anew.

mod driver;

use std::fmt::Write;
use std::rc::Rc;

use driver::*;
use protocol::fast_login::Unusable;
use protocol::ids::ErrCode;
use protocol::qrconnect::{ColorScheme, PostedStatus};
use protocol::service::{ErrorCode, Kind, LoginResult, Problem, SceneEvent, WebMessage};
use weixin_login_flow::error::{Code, LoginError};
use weixin_login_flow::event::{Dismissal, Effect, Ended, Event, Permission, Profile};
use weixin_login_flow::options::{Device, Display};
use weixin_login_flow::screen::{Button, Phase};
use weixin_login_flow::text::Language;

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/phases.md");
const BEGINS: &str = "<!-- the table begins: widget/flow/tests/table.rs writes it -->\n";
const ENDS: &str = "<!-- the table ends -->\n";

/// The page has shown the panel for long enough that a press beside it counts.
const SHOWN: u64 = 1_000;

fn appeared(kind: Kind, prepare: impl FnOnce(&mut Driver)) -> Driver {
    let mut widget = Driver::prepared(kind, |widget| {
        widget.options.display = Display::Button;
        prepare(widget);
    });
    widget.appear();
    widget.now = SHOWN;
    widget
}

fn begun(kind: Kind, permission: Permission, prepare: impl FnOnce(&mut Driver)) -> Driver {
    let mut widget = appeared(kind, prepare);
    widget.send(Event::Permission(permission));
    widget.started(1);
    widget
}

fn plainly(_: &mut Driver) {}

fn for_a_code(widget: &mut Driver) {
    widget.options.result = LoginResult::Code;
    widget.options.code_challenge = Some("challenge0".into());
}

fn card(kind: Kind) -> Driver {
    let mut widget = begun(kind, Permission::Granted, plainly);
    widget.ready();
    widget
}

fn confirming(kind: Kind) -> Driver {
    let mut widget = card(kind);
    widget.press(Button::Continue);
    widget
}

fn qr(prepare: impl FnOnce(&mut Driver)) -> Driver {
    begun(Kind::Embedded, Permission::Denied, prepare)
}

fn spoken(prepare: impl FnOnce(&mut Driver)) -> Driver {
    let mut widget = qr(prepare);
    widget.send(Event::Frame { number: 1, status: PostedStatus::QrCodeReady });
    widget
}

fn agreed(kind: Kind) -> Driver {
    let mut widget = confirming(kind);
    widget.authorized(Ok(redirect_answer(&redirect_url(1))));
    widget
}

/// The site asks for a phone number.
fn bound() -> Driver {
    let mut widget = qr(plainly);
    widget.send(Event::Message(WebMessage::Unbound(unbound(1))));
    widget
}

fn redeeming() -> Driver {
    let mut widget = qr(plainly);
    widget.message(1);
    widget
}

fn failed(code: Code) -> Driver {
    let mut widget = appeared(Kind::Embedded, plainly);
    widget.not_started(LoginError::new(code, ""));
    widget
}

fn refused(code: ErrorCode) -> Driver {
    let mut widget = qr(plainly);
    let problem =
        Problem { error: code.as_str().into(), error_description: String::new(), ..Problem::default() };
    widget.send(Event::Message(WebMessage::Failed { state: "state1".into(), iss: ISS.into(), problem }));
    widget
}

fn then(mut widget: Driver, what: impl FnOnce(&mut Driver)) -> Driver {
    what(&mut widget);
    widget
}

/// A stage, in what circumstances, and a machine that is there. The first of a stage is what the others are compared with.
type Row = (&'static str, &'static str, fn() -> Driver);

const STAGES: &[Row] = &[
    ("New", "", || Driver::prepared(Kind::Embedded, |widget| widget.options.display = Display::Button)),
    ("Unseen", "", || {
        let mut widget = Driver::prepared(Kind::Embedded, |widget| widget.options.display = Display::Button);
        widget.send(Event::Appeared { visible: false, draft: None });
        widget.now = SHOWN;
        widget
    }),
    ("Phone", "", || appeared(Kind::Embedded, |widget| widget.options.device = Device::Phone)),
    ("InsideWeixin", "", || appeared(Kind::Embedded, |widget| widget.options.device = Device::InsideWeixin)),
    ("Starting", "", || appeared(Kind::Embedded, plainly)),
    ("Starting", "whose challenge has come", || {
        then(appeared(Kind::Embedded, plainly), |widget| {
            widget.send(Event::Challenged(Ok(challenge(1))));
        })
    }),
    ("Starting", "while WeChat's page is loaded ahead", || {
        let mut widget = Driver::prepared(Kind::Embedded, |widget| widget.options.display = Display::Button);
        let draft = Some(Rc::new(widget.draft(1)));
        widget.send(Event::Appeared { visible: true, draft });
        widget.now = SHOWN;
        then(widget, |widget| {
            widget.send(Event::Permission(Permission::Denied));
            widget.send(Event::Challenged(Ok(challenge(1))));
        })
    }),
    ("Starting", "by itself, where the page is asked for a challenge", || {
        then(begun(Kind::Embedded, Permission::Granted, for_a_code), |widget| {
            widget.ready();
            widget.at(3_600_000, Event::Woke);
        })
    }),
    ("Probing", "", || begun(Kind::Embedded, Permission::Granted, plainly)),
    ("Probing", "before the browser has said what it permits", || {
        then(appeared(Kind::Embedded, plainly), |widget| {
            widget.started(1);
        })
    }),
    ("Card", "", || card(Kind::Embedded)),
    ("Confirming", "", || confirming(Kind::Embedded)),
    ("Confirming", "of a hosted attempt", || confirming(Kind::Hosted)),
    ("Confirming", "while it is asked once more who is logged in", || {
        then(confirming(Kind::Embedded), |widget| {
            widget.authorized(Err(Unusable::ErrCode(ErrCode(10046))));
        })
    }),
    ("Qr", "", || qr(plainly)),
    ("Qr", "whose frame has spoken", || spoken(plainly)),
    ("Qr", "whose frame is silent", || {
        then(qr(plainly), |widget| {
            widget.at(11_000, Event::Woke);
        })
    }),
    ("Qr", "where asking may make the browser ask", || begun(Kind::Embedded, Permission::Prompt, plainly)),
    ("Qr", "while the local WeChat is asked", || {
        then(begun(Kind::Embedded, Permission::Prompt, plainly), |widget| {
            widget.press(Button::UseThisComputer);
        })
    }),
    ("Qr", "with an offer to continue", || {
        then(card(Kind::Embedded), |widget| {
            widget.press(Button::ScanInstead);
        })
    }),
    ("Qr", "while a renewal waits for its challenge", || {
        then(spoken(plainly), |widget| {
            widget.at(301_000, Event::Woke);
        })
    }),
    ("Qr", "while a renewal is on its way", || {
        then(spoken(plainly), |widget| {
            widget.at(301_000, Event::Woke);
            widget.send(Event::Challenged(Ok(challenge(2))));
        })
    }),
    ("Qr", "where the page has no challenge for another", || {
        then(spoken(for_a_code), |widget| {
            widget.at(301_000, Event::Woke);
            widget.send(Event::Challenged(Err(unreachable())));
        })
    }),
    ("Scene", "", || begun(Kind::Scene, Permission::Denied, plainly)),
    ("Finishing", "while the service has a fast login's code", || agreed(Kind::Embedded)),
    ("Finishing", "while a scene is ended", || {
        then(begun(Kind::Scene, Permission::Denied, plainly), |widget| {
            widget.scene(1, SceneEvent::Approved);
        })
    }),
    ("Finishing", "while the service's code becomes a session", redeeming),
    ("Finishing", "the same, when the dialog was let go", || {
        then(redeeming(), |widget| {
            widget.send(Event::Dismissed(Dismissal::CloseButton));
        })
    }),
    ("Finishing", "while the top page leaves", || agreed(Kind::Hosted)),
    ("Binding", "", || bound()),
    ("Binding", "whose page has spoken", || {
        then(bound(), |widget| {
            widget.send(Event::Message(WebMessage::Unbound(unbound(1))));
        })
    }),
    ("Done", "", || {
        then(redeeming(), |widget| {
            widget.send(Event::Redeemed(Ok(profile())));
        })
    }),
    ("Done", "in the page, without a dialog", || {
        let mut widget = Driver::qr(Kind::Embedded);
        widget.message(1);
        widget.send(Event::Redeemed(Ok(profile())));
        widget
    }),
    ("Expired", "", || refused(ErrorCode::AttemptExpired)),
    ("Expired", "where the page had no challenge for another", || {
        then(spoken(for_a_code), |widget| {
            widget.at(301_000, Event::Woke);
            widget.send(Event::Challenged(Err(unreachable())));
            widget.at(601_000, Event::Woke);
        })
    }),
    ("Expired", "of a hosted attempt that is gone", || {
        then(begun(Kind::Hosted, Permission::Denied, plainly), |widget| {
            widget.at(3_600_000, Event::Woke);
            widget.not_started(LoginError::new(Code::Service(ErrorCode::UnknownAttempt), ""));
        })
    }),
    ("Denied", "", || refused(ErrorCode::AccessDenied)),
    ("Failed", "", || failed(Code::Service(ErrorCode::ServerError))),
    ("Failed", "for want of a network", || failed(Code::Offline)),
    ("Failed", "for want of a network, while finishing", || {
        then(redeeming(), |widget| {
            widget.send(Event::Redeemed(Err(unreachable())));
        })
    }),
    ("Left", "", || {
        then(qr(plainly), |widget| {
            widget.send(Event::Dismissed(Dismissal::CloseButton));
        })
    }),
];

fn profile() -> Profile {
    Profile { nickname: String::new(), picture: None }
}

/// What happens to each, in words, at what time, and as an event.
fn events(widget: &Driver) -> Vec<(String, u64, Event)> {
    let run = widget.run.unwrap_or(weixin_login_flow::event::Run(0));
    let scene = widget.scenes.last().copied().unwrap_or(run);
    let now = widget.now;
    let server_error = || LoginError::new(Code::Service(ErrorCode::ServerError), "");
    let errcode = |number| Err(Unusable::ErrCode(ErrCode(number)));
    let frame = widget.machine.screen().frame.map_or(0, |frame| frame.number);
    let problem =
        Problem { error: "server_error".into(), error_description: String::new(), ..Problem::default() };
    let message = WebMessage::Failed { state: "state1".into(), iss: ISS.into(), problem };
    let mut events: Vec<(&str, Event)> = vec![
        ("Appeared(seen)", Event::Appeared { visible: true, draft: None }),
        ("Appeared(unseen)", Event::Appeared { visible: false, draft: None }),
        ("Visible(true)", Event::Visible(true)),
        ("Visible(false)", Event::Visible(false)),
        ("Challenged(Ok)", Event::Challenged(Ok(challenge(9)))),
        ("Challenged(Err)", Event::Challenged(Err(server_error()))),
        ("Started(Ok)", Event::Started(Ok(Rc::new(widget.attempt(9))))),
        ("Started(Err)", Event::Started(Err(server_error()))),
        ("Permission(Granted)", Event::Permission(Permission::Granted)),
        ("Permission(Prompt)", Event::Permission(Permission::Prompt)),
        ("Permission(Denied)", Event::Permission(Permission::Denied)),
        ("Permission(Absent)", Event::Permission(Permission::Absent)),
        ("Probed(Ok)", Event::Probed { run, desktop: 0, outcome: Ok(ready_answer("陈锴")) }),
        ("Probed(Err)", Event::Probed { run, desktop: 0, outcome: Err(Unusable::NotUnderstood) }),
        ("Authorized(Ok)", Event::Authorized { run, outcome: Ok(redirect_answer(&redirect_url(1))) }),
        ("Authorized(elsewhere)", {
            Event::Authorized { run, outcome: Ok(redirect_answer("https://evil.example/")) }
        }),
        ("Authorized(refused)", Event::Authorized { run, outcome: errcode(10050) }),
        ("Authorized(uuid expired)", Event::Authorized { run, outcome: errcode(10046) }),
        ("Authorized(Err)", Event::Authorized { run, outcome: Err(Unusable::NotUnderstood) }),
        ("Frame", Event::Frame { number: frame, status: PostedStatus::QrCodeReady }),
        ("FrameLost", Event::FrameLost { number: frame }),
        ("Message(Finished)", Event::Message(WebMessage::Finished(finished(1)))),
        ("Message(Failed)", Event::Message(message)),
        ("Scene(Waiting)", Event::Scene { run: scene, event: SceneEvent::Waiting }),
        ("Scene(Scanned)", Event::Scene { run: scene, event: SceneEvent::Scanned }),
        ("Scene(Approved)", Event::Scene { run: scene, event: SceneEvent::Approved }),
        ("Scene(Denied)", Event::Scene { run: scene, event: SceneEvent::Denied }),
        ("Scene(Expired)", Event::Scene { run: scene, event: SceneEvent::Expired }),
        ("Message(Unbound)", Event::Message(WebMessage::Unbound(unbound(1)))),
        ("Finished(Code)", Event::Finished(Ok(Ended::Code(finished(1))))),
        ("Finished(another's)", Event::Finished(Ok(Ended::Code(finished(9))))),
        ("Finished(Unbound)", Event::Finished(Ok(Ended::Unbound(unbound(1))))),
        ("Finished(Onward)", Event::Finished(Ok(Ended::Onward("/menu".into())))),
        ("Finished(Err)", Event::Finished(Err(server_error()))),
        ("Finished(no network)", Event::Finished(Err(unreachable()))),
        ("Redeemed(Ok)", Event::Redeemed(Ok(profile()))),
        ("Redeemed(Err)", Event::Redeemed(Err(server_error()))),
        ("Redeemed(no network)", Event::Redeemed(Err(unreachable()))),
        ("Copied(true)", Event::Copied(true)),
        ("Copied(false)", Event::Copied(false)),
        ("Dismissed(CloseButton)", Event::Dismissed(Dismissal::CloseButton)),
        ("Dismissed(Escape)", Event::Dismissed(Dismissal::Escape)),
        ("Dismissed(Backdrop)", Event::Dismissed(Dismissal::Backdrop)),
        ("Dressed", Event::Dressed(Language::En, ColorScheme::Dark)),
        ("Online(true)", Event::Online(true)),
        ("Online(false)", Event::Online(false)),
        ("ShownAgain", Event::ShownAgain),
        ("Returned", Event::Returned),
        ("Reopened", Event::Reopened),
    ];
    let wake = (widget.machine.wakes_at().unwrap_or(now), Event::Woke);
    let names: Vec<String> = Button::ALL.iter().map(|button| format!("Pressed({button:?})")).collect();
    events
        .extend(names.iter().zip(Button::ALL).map(|(name, button)| (name.as_str(), Event::Pressed(button))));
    let mut events: Vec<_> =
        events.into_iter().map(|(name, event)| (format!("`{name}`"), now, event)).collect();
    events.push(("`Woke` at its time".into(), wake.0, wake.1));
    events.push(("`Woke` an hour later".into(), now + 3_600_000, Event::Woke));
    events
}

/// An effect's name, and what is said in one word about it.
fn asked(effect: &Effect) -> String {
    let whole = format!("{effect:?}");
    match effect {
        Effect::CloseDialog(_) => whole,
        Effect::TellError(error) => format!("TellError({})", error.code.as_str()),
        _ => whole.chars().take_while(char::is_ascii_alphanumeric).collect(),
    }
}

/// What becomes of it, and what it asks for.
fn outcome(stage: &str, widget: &mut Driver, now: u64, event: Event) -> [String; 2] {
    let seen = |widget: &Driver| format!("{:?}", widget.machine.screen());
    let before = seen(widget);
    let effects = widget.at(now, event);
    let after = format!("{:?}", widget.machine);
    let becomes = if after != stage {
        format!("`{after}`")
    } else if before != seen(widget) {
        String::from("looks otherwise")
    } else {
        String::from("stays")
    };
    // The phase goes with the stage.
    let effects = effects.iter().filter(|effect| !matches!(effect, Effect::TellPhase(_)));
    let asks: Vec<String> = effects.map(|effect| format!("`{}`", asked(effect))).collect();
    [becomes, asks.join(", ")]
}

fn table() -> String {
    let mut table = String::from("| stage | event | becomes | asks for |\n|---|---|---|---|\n");
    let (mut base, mut plain) = ("", Vec::new());
    for (stage, circumstances, prepare) in STAGES {
        assert_eq!(format!("{:?}", prepare().machine), *stage, "{stage}, {circumstances}");
        let outcomes: Vec<(String, [String; 2])> = events(&prepare())
            .into_iter()
            .map(|(name, now, event)| (name, outcome(stage, &mut prepare(), now, event)))
            .collect();
        let first = base != *stage;
        if first {
            base = stage;
            plain = vec![["stays".into(), String::new()]; outcomes.len()];
        }
        // Events that come to the same are one row.
        let mut rows: Vec<(Vec<String>, &[String; 2])> = Vec::new();
        for ((event, outcome), plain) in outcomes.iter().zip(&plain) {
            if outcome == plain {
                continue;
            }
            match rows.iter_mut().find(|(_, same)| *same == outcome) {
                Some((events, _)) => events.push(event.clone()),
                None => rows.push((vec![event.clone()], outcome)),
            }
        }
        let mut name = format!("**`{stage}`**");
        if !circumstances.is_empty() {
            let _ = write!(name, " {circumstances}");
        }
        if rows.is_empty() {
            let same = if first { "stays" } else { "as above" };
            let _ = writeln!(table, "| {name} | everything | {same} | |");
        }
        for (events, [becomes, asks]) in rows {
            // A stage is named once.
            let _ = writeln!(
                table,
                "| {} | {} | {becomes} | {asks} |",
                std::mem::take(&mut name),
                events.join(", ")
            );
        }
        if first {
            plain = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
        }
    }
    table
}

/// Which stage each phase is told in.
fn phases() -> String {
    let mut lines = String::from("| phase | stages |\n|---|---|\n");
    for phase in Phase::ALL {
        let mut stages: Vec<String> = STAGES
            .iter()
            .filter(|(stage, ..)| *stage != "New" && *stage != "Left")
            .filter(|(.., prepare)| prepare().machine.screen().phase == phase)
            .map(|(stage, ..)| format!("`{stage}`"))
            .collect();
        stages.dedup();
        let stages = match phase {
            Phase::Scanned => "`Scene`, once a phone has scanned it".into(),
            _ => stages.join(", "),
        };
        let _ = writeln!(lines, "| `{}` | {stages} |", phase.as_str());
    }
    lines
}

#[test]
fn the_docs_have_the_machines_own_table() {
    let docs = std::fs::read_to_string(DOCS).expect("docs/phases.md");
    let (before, rest) = docs.split_once(BEGINS).expect("where the table begins");
    let (written, after) = rest.split_once(ENDS).expect("where the table ends");
    let table = format!("\n{}\n{}\n", phases(), table());
    if std::env::var_os("WEIXIN_LOGIN_WRITE_TABLE").is_some() {
        std::fs::write(DOCS, format!("{before}{BEGINS}{table}{ENDS}{after}")).expect("docs/phases.md");
        return;
    }
    assert!(
        written == table,
        "docs/phases.md is not what the machine does; WEIXIN_LOGIN_WRITE_TABLE=1 cargo test -p weixin-login-flow --test table"
    );
}
