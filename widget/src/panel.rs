//! One panel in the page: carries the machine's effects out, and its events in. Decides nothing.

use alloc::boxed::Box;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use flow::clock::Clock;
use flow::error::LoginError;
use flow::event::{Effect, Event};
use flow::machine::Machine;
use flow::options::{Options, Surroundings};
use flow::text::Language;
use js_sys::Date;
use protocol::qrconnect::ColorScheme;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, Node, PageTransitionEvent, Window};

use crate::fetch::{Call, Outcome, Post};
use crate::listen::{Listener, Timer};
use crate::service::{self, Failure, Pkce};
use crate::view::View;
use crate::{Page, fast_login, permission, tell};

/// A panel in the page. It is taken out, and all it has under way is dropped, with this value.
pub struct Panel {
    inner: Rc<Inner>,
    _listeners: [Listener; 4],
}

struct Inner {
    me: Weak<Self>,
    page: Rc<Page>,
    options: Rc<Options>,
    machine: RefCell<Machine>,
    clock: Cell<Clock>,
    view: RefCell<View>,
    desktop_calls: Cell<Vec<Call>>,
    service_calls: Cell<Vec<Call>>,
    /// The verifiers of the last attempts, by attempt.
    verifiers: Cell<Vec<(String, String)>>,
    permission: Cell<Option<Listener>>,
    wake: Cell<Option<Timer>>,
    closed: Cell<bool>,
}

/// A former attempt may still be answered; those before it have no frame any more.
const VERIFIERS_KEPT: usize = 3;
/// What was called before these is answered long since.
const CALLS_KEPT: usize = 8;

impl Panel {
    /// Puts a panel in `parent` and starts the login.
    pub fn new(page: &Rc<Page>, parent: &Node, options: Options, surroundings: &Surroundings) -> Self {
        let inner = Rc::new_cyclic(|me: &Weak<Inner>| {
            let pressed = me.clone();
            let press = Box::new(move |button| {
                if let Some(inner) = pressed.upgrade() {
                    inner.send(Event::Pressed(button));
                }
            });
            let view = View::new(&page.document, parent, options.language, options.theme, press);
            Inner {
                me: me.clone(),
                page: page.clone(),
                machine: RefCell::new(Machine::new(&options, surroundings)),
                options: Rc::new(options),
                clock: Cell::new(Clock::new(monotonic(&page.window), Date::now())),
                view: RefCell::new(view),
                desktop_calls: Cell::default(),
                service_calls: Cell::default(),
                verifiers: Cell::default(),
                permission: Cell::default(),
                wake: Cell::default(),
                closed: Cell::new(false),
            }
        });
        let panel = Self { _listeners: inner.listeners(), inner };
        panel.inner.send(Event::Appeared);
        panel
    }

    /// Takes another language and theme, without touching the login.
    pub fn dress(&self, language: Language, theme: ColorScheme) {
        if let Ok(mut view) = self.inner.view.try_borrow_mut() {
            view.dress(language, theme);
        }
        self.inner.draw();
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        // A page's own handler may drop the panel in the middle of `send`, which holds `inner` for a moment longer.
        self.inner.closed.set(true);
        self.inner.desktop_calls.take();
        self.inner.service_calls.take();
        self.inner.permission.take();
        self.inner.wake.take();
        if let Ok(mut view) = self.inner.view.try_borrow_mut() {
            view.remove();
        }
    }
}

impl Inner {
    fn listeners(&self) -> [Listener; 4] {
        let on = |target: &EventTarget, name, event: fn(&Self, JsValue) -> Option<Event>| {
            let me = self.me.clone();
            let heard = move |heard| {
                if let Some(inner) = me.upgrade()
                    && let Some(event) = event(&inner, heard)
                {
                    inner.send(event);
                }
            };
            Listener::new(target, name, Box::new(heard))
        };
        [
            on(&self.page.window, "message", |inner, heard| {
                inner.view.try_borrow().ok()?.heard(heard.unchecked_ref())
            }),
            on(&self.page.window, "online", |_, _| Some(Event::Online)),
            on(&self.page.window, "pageshow", |_, heard| {
                heard.unchecked_ref::<PageTransitionEvent>().persisted().then_some(Event::Returned)
            }),
            on(&self.page.document, "visibilitychange", |inner, _| {
                Some(Event::Visible(!inner.page.document.hidden()))
            }),
        ]
    }

    fn send(&self, event: Event) {
        self.send_with_cause(event, &JsValue::UNDEFINED);
    }

    /// Sends what came of a call; what the browser threw goes with the error.
    fn answer<T>(&self, outcome: Result<T, Failure>, event: fn(Result<T, LoginError>) -> Event) {
        match outcome {
            Ok(value) => self.send(event(Ok(value))),
            Err(Failure { error, cause }) => self.send_with_cause(event(Err(error)), &cause),
        }
    }

    fn send_with_cause(&self, event: Event, cause: &JsValue) {
        if self.closed.get() {
            return;
        }
        let mut clock = self.clock.get();
        let now = clock.read(monotonic(&self.page.window), Date::now());
        self.clock.set(clock);
        // Nothing that happens inside sends: it is only outside that events come from.
        let Ok(mut machine) = self.machine.try_borrow_mut() else { return };
        let effects = machine.handle(event, now);
        drop(machine);
        self.draw();
        self.set_timer(now);
        for effect in effects {
            // The page hears some of them, and may take the element out there and then.
            if !self.closed.get() {
                self.perform(effect, cause);
            }
        }
    }

    fn draw(&self) {
        if let (Ok(mut view), Ok(machine)) = (self.view.try_borrow_mut(), self.machine.try_borrow()) {
            view.show(&machine.screen());
        }
    }

    fn set_timer(&self, now: u64) {
        let me = self.me.clone();
        let wakes_at = self.machine.try_borrow().ok().and_then(|machine| machine.wakes_at());
        let timer = wakes_at.map(|at| {
            let ring = move |_| {
                if let Some(inner) = me.upgrade() {
                    inner.send(Event::Woke);
                }
            };
            Timer::new(at.saturating_sub(now), Box::new(ring))
        });
        self.wake.set(timer);
    }

    fn perform(&self, effect: Effect, cause: &JsValue) {
        let window = &self.page.window;
        match effect {
            Effect::StartAttempt => self.start(),
            Effect::RenewAttempt { id } => {
                self.ask_service(service::renew(&self.options, &id), service::started, Event::Started);
            }
            Effect::QueryPermission => self.query_permission(),
            Effect::Probe { run, desktop_urls, login, limit } => {
                self.desktop_calls.take();
                for desktop_url in desktop_urls {
                    let post = fast_login::check_login(&desktop_url, login.clone(), limit);
                    self.ask_desktop(post, move |outcome| Event::Probed {
                        run,
                        desktop_url,
                        outcome: fast_login::checked(outcome),
                    });
                }
            }
            Effect::Authorize { run, desktop_url, login, authorize_uuid } => {
                self.desktop_calls.take();
                let post = fast_login::authorize(window, &desktop_url, login, authorize_uuid);
                self.ask_desktop(post, move |outcome| Event::Authorized {
                    run,
                    outcome: fast_login::authorized(outcome),
                });
            }
            Effect::HangUp => drop(self.desktop_calls.take()),
            Effect::PostCallback { id, secret, answer } => {
                let post = service::callback(&self.options, &id, secret, &answer);
                self.ask_service(post, service::finished, Event::Finished);
            }
            Effect::Redeem { id, code } => {
                let verifiers = self.verifiers.take();
                let verifier = verifiers.into_iter().find(|(attempt, _)| *attempt == id);
                let verifier = verifier.map(|(_, verifier)| verifier).unwrap_or_default();
                let post = service::redeem(&self.options, code, verifier);
                self.ask_service(post, service::redeemed, Event::Redeemed);
            }
            // Neither fails for an address that was parsed; a page that is being left says nothing.
            Effect::Navigate(address) => drop(window.location().assign(&address)),
            Effect::Reload => drop(window.location().reload()),
            Effect::CopyLink => self.copy_link(),
            Effect::TellPhase(phase) => tell::phase(&self.page.host, phase),
            Effect::TellSuccess(success) => tell::success(&self.page.host, success),
            Effect::TellError(error) => tell::error(&self.page.host, error, cause),
        }
    }

    fn start(&self) {
        if let Some(attempt) = &self.options.attempt {
            let unreachable = || service::unreachable(&self.page.window, JsValue::UNDEFINED);
            return self.answer(service::started(attempt).ok_or_else(unreachable), Event::Started);
        }
        if let Some(challenge) = &self.options.code_challenge {
            let post = service::start(&self.options, challenge.clone());
            return self.ask_service(post, service::started, Event::Started);
        }
        let me = self.me.clone();
        let made = move |pkce| {
            if let Some(inner) = me.upgrade() {
                inner.start_with(pkce);
            }
        };
        Pkce::make(&self.page.window, Box::new(made));
    }

    fn start_with(&self, pkce: Result<Pkce, JsValue>) {
        match pkce {
            Ok(Pkce { verifier, challenge }) => {
                let post = service::start(&self.options, challenge);
                let me = self.me.clone();
                let then = move |outcome| {
                    let Some(inner) = me.upgrade() else { return };
                    let started = service::read(&inner.page.window, outcome, service::started);
                    if let Ok(started) = &started {
                        let mut verifiers = inner.verifiers.take();
                        verifiers.insert(0, (started.id.clone(), verifier));
                        verifiers.truncate(VERIFIERS_KEPT);
                        inner.verifiers.set(verifiers);
                    }
                    inner.answer(started, Event::Started);
                };
                self.call(post, &self.service_calls, Box::new(then));
            }
            Err(cause) => self.answer(Err(service::no_crypto(cause)), Event::Started),
        }
    }

    fn query_permission(&self) {
        let me = self.me.clone();
        let heard = move |permission, status: Option<EventTarget>| {
            let Some(inner) = me.upgrade() else { return };
            if let Some(status) = status {
                let target = status.clone();
                let changed = move |_| {
                    if let Some(inner) = me.upgrade() {
                        inner.send(Event::Permission(permission::of(&status)));
                    }
                };
                inner.permission.set(Some(Listener::new(&target, "change", Box::new(changed))));
            }
            inner.send(Event::Permission(permission));
        };
        permission::query(&self.page.window, Box::new(heard));
    }

    fn ask_service<T: 'static>(
        &self,
        post: Post,
        read: fn(&str) -> Option<T>,
        event: fn(Result<T, LoginError>) -> Event,
    ) {
        let me = self.me.clone();
        let then = move |outcome| {
            if let Some(inner) = me.upgrade() {
                inner.answer(service::read(&inner.page.window, outcome, read), event);
            }
        };
        self.call(post, &self.service_calls, Box::new(then));
    }

    fn ask_desktop(&self, post: Post, event: impl FnOnce(Outcome) -> Event + 'static) {
        let me = self.me.clone();
        let then = move |outcome| {
            if let Some(inner) = me.upgrade() {
                inner.send(event(outcome));
            }
        };
        self.call(post, &self.desktop_calls, Box::new(then));
    }

    fn call(&self, post: Post, calls: &Cell<Vec<Call>>, then: Box<dyn FnOnce(Outcome)>) {
        // Every browser that got so far has what a call needs.
        if let Ok(call) = post.send(then) {
            let mut kept = calls.take();
            kept.insert(0, call);
            kept.truncate(CALLS_KEPT);
            calls.set(kept);
        }
    }

    fn copy_link(&self) {
        let clipboard = self.page.window.navigator().clipboard();
        if !clipboard.is_undefined() {
            // A refusal has nowhere to go: the address bar still has the address.
            let _ = clipboard.write_text(&self.page.window.location().href().unwrap_or_default());
        }
    }
}

fn monotonic(window: &Window) -> f64 {
    window.performance().map_or(0.0, |performance| performance.now())
}
