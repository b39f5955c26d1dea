//! The panel: carries the machine's effects out, and its events in. Decides nothing.

use alloc::boxed::Box;
use alloc::string::String;

use flow::clock::Clock;
use flow::error::{Code, LoginError};
use flow::event::{Effect, Event, Permission, Run, Success};
use flow::machine::Machine;
use flow::options::Display;
use flow::screen::Phase;
use protocol::json::Json;
use protocol::qrconnect::PostedStatus;
use protocol::service::{SceneEvent, WebMessage};
use wasm_bindgen::JsValue;

use crate::browser::{monotonic, wall};
use crate::json::BrowserJson;
use crate::service::{Answer, Post};
use crate::view::frame_part;
use crate::view::tree::{self, Part};
use crate::{Widget, fast_login, service};

/// What the panel hears, as the browser's `what`.
pub mod what {
    pub const PRESSED: i32 = 0;
    pub const MESSAGE: i32 = 1;
    pub const ONLINE: i32 = 2;
    pub const RETURNED: i32 = 3;
    pub const VISIBLE: i32 = 4;
    pub const WOKE: i32 = 5;
    pub const PERMISSION: i32 = 6;
    pub const CHALLENGE: i32 = 7;
    pub const SCENE: i32 = 8;
    pub const AUTHORIZED: i32 = 9;
    pub const STARTED: i32 = 10;
    pub const FINISHED: i32 = 11;
    pub const REDEEMED: i32 = 12;
    /// The dialog around the panel.
    pub const CLOSED: i32 = 13;
    /// It may go.
    pub const SEEN: i32 = 14;
    /// And every number after it: which local service answered.
    pub const PROBED: i32 = 15;
}

/// So long a person may enjoy that it worked, before the dialog goes.
const DONE_IS_SEEN_FOR: i32 = 900;

/// The longest time that a browser waits; with a longer one it would ring at once.
const LONGEST: u64 = 0x7fff_ffff;

/// A login that goes on.
pub struct Running {
    machine: Machine,
    clock: Clock,
}

impl Widget {
    /// Puts the panel in `parent` and starts the login.
    pub(crate) fn begin(&self, parent: Part) {
        self.view.build(Part::Panel, parent, tree::PANEL);
        self.view.browser.begin(what::MESSAGE);
        let clock = Clock::new(monotonic(), wall());
        self.running.set(Some(Box::new(Running { machine: Machine::new(self.options.clone()), clock })));
        self.send(Event::Appeared, JsValue::UNDEFINED);
    }

    /// Takes the panel out of the page, and drops all that it has under way.
    pub(crate) fn end(&self) {
        self.running.take();
        self.view.browser.end();
        self.view.clear();
    }

    /// Whether it is in the page.
    pub(crate) fn runs(&self) -> bool {
        let running = self.running.take();
        let runs = running.is_some();
        self.running.set(running);
        runs
    }

    /// Draws it anew.
    pub(crate) fn draw(&self) {
        if let Some(running) = self.running.take() {
            self.view.show(&running.machine.screen());
            self.running.set(Some(running));
        }
    }

    /// Takes what the browser tells.
    pub(crate) fn take(&self, what: i32, number: i32, text: Option<String>, value: JsValue) {
        let answer = Answer { body: text, value };
        if let Some(event) = self.event(what, number, &answer) {
            // With a text the value is no cause: it says how good the text is, or is a message's data.
            let cause = if answer.body.is_none() { answer.value } else { JsValue::UNDEFINED };
            self.send(event, cause);
        }
    }

    fn event(&self, what: i32, number: i32, answer: &Answer) -> Option<Event> {
        let browser = &self.view.browser;
        let text = answer.body.as_deref();
        let run = Run(number as u32);
        Some(match what {
            what::PRESSED => Event::Pressed(tree::button(text?)?),
            what::MESSAGE => return self.message(number, text?, &answer.value),
            what::ONLINE => Event::Online,
            what::RETURNED => Event::Returned,
            what::VISIBLE => Event::Visible(number > 0),
            what::WOKE => Event::Woke,
            what::PERMISSION => Event::Permission(match text {
                Some("granted") => Permission::Granted,
                Some("prompt") => Permission::Prompt,
                Some(_) => Permission::Denied,
                None => Permission::Absent,
            }),
            what::CHALLENGE => match text {
                Some(challenge) => {
                    self.post(what::STARTED, 0, service::start(&self.options, challenge.into()));
                    return None;
                }
                None => {
                    let message = "a login that ends in a session needs an https page (crypto.subtle)";
                    Event::Started(Err(LoginError::new(Code::Unsupported, message)))
                }
            },
            what::SCENE => Event::Scene { run, event: SceneEvent::parse(text?)? },
            what::AUTHORIZED => Event::Authorized { run, outcome: fast_login::authorized(answer) },
            what::STARTED => {
                let outcome = service::read(browser, answer, service::started);
                if let Ok(started) = &outcome {
                    browser.keep_verifier(&started.id);
                }
                Event::Started(outcome)
            }
            what::FINISHED => Event::Finished(service::read(browser, answer, service::finished)),
            what::REDEEMED => Event::Redeemed(service::read(browser, answer, service::redeemed)),
            _ => {
                let desktop = (what - what::PROBED) as usize;
                Event::Probed { run, desktop, outcome: fast_login::checked(answer) }
            }
        })
    }

    /// What a frame of ours says. It counts when its origin is right; whose login it is, `flow` checks by state and iss.
    fn message(&self, part: i32, origin: &str, data: &JsValue) -> Option<Event> {
        let running = self.running.take()?;
        let screen = running.machine.screen();
        let mut frames = screen.frame.into_iter().chain(screen.former_frame);
        let found = frames.find(|frame| frame_part(Some(frame)) == part).map(|frame| {
            let is = |url: &str| self.view.browser.origin(url).as_deref() == Some(origin);
            (frame.number, is(&frame.started.open_url), is(&frame.started.redirect_uri))
        });
        self.running.set(Some(running));
        let (number, is_weixins, is_callbacks) = found?;
        let data = BrowserJson(data.clone());
        // Plain http in a demo may have both pages on one origin: each message has a shape of its own.
        if is_weixins
            && let Some(text) = data.text()
            && let Some(status) = PostedStatus::read::<BrowserJson>(&text)
        {
            return Some(Event::Frame { number, status });
        }
        if is_callbacks { WebMessage::read(&data).map(Event::Message) } else { None }
    }

    /// `cause` is what the browser threw, where the event is a failure.
    fn send(&self, event: Event, cause: JsValue) {
        // Nothing that happens inside sends: it is only outside that events come from.
        let Some(mut running) = self.running.take() else { return };
        let now = running.clock.read(monotonic(), wall());
        let effects = running.machine.handle(event, now);
        let delay = running.machine.wakes_at().map_or(-1, |at| at.saturating_sub(now).min(LONGEST) as i32);
        self.view.show(&running.machine.screen());
        self.view.browser.wake(what::WOKE, delay);
        self.running.set(Some(running));
        for effect in &effects {
            self.perform(effect, &cause);
        }
    }

    fn perform(&self, effect: &Effect, cause: &JsValue) {
        let browser = &self.view.browser;
        let options = &self.options;
        match effect {
            Effect::StartAttempt => self.start(),
            Effect::RenewAttempt(started) => self.post(what::STARTED, 0, service::renew(options, started)),
            Effect::QueryPermission => browser.permission(what::PERMISSION),
            Effect::Probe { run, started, desktop, limit } => {
                browser.hang_up();
                for index in 0..started.desktop_urls.len() {
                    if desktop.is_none_or(|desktop| desktop == index) {
                        let post = fast_login::check_login(started, index, *limit);
                        self.ask(what::PROBED + index as i32, *run, post);
                    }
                }
            }
            Effect::Authorize { run, found } => {
                browser.hang_up();
                self.ask(what::AUTHORIZED, *run, fast_login::authorize(browser, found));
            }
            Effect::HearScene { run, started } => {
                let secret = started.secret.as_deref();
                browser.hear(what::SCENE, run.0 as i32, &service::events(options, started), secret);
            }
            Effect::FinishScene(started) => {
                browser.hang_up();
                self.post(what::FINISHED, 0, service::finish(options, started));
            }
            Effect::HangUp => browser.hang_up(),
            Effect::PostCallback { started, code } => {
                self.post(what::FINISHED, 0, service::callback(options, started, code));
            }
            Effect::Redeem { started, code } => {
                self.post(
                    what::REDEEMED,
                    0,
                    service::redeem(options, code.clone(), browser.verifier(&started.id)),
                );
            }
            Effect::Navigate(address) => browser.go(address),
            Effect::Reload => browser.reload(),
            Effect::Copy(address) => browser.copy(address),
            Effect::TellPhase(phase) => {
                browser.detail("phase", phase.as_str());
                browser.tell("weixin-login-phase");
                if *phase == Phase::Success && self.options.display == Display::Button {
                    browser.wake(what::SEEN, DONE_IS_SEEN_FOR);
                }
            }
            Effect::TellSuccess(success) => self.tell_success(success),
            Effect::TellError(error) => {
                browser.detail("code", error.code.as_str());
                browser.detail("message", &error.message);
                browser.cause(cause);
                browser.tell("weixin-login-error");
            }
        }
    }

    /// `{result: "session", nickname, picture}` or `{result: "code", code, state, iss}`
    fn tell_success(&self, success: &Success) {
        let browser = &self.view.browser;
        match success {
            Success::Session(profile) => {
                browser.detail("result", "session");
                browser.detail("nickname", &profile.nickname);
                if let Some(picture) = &profile.picture {
                    browser.detail("picture", picture);
                }
            }
            Success::Code { code, state, iss } => {
                browser.detail("result", "code");
                browser.detail("code", code);
                if let Some(state) = state {
                    browser.detail("state", state);
                }
                browser.detail("iss", iss);
            }
        }
        browser.tell("weixin-login-success");
    }

    fn start(&self) {
        if let Some(attempt) = &self.options.attempt {
            let error = || LoginError::new(Code::ServiceUnreachable, "the attribute attempt is no attempt");
            let started = service::started(attempt).ok_or_else(error);
            self.send(Event::Started(started), JsValue::UNDEFINED);
        } else if let Some(challenge) = &self.options.code_challenge {
            self.post(what::STARTED, 0, service::start(&self.options, challenge.clone()));
        } else {
            self.view.browser.challenge(what::CHALLENGE);
        }
    }

    fn post(&self, what: i32, number: i32, post: Post<'_>) {
        let Post { address, body, secret, credentials, limit } = post;
        self.view.browser.post(
            what,
            number,
            what >= what::PROBED || what == what::AUTHORIZED,
            &address,
            &body,
            secret.unwrap_or_default(),
            credentials,
            limit,
        );
    }

    fn ask(&self, what: i32, Run(number): Run, post: Option<Post<'_>>) {
        if let Some(post) = post {
            self.post(what, number as i32, post);
        }
    }
}
