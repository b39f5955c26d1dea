//! What is seen: draws a `Screen`, and hears presses. Decides nothing.
//!
//! The panel is one tree (`tree`), built once by createElement, since a page may demand Trusted Types; then patched: what
//! stays the same stays the same element, so that nothing jumps and the focus is kept.

mod card;
pub mod dialog;
mod notice;
mod qr;
mod scene;
mod tree;

use alloc::boxed::Box;
use alloc::string::String;

use flow::event::Event;
use flow::screen::{Body, Button, Offer, Screen};
use flow::text::{Language, Text};
use protocol::qrconnect::ColorScheme;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CssStyleSheet, Document, Element, HtmlElement, MessageEvent, Node, ShadowRoot};

use crate::listen::Listener;
use qr::Frames;
pub use tree::set;
use tree::{Part, Tree};

const STYLES: &str = concat!(
    include_str!("view/panel.css"),
    include_str!("view/card.css"),
    include_str!("view/qr.css"),
    include_str!("view/scene.css"),
    include_str!("view/notice.css"),
    include_str!("view/dialog.css"),
);

/// Gives the shadow root our style sheet: the only form that a strict style-src lets pass.
///
/// # Errors
/// What the browser threw: it has no constructable style sheets.
pub fn adopt_styles(root: &ShadowRoot) -> Result<(), JsValue> {
    let sheet = CssStyleSheet::new()?;
    sheet.replace_sync(STYLES)?;
    // The first one is the class's own.
    let sheets = root.adopted_style_sheets().slice(0, 1);
    sheets.push(&sheet);
    root.set_adopted_style_sheets(&sheets);
    Ok(())
}

/// The panel. It leaves the page with this value.
pub struct View {
    tree: Tree,
    frames: Frames,
    _press: Listener,
}

/// What is said aloud when it comes to be seen: a heading and a sentence.
type Said = [Text; 2];

/// The places of the middle, one of which is seen.
const PLACES: [Part; 7] =
    [Part::Waiting, Part::Card, Part::Confirming, Part::Qr, Part::Scene, Part::Elsewhere, Part::Notice];

impl View {
    /// Puts an empty panel at the end of `parent`.
    pub fn new(
        document: &Document,
        parent: &Node,
        language: Language,
        theme: ColorScheme,
        press: Box<dyn Fn(Button)>,
    ) -> Self {
        let tree = Tree::new(document, parent, language);
        let pressed = move |event: JsValue| {
            let target = event.unchecked_ref::<web_sys::Event>().target();
            if let Some(button) = target.and_then(|target| tree::pressed(target.unchecked_ref())) {
                press(button);
            }
        };
        let press = Listener::new(tree.get(Part::Panel), "click", Box::new(pressed));
        let mut view = Self { tree, frames: Frames::default(), _press: press };
        view.dress(language, theme);
        view
    }

    /// Takes another language and theme. What [`View::show`] wrote last stays until it is called again.
    pub fn dress(&mut self, language: Language, theme: ColorScheme) {
        self.tree.relabel(language);
        self.tree.attribute(Part::Panel, "lang", language.tag());
        self.tree.attribute(Part::Panel, "data-theme", theme.as_str());
    }

    /// Shows it.
    pub fn show(&mut self, screen: &Screen<'_>) {
        let tree = &self.tree;
        let focused = focused(tree.get(Part::Panel));
        tree.attribute(Part::Panel, "data-phase", screen.phase.as_str());
        tree.put(Part::Site, screen.client_name);
        tree.hide(Part::Emulator, !screen.emulator);

        let (place, said) = match &screen.body {
            Body::Waiting => (Part::Waiting, [Text::Loading, Text::Nothing]),
            Body::Card(person) => (Part::Card, card::show(tree, person)),
            Body::Confirming => (Part::Confirming, card::ask(tree, true)),
            Body::Finishing => (Part::Confirming, card::ask(tree, false)),
            Body::Qr { .. } => (Part::Qr, [Text::QrHint, Text::Nothing]),
            Body::Scene(code) => (Part::Scene, scene::show(tree, code)),
            Body::Page { hint, .. } => {
                tree.say(Part::ElsewhereHint, *hint);
                (Part::Elsewhere, [*hint, Text::Nothing])
            }
            body => (Part::Notice, notice::show(tree, body)),
        };
        for part in PLACES {
            tree.hide(part, part != place);
        }
        self.frames.show(tree, screen);
        let note = foot(tree, &screen.body);

        let mut aloud = String::new();
        for text in said.into_iter().chain([note]) {
            if text != Text::Nothing {
                aloud.push_str(tree.text(text));
                aloud.push(' ');
            }
        }
        tree.put(Part::Live, &aloud);

        // What had the focus may be gone: it goes to what came in its place, not to the top of the page.
        if let Some(focused) = focused
            && focused.closest("[hidden]").is_ok_and(|hidden| hidden.is_some())
        {
            let panel = tree.get(Part::Panel);
            let next = panel.query_selector(".place:not([hidden]) .button:not([hidden])").ok().flatten();
            let _ = next.as_ref().unwrap_or(panel).unchecked_ref::<HtmlElement>().focus();
        }
    }

    /// What a frame of ours says.
    pub fn heard(&self, message: &MessageEvent) -> Option<Event> {
        self.frames.heard(message)
    }

    /// Takes the panel out of the page.
    pub fn remove(&mut self) {
        self.frames = Frames::default();
        self.tree.get(Part::Panel).remove();
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Below the middle: a word about what happened before, and one more thing to press. Its place is always kept.
fn foot(tree: &Tree, body: &Body<'_>) -> Text {
    let (offer, note, page) = match body {
        Body::Qr { offer, note, page, .. } => (*offer, *note, *page),
        Body::Page { offer, note, .. } => (*offer, *note, false),
        _ => (Offer::None, None, false),
    };
    let note = note.unwrap_or(Text::Nothing);
    tree.say(Part::Note, note);
    tree.hide(Part::UseThisComputer, offer != Offer::UseThisComputer);
    tree.hide(Part::Asking, offer != Offer::Asking);
    tree.hide(Part::FootPage, !page || offer != Offer::None);
    card::offer(tree, if let Offer::Continue(person) = &offer { Some(person) } else { None });
    if offer == Offer::Asking { Text::AskingHint } else { note }
}

fn focused(panel: &Element) -> Option<Element> {
    let root: ShadowRoot = panel.get_root_node().dyn_into().ok()?;
    root.active_element().filter(|focused| panel.contains(Some(focused)))
}
