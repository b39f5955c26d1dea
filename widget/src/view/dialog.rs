//! `display="button"`: a button, and the panel in a dialog. The browser's own `<dialog>` keeps the focus inside, hears
//! Escape and gives the focus back.

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};

use flow::options::Options;
use flow::screen::Phase;
use flow::text::Text;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CustomEvent, Element, Event, HtmlDialogElement, HtmlElement};

use super::tree::{add, set};
use crate::listen::{Listener, Timer};
use crate::panel::Panel;
use crate::{Dress, Page};

/// So long a person may enjoy that it worked, before the dialog goes.
const DONE_IS_SEEN_FOR: u64 = 900;

/// The button, and the dialog while it is open.
pub struct Dialog {
    page: Rc<Page>,
    options: Rc<Options>,
    dress: Cell<Dress>,
    trigger: Element,
    label: Element,
    listeners: Cell<Option<[Listener; 2]>>,
    open: RefCell<Option<Open>>,
    closing: Cell<Option<Timer>>,
}

struct Open {
    panel: Panel,
    element: HtmlDialogElement,
    _listeners: [Listener; 3],
}

impl Dialog {
    /// The button, at the end of the shadow root.
    pub fn new(page: &Rc<Page>, options: Rc<Options>, dress: Dress) -> Rc<Self> {
        let document = &page.document;
        let trigger = add(document, &page.root, "button", "button primary trigger");
        set(&trigger, "aria-haspopup", "dialog");
        set(&add(document, &trigger, "span", "mark"), "aria-hidden", "true");
        let label = add(document, &trigger, "span", "");
        let dialog = Rc::new(Self {
            page: page.clone(),
            options,
            dress: Cell::new(dress),
            trigger,
            label,
            listeners: Cell::default(),
            open: RefCell::default(),
            closing: Cell::default(),
        });
        dialog.paint();
        let pressed = dialog.on(&dialog.trigger, "click", |dialog, _| dialog.open());
        let phase = dialog.on(&page.host, "weixin-login-phase", |dialog, event| {
            let detail = event.unchecked_ref::<CustomEvent>().detail();
            let phase = js_sys::Reflect::get(&detail, &"phase".into());
            if phase.is_ok_and(|phase| phase.as_string().as_deref() == Some(Phase::Success.as_str())) {
                dialog.close_soon();
            }
        });
        dialog.listeners.set(Some([pressed, phase]));
        dialog
    }

    /// Opens the dialog and starts the login; does nothing while it is open.
    pub fn open(self: &Rc<Self>) {
        if self.with_open(|_| ()).is_some() {
            return;
        }
        let (language, _) = self.dress.get();
        let document = &self.page.document;
        let element = add(document, &self.page.root, "dialog", "dialog");
        set(&element, "aria-label", Text::LogIn.say(language));
        let panel = Panel::new(&self.page, &element, self.options.clone(), self.dress.get());
        // After the panel: the dialog gives the focus to what comes first in it.
        let close = add(document, &element, "button", "close");
        set(&close, "aria-label", Text::Close.say(language));
        let listeners = [
            self.on(&element, "close", |dialog, _| dialog.close()),
            self.on(&close, "click", |dialog, _| dialog.close()),
            // A press on the dialog itself is one beside the panel, on the backdrop.
            self.on(&element, "click", |dialog, event| {
                let event = event.unchecked_ref::<Event>();
                if event.target() == event.current_target() {
                    dialog.close();
                }
            }),
        ];
        let element: HtmlDialogElement = element.unchecked_into();
        // Without a modal dialog the panel still stands in the page.
        if element.show_modal().is_err() {
            element.set_open(true);
        }
        if let Ok(mut open) = self.open.try_borrow_mut() {
            *open = Some(Open { panel, element, _listeners: listeners });
        }
        self.paint();
    }

    /// Takes another language and theme.
    pub fn dress(&self, dress: Dress) {
        self.dress.set(dress);
        self.paint();
        self.with_open(|open| open.panel.dress(dress));
    }

    fn paint(&self) {
        let (language, theme) = self.dress.get();
        self.label.set_text_content(Some(Text::LogIn.say(language)));
        set(&self.trigger, "lang", language.tag());
        set(&self.trigger, "data-theme", theme.as_str());
        self.with_open(|open| set(&open.element, "data-theme", theme.as_str()));
    }

    fn close(&self) {
        self.closing.take();
        let open = self.open.try_borrow_mut().ok().and_then(|mut open| open.take());
        if let Some(open) = open {
            open.element.close();
            open.element.remove();
            // The browser gives the focus back to what had it; a press gives none to a button everywhere.
            let _ = self.trigger.unchecked_ref::<HtmlElement>().focus();
        }
    }

    fn with_open<T>(&self, what: impl FnOnce(&Open) -> T) -> Option<T> {
        self.open.try_borrow().ok()?.as_ref().map(what)
    }

    fn close_soon(self: &Rc<Self>) {
        let me = Rc::downgrade(self);
        let ring = move |_| {
            if let Some(dialog) = me.upgrade() {
                dialog.close();
            }
        };
        self.closing.set(Some(Timer::new(DONE_IS_SEEN_FOR, Box::new(ring))));
    }

    fn on(self: &Rc<Self>, target: &Element, name: &'static str, heard: fn(&Rc<Self>, JsValue)) -> Listener {
        let me = Rc::downgrade(self);
        let heard = move |event| {
            if let Some(dialog) = me.upgrade() {
                heard(&dialog, event);
            }
        };
        Listener::new(target, name, Box::new(heard))
    }
}

impl Drop for Dialog {
    fn drop(&mut self) {
        self.close();
        self.trigger.remove();
    }
}
