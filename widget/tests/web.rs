//! What only a browser can say: that its own JSON is read like the service's, and that hostile text is shown as text.
//!
//! Whole logins are driven from outside, by the crate weixin-login-e2e.

#![cfg(target_arch = "wasm32")]

use protocol::json::Json;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Document, Element, HtmlElement, ShadowRoot, ShadowRootInit, ShadowRootMode};
use weixin_login_widget::{BrowserJson, Exhibit};

wasm_bindgen_test_configure!(run_in_browser);

fn document() -> Document {
    web_sys::window().and_then(|window| window.document()).expect("a browser")
}

/// A panel that shows the phase `name`.
fn exhibit(name: &str, lang: &str) -> (Exhibit, ShadowRoot) {
    let host = document().create_element("div").expect("an element");
    document().body().expect("a body").append_child(&host).expect("is appended");
    let root = host.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open)).expect("a shadow root");
    let exhibit = Exhibit::new(&root, name, lang, "light", "about:blank").expect("a phase");
    (exhibit, root)
}

fn find(root: &ShadowRoot, selector: &str) -> Element {
    root.query_selector(selector).expect("a good selector").unwrap_or_else(|| panic!("no {selector}"))
}

fn is_seen(element: &Element) -> bool {
    element.unchecked_ref::<HtmlElement>().offset_height() > 0
}

#[wasm_bindgen_test]
fn the_browsers_json_reads_every_sample_like_serde_json() {
    protocol::samples::check_all::<BrowserJson>();
}

#[wasm_bindgen_test]
fn only_an_objects_own_members_are_members() {
    let object = BrowserJson::parse(r#"{"a":"b","n":null}"#).expect("JSON");
    for inherited in ["constructor", "toString", "__proto__", "n", "missing"] {
        assert!(object.member(inherited).is_none(), "{inherited}");
    }
    assert!(BrowserJson::parse("[1]").expect("JSON").member("length").is_none());
    assert!(BrowserJson::parse("\"text\"").expect("JSON").member("length").is_none());
}

#[wasm_bindgen_test]
fn numbers_are_whole_or_they_are_none() {
    let table =
        [("7200", Some(7200)), ("7200.0", Some(7200)), ("-1", Some(-1)), ("0.5", None), ("1e300", None)];
    for (text, number) in table {
        assert_eq!(BrowserJson::parse(text).expect("JSON").integer(), number, "{text}");
    }
    assert_eq!(BrowserJson::parse("true").expect("JSON").integer(), None);
    assert_eq!(BrowserJson::parse("\"1\"").expect("JSON").integer(), None);
}

#[wasm_bindgen_test]
fn a_hostile_nickname_is_shown_as_text_on_one_line() {
    let (_exhibit, root) = exhibit("card-hostile", "zh-CN");
    let name = find(&root, ".nickname");
    assert!(name.text_content().expect("text").starts_with("<img src=x onerror=alert(1)>"));
    assert_eq!(name.child_element_count(), 0);
    assert!(root.query_selector("img").expect("a good selector").is_none());
    let name: HtmlElement = name.unchecked_into();
    assert!(name.offset_height() < 40, "one line, not {} pixels", name.offset_height());
    assert!(name.scroll_width() > name.client_width(), "what is too long is cut off");
}

#[wasm_bindgen_test]
fn one_place_is_seen_in_each_phase() {
    for phase in
        ["loading", "card", "confirming", "finishing", "qr", "page", "phone", "expired", "denied", "success"]
    {
        let (_exhibit, root) = exhibit(phase, "zh-CN");
        let places = root.query_selector_all(".place").expect("a good selector");
        let seen = (0..places.length())
            .filter_map(|index| places.item(index))
            .filter(|place| is_seen(place.unchecked_ref()))
            .count();
        assert_eq!(seen, 1, "{phase}");
    }
}

#[wasm_bindgen_test]
fn the_panel_is_as_high_in_each_phase() {
    for phase in ["loading", "card", "qr-offer", "qr-refused", "error-offline", "success"] {
        let (_exhibit, root) = exhibit(phase, "en");
        let panel: HtmlElement = find(&root, ".panel").unchecked_into();
        assert_eq!(panel.offset_height(), 480, "{phase}");
    }
}

#[wasm_bindgen_test]
fn what_there_is_to_press_is_large_enough_and_has_a_name() {
    for phase in ["card", "qr-ask", "qr-offer", "phone", "expired", "error-unsupported", "page", "confirming"]
    {
        let (_exhibit, root) = exhibit(phase, "en");
        let buttons = root.query_selector_all("button").expect("a good selector");
        let seen: Vec<HtmlElement> = (0..buttons.length())
            .filter_map(|index| buttons.item(index))
            .map(JsCast::unchecked_into::<HtmlElement>)
            .filter(|button| is_seen(button))
            .collect();
        assert!(!seen.is_empty(), "{phase}");
        for button in seen {
            assert!(button.offset_height() >= 44, "{phase}: {} pixels high", button.offset_height());
            assert!(!button.text_content().unwrap_or_default().trim().is_empty(), "{phase}");
        }
    }
}

#[wasm_bindgen_test]
fn what_has_happened_is_said_aloud_in_the_panels_language() {
    for (lang, said) in [
        ("zh-CN", "二维码已过期 登录码只在几分钟内有效。 "),
        ("zh-TW", "二維碼已過期 登入碼只在幾分鐘內有效。 "),
        ("en", "This code has expired A login code is valid for a few minutes. "),
    ] {
        let (_exhibit, root) = exhibit("expired", lang);
        let live = find(&root, "[role=status]");
        assert_eq!(live.text_content().as_deref(), Some(said));
        assert_eq!(find(&root, ".panel").get_attribute("lang").as_deref(), Some(lang));
    }
}
