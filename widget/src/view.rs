//! What is seen: draws a `Screen`, and hears presses. Decides nothing.
//!
//! Built once, by createElement, since a page may demand Trusted Types; then patched: what stays the same stays the same
//! element, so that nothing jumps and the focus is kept.

mod card;
pub mod dialog;
mod dom;
mod foot;
mod notice;
mod qr;

use std::cell::RefCell;

use flow::event::Event;
use flow::screen::{Body, Button, Screen};
use flow::text::{Language, Text};
use gloo_events::EventListener;
use js_sys::Array;
use protocol::qrconnect::ColorScheme;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CssStyleSheet, Document, Element, HtmlElement, MessageEvent, Node, ShadowRoot};

use card::{Card, Confirming};
use dom::{Dom, hide, put};
use foot::Foot;
use notice::Notice;
use qr::{Elsewhere, Qr};

const STYLES: &str = concat!(
    include_str!("view/panel.css"),
    include_str!("view/card.css"),
    include_str!("view/qr.css"),
    include_str!("view/notice.css"),
    include_str!("view/dialog.css"),
);

thread_local! {
    static SHEET: RefCell<Option<CssStyleSheet>> = const { RefCell::new(None) };
}

/// Gives the shadow root our style sheet, one for all elements of the page: the only form that a strict style-src lets pass.
///
/// # Errors
/// What the browser threw: it has no constructable style sheets.
pub fn adopt_styles(root: &ShadowRoot) -> Result<(), JsValue> {
    let known = SHEET.take();
    let sheet = match known {
        Some(sheet) => sheet,
        None => {
            let sheet = CssStyleSheet::new()?;
            sheet.replace_sync(STYLES)?;
            sheet
        }
    };
    let sheets = root.adopted_style_sheets();
    if !sheets.includes(&sheet, 0) {
        root.set_adopted_style_sheets(&sheets.concat(&Array::of1(&sheet)));
    }
    SHEET.set(Some(sheet));
    Ok(())
}

/// The panel. It leaves the page with this value.
pub struct View {
    dom: Dom,
    root: HtmlElement,
    site: Element,
    emulator: Element,
    waiting: Element,
    card: Card,
    confirming: Confirming,
    qr: Qr,
    elsewhere: Elsewhere,
    notice: Notice,
    foot: Foot,
    live: Element,
    _press: EventListener,
}

impl View {
    /// Puts an empty panel at the end of `parent`.
    pub fn new(
        document: &Document,
        parent: &Node,
        language: Language,
        theme: ColorScheme,
        press: impl Fn(Button) + 'static,
    ) -> Self {
        let mut dom = Dom::new(document, language);
        let root = dom.add(parent, "div", "panel");
        dom.attribute(&root, "role", "group");
        dom.attribute(&root, "tabindex", "-1");
        dom.label(&root, Text::LogIn);

        let head = dom.add(&root, "header", "header");
        dom.mark(&head);
        let titles = dom.add(&head, "div", "titles");
        dom.text(&titles, "h2", "title", Text::LogIn);
        let site = dom.add(&titles, "bdi", "site");

        let body = dom.add(&root, "div", "body");
        let waiting = dom.add(&body, "div", "place waiting");
        dom.add(&waiting, "div", "bone square");
        dom.add(&waiting, "div", "bone line");
        let card = Card::new(&mut dom, &body);
        let confirming = Confirming::new(&mut dom, &body);
        let qr = Qr::new(&mut dom, &body);
        let elsewhere = Elsewhere::new(&mut dom, &body);
        let notice = Notice::new(&mut dom, &body);

        let foot = Foot::new(&mut dom, &root);
        let emulator = dom.text(&root, "p", "emulator", Text::Emulator);
        let live = dom.add(&root, "p", "live");
        dom.attribute(&live, "role", "status");

        let press = EventListener::new(&root, "click", move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            if let Some(button) = target.and_then(|target| dom::pressed(&target)) {
                press(button);
            }
        });
        let root = root.unchecked_into();
        let mut view = Self {
            dom,
            root,
            site,
            emulator,
            waiting,
            card,
            confirming,
            qr,
            elsewhere,
            notice,
            foot,
            live,
            _press: press,
        };
        view.dress(language, theme);
        view
    }

    /// Takes another language and theme. What [`View::show`] wrote last stays until it is called again.
    pub fn dress(&mut self, language: Language, theme: ColorScheme) {
        self.dom.relabel(language);
        self.dom.attribute(&self.root, "lang", language.tag());
        self.dom.attribute(&self.root, "data-theme", theme.as_str());
    }

    /// Shows it.
    pub fn show(&mut self, screen: &Screen<'_>) {
        let focused = self.focused();
        let dom = &self.dom;
        dom.attribute(&self.root, "data-phase", screen.phase.as_str());
        put(&self.site, screen.client_name);
        hide(&self.emulator, !screen.emulator);

        hide(&self.waiting, screen.body != Body::Waiting);
        let said = [
            (screen.body == Body::Waiting).then(|| dom.say(Text::Loading).into()),
            self.card.show(dom, &screen.body),
            self.confirming.show(dom, &screen.body),
            self.qr.show(dom, screen),
            self.elsewhere.show(dom, &screen.body),
            self.notice.show(dom, &screen.body),
        ];
        let note = self.foot.show(dom, &screen.body);
        let said: String = said.into_iter().flatten().chain(note).collect();
        put(&self.live, &said);

        // What had the focus may be gone: it goes to what came in its place, not to the top of the page.
        if let Some(focused) = focused
            && focused.closest("[hidden]").ok().flatten().is_some()
        {
            let next = self.root.query_selector(".place:not([hidden]) .button:not([hidden])").ok().flatten();
            let next = next.and_then(|next| next.dyn_into::<HtmlElement>().ok());
            next.as_ref().unwrap_or(&self.root).focus().ok();
        }
    }

    /// What a frame of ours says.
    pub fn heard(&self, message: &MessageEvent) -> Option<Event> {
        self.qr.heard(message)
    }

    /// Takes the panel out of the page.
    pub fn remove(&mut self) {
        self.qr.remove_frames();
        self.root.remove();
    }

    fn focused(&self) -> Option<Element> {
        let root = self.root.get_root_node().dyn_into::<ShadowRoot>().ok()?;
        root.active_element().filter(|focused| self.root.contains(Some(focused)))
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.remove();
    }
}
