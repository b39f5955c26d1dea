//! The panel: carries the machine's effects out, and brings it its events. Decides nothing.
//!
//! An effect that waits is a future ([`Waiting`]) in [`UnderWay`], and ends with its owner: the login, or the question that is
//! hung up.

use std::cell::Cell;
use std::rc::{Rc, Weak};

use flow::clock::Clock;
use flow::error::{Code, LoginError};
use flow::event::{CloseReason, Effect, Event, Success};
use flow::machine::Machine;
use flow::options::{self, Options};
use flow::text::Language;
use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::Date;
use protocol::json::Json;
use protocol::qrconnect::{ColorScheme, PostedStatus};
use protocol::service::{ErrorCode, StartedLogin, WebMessage};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlIFrameElement, MessageEvent};

use crate::http::Call;
use crate::json::BrowserJson;
use crate::page::{Detail, Heard, Page};
use crate::shown_again::ShownAgain;
use crate::spoken::{SPEAKS_WITHIN, Spoken};
use crate::task::Tasks;
use crate::view::{Dress, View};
use crate::waiting::{self, Question, Waiting};
use crate::{challenge, crashed, fast_login, pkce, service};

/// The longest time that a browser waits; with a longer one it would ring at once.
const LONGEST: u64 = 0x7fff_ffff;

/// Where a login happens: an element that is in a page.
pub struct Panel {
    pub page: Page,
    pub view: View,
    pub options: Rc<Options>,
    /// What the service told its script of the first attempt, as JSON.
    draft: Option<String>,
    /// The browser's word on asking this computer, as its script was promised it.
    permission: JsValue,
    running: Cell<Option<Box<Running>>>,
    under_way: Cell<Option<Rc<UnderWay>>>,
    this: Weak<Panel>,
}

/// A login that goes on.
struct Running {
    machine: Machine,
    clock: Clock,
}

/// All that a login has under way.
struct UnderWay {
    /// What the login waits for to its end.
    calls: Tasks,
    /// What [`Effect::HangUp`] ends: questions to this computer, and news of a scene.
    asking: Tasks,
    wake: Cell<Option<Timeout>>,
    spoken: Spoken,
    permission: Cell<Option<EventListener>>,
    shown_again: Cell<Option<ShownAgain>>,
    _page: [EventListener; 6],
}

impl Panel {
    /// A panel that is not seen yet.
    pub fn new(
        page: Page,
        view: View,
        options: Rc<Options>,
        draft: Option<String>,
        permission: JsValue,
        this: Weak<Panel>,
    ) -> Self {
        Self {
            page,
            view,
            options,
            draft,
            permission,
            running: Cell::default(),
            under_way: Cell::default(),
            this,
        }
    }

    /// Starts a login in the panel, which is seen already.
    pub fn begin(&self) {
        let this = self.this.clone();
        let under_way = UnderWay {
            calls: Tasks::default(),
            asking: Tasks::default(),
            wake: Cell::default(),
            spoken: Spoken::default(),
            permission: Cell::default(),
            shown_again: Cell::default(),
            _page: self.page.listen(move |heard| {
                if let Some(panel) = this.upgrade() {
                    panel.hear(heard);
                }
            }),
        };
        self.under_way.set(Some(Rc::new(under_way)));
        let clock = Clock::new(self.monotonic(), Date::now());
        self.running.set(Some(Box::new(Running { machine: Machine::new(self.options.clone()), clock })));
        self.dressed(self.dress_of_page());
        self.send(Event::Appeared { visible: self.page.is_visible(), draft: self.draft() });
    }

    /// What the first attempt will be, with a state of this page's.
    fn draft(&self) -> Option<Rc<StartedLogin>> {
        let mut draft = service::started(self.draft.as_deref()?)?;
        draft.state = pkce::letters(&self.page.window).ok()?;
        Some(Rc::new(draft))
    }

    /// Takes the panel out of the page, and drops all that it has under way.
    pub fn end(&self) {
        self.running.take();
        self.under_way.take();
        self.view.clear();
    }

    /// Whether a login goes on.
    pub fn runs(&self) -> bool {
        let running = self.running.take();
        let runs = running.is_some();
        self.running.set(running);
        runs
    }

    /// Takes the element's language and theme anew, without touching the login.
    pub fn dress(&self) {
        let dress = self.dress_of_page();
        self.view.dress(dress);
        self.dressed(dress);
    }

    /// The element's language and theme now.
    fn dress_of_page(&self) -> Dress {
        let page_language = self.page.language();
        options::dress(&|name| self.page.attribute(name), page_language.as_deref())
    }

    /// WeChat's page is told the theme that is really seen.
    fn dressed(&self, (language, theme): Dress) {
        let theme =
            if theme == ColorScheme::Auto { crate::dom::resolved_scheme(self.page.host()) } else { theme };
        self.send(Event::Dressed(language, theme));
    }

    /// Tells that the dialog has gone.
    pub fn tell_close(&self, reason: CloseReason) {
        self.page.tell("weixin-login-close", &Detail::default().text("reason", reason.as_str()));
    }

    fn hear(&self, heard: Heard) {
        match heard {
            Heard::Message(message) => {
                if let Some(event) = self.message(&message) {
                    self.send(event);
                }
            }
            Heard::Online(online) => self.send(Event::Online(online)),
            Heard::Returned => self.send(Event::Returned),
            Heard::FrameLoaded(frame) => self.frame_loaded(&frame),
            Heard::Visible(visible) => self.send(Event::Visible(visible)),
        }
    }

    /// What a frame of ours says. It counts when its origin is right; whose login it is, `flow` checks by state and iss.
    fn message(&self, message: &MessageEvent) -> Option<Event> {
        let number = self.view.frame_from(&message.source()?.into())?;
        let origin = message.origin();
        let running = self.running.take()?;
        let screen = running.machine.screen();
        let mut frames = screen.frame.into_iter().chain(screen.former_frame);
        let found = frames.find(|frame| frame.number == number).map(|frame| {
            let is = |url: &str| Page::origin(url).as_deref() == Some(&origin);
            (is(&frame.started.open_url), is(&frame.started.iss))
        });
        self.running.set(Some(running));
        let (is_weixins, is_callbacks) = found?;
        let data = BrowserJson(message.data());
        let spoken = &self.under_way()?.spoken;
        // Plain http in a demo may have both pages on one origin: each message has a shape of its own.
        if is_weixins
            && let Some(text) = data.text()
            && let Some(status) = PostedStatus::read::<BrowserJson>(&text)
        {
            if status == PostedStatus::Ready {
                spoken.weixin_came(number);
            }
            return Some(Event::Frame { number, status });
        }
        let message = WebMessage::read(&data).filter(|_| is_callbacks)?;
        spoken.callback_came();
        Some(Event::Message(message))
    }

    fn frame_loaded(&self, frame: &HtmlIFrameElement) {
        let (Some(window), Some(under_way)) = (frame.content_window(), self.under_way()) else { return };
        if let Some(number) = self.view.frame_from(&window) {
            under_way.spoken.loaded(number, || self.later(SPEAKS_WITHIN, Event::FrameLost { number }));
        }
    }

    /// Brings the machine an event.
    pub fn send(&self, event: Event) {
        self.send_with(event, &JsValue::UNDEFINED);
    }

    /// `cause` is what the browser or the page threw, where the event is a failure.
    pub fn send_with(&self, event: Event, cause: &JsValue) {
        // Nothing that happens inside sends: it is only outside that events come from.
        let Some(mut running) = self.running.take() else { return };
        let inside = crashed::Inside::enter();
        let now = running.clock.read(self.monotonic(), Date::now());
        let effects = running.machine.handle(event, now);
        let wakes_at = running.machine.wakes_at();
        self.view.show(&running.machine.screen());
        self.running.set(Some(running));
        self.wake_after(wakes_at.map(|at| at.saturating_sub(now).min(LONGEST) as u32));
        for effect in &effects {
            self.perform(effect, cause);
        }
        drop(inside);
    }

    fn wake_after(&self, delay: Option<u32>) {
        let Some(under_way) = self.under_way() else { return };
        under_way.wake.set(delay.map(|delay| self.later(delay, Event::Woke)));
    }

    /// Brings the machine an event after so many milliseconds, unless it is dropped before.
    fn later(&self, delay: u32, event: Event) -> Timeout {
        let this = self.this.clone();
        Timeout::new(delay, move || tell(&this, event))
    }

    fn perform(&self, effect: &Effect, cause: &JsValue) {
        let options = &self.options;
        match effect {
            Effect::MakeChallenge => self.wait(Waiting::Pkce(self.page.window.clone())),
            Effect::AskForChallenge => self.wait(Waiting::PagesChallenge(challenge::ask(&self.page))),
            Effect::StartAttempt { challenge, state } => {
                let Some(language) = self.language() else { return };
                self.call(Question::Start, service::start(options, language, challenge, state.clone()));
            }
            Effect::RenewAttempt(started) => self.call(Question::Start, service::renew(options, started)),
            Effect::ReadAttempt(attempt) => {
                let error = || LoginError::new(Code::ServiceUnreachable, "attempt is malformed");
                self.send(Event::Started(service::started(attempt).map(Rc::new).ok_or_else(error)));
            }
            Effect::QueryPermission => self.wait(Waiting::Permission(self.permission.clone())),
            Effect::Probe { run, started, desktop, limit } => {
                for index in 0..started.desktop_urls.len() {
                    if desktop.is_none_or(|desktop| desktop == index) {
                        let call = fast_login::check_login(started, index, *limit);
                        self.ask(call.map(|call| Waiting::Answer(Question::Probe(*run, index), call)));
                    }
                }
            }
            Effect::Authorize { run, found } => {
                let call = fast_login::authorize(found, self.page.dialog_corner());
                self.ask(call.map(|call| Waiting::Answer(Question::Authorize(*run), call)));
            }
            Effect::HearScene { run, started } => {
                let address = service::events(options, started);
                self.ask(Some(Waiting::Scene { run: *run, address, started: started.clone() }));
            }
            Effect::FinishScene(started) => self.call(Question::Finish, service::finish(options, started)),
            Effect::PostCallback { started, code } => {
                self.call(Question::Finish, service::callback(options, started, code));
            }
            Effect::Redeem { code, code_verifier } => {
                self.call(Question::Redeem, service::redeem(options, code.clone(), code_verifier.clone()));
            }
            Effect::HangUp => {
                if let Some(under_way) = self.under_way() {
                    under_way.asking.clear();
                }
            }
            Effect::Navigate(address) => self.page.go(address),
            Effect::Reload => self.page.reload(),
            Effect::Copy(address) => self.wait(Waiting::Clipboard(self.page.window.clone(), address.clone())),
            Effect::WatchForShowing => self.watch_for_showing(),
            Effect::OpenDialog => self.view.open_dialog(),
            Effect::CloseDialog(reason) => {
                self.view.close_dialog();
                self.tell_close(*reason);
            }
            Effect::Leave => self.end(),
            Effect::TellPhase(phase) => {
                self.page.tell("weixin-login-phase", &Detail::default().text("phase", phase.as_str()));
            }
            Effect::TellSuccess(success) => self.tell_success(success),
            Effect::TellError(error) => {
                let detail =
                    Detail::default().text("code", error.code.as_str()).text("message", &error.message);
                self.page.tell("weixin-login-error", &detail.value("cause", cause));
                if is_the_sites(error.code) {
                    self.page.complain(&error.message);
                }
            }
        }
    }

    /// `{result: "session", nickname, picture}` or `{result: "code", code, state, iss}`
    fn tell_success(&self, success: &Success) {
        let optional = |text: &Option<String>| text.as_deref().map_or(JsValue::UNDEFINED, JsValue::from_str);
        let detail = match success {
            Success::Session(profile) => Detail::default()
                .text("result", "session")
                .text("nickname", &profile.nickname)
                .value("picture", &optional(&profile.picture)),
            Success::Code { code, state, iss } => Detail::default()
                .text("result", "code")
                .text("code", code)
                .value("state", &optional(state))
                .text("iss", iss),
        };
        self.page.tell("weixin-login-success", &detail);
    }

    fn call(&self, question: Question, call: Call) {
        self.wait(Waiting::Answer(question, call));
    }

    /// Waits to the login's end.
    fn wait(&self, waiting: Waiting) {
        if let Some(under_way) = self.under_way() {
            under_way.calls.run(waiting::wait(self.this.clone(), waiting));
        }
    }

    /// Waits until it is hung up.
    fn ask(&self, waiting: Option<Waiting>) {
        if let (Some(waiting), Some(under_way)) = (waiting, self.under_way()) {
            under_way.asking.run(waiting::wait(self.this.clone(), waiting));
        }
    }

    /// Keeps what tells of the permission's changes.
    pub fn keep_watching(&self, permission: Option<EventListener>) {
        if let Some(under_way) = self.under_way() {
            under_way.permission.set(permission);
        }
    }

    fn watch_for_showing(&self) {
        let (Some(under_way), Some(element)) = (self.under_way(), self.view.panel()) else { return };
        let this = self.this.clone();
        let shown = move || tell(&this, Event::ShownAgain);
        under_way.shown_again.set(ShownAgain::watch(element.unchecked_into(), shown));
    }

    fn under_way(&self) -> Option<Rc<UnderWay>> {
        let under_way = self.under_way.take();
        self.under_way.set(under_way.clone());
        under_way
    }

    fn language(&self) -> Option<Language> {
        let running = self.running.take()?;
        let language = running.machine.language();
        self.running.set(Some(running));
        Some(language)
    }

    /// The clock that is never set, in milliseconds.
    fn monotonic(&self) -> f64 {
        self.page.window.performance().map_or(0.0, |performance| performance.now())
    }
}

/// Brings it an event, where the panel is still there.
pub fn tell(panel: &Weak<Panel>, event: Event) {
    if let Some(panel) = panel.upgrade() {
        panel.send(event);
    }
}

/// Whether it is for whoever writes the page: a mistake in how the element is used, which the person cannot mend.
fn is_the_sites(code: Code) -> bool {
    matches!(
        code,
        Code::WrongAddress
            | Code::Service(
                ErrorCode::InvalidRequest | ErrorCode::UnknownClient | ErrorCode::UnregisteredOrigin
            )
    )
}
