//! What hands do to it: presses, held keys, a press beside the dialog, Escape.
//!
//! One listener on the root hears all presses, told apart by `data-press`; none of them is ever moved or renewed.

use std::cell::Cell;
use std::rc::Rc;

use flow::event::Dismissal;
use flow::screen::Button;
use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDialogElement, KeyboardEvent, MouseEvent, ShadowRoot};

use crate::dom;

/// Who is told of presses. May do anything to the view meanwhile.
pub type Hears = Rc<dyn Fn(Press)>;

/// What a person does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// The button of `display="button"`.
    Open,
    /// The dialog shall go.
    Dismiss(Dismissal),
    /// A button of the panel.
    Button(Button),
}

/// A dialog that has just come takes no press beside it: that one was meant for what was there before.
const SETTLES_FOR: f64 = 500.0;

/// What the listeners know.
pub struct Hearing {
    hears: Hears,
    /// A press began beside the panel, and has not left that place.
    beside: Cell<bool>,
    /// When the dialog was opened.
    pub opened: Cell<f64>,
}

impl Hearing {
    /// Nothing was pressed yet.
    pub fn new(hears: Hears) -> Rc<Self> {
        Rc::new(Self { hears, beside: Cell::new(false), opened: Cell::new(0.0) })
    }
}

/// Hears until they are dropped.
pub fn listen(root: &ShadowRoot, dialog: &Element, hearing: &Rc<Hearing>) -> [EventListener; 6] {
    type Row<'a> = (&'a web_sys::EventTarget, &'static str, fn(&Rc<Hearing>, &Event));
    let rows: [Row<'_>; 6] = [
        (root, "click", clicked),
        (root, "keydown", key_went_down),
        (root, "mousedown", press_began),
        (root, "mouseup", press_ended),
        (dialog, "cancel", cancelled),
        (dialog, "close", closed),
    ];
    rows.map(|(target, name, heard)| dom::listen(target, name, hearing.clone(), heard))
}

/// What an event happened to.
fn target(event: &Event) -> Option<Element> {
    event.target().map(JsCast::unchecked_into)
}

/// The word of the button that it is, or is in.
fn word(element: &Element) -> Option<String> {
    element.closest("[data-press]").ok().flatten()?.get_attribute("data-press")
}

/// What is beside the panel and still of the dialog is its backdrop.
fn is_backdrop(element: &Element) -> bool {
    element.local_name() == "dialog"
}

fn in_dialog(element: &Element) -> bool {
    element.closest("dialog").ok().flatten().is_some()
}

fn clicked(hearing: &Rc<Hearing>, event: &Event) {
    let beside = hearing.beside.take();
    // The second press of a double one was meant for what the first one has taken away.
    if event.unchecked_ref::<MouseEvent>().detail() > 1 {
        return;
    }
    let Some(target) = target(event) else { return };
    let press = match word(&target).as_deref() {
        Some("open") => Press::Open,
        Some("close") => Press::Dismiss(Dismissal::CloseButton),
        Some(word) => match Button::ALL.into_iter().find(|button| button.as_str() == word) {
            Some(button) => Press::Button(button),
            None => return,
        },
        None if beside && is_backdrop(&target) && event.time_stamp() - hearing.opened.get() > SETTLES_FOR => {
            Press::Dismiss(Dismissal::Backdrop)
        }
        None => return,
    };
    (hearing.hears)(press);
}

/// A key that is held presses once. Escape is ours in a dialog: left to the browser, the second one in a row closes it whatever
/// was said at the first.
fn key_went_down(hearing: &Rc<Hearing>, event: &Event) {
    let key: &KeyboardEvent = event.unchecked_ref();
    if key.key() == "Escape" && target(event).is_some_and(|target| in_dialog(&target)) {
        return cancelled(hearing, event);
    }
    if key.repeat()
        && matches!(key.key().as_str(), "Enter" | " ")
        && target(event).is_some_and(|target| word(&target).is_some())
    {
        event.prevent_default();
    }
}

// A selection of text that is let go outside of the panel is no press beside it, and neither is one the other way round.
fn press_began(hearing: &Rc<Hearing>, event: &Event) {
    let Some(target) = target(event) else { return };
    hearing.beside.set(is_backdrop(&target));
    // Nor does the second press of a double one give the focus to what stands there now: Enter would press it.
    if event.unchecked_ref::<MouseEvent>().detail() > 1 && word(&target).is_some() {
        event.prevent_default();
    }
}

fn press_ended(hearing: &Rc<Hearing>, event: &Event) {
    let still = target(event).is_some_and(|target| is_backdrop(&target));
    hearing.beside.set(still && hearing.beside.get());
}

/// Escape, or the system's Back: whether the dialog goes, others decide.
fn cancelled(hearing: &Rc<Hearing>, event: &Event) {
    event.prevent_default();
    (hearing.hears)(Press::Dismiss(Dismissal::Escape));
}

/// A browser may close a dialog by itself, as some do at the system's Back. One that we closed is out of the page when
/// this comes, or open again: its event comes a task later.
fn closed(hearing: &Rc<Hearing>, event: &Event) {
    let dialog: Option<HtmlDialogElement> = target(event).map(JsCast::unchecked_into);
    if dialog.is_some_and(|dialog| dialog.is_connected() && !dialog.open()) {
        (hearing.hears)(Press::Dismiss(Dismissal::CloseButton));
    }
}
