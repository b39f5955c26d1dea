//! Elements and what is heard of them, by web-sys and gloo-events. Made by `createElement` alone, since a page may demand
//! Trusted Types.
//!
//! Each of these is called from many places: the checks around a call of the browser's stand here once. What a browser
//! refuses here (a name that is no name) cannot happen with the names in this crate, so it is left unsaid.

use std::borrow::Cow;

use gloo_events::{EventListener, EventListenerOptions};
use protocol::qrconnect::ColorScheme;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, Event, EventTarget, HtmlElement, HtmlInputElement, Window};

const SVG: &str = "http://www.w3.org/2000/svg";

/// An element that is in no page yet. Its classes are its parts as well, for a site's `::part()`.
#[inline(never)]
pub fn make(document: &Document, tag: &str, classes: &str) -> Option<Element> {
    let element = match tag {
        "svg" | "path" => document.create_element_ns(Some(SVG), tag),
        _ => document.create_element(tag),
    }
    .ok()?;
    if !classes.is_empty() {
        set(&element, "class", classes);
        set(&element, "part", classes);
    }
    Some(element)
}

/// Sets an attribute. Nothing is drawn, loaded or said again that stays the same.
#[inline(never)]
pub fn set(element: &Element, name: &str, value: &str) {
    if element.get_attribute(name).as_deref() != Some(value) {
        let _ = element.set_attribute(name, value);
    }
}

/// Sets an attribute that is there or not.
#[inline(never)]
pub fn toggle(element: &Element, name: &str, on: bool) {
    let _ = element.toggle_attribute_with_force(name, on);
}

/// Writes text where it is not there already: a live region says what is written, however often.
#[inline(never)]
pub fn put(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

/// Puts it at the end of another.
#[inline(never)]
pub fn append(parent: &web_sys::Node, child: &Element) {
    let _ = parent.append_child(child);
}

/// Gives it the focus.
#[inline(never)]
pub fn focus(element: &Element) {
    let _ = element.unchecked_ref::<HtmlElement>().focus();
}

/// Gives a field the focus, with all of its text chosen: ready to be copied.
pub fn choose(field: &Element) {
    focus(field);
    field.unchecked_ref::<HtmlInputElement>().select();
}

/// Hears an event, and may prevent what the browser would do: until the listener is dropped.
pub fn listen<T: 'static>(
    target: &EventTarget,
    name: &'static str,
    hearing: T,
    heard: fn(&T, &Event),
) -> EventListener {
    let options = EventListenerOptions::enable_prevent_default();
    EventListener::new_with_options(target, Cow::Borrowed(name), options, move |event| heard(&hearing, event))
}

/// The window that it is in.
pub fn window(node: &web_sys::Node) -> Option<Window> {
    node.owner_document()?.default_view()
}

/// The colours that the page itself uses where the element stands: `color-scheme`, as it came down to it. A page that says
/// nothing is a light one, whatever the system is; one that can do both is what the system is.
pub fn resolved_scheme(host: &Element) -> ColorScheme {
    let Some(window) = window(host) else { return ColorScheme::Light };
    let style = window.get_computed_style(host).ok().flatten();
    let schemes = style.and_then(|style| style.get_property_value("color-scheme").ok()).unwrap_or_default();
    // The words have no letter in common with each other's, and a name of the site's own is none of the two.
    let has = |word: &[u8]| schemes.as_bytes().windows(word.len()).any(|found| found == word);
    let system_is_dark =
        || matches!(window.match_media("(prefers-color-scheme: dark)"), Ok(Some(query)) if query.matches());
    if has(b"dark") && (!has(b"light") || system_is_dark()) { ColorScheme::Dark } else { ColorScheme::Light }
}
