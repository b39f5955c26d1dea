//! A page with an exhibit in it, and what a person does there.

use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Document, Element, Event, EventInit, HtmlElement, HtmlIFrameElement, KeyboardEvent, KeyboardEventInit,
    MouseEvent, MouseEventInit, Node, ShadowRoot, ShadowRootInit, ShadowRootMode, Window,
};
use weixin_login_widget::Exhibit;

pub const LANGUAGES: [&str; 3] = ["zh-CN", "zh-TW", "en"];

pub fn window() -> Window {
    web_sys::window().expect("a browser")
}

pub fn document() -> Document {
    window().document().expect("a page")
}

/// An element in the page, with this style.
pub fn place(style: &str) -> Element {
    let place = document().create_element("div").expect("an element");
    place.set_attribute("style", style).expect("a style");
    document().body().expect("a body").append_child(&place).expect("is appended");
    place
}

/// A panel in `parent` that shows the phase `name`. It goes at the end of a test, with its place.
pub fn exhibit_in(parent: &Element, name: &str, lang: &str, theme: &str) -> (Exhibit, ShadowRoot) {
    let host = document().create_element("div").expect("an element");
    parent.append_child(&host).expect("is appended");
    let root = host.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open)).expect("a shadow root");
    let exhibit = Exhibit::new(root.clone(), name, lang, theme, "about:blank").expect("a phase");
    (exhibit, root)
}

/// A panel that shows the phase `name`.
pub fn exhibit(name: &str, lang: &str) -> (Exhibit, ShadowRoot) {
    exhibit_in(&place(""), name, lang, "light")
}

pub fn find(root: &ShadowRoot, selector: &str) -> Element {
    root.query_selector(selector).expect("a good selector").unwrap_or_else(|| panic!("no {selector}"))
}

pub fn all(root: &ShadowRoot, selector: &str) -> Vec<HtmlElement> {
    let found = root.query_selector_all(selector).expect("a good selector");
    (0..found.length()).filter_map(|index| found.item(index)).map(JsCast::unchecked_into).collect()
}

pub fn is_seen(element: &HtmlElement) -> bool {
    element.offset_height() > 0
}

pub fn is(one: Option<Element>, other: &Element) -> bool {
    one.is_some_and(|one| one == *other)
}

pub fn style(element: &Element, property: &str) -> String {
    let style = window().get_computed_style(element).ok().flatten().expect("a style");
    style.get_property_value(property).expect("a property")
}

/// Something happens to `target`, and bubbles. Gives false where the browser is kept from doing its own.
pub fn happen(target: &Element, name: &str) -> bool {
    let init = EventInit::new();
    init.set_bubbles(true);
    init.set_cancelable(true);
    let event = Event::new_with_event_init_dict(name, &init).expect("an event");
    target.dispatch_event(&event).expect("is told")
}

/// A key goes down, or is held. Says whether it is left to the browser.
pub fn key(target: &Element, name: &str, repeat: bool) -> bool {
    let init = KeyboardEventInit::new();
    init.set_bubbles(true);
    init.set_cancelable(true);
    init.set_key(name);
    init.set_repeat(repeat);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).expect("an event");
    target.dispatch_event(&event).expect("is told")
}

/// A press, the `count`th of a row.
pub fn click(target: &Element, count: i32) {
    let init = MouseEventInit::new();
    init.set_bubbles(true);
    init.set_detail(count);
    let event = MouseEvent::new_with_mouse_event_init_dict("click", &init).expect("an event");
    target.dispatch_event(&event).expect("is told");
}

/// Waits for an event of `target`.
pub async fn until_told(target: &Element, name: &str) {
    let told = Promise::new(&mut |resolve, _| {
        target.add_event_listener_with_callback(name, &resolve).expect("is heard");
    });
    JsFuture::from(told).await.expect("an event");
}

/// A frame with another page, which is seen in so many pixels, and its body.
pub fn page_of(width: u32, height: u32) -> (Element, Element) {
    let frame = document().create_element("iframe").expect("a frame");
    frame
        .set_attribute("style", &format!("border: 0; inline-size: {width}px; block-size: {height}px"))
        .expect("a style");
    document().body().expect("a body").append_child(&frame).expect("is appended");
    let page = frame.unchecked_ref::<HtmlIFrameElement>().content_document().expect("a page");
    (frame, page.body().expect("a body").unchecked_into())
}

/// What there is to press is what a pointer meets in its middle, at its edges and near its corners.
pub fn assert_nothing_lies_over_what_is_pressed(root: &ShadowRoot, what: &str) {
    for button in all(root, "button, input").iter().filter(|button| is_seen(button)) {
        button.scroll_into_view_with_bool(false);
        let place = button.get_bounding_client_rect();
        let (x, y, width, height) = (place.x(), place.y(), place.width(), place.height());
        let columns = [1.0, 4.0, width / 2.0, width - 4.0, width - 1.0];
        let rows = [1.0, 4.0, height / 2.0, height - 4.0, height - 1.0];
        for (column, dx) in columns.iter().enumerate() {
            for (row, dy) in rows.iter().enumerate() {
                // The corners themselves are round.
                if [0, 4].contains(&column) && row != 2 || [0, 4].contains(&row) && column != 2 {
                    continue;
                }
                let at = root.element_from_point((x + dx) as f32, (y + dy) as f32);
                let is_it = at.as_ref().is_some_and(|at| button.contains(Some(at.unchecked_ref::<Node>())));
                let met = at.map(|at| at.class_name());
                assert!(is_it, "{what} {}: {dx},{dy} is {met:?}", button.class_name());
            }
        }
    }
}
