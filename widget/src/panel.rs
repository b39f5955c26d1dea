//! One panel in the page: carries the machine's effects out, and its events in. Decides nothing.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use flow::clock::Clock;
use flow::error::LoginError;
use flow::event::{Effect, Event};
use flow::machine::Machine;
use flow::options::{Options, Surroundings};
use flow::screen::Button;
use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::Date;
use protocol::fast_login::Unusable;
use protocol::service::StartedLogin;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortSignal, EventTarget, MessageEvent, Node, PageTransitionEvent, VisibilityState, Window};

use crate::error::Failure;
use crate::fetch::Call;
use crate::service::{self, Pkce, Service};
use crate::view::View;
use crate::{Page, fast_login, permission, tell};

/// A panel in the page. It is taken out, and all it has under way is dropped, with this value.
pub struct Panel {
    inner: Rc<Inner>,
    _listeners: [EventListener; 4],
}

struct Inner {
    me: Weak<Self>,
    page: Rc<Page>,
    options: Rc<Options>,
    machine: RefCell<Machine>,
    clock: RefCell<Clock>,
    view: RefCell<View>,
    desktop_calls: RefCell<Vec<Call>>,
    service_calls: RefCell<Vec<Call>>,
    /// The verifiers of the last attempts, by attempt.
    verifiers: RefCell<Vec<(String, String)>>,
    permission: RefCell<Option<EventListener>>,
    wake: RefCell<Option<Timeout>>,
    closed: Cell<bool>,
}

/// A former attempt may still be answered; those before it have no frame any more.
const VERIFIERS_KEPT: usize = 3;
/// What was called before these is answered long since.
const SERVICE_CALLS_KEPT: usize = 3;
/// WeChat's dialog waits for a person; the attempt itself dies sooner.
const AUTHORIZE_LIMIT: u32 = 600_000;
/// The longest time a browser's timer takes; the machine is woken early then, and says so again.
const LONGEST_TIMER: u64 = 0x7fff_ffff;

impl Panel {
    /// Puts a panel in `parent` and starts the login.
    pub fn new(page: &Rc<Page>, parent: &Node, options: Options, surroundings: &Surroundings) -> Self {
        let inner = Rc::new_cyclic(|me: &Weak<Inner>| {
            let pressed = me.clone();
            let view = View::new(&page.document, parent, options.language, options.theme, move |button| {
                if let Some(inner) = pressed.upgrade() {
                    inner.pressed(button);
                }
            });
            Inner {
                me: me.clone(),
                page: page.clone(),
                machine: RefCell::new(Machine::new(&options, surroundings)),
                options: Rc::new(options),
                clock: RefCell::new(Clock::new(monotonic(&page.window), Date::now())),
                view: RefCell::new(view),
                desktop_calls: RefCell::default(),
                service_calls: RefCell::default(),
                verifiers: RefCell::default(),
                permission: RefCell::default(),
                wake: RefCell::default(),
                closed: Cell::new(false),
            }
        });
        let panel = Self { _listeners: inner.listeners(), inner };
        panel.inner.send(Event::Appeared);
        panel
    }

    /// Takes another language and theme, without touching the login.
    pub fn dress(&self, options: &Options) {
        self.inner.view.borrow_mut().dress(options.language, options.theme);
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
        self.inner.view.borrow_mut().remove();
    }
}

impl Inner {
    fn listeners(&self) -> [EventListener; 4] {
        let on =
            |target: &EventTarget, name: &'static str, event: fn(&Self, &web_sys::Event) -> Option<Event>| {
                let me = self.me.clone();
                EventListener::new(target, name, move |heard| {
                    if let Some(inner) = me.upgrade()
                        && let Some(event) = event(&inner, heard)
                    {
                        inner.send(event);
                    }
                })
            };
        [
            on(&self.page.window, "message", |inner, heard| {
                inner.view.borrow().heard(heard.dyn_ref::<MessageEvent>()?)
            }),
            on(&self.page.window, "online", |_, _| Some(Event::Online)),
            on(&self.page.window, "pageshow", |_, heard| {
                heard.dyn_ref::<PageTransitionEvent>()?.persisted().then_some(Event::Returned)
            }),
            on(&self.page.document, "visibilitychange", |inner, _| {
                Some(Event::Visible(inner.page.document.visibility_state() == VisibilityState::Visible))
            }),
        ]
    }

    fn pressed(&self, button: Button) {
        self.send(Event::Pressed(button));
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
        let now = self.clock.borrow_mut().read(monotonic(&self.page.window), Date::now());
        let effects = self.machine.borrow_mut().handle(event, now);
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
        self.view.borrow_mut().show(&self.machine.borrow().screen());
    }

    fn set_timer(&self, now: u64) {
        let me = self.me.clone();
        let timer = self.machine.borrow().wakes_at().map(|at| {
            Timeout::new(at.saturating_sub(now).min(LONGEST_TIMER) as u32, move || {
                if let Some(inner) = me.upgrade() {
                    inner.send(Event::Woke);
                }
            })
        });
        // The old one is dropped after the new one is in its place: it may be the very one that has just rung.
        drop(self.wake.replace(timer));
    }

    fn perform(&self, effect: Effect, cause: &JsValue) {
        match effect {
            Effect::StartAttempt => self.start(),
            Effect::RenewAttempt { id } => {
                self.ask_service(async move |service| service.renew(&id).await, Event::Started);
            }
            Effect::QueryPermission => self.query_permission(),
            Effect::Probe { run, desktop_urls, login, limit } => {
                self.desktop_calls.take();
                for desktop_url in desktop_urls {
                    let (window, login) = (self.page.window.clone(), login.clone());
                    let asked = desktop_url.clone();
                    self.ask_desktop(
                        limit as u32,
                        async move |signal| fast_login::check_login(&window, &asked, login, signal).await,
                        move |outcome| Event::Probed { run, desktop_url, outcome },
                    );
                }
            }
            Effect::Authorize { run, desktop_url, login, authorize_uuid } => {
                self.desktop_calls.take();
                let window = self.page.window.clone();
                self.ask_desktop(
                    AUTHORIZE_LIMIT,
                    async move |signal| {
                        fast_login::authorize(&window, &desktop_url, login, authorize_uuid, signal).await
                    },
                    move |outcome| Event::Authorized { run, outcome },
                );
            }
            Effect::HangUp => drop(self.desktop_calls.take()),
            Effect::PostCallback { id, secret, answer } => self.ask_service(
                async move |service| service.callback(&id, &secret, &answer).await,
                Event::Finished,
            ),
            Effect::Redeem { id, code } => {
                let verifier = self
                    .verifiers
                    .borrow()
                    .iter()
                    .find(|(attempt, _)| *attempt == id)
                    .map(|(_, verifier)| verifier.clone())
                    .unwrap_or_default();
                self.ask_service(async move |service| service.redeem(code, verifier).await, Event::Redeemed);
            }
            // Neither fails for an address that was parsed; a page that is being left says nothing.
            Effect::Navigate(address) => drop(self.page.window.location().assign(&address)),
            Effect::Reload => drop(self.page.window.location().reload()),
            Effect::TellPhase(phase) => tell::phase(&self.page.host, phase),
            Effect::TellSuccess(success) => tell::success(&self.page.host, success),
            Effect::TellError(error) => tell::error(&self.page.host, error, cause),
        }
    }

    fn start(&self) {
        if let Some(attempt) = self.options.attempt.clone() {
            return self.answer(service::given(&attempt), Event::Started);
        }
        let (me, window) = (self.me.clone(), self.page.window.clone());
        self.ask_service(
            async move |service: Service<'_>| -> Result<StartedLogin, Failure> {
                if let Some(challenge) = service.options.code_challenge.clone() {
                    return service.start(challenge).await;
                }
                let Pkce { verifier, challenge } = Pkce::new(&window).await?;
                let started = service.start(challenge).await?;
                if let Some(inner) = me.upgrade() {
                    let mut verifiers = inner.verifiers.borrow_mut();
                    verifiers.insert(0, (started.id.clone(), verifier));
                    verifiers.truncate(VERIFIERS_KEPT);
                }
                Ok(started)
            },
            Event::Started,
        );
    }

    fn query_permission(&self) {
        let (me, window) = (self.me.clone(), self.page.window.clone());
        spawn_local(async move {
            let (permission, status) = permission::query(&window).await;
            let Some(inner) = me.upgrade() else { return };
            let listener = status.map(|status| {
                EventListener::new(&status.clone(), "change", move |_| {
                    if let Some(inner) = me.upgrade() {
                        inner.send(Event::Permission(permission::of(&status)));
                    }
                })
            });
            if !inner.closed.get() {
                inner.permission.replace(listener);
                inner.send(Event::Permission(permission));
            }
        });
    }

    fn ask_service<T: 'static>(
        &self,
        ask: impl AsyncFnOnce(Service<'_>) -> Result<T, Failure> + 'static,
        event: fn(Result<T, LoginError>) -> Event,
    ) {
        let Ok(call) = Call::new(service::LIMIT) else { return };
        let signal = call.signal();
        let mut calls = self.service_calls.borrow_mut();
        calls.insert(0, call);
        calls.truncate(SERVICE_CALLS_KEPT);
        let (me, window, options) = (self.me.clone(), self.page.window.clone(), self.options.clone());
        spawn_local(async move {
            let outcome = ask(Service { window: &window, options: &options, signal }).await;
            if let Some(inner) = me.upgrade() {
                inner.answer(outcome, event);
            }
        });
    }

    fn ask_desktop<T: 'static>(
        &self,
        limit: u32,
        ask: impl AsyncFnOnce(AbortSignal) -> Result<T, Unusable> + 'static,
        event: impl FnOnce(Result<T, Unusable>) -> Event + 'static,
    ) {
        let Ok(call) = Call::new(limit) else { return };
        let signal = call.signal();
        self.desktop_calls.borrow_mut().push(call);
        let me = self.me.clone();
        spawn_local(async move {
            let outcome = ask(signal).await;
            if let Some(inner) = me.upgrade() {
                inner.send(event(outcome));
            }
        });
    }
}

fn monotonic(window: &Window) -> f64 {
    window.performance().map_or(0.0, |performance| performance.now())
}
