//! What is seen: draws a `Screen`, and tells what is pressed. Decides nothing.
//!
//! The elements are one table (`tree`), built once, then patched: what stays the same stays the same element, so that
//! nothing jumps and the focus is kept. Whoever hears a press may call anything here meanwhile: nothing is held borrowed.

mod card;
mod copying;
mod dialog;
mod notice;
mod press;
mod qr;
mod scene;
mod tree;

use std::cell::Cell;
use std::rc::Rc;

use flow::screen::{Body, FrameStatus, Offer, Screen};
use flow::text::{Language, Text};
use gloo_events::EventListener;
use protocol::qrconnect::ColorScheme;
use wasm_bindgen::JsValue;
use web_sys::{Element, ShadowRoot};

use crate::dom;
use press::Hearing;
pub use press::{Hears, Press};
use tree::Part;

/// What may change while a login goes on.
pub type Dress = (Language, ColorScheme);

/// What is seen of an element.
pub struct View {
    root: ShadowRoot,
    /// By their number, which is that of [`Part`].
    parts: Vec<Option<Element>>,
    dress: Cell<Dress>,
    /// The frame that is seen, and the one before it.
    frames: Cell<[qr::Loaded; 2]>,
    hearing: Rc<Hearing>,
    _listeners: Option<[EventListener; 6]>,
}

/// What is said aloud when it comes to be seen: a heading and a sentence.
type Said = [Text; 2];

/// The places of the middle, one of which is seen.
const PLACES: [Part; 7] =
    [Part::Waiting, Part::Card, Part::Confirming, Part::Qr, Part::Scene, Part::Elsewhere, Part::Notice];

/// The browser's clock, that of its events.
fn now(root: &ShadowRoot) -> f64 {
    let performance = dom::window(root).and_then(|window| window.performance());
    performance.map_or(0.0, |performance| performance.now())
}

impl View {
    /// Nothing is seen yet.
    pub fn new(root: ShadowRoot, dress: Dress, hears: Hears) -> Self {
        let parts = root.owner_document().map(|document| tree::build(&document)).unwrap_or_default();
        let hearing = Hearing::new(hears);
        let dialog = parts.get(Part::Dialog as usize).and_then(Option::as_ref);
        let listeners = dialog.map(|dialog| press::listen(&root, dialog, &hearing));
        let view = Self {
            root,
            parts,
            dress: Cell::new(dress),
            frames: Cell::default(),
            hearing,
            _listeners: listeners,
        };
        view.dress(dress);
        view
    }

    /// Shows the panel where the element stands.
    pub fn open_panel(&self) {
        if let (Some(room), Some(panel)) = (self.enter(Part::Room), self.at(Part::Panel)) {
            dom::append(room, panel);
        }
    }

    /// Takes the panel out of the page, with the frames in it.
    pub fn clear(&self) {
        for (_, frame) in self.frames.take().iter().flatten() {
            frame.remove();
        }
        for part in &[Part::Panel, Part::Room] {
            if let Some(element) = self.at(*part) {
                element.remove();
            }
        }
        // The same sentence is news in the next one.
        self.put(Part::Live, "");
    }

    /// Takes another language and theme. What [`View::show`] wrote last stays until it is called again.
    pub fn dress(&self, dress: Dress) {
        self.dress.set(dress);
        let (language, theme) = dress;
        for part in &[Part::Trigger, Part::Dialog, Part::Panel] {
            self.set(*part, "lang", language.tag());
            self.set(*part, "data-theme", theme.as_str());
        }
        for (part, text) in &tree::NAMES {
            self.set(*part, "aria-label", self.text(*text));
        }
        for (part, text) in tree::LABELS {
            self.say(*part, *text);
        }
        qr::name_frames(self);
    }

    /// Shows it.
    pub fn show(&self, screen: &Screen<'_>) {
        let status = match screen.body {
            Body::Qr { status, .. } => Some(status),
            Body::Binding { is_there: true } => Some(FrameStatus::Ready),
            Body::Binding { is_there: false } => Some(FrameStatus::Loading),
            _ => None,
        };
        let focused = self.focused();
        let stays = status.and(screen.frame).map(|frame| frame.number);
        if focused.as_ref().is_some_and(|focused| qr::leaves(self, focused, stays)) {
            // A frame takes the focus along, to the top of the page.
            self.focus(Part::Panel);
        }

        self.set(Part::Panel, "data-phase", screen.phase.as_str());
        self.put(Part::Site, screen.client_name);
        self.hide(Part::Emulator, !screen.emulator);
        let (place, said) = self.middle(&screen.body, status);
        for part in &PLACES {
            self.hide(*part, *part != place);
        }
        qr::show_frames(self, screen, status);
        let note = self.foot(&screen.body);

        let mut aloud = String::new();
        for text in &[said[0], said[1], note] {
            if *text != Text::Nothing {
                aloud.push_str(self.text(*text));
                aloud.push_str(" ");
            }
        }
        self.put(Part::Live, &aloud);
        if let Some(focused) = focused {
            self.keep_focus(&focused);
        }
    }

    /// The number of the frame, the one that is seen or the one before it, that this is the window of.
    pub fn frame_from(&self, source: &JsValue) -> Option<u32> {
        qr::frame_from(self, source)
    }

    /// The panel, in the page or not.
    pub fn panel(&self) -> Option<Element> {
        self.at(Part::Panel).cloned()
    }

    /// Which place of the middle it is, patched, and what is said aloud of it.
    fn middle(&self, body: &Body<'_>, status: Option<FrameStatus>) -> (Part, Said) {
        card::show(self, if let Body::Card(person) = body { Some(person) } else { None });
        match body {
            Body::Waiting => (Part::Waiting, [Text::Loading, Text::Nothing]),
            Body::Card(_) => (Part::Card, [Text::CardHint, Text::Nothing]),
            Body::Confirming { .. } => (Part::Confirming, card::ask(self, true)),
            Body::Finishing => (Part::Confirming, card::ask(self, false)),
            Body::Qr { page, .. } => (Part::Qr, qr::show(self, status, *page, Text::QrHint)),
            Body::Binding { .. } => (Part::Qr, qr::show(self, status, false, Text::BindingTitle)),
            Body::Scene(code) => (Part::Scene, scene::show(self, code)),
            Body::Page { hint, .. } => {
                self.say(Part::ElsewhereHint, *hint);
                (Part::Elsewhere, [*hint, Text::Nothing])
            }
            Body::Phone { .. } | Body::Expired | Body::Denied | Body::Failed { .. } | Body::Done => {
                (Part::Notice, notice::show(self, body))
            }
        }
    }

    /// Below the middle: a word about what happened before, and one more thing to press.
    fn foot(&self, body: &Body<'_>) -> Text {
        let (offer, note, page) = match body {
            // The way to a page of its own stands in the middle where the frame is silent.
            Body::Qr { status, offer, note, page } => {
                (*offer, *note, *page && *status != FrameStatus::Silent)
            }
            Body::Page { offer, note, .. } => (*offer, *note, false),
            Body::Confirming { browser_asks: true } => (Offer::Asking, None, false),
            _ => (Offer::None, None, false),
        };
        let note = note.unwrap_or(Text::Nothing);
        let page = page && offer == Offer::None;
        self.say(Part::Note, note);
        self.hide(Part::UseThisComputer, offer != Offer::UseThisComputer);
        self.hide(Part::Asking, offer != Offer::Asking);
        self.hide(Part::FootPage, !page);
        card::offer(self, if let Offer::Continue(person) = &offer { Some(person) } else { None });
        // Where it is empty, its place is the QR code's.
        self.hide(Part::Footer, note == Text::Nothing && offer == Offer::None && !page);
        if offer == Offer::Asking { Text::AskingHint } else { note }
    }

    /// What has the focus inside the panel.
    fn focused(&self) -> Option<Element> {
        let active = self.root.active_element()?;
        self.at(Part::Panel)?.contains(Some(&active)).then_some(active)
    }

    /// What had the focus is gone: the panel takes it. Not the next button, which a second Enter would press.
    fn keep_focus(&self, focused: &Element) {
        let is_gone = !matches!(focused.closest("[hidden]"), Ok(None));
        if is_gone && self.root.active_element().is_none_or(|active| active == *focused) {
            self.focus(Part::Panel);
        }
    }

    fn at(&self, part: Part) -> Option<&Element> {
        self.parts.get(part as usize)?.as_ref()
    }

    /// Puts it into the page.
    fn enter(&self, part: Part) -> Option<&Element> {
        let element = self.at(part)?;
        dom::append(&self.root, element);
        Some(element)
    }

    fn text(&self, text: Text) -> &'static str {
        text.say(self.dress.get().0)
    }

    #[inline(never)]
    fn set(&self, part: Part, name: &str, value: &str) {
        if let Some(element) = self.at(part) {
            dom::set(element, name, value);
        }
    }

    #[inline(never)]
    fn hide(&self, part: Part, hidden: bool) {
        if let Some(element) = self.at(part) {
            dom::toggle(element, "hidden", hidden);
        }
    }

    #[inline(never)]
    fn put(&self, part: Part, text: &str) {
        if let Some(element) = self.at(part) {
            dom::put(element, text);
        }
    }

    #[inline(never)]
    fn say(&self, part: Part, text: Text) {
        self.put(part, self.text(text));
    }

    fn focus(&self, part: Part) {
        if let Some(element) = self.at(part) {
            dom::focus(element);
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.close_dialog();
        self.clear();
        if let Some(trigger) = self.at(Part::Trigger) {
            trigger.remove();
        }
    }
}
