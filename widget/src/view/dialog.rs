//! `display="button"`: a button, and the panel in a dialog. The browser's own `<dialog>` keeps the focus inside, hears
//! Escape and gives the focus back.

use std::cell::RefCell;
use std::rc::Rc;

use flow::options::Options;
use flow::screen::Phase;
use flow::text::Text;
use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement};

use super::dom::Dom;
use crate::Page;
use crate::panel::Panel;

/// So long a person may enjoy that it worked, before the dialog goes.
const DONE_IS_SEEN_FOR: u32 = 900;

/// The button, and the dialog while it is open.
pub struct Dialog {
    page: Rc<Page>,
    options: RefCell<Options>,
    dom: RefCell<Dom>,
    trigger: Element,
    listeners: RefCell<Vec<EventListener>>,
    open: RefCell<Option<Open>>,
    closing: RefCell<Option<Timeout>>,
}

struct Open {
    panel: Panel,
    element: HtmlDialogElement,
    _listeners: [EventListener; 3],
}

impl Dialog {
    /// The button, at the end of the shadow root.
    pub fn new(page: &Rc<Page>, options: Options) -> Rc<Self> {
        let mut dom = Dom::new(&page.document, options.language);
        let trigger = dom.add(&page.root, "button", "button primary trigger");
        dom.attribute(&trigger, "type", "button");
        dom.attribute(&trigger, "aria-haspopup", "dialog");
        dom.mark(&trigger);
        dom.text(&trigger, "span", "", Text::LogIn);
        let dialog = Rc::new(Self {
            page: page.clone(),
            trigger,
            dom: RefCell::new(dom),
            options: RefCell::new(options),
            listeners: RefCell::default(),
            open: RefCell::default(),
            closing: RefCell::default(),
        });
        dialog.paint();
        let me = Rc::downgrade(&dialog);
        let pressed = EventListener::new(&dialog.trigger, "click", move |_| {
            if let Some(dialog) = me.upgrade() {
                dialog.open();
            }
        });
        let me = Rc::downgrade(&dialog);
        let phase = EventListener::new(&page.host, "weixin-login-phase", move |event| {
            let detail = event.dyn_ref::<web_sys::CustomEvent>().map(web_sys::CustomEvent::detail);
            let phase = detail.and_then(|detail| js_sys::Reflect::get(&detail, &"phase".into()).ok());
            if let Some(dialog) = me.upgrade()
                && phase.and_then(|phase| phase.as_string()).as_deref() == Some(Phase::Success.as_str())
            {
                dialog.close_soon();
            }
        });
        dialog.listeners.borrow_mut().extend([pressed, phase]);
        dialog
    }

    /// Opens the dialog and starts the login; does nothing while it is open.
    pub fn open(self: &Rc<Self>) {
        if self.open.borrow().is_some() {
            return;
        }
        let dom = self.dom.borrow();
        let element = dom.add(&self.page.root, "dialog", "dialog");
        dom.attribute(&element, "aria-label", dom.say(Text::LogIn));
        let Ok(element) = element.dyn_into::<HtmlDialogElement>() else { return };
        let options = self.options.borrow().clone();
        let panel = Panel::new(&self.page, &element, options, &self.page.surroundings());
        // After the panel: the dialog gives the focus to what comes first in it.
        let close = dom.add(&element, "button", "close");
        dom.attribute(&close, "type", "button");
        dom.attribute(&close, "aria-label", dom.say(Text::Close));
        drop(dom);
        let on = |target: &Element, name: &'static str, only_itself: bool| {
            let (me, itself) = (Rc::downgrade(self), element.clone());
            EventListener::new(target, name, move |event| {
                let on_itself = event.target().is_some_and(|target| js_sys::Object::is(&target, &itself));
                if let Some(dialog) = me.upgrade()
                    && (on_itself || !only_itself)
                {
                    dialog.close();
                }
            })
        };
        // A press on the dialog itself is one beside the panel, on the backdrop.
        let listeners =
            [on(&element, "close", false), on(&close, "click", false), on(&element, "click", true)];
        // Without a modal dialog the panel still stands in the page.
        if element.show_modal().is_err() {
            element.set_open(true);
        }
        self.open.replace(Some(Open { panel, element, _listeners: listeners }));
        self.paint();
    }

    /// Takes another language and theme.
    pub fn dress(&self, options: &Options) {
        self.options.replace(options.clone());
        self.dom.borrow_mut().relabel(options.language);
        self.paint();
        if let Some(open) = &*self.open.borrow() {
            open.panel.dress(options);
        }
    }

    fn paint(&self) {
        let options = self.options.borrow();
        let dom = self.dom.borrow();
        dom.attribute(&self.trigger, "lang", options.language.tag());
        dom.attribute(&self.trigger, "data-theme", options.theme.as_str());
        if let Some(open) = &*self.open.borrow() {
            dom.attribute(&open.element, "data-theme", options.theme.as_str());
        }
    }

    fn close(&self) {
        self.closing.take();
        if let Some(open) = self.open.take() {
            // Its listener hears this too, and finds nothing to close.
            open.element.close();
            open.element.remove();
        }
    }

    fn close_soon(self: &Rc<Self>) {
        let me = Rc::downgrade(self);
        let timer = Timeout::new(DONE_IS_SEEN_FOR, move || {
            if let Some(dialog) = me.upgrade() {
                dialog.close();
            }
        });
        self.closing.replace(Some(timer));
    }
}

impl Drop for Dialog {
    fn drop(&mut self) {
        self.close();
        self.trigger.remove();
    }
}
