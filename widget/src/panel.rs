//! One panel in the page: carries the machine's effects out, and its events in. Decides nothing.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use flow::clock::Clock;
use flow::error::{Code, LoginError};
use flow::event::{Effect, Event, Run};
use flow::machine::Machine;
use flow::options::Options;
use js_sys::Date;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, Node, PageTransitionEvent, Window};

use crate::fetch::{Call, Outcome, Post};
use crate::listen::{Listener, Timer};
use crate::scene::Hearing;
use crate::service::{self, Pkce};
use crate::view::View;
use crate::{Dress, Page, fast_login, permission, tell};

/// A panel in the page. It is taken out, and all it has under way is dropped, with this value.
pub struct Panel(Rc<Inner>);

/// Everything that it hears by holds it in turn: [`Panel`]'s end takes that apart.
struct Inner {
    page: Rc<Page>,
    options: Rc<Options>,
    machine: RefCell<Machine>,
    view: RefCell<Option<View>>,
    clock: Cell<Clock>,
    listeners: Cell<Vec<Listener>>,
    wake: Cell<Option<Timer>>,
    desktop_calls: Cell<Vec<Call>>,
    service_calls: Cell<Vec<Call>>,
    hearing: Cell<Option<Hearing>>,
    /// The verifiers of the last attempts, by attempt.
    verifiers: Cell<Vec<(String, String)>>,
    closed: Cell<bool>,
}

/// What a call was for.
enum Then {
    Probed { run: Run, desktop_url: String },
    Authorized { run: Run },
    Started { verifier: Option<String> },
    Finished,
    Redeemed,
}

/// A former attempt may still be answered; those before it have no frame any more.
const VERIFIERS_KEPT: usize = 3;
/// What was called before these is answered long since.
const CALLS_KEPT: usize = 8;

impl Panel {
    /// Puts a panel in `parent` and starts the login.
    pub fn new(page: &Rc<Page>, parent: &Node, options: Rc<Options>, (language, theme): Dress) -> Self {
        let inner = Rc::new(Inner {
            page: page.clone(),
            machine: RefCell::new(Machine::new(options.clone())),
            options,
            view: RefCell::default(),
            clock: Cell::new(Clock::new(monotonic(&page.window), Date::now())),
            listeners: Cell::default(),
            wake: Cell::default(),
            desktop_calls: Cell::default(),
            service_calls: Cell::default(),
            hearing: Cell::default(),
            verifiers: Cell::default(),
            closed: Cell::default(),
        });
        let pressed = inner.clone();
        let press = Box::new(move |button| pressed.send(Event::Pressed(button)));
        let view = View::new(&page.document, parent, language, theme, press);
        inner.with_view(|place| *place = Some(view));
        inner.listen();
        inner.send(Event::Appeared);
        Self(inner)
    }

    /// Takes another language and theme, without touching the login.
    pub fn dress(&self, (language, theme): Dress) {
        self.0.with_view(|view| {
            if let Some(view) = view {
                view.dress(language, theme);
            }
        });
        self.0.draw();
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        // A page's own handler may drop the panel in the middle of `send`, which sees that it is closed.
        self.0.closed.set(true);
        self.0.listeners.take();
        self.0.wake.take();
        self.0.desktop_calls.take();
        self.0.service_calls.take();
        self.0.hearing.take();
        self.0.with_view(|view| *view = None);
    }
}

impl Inner {
    fn listen(self: &Rc<Self>) {
        let window = &self.page.window;
        self.on(window, "message", |inner, heard| {
            inner.with_view(|view| view.as_ref()?.heard(heard.unchecked_ref())).flatten()
        });
        self.on(window, "online", |_, _| Some(Event::Online));
        self.on(window, "pageshow", |_, heard| {
            heard.unchecked_ref::<PageTransitionEvent>().persisted().then_some(Event::Returned)
        });
        self.on(&self.page.document, "visibilitychange", |inner, _| {
            Some(Event::Visible(!inner.page.document.hidden()))
        });
    }

    fn on(
        self: &Rc<Self>,
        target: &EventTarget,
        name: &'static str,
        event: fn(&Self, JsValue) -> Option<Event>,
    ) {
        let me = self.clone();
        let heard = move |heard| {
            if let Some(event) = event(&me, heard) {
                me.send(event);
            }
        };
        let mut listeners = self.listeners.take();
        listeners.push(Listener::new(target, name, Box::new(heard)));
        self.listeners.set(listeners);
    }

    fn send(self: &Rc<Self>, event: Event) {
        self.send_with_cause(event, &JsValue::UNDEFINED);
    }

    /// `cause` is what the browser threw, where the event is a failure.
    fn send_with_cause(self: &Rc<Self>, event: Event, cause: &JsValue) {
        if self.closed.get() {
            return;
        }
        let mut clock = self.clock.get();
        let now = clock.read(monotonic(&self.page.window), Date::now());
        self.clock.set(clock);
        // Nothing that happens inside sends: it is only outside that events come from.
        let Ok(mut machine) = self.machine.try_borrow_mut() else { return };
        let effects = machine.handle(event, now);
        let wakes_at = machine.wakes_at();
        drop(machine);

        self.draw();
        self.wake.set(wakes_at.map(|at| {
            let me = self.clone();
            Timer::new(at.saturating_sub(now), Box::new(move |_| me.send(Event::Woke)))
        }));
        for effect in effects {
            // The page hears some of them, and may take the element out there and then.
            if !self.closed.get() {
                self.perform(effect, cause);
            }
        }
    }

    fn draw(&self) {
        self.with_view(|view| {
            if let (Some(view), Ok(machine)) = (view, self.machine.try_borrow()) {
                view.show(&machine.screen());
            }
        });
    }

    fn with_view<T>(&self, what: impl FnOnce(&mut Option<View>) -> T) -> Option<T> {
        self.view.try_borrow_mut().ok().map(|mut view| what(&mut view))
    }

    fn perform(self: &Rc<Self>, effect: Effect, cause: &JsValue) {
        let window = &self.page.window;
        match effect {
            Effect::StartAttempt => self.start(),
            Effect::RenewAttempt { id } => {
                self.call(service::renew(&self.options, &id), Then::Started { verifier: None });
            }
            Effect::QueryPermission => self.query_permission(),
            Effect::Probe { run, desktop_urls, login, limit } => {
                self.desktop_calls.take();
                for desktop_url in desktop_urls {
                    let post = fast_login::check_login(&desktop_url, login.clone(), limit);
                    self.call(post, Then::Probed { run, desktop_url });
                }
            }
            Effect::Authorize { run, desktop_url, login, authorize_uuid } => {
                self.desktop_calls.take();
                let post = fast_login::authorize(window, &desktop_url, login, authorize_uuid);
                self.call(post, Then::Authorized { run });
            }
            Effect::HearScene { id, secret } => self.hear_scene(id, secret),
            Effect::FinishScene { id, secret, state } => {
                self.hearing.take();
                self.call(service::finish(&self.options, &id, secret, state), Then::Finished);
            }
            Effect::HangUp => {
                self.desktop_calls.take();
                self.hearing.take();
            }
            Effect::PostCallback { id, secret, answer } => {
                self.call(service::callback(&self.options, &id, secret, &answer), Then::Finished);
            }
            Effect::Redeem { id, code } => {
                let verifiers = self.verifiers.take();
                let verifier = verifiers.into_iter().find(|(attempt, _)| *attempt == id);
                let verifier = verifier.map(|(_, verifier)| verifier).unwrap_or_default();
                self.call(service::redeem(&self.options, code, verifier), Then::Redeemed);
            }
            // Neither fails for an address that was parsed; a page that is being left says nothing.
            Effect::Navigate(address) => drop(window.location().assign(&address)),
            Effect::Reload => drop(window.location().reload()),
            Effect::Copy(address) => self.copy(&address),
            Effect::TellPhase(phase) => tell::phase(&self.page.host, phase),
            Effect::TellSuccess(success) => tell::success(&self.page.host, success),
            Effect::TellError(error) => tell::error(&self.page.host, error, cause),
        }
    }

    fn start(self: &Rc<Self>) {
        if let Some(attempt) = &self.options.attempt {
            let error = || LoginError::new(Code::ServiceUnreachable, "the attribute attempt is no attempt");
            return self.send(Event::Started(service::started(attempt).ok_or_else(error)));
        }
        if let Some(challenge) = &self.options.code_challenge {
            let post = service::start(&self.options, challenge.clone());
            return self.call(post, Then::Started { verifier: None });
        }
        let me = self.clone();
        let made = move |pkce| match pkce {
            Ok(Pkce { verifier, challenge }) => {
                let post = service::start(&me.options, challenge);
                me.call(post, Then::Started { verifier: Some(verifier) });
            }
            Err(cause) => {
                let message = "a login that ends in a session needs an https page (crypto.subtle)";
                let error = LoginError::new(Code::Unsupported, message);
                me.send_with_cause(Event::Started(Err(error)), &cause);
            }
        };
        Pkce::make(&self.page.window, Box::new(made));
    }

    fn query_permission(self: &Rc<Self>) {
        let me = self.clone();
        let heard = move |permission, status: Option<EventTarget>| {
            if me.closed.get() {
                return;
            }
            if let Some(status) = status {
                me.on(&status, "change", |_, event| {
                    let status = event.unchecked_ref::<web_sys::Event>().target()?;
                    Some(Event::Permission(permission::of(&status)))
                });
            }
            me.send(Event::Permission(permission));
        };
        permission::query(&self.page.window, Box::new(heard));
    }

    fn call(self: &Rc<Self>, post: Post, then: Then) {
        let calls = match then {
            Then::Probed { .. } | Then::Authorized { .. } => &self.desktop_calls,
            _ => &self.service_calls,
        };
        let me = self.clone();
        // Every browser that got so far has what a call needs.
        if let Ok(call) = post.send(Box::new(move |outcome| me.answered(then, outcome))) {
            let mut kept = calls.take();
            kept.insert(0, call);
            kept.truncate(CALLS_KEPT);
            calls.set(kept);
        }
    }

    fn answered(self: &Rc<Self>, then: Then, outcome: Outcome) {
        let cause = outcome.as_ref().err().cloned().unwrap_or_default();
        let window = &self.page.window;
        let event = match then {
            Then::Probed { run, desktop_url } => {
                Event::Probed { run, desktop_url, outcome: fast_login::checked(outcome) }
            }
            Then::Authorized { run } => Event::Authorized { run, outcome: fast_login::authorized(outcome) },
            Then::Started { verifier } => {
                let started = service::read(window, outcome, service::started);
                if let (Ok(started), Some(verifier)) = (&started, verifier) {
                    let mut verifiers = self.verifiers.take();
                    verifiers.insert(0, (started.id.clone(), verifier));
                    verifiers.truncate(VERIFIERS_KEPT);
                    self.verifiers.set(verifiers);
                }
                Event::Started(started)
            }
            Then::Finished => Event::Finished(service::read(window, outcome, service::finished)),
            Then::Redeemed => Event::Redeemed(service::read(window, outcome, service::redeemed)),
        };
        self.send_with_cause(event, &cause);
    }

    fn hear_scene(self: &Rc<Self>, id: String, secret: Option<String>) {
        let me = self.clone();
        let scene = id.clone();
        let news = move |event| me.send(Event::Scene { id: scene.clone(), event });
        self.hearing.set(Some(Hearing::new(&self.options, &id, secret, Box::new(news))));
    }

    fn copy(&self, address: &str) {
        let clipboard = self.page.window.navigator().clipboard();
        if !clipboard.is_undefined() {
            // A refusal has nowhere to go: what was to be copied is told in words as well.
            let _ = clipboard.write_text(address);
        }
    }
}

fn monotonic(window: &Window) -> f64 {
    window.performance().map_or(0.0, |performance| performance.now())
}
