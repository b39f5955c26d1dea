//! WeChat's page in its frame, or the service's that asks for a contact; the frame before it, and what covers a page that says nothing.

use flow::screen::{Frame, FrameStatus, Screen};
use flow::text::Text;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlIFrameElement};

use super::tree::Part;
use super::{Said, View};
use crate::dom;

/// A frame in the page, by its number.
pub type Loaded = Option<(u32, Element)>;

/// Shows the page, or what covers it. `hint` says what it is; `page`: there is a page of its own as well.
pub fn show(view: &View, status: Option<FrameStatus>, page: bool, hint: Text) -> Said {
    view.hide(Part::QrSkeleton, status != Some(FrameStatus::Loading));
    view.hide(Part::Silent, status != Some(FrameStatus::Silent));
    view.hide(Part::SilentPage, !page);
    match status {
        Some(FrameStatus::Silent) => [Text::FrameSilentTitle, Text::FrameSilentHint],
        _ => [hint, Text::Nothing],
    }
}

/// Loads and takes away the frames that the screen has and has not. `status` is what is known of the first one.
pub fn show_frames(view: &View, screen: &Screen<'_>, status: Option<FrameStatus>) {
    let number = |frame: Option<&Frame>| frame.map(|frame| frame.number);
    let (wanted, wanted_former) = (number(screen.frame), number(screen.former_frame));
    let mut shown = None;
    let mut former = None;
    for frame in view.frames.take().into_iter().flatten() {
        let (number, element) = &frame;
        if Some(*number) == wanted {
            shown = Some(frame);
        } else if Some(*number) == wanted_former {
            // A frame that is moved in the page loads again: it steps back where it is.
            dom::set(element, "class", "former");
            dom::set(element, "aria-hidden", "true");
            dom::toggle(element, "inert", true);
            former = Some(frame);
        } else {
            element.remove();
        }
    }
    if shown.is_none()
        && let Some(frame) = screen.frame
    {
        shown = load(view, frame).map(|element| (frame.number, element));
    }
    if let Some((_, element)) = &shown {
        // Out of a keyboard's way while it is covered.
        let is_ready = status == Some(FrameStatus::Ready);
        dom::toggle(element, "inert", !is_ready);
        // The person is here, and what is to be done next is in there.
        if is_ready && asks_for_contact(element) && view.focused().is_some_and(|focused| focused != *element)
        {
            dom::focus(element);
        }
    }
    view.frames.set([shown, former]);
    name_frames(view);
}

/// Says what the frames are, in the language of the day.
pub fn name_frames(view: &View) {
    let frames = view.frames.take();
    for (_, element) in frames.iter().flatten() {
        let title = if asks_for_contact(element) { Text::BindingTitle } else { Text::QrTitle };
        dom::set(element, "title", view.text(title));
    }
    view.frames.set(frames);
}

/// Whether it is the service's page, which finds what it needs in its name.
fn asks_for_contact(frame: &Element) -> bool {
    frame.get_attribute("name").is_some()
}

fn load(view: &View, frame: &Frame) -> Option<Element> {
    let element = dom::make(&view.root.owner_document()?, "iframe", "")?;
    let set = |name, value| dom::set(&element, name, value);
    set("part", "frame");
    if !frame.token.is_empty() {
        set("name", &frame.token);
    }
    // Top navigation is for the hosted page alone: without a gesture a phone's scan could not move it. Forms are the service's.
    set(
        "sandbox",
        if frame.top_navigation {
            "allow-scripts allow-same-origin allow-top-navigation"
        } else if frame.token.is_empty() {
            "allow-scripts allow-same-origin"
        } else {
            "allow-scripts allow-same-origin allow-forms"
        },
    );
    set("allow", if frame.fast_login { "loopback-network; local-network-access" } else { "" });
    set("src", &frame.address);
    dom::append(view.at(Part::Qr)?, &element);
    Some(element)
}

/// The number of the frame that this is the window of.
pub fn frame_from(view: &View, source: &JsValue) -> Option<u32> {
    let frames = view.frames.take();
    let mut found = None;
    for (number, element) in frames.iter().flatten() {
        let window = element.unchecked_ref::<HtmlIFrameElement>().content_window();
        if window.is_some_and(|window| JsValue::from(window) == *source) {
            found = Some(*number);
        }
    }
    view.frames.set(frames);
    found
}

/// Whether this is the frame that is shown, and does not stay so.
pub fn leaves(view: &View, element: &Element, stays: Option<u32>) -> bool {
    let frames = view.frames.take();
    let leaves = frames.iter().flatten().any(|(number, frame)| frame == element && Some(*number) != stays);
    view.frames.set(frames);
    leaves
}
