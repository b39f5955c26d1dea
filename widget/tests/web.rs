//! What only a browser can say: that its own JSON is read like the service's, that hostile text is shown as text, and what hands
//! and pages do to what is seen.
//!
//! Whole logins are driven from outside, by the crate weixin-login-e2e.

#![cfg(target_arch = "wasm32")]

#[path = "web/page.rs"]
mod page;

use js_sys::{Object, Reflect};
use page::{
    LANGUAGES, all, assert_nothing_lies_over_what_is_pressed, click, document, exhibit, exhibit_in, find,
    happen, is, is_seen, key, page_of, place, style, until_told, window,
};
use protocol::json::Json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlIFrameElement, HtmlInputElement, ShadowRoot};
use weixin_login_widget::{BrowserJson, Exhibit};

wasm_bindgen_test_configure!(run_in_browser);

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
    for phase in Exhibit::names().iter().filter(|name| *name != "trigger") {
        let (_exhibit, root) = exhibit(phase, "zh-CN");
        let seen = all(&root, ".place").iter().filter(|place| is_seen(place)).count();
        assert_eq!(seen, 1, "{phase}");
    }
}

#[wasm_bindgen_test]
fn the_panel_is_as_high_in_each_phase_and_the_frame_as_large_as_its_code_needs() {
    for phase in Exhibit::names().iter().filter(|name| *name != "trigger") {
        for lang in LANGUAGES {
            let (_exhibit, root) = exhibit(phase, lang);
            let panel: HtmlElement = find(&root, ".panel").unchecked_into();
            assert_eq!(panel.offset_height(), 480, "{phase} {lang}");
            for frame in all(&root, "iframe") {
                let (width, height) = (frame.offset_width(), frame.offset_height());
                assert!(width >= 300 && height >= 294, "{phase} {lang}: {width} x {height}");
                // Where nothing stands below it, it has that room too.
                assert!(
                    find(&root, ".footer").has_attribute("hidden") == (height > 380),
                    "{phase}: {height}"
                );
            }
        }
    }
}

/// What one screen and the next have in common stays where it is, in the panel and in the frame's place.
#[wasm_bindgen_test]
fn nothing_moves_for_what_comes() {
    const SEQUENCES: [&[&str]; 5] = [
        &[
            "loading",
            "qr-loading",
            "qr",
            "qr-ask",
            "qr-asking",
            "qr-page",
            "qr-offer",
            "qr-refused",
            "qr-offline",
        ],
        &["qr-loading", "qr-silent", "qr-loading", "qr"],
        &["loading", "card", "confirming", "confirming-asking", "finishing", "success"],
        &["loading", "page", "page-refused", "inside-weixin"],
        &["loading", "error-offline", "loading", "scene", "scene-scanned", "expired"],
    ];
    let places = |root: &ShadowRoot| -> Vec<(HtmlElement, [i32; 2])> {
        // What is named here stretches: its beginning tells where it is.
        let all = all(root, ".panel, .panel *:not(.spinner):not(svg):not(path)");
        let seen = all.into_iter().filter(is_seen);
        seen.map(|element| {
            let place = element.get_bounding_client_rect();
            let place = [place.x().round() as i32, place.y().round() as i32];
            (element, place)
        })
        .collect()
    };
    for sequence in SEQUENCES {
        for lang in LANGUAGES {
            let (exhibit, root) = exhibit(sequence[0], lang);
            let mut before = places(&root);
            for phase in &sequence[1..] {
                exhibit.show(phase).expect("a phase");
                let after = places(&root);
                for (element, place) in &after {
                    let was = before.iter().find(|(known, _)| known == element).map(|(_, place)| place);
                    // Nor does a heading that is one line with the site's name, and alone without it: it is drawn elsewhere.
                    let is_drawn_elsewhere = element.closest(".titles").is_ok_and(|found| found.is_some());
                    assert!(
                        was.is_none_or(|was| was == place) || is_drawn_elsewhere,
                        "{phase} {lang}: {} {} {was:?} {place:?}",
                        element.tag_name(),
                        element.class_name()
                    );
                }
                before = after;
            }
        }
    }
}

#[wasm_bindgen_test]
fn what_there_is_to_press_is_large_enough_and_has_a_name() {
    for phase in Exhibit::names() {
        let (_exhibit, root) = exhibit(&phase, "en");
        for button in all(&root, "button").iter().filter(|button| is_seen(button)) {
            assert!(button.offset_height() >= 44, "{phase}: {} pixels high", button.offset_height());
            assert!(!button.text_content().unwrap_or_default().trim().is_empty(), "{phase}");
        }
    }
}

#[wasm_bindgen_test]
fn every_button_takes_a_press_anywhere_on_it() {
    let dialogs = ["dialog-card", "dialog-qr-refused", "dialog-qr-silent", "dialog-scene-by-hand"];
    for phase in Exhibit::names().into_iter().chain(dialogs.map(String::from)) {
        for lang in LANGUAGES {
            let (_exhibit, root) = exhibit(&phase, lang);
            assert_nothing_lies_over_what_is_pressed(&root, &format!("{phase} {lang}"));
        }
    }
}

/// A page at 400 % (WCAG 1.4.10), and phones on their side.
#[wasm_bindgen_test]
fn on_a_small_screen_the_dialog_is_scrolled_and_all_of_it_is_reached() {
    for (width, height) in [(320, 256), (320, 180), (844, 300)] {
        let (window, page) = page_of(width, height);
        for phase in Exhibit::names().iter().filter(|name| *name != "trigger") {
            let (_exhibit, root) = exhibit_in(&page, &format!("dialog-{phase}"), "en", "light");
            let what = format!("{phase} at {width} x {height}");
            assert_nothing_lies_over_what_is_pressed(&root, &what);
            // It rises into its place: what counts is the place.
            let dialog: HtmlElement = find(&root, "dialog").unchecked_into();
            let (top, high) = (dialog.offset_top(), dialog.offset_height());
            assert!(top >= 0 && top + high <= height as i32, "{what}: {top}, {high}");
            let wide = all(&root, ".panel, .panel *:not(svg, path)").into_iter().filter(is_seen);
            for element in wide {
                let place = element.get_bounding_client_rect();
                let is_inside = place.left() >= 0.0 && place.right() <= f64::from(width);
                assert!(is_inside, "{what}: {} {}", element.tag_name(), element.class_name());
            }
            for frame in all(&root, "iframe") {
                let (wide, high) = (frame.offset_width(), frame.offset_height());
                // The scroll bars beside it, and beside the page, take a little.
                assert!(wide >= 260 && high >= 260, "{what}: {wide} x {high}");
            }
        }
        window.remove();
    }
}

#[wasm_bindgen_test]
fn each_press_is_told_by_its_word_and_the_second_of_a_double_one_is_not() {
    let (exhibit, root) = exhibit("card", "en");
    click(&find(&root, "[data-press=continue] .name"), 1);
    assert_eq!(exhibit.pressed(), "Button(Continue) ");
    click(&find(&root, "[data-press=continue]"), 2);
    click(&find(&root, ".nickname"), 1);
    assert_eq!(exhibit.pressed(), "");
    for button in all(&root, ".panel button") {
        click(&button, 0);
        assert!(exhibit.pressed().starts_with("Button("), "{:?}", button.get_attribute("data-press"));
    }
}

#[wasm_bindgen_test]
fn a_key_that_is_held_presses_once() {
    let (_exhibit, root) = exhibit("phone-by-hand", "en");
    let goes_on = |selector: &str, name: &str, repeat: bool| key(&find(&root, selector), name, repeat);
    assert!(goes_on("[data-press=show-qr]", "Enter", false));
    assert!(!goes_on("[data-press=show-qr]", "Enter", true));
    assert!(!goes_on("[data-press=show-qr]", " ", true));
    assert!(goes_on("[data-press=show-qr]", "Tab", true));
    assert!(goes_on(".address", "Enter", true));
}

#[wasm_bindgen_test]
fn a_press_beside_the_dialog_counts_where_it_began_and_ended_there_and_not_at_once() {
    let (exhibit, root) = exhibit("dialog-card", "en");
    let (dialog, hint) = (find(&root, "dialog"), find(&root, ".card .hint"));
    let press = |began: &Element, ended: &Element, count: i32| {
        happen(began, "mousedown");
        happen(ended, "mouseup");
        click(&dialog, count);
        exhibit.pressed()
    };
    assert_eq!(press(&dialog, &dialog, 1), "", "the dialog has only just come");

    // The clock of a browser's events is a property of each: half a second has gone.
    let events: Object = Reflect::get(&window(), &"Event".into())
        .and_then(|class| Reflect::get(&class, &"prototype".into()))
        .expect("events")
        .unchecked_into();
    let clock = Object::get_own_property_descriptor(&events, &"timeStamp".into());
    let later: Object = js_sys::JSON::parse(r#"{"configurable":true}"#).expect("an object").unchecked_into();
    let get = js_sys::Function::new_no_args("return performance.now() + 600");
    Reflect::set(&later, &"get".into(), &get).expect("is set");
    Object::define_property(&events, &"timeStamp".into(), &later);
    assert_eq!(press(&hint, &dialog, 1), "", "a selection of text that ends outside");
    assert_eq!(press(&dialog, &hint, 1), "", "and one that began there");
    assert_eq!(press(&dialog, &dialog, 2), "", "the second of a double one");
    assert_eq!(press(&dialog, &dialog, 1), "Dismiss(Backdrop) ");
    click(&dialog, 1);
    assert_eq!(exhibit.pressed(), "", "a press that began nowhere");
    Object::define_property(&events, &"timeStamp".into(), clock.unchecked_ref());
}

#[wasm_bindgen_test]
async fn escape_and_the_close_button_are_told_and_the_dialog_stays_until_it_is_closed() {
    let (exhibit, root) = exhibit("dialog-qr", "en");
    let dialog: HtmlDialogElement = find(&root, "dialog").unchecked_into();
    assert!(is(root.active_element(), &find(&root, ".panel")));
    assert!(!happen(&dialog, "cancel"), "others decide");
    assert_eq!(exhibit.pressed(), "Dismiss(Escape) ");
    // By its key it is ours: a browser would close the dialog at the second one in a row.
    assert!(!key(&find(&root, ".panel"), "Escape", false), "nothing is left to the browser");
    assert_eq!(exhibit.pressed(), "Dismiss(Escape) ");
    click(&find(&root, "[data-press=close]"), 1);
    assert_eq!(exhibit.pressed(), "Dismiss(CloseButton) ");
    assert!(dialog.open());

    // As a browser may do by itself.
    dialog.close();
    until_told(&dialog, "close").await;
    assert_eq!(exhibit.pressed(), "Dismiss(CloseButton) ");
    exhibit.close_dialog();
    assert!(root.query_selector("dialog, .panel, iframe").expect("a good selector").is_none());
}

#[wasm_bindgen_test]
async fn what_an_old_dialog_says_does_not_close_the_next_one() {
    let (exhibit, root) = exhibit("dialog-card", "en");
    let dialog = find(&root, "dialog");
    exhibit.close_dialog();
    exhibit.open_dialog();
    until_told(&dialog, "close").await;
    assert_eq!(exhibit.pressed(), "");
    assert!(find(&root, "dialog").unchecked_into::<HtmlDialogElement>().open());
}

#[wasm_bindgen_test]
fn a_dialog_gives_the_focus_back_to_what_had_it_and_else_to_the_button() {
    if let Some(active) = document().active_element() {
        active.unchecked_into::<HtmlElement>().blur().expect("has no focus");
    }
    let (exhibit, root) = exhibit("trigger", "en");
    let trigger = find(&root, ".trigger");
    click(&trigger, 1);
    assert_eq!(exhibit.pressed(), "Open ");
    exhibit.open_dialog();
    assert!(is(root.active_element(), &find(&root, ".panel")));
    exhibit.close_dialog();
    assert!(is(root.active_element(), &trigger));

    let other: HtmlElement = document().create_element("button").expect("a button").unchecked_into();
    place("").append_child(&other).expect("is appended");
    other.focus().expect("has the focus");
    exhibit.open_dialog();
    exhibit.close_dialog();
    assert!(is(document().active_element(), &other));
}

#[wasm_bindgen_test]
fn the_focus_of_what_goes_is_the_panels_and_never_the_next_buttons() {
    let (mut exhibit, root) = exhibit("card", "en");
    let panel = find(&root, ".panel");
    let focus = |selector: &str| {
        find(&root, selector).unchecked_into::<HtmlElement>().focus().expect("has the focus");
    };
    focus("[data-press=continue]");
    exhibit.show("confirming").expect("a phase");
    assert!(is(root.active_element(), &panel), "not Cancel");

    exhibit.show("qr").expect("a phase");
    focus("iframe");
    assert!(is(root.active_element(), &find(&root, "iframe")));
    exhibit.show("qr-offer").expect("a phase");
    assert!(is(root.active_element(), &find(&root, "iframe")), "a frame that stays keeps it");
    exhibit.renew();
    assert!(is(root.active_element(), &panel), "a frame that steps back does not");
    focus("iframe:not(.former)");
    exhibit.show("success").expect("a phase");
    assert!(is(root.active_element(), &panel), "nor one that goes");
}

#[wasm_bindgen_test]
fn a_frame_stays_the_same_element_and_is_known_by_its_window() {
    let (mut exhibit, root) = exhibit("qr", "en");
    let first: HtmlIFrameElement = find(&root, "iframe").unchecked_into();
    exhibit.show("qr-refused").expect("a phase");
    assert_eq!(all(&root, "iframe").len(), 1);
    exhibit.renew();
    let second: HtmlIFrameElement = find(&root, "iframe:not(.former)").unchecked_into();
    assert!(is(root.query_selector("iframe.former[inert]").expect("a good selector"), &first));
    for (frame, number) in [(&first, 1), (&second, 2)] {
        let source: JsValue = frame.content_window().expect("a window").into();
        assert_eq!(exhibit.frame_from(&source), Some(number));
    }
    assert_eq!(exhibit.frame_from(&window()), None);
    assert_eq!(exhibit.frame_from(&JsValue::NULL), None);
}

#[wasm_bindgen_test]
fn a_frame_is_covered_until_it_says_that_it_is_there() {
    for (phase, is_covered) in [("qr-loading", true), ("qr-silent", true), ("qr", false)] {
        let (_exhibit, root) = exhibit(phase, "en");
        let frame = find(&root, "iframe");
        frame.scroll_into_view();
        let place = frame.get_bounding_client_rect();
        let (x, y) = (place.x() + place.width() / 2.0, place.y() + place.height() / 2.0);
        assert_eq!(is(root.element_from_point(x as f32, y as f32), &frame), !is_covered, "{phase}");
        assert_eq!(frame.has_attribute("inert"), is_covered, "{phase}");
    }
}

#[wasm_bindgen_test]
fn an_address_that_cannot_be_copied_is_there_to_copy_by_hand() {
    for (before, phase) in [("phone", "phone-by-hand"), ("scene", "scene-by-hand")] {
        let (exhibit, root) = exhibit(before, "en");
        let button = all(&root, "[data-press=copy-link]").into_iter().find(is_seen).expect("a button");
        button.focus().expect("has the focus");
        exhibit.show(phase).expect("a phase");
        let field = all(&root, ".address").into_iter().find(is_seen).expect("a field");
        assert!(is(root.active_element(), &field), "{phase}");
        let field: HtmlInputElement = field.unchecked_into();
        assert!(field.read_only() && field.value().starts_with("https://shop.example.com/weixin/scan/"));
        assert_eq!(field.selection_end().expect("a selection"), Some(field.value().len() as u32));
        assert!(find(&root, "[role=status]").text_content().expect("text").contains("Copy this link"));
        assert!(!is_seen(&button));
    }
}

#[wasm_bindgen_test]
fn nobodys_name_is_left_behind() {
    let (exhibit, root) = exhibit("card", "en");
    for phase in ["qr-offer", "qr"] {
        exhibit.show(phase).expect("a phase");
    }
    let text = find(&root, ".panel").text_content().expect("text");
    assert!(!text.contains("陈锴"), "{text}");
}

/// What a page says of its text, as a person would see it in ours.
const HOSTILE: &str = "font: italic 30px/3 serif; color: red; text-indent: 3em; letter-spacing: .4em; word-spacing: 1em; \
    text-transform: uppercase; white-space: pre; text-align: end; direction: rtl; text-shadow: 2px 2px blue; cursor: wait; \
    word-break: break-all; font-variant: small-caps; list-style: square; hyphens: auto; -webkit-text-stroke: 1px red";

#[wasm_bindgen_test]
fn nothing_that_the_page_says_of_text_comes_in() {
    for (phase, selectors) in [
        ("card", &[".panel", ".title", ".hint", ".primary", ".quiet"][..]),
        ("phone-by-hand", &[".by-hand", ".address"]),
        ("trigger", &[".trigger", ".trigger > span:last-child"]),
        ("dialog-expired", &[".dialog", ".close"]),
    ] {
        let computed = |style_of_page: &str| {
            let (_exhibit, root) = exhibit_in(&place(style_of_page), phase, "en", "light");
            let elements = selectors.iter().map(|selector| find(&root, selector));
            let styles = elements.map(|element| {
                let style = window().get_computed_style(&element).ok().flatten().expect("a style");
                let names = (0..style.length()).map(|index| style.item(index));
                // These follow the place where it stands, or name the custom properties of the page.
                let names = names.filter(|name| !name.starts_with("--") && !name.contains("origin"));
                let all: Vec<String> = names
                    .map(|name| format!("{name}: {}", style.get_property_value(&name).expect("one")))
                    .collect();
                all
            });
            styles.collect::<Vec<_>>()
        };
        let (plain, hostile) =
            (computed("inline-size: 400px"), computed(&format!("{HOSTILE}; inline-size: 400px")));
        for ((selector, plain), hostile) in selectors.iter().zip(&plain).zip(&hostile) {
            for (plain, hostile) in plain.iter().zip(hostile) {
                assert_eq!(plain, hostile, "{phase} {selector}");
            }
        }
    }
}

#[wasm_bindgen_test]
fn what_hides_the_element_hides_the_panel_and_the_documented_properties_come_in() {
    let page =
        place("visibility: hidden; --weixin-login-font: monospace; --weixin-login-accent: rgb(1, 2, 3)");
    let (_panel, root) = exhibit_in(&page, "card", "en", "light");
    assert_eq!(style(&find(&root, ".panel"), "visibility"), "hidden");
    assert_eq!(style(&find(&root, ".primary"), "background-color"), "rgb(1, 2, 3)");
    let (_trigger, root) = exhibit_in(&page, "trigger", "en", "light");
    assert_eq!(style(&find(&root, ".trigger"), "font-family"), "monospace");
    // All the page waits for a dialog: it is seen.
    let (_dialog, root) = exhibit_in(&page, "dialog-card", "en", "light");
    assert_eq!(style(&find(&root, ".panel"), "visibility"), "visible");
}

#[wasm_bindgen_test]
fn without_a_theme_of_its_own_it_has_the_pages() {
    const LIGHT: &str = "rgb(255, 255, 255)";
    const DARK: &str = "rgb(29, 31, 33)";
    for (page, theme, scheme, background) in [
        ("", "auto", "light", LIGHT),
        ("color-scheme: light", "auto", "light", LIGHT),
        ("color-scheme: dark", "auto", "dark", DARK),
        ("color-scheme: only dark", "auto", "dark", DARK),
        ("color-scheme: light", "dark", "light", DARK),
        ("color-scheme: dark", "light", "dark", LIGHT),
    ] {
        let page_element = place(page);
        let (_exhibit, root) = exhibit_in(&page_element, "card", "en", theme);
        assert_eq!(style(&find(&root, ".panel"), "background-color"), background, "{page} {theme}");
        assert_eq!(Exhibit::resolved_scheme(&root.host()), scheme, "{page}");
    }
    let system_is_dark =
        window().match_media("(prefers-color-scheme: dark)").ok().flatten().expect("a query").matches();
    let both = place("color-scheme: light dark");
    assert_eq!(Exhibit::resolved_scheme(&both), if system_is_dark { "dark" } else { "light" });
}

#[wasm_bindgen_test]
fn it_is_no_wider_than_its_place() {
    for (style_of_page, width) in [
        ("inline-size: 280px; display: grid; place-items: center", 280),
        ("inline-size: 280px; display: flex; justify-content: center", 280),
        ("inline-size: 280px", 280),
        ("inline-size: 600px; display: grid; place-items: center", 320),
        ("display: inline-block", 320),
        ("float: left", 320),
    ] {
        let page = place(style_of_page);
        let (_exhibit, root) = exhibit_in(&page, "card-hostile", "en", "light");
        let host: HtmlElement = root.host().unchecked_into();
        assert_eq!(host.offset_width(), width, "{style_of_page}");
        assert_eq!(
            find(&root, ".panel").unchecked_into::<HtmlElement>().offset_width(),
            width,
            "{style_of_page}"
        );
        assert_eq!(page.scroll_width(), page.client_width(), "{style_of_page}");
    }
}

#[wasm_bindgen_test]
fn nothing_is_left_in_the_page_and_nothing_is_heard_after_the_end() {
    for phase in ["card", "qr", "trigger", "dialog-qr"] {
        for is_removed_first in [false, true] {
            let (exhibit, root) = exhibit(phase, "en");
            assert!(root.first_element_child().is_some());
            if is_removed_first {
                root.host().remove();
            }
            drop(exhibit);
            assert!(root.first_element_child().is_none(), "{phase}");
            let button = document().create_element("button").expect("a button");
            button.set_attribute("data-press", "open").expect("an attribute");
            root.append_child(&button).expect("is appended");
            // A listener that is left would call what is no more.
            click(&button, 1);
        }
    }
}

/// The classic script has the style sheet inside, and a page may have any charset.
#[wasm_bindgen_test]
fn the_style_sheet_is_ascii() {
    let sheets = [
        include_str!("../src/view/host.css"),
        include_str!("../src/view/panel.css"),
        include_str!("../src/view/card.css"),
        include_str!("../src/view/qr.css"),
        include_str!("../src/view/scene.css"),
        include_str!("../src/view/notice.css"),
        include_str!("../src/view/dialog.css"),
    ];
    assert!(sheets.iter().all(|sheet| sheet.is_ascii()));
}

#[wasm_bindgen_test]
fn what_has_happened_is_said_aloud_in_the_panels_language() {
    for (lang, said) in [
        ("zh-CN", "二维码已过期 二维码仅在几分钟内有效。 "),
        ("zh-TW", "QR Code 已過期 QR Code 僅在幾分鐘內有效。 "),
        ("en", "This code has expired Login codes are only valid for a few minutes. "),
    ] {
        let (_exhibit, root) = exhibit("expired", lang);
        let live = find(&root, "[role=status]");
        assert_eq!(live.text_content().as_deref(), Some(said));
        assert_eq!(find(&root, ".panel").get_attribute("lang").as_deref(), Some(lang));
    }
}
