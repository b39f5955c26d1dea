//! WeChat's QR page in a frame, and who may speak to us from it.
//!
//! A message counts when its origin *and* its source are right; whose login it is, `flow` checks by state and iss.

use alloc::string::String;

use flow::event::Event;
use flow::screen::Frame;
use protocol::qrconnect::PostedStatus;
use protocol::service::WebMessage;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlIFrameElement, MessageEvent, Url};

use crate::json::BrowserJson;
use crate::view::set;

/// A frame in the page. It leaves the page with this value.
pub struct LoadedFrame {
    /// What it was made of.
    number: u32,
    open_origin: String,
    callback_origin: String,
    element: HtmlIFrameElement,
}

impl LoadedFrame {
    /// A frame at the end of `parent`, which begins to load.
    pub fn new(document: &Document, parent: &Element, frame: &Frame, title: &str) -> Option<Self> {
        let element: HtmlIFrameElement = document.create_element("iframe").ok()?.unchecked_into();
        set(&element, "title", title);
        set(&element, "part", "frame");
        // Top navigation is for the hosted page alone: without a gesture a phone's scan could not move it.
        let sandbox = if frame.top_navigation {
            "allow-scripts allow-same-origin allow-top-navigation"
        } else {
            "allow-scripts allow-same-origin"
        };
        set(&element, "sandbox", sandbox);
        if frame.fast_login {
            set(&element, "allow", "loopback-network; local-network-access");
        }
        set(&element, "src", &frame.address);
        let (open_origin, callback_origin) = (origin(&frame.open_url)?, origin(&frame.redirect_uri)?);
        parent.append_child(&element).ok()?;
        Some(Self { number: frame.number, open_origin, callback_origin, element })
    }

    /// Tells it from other frames.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// It, in the page.
    pub fn element(&self) -> &HtmlIFrameElement {
        &self.element
    }

    /// What the message says, when it is this frame's.
    pub fn heard(&self, message: &MessageEvent) -> Option<Event> {
        if !js_sys::Object::is(message.source()?.as_ref(), self.element.content_window()?.as_ref()) {
            return None;
        }
        let origin = message.origin();
        let data = BrowserJson(message.data());
        // Plain http in a demo may have both pages on one origin: each message has a shape of its own.
        if origin == self.open_origin
            && let Some(text) = data.0.as_string()
            && let Some(status) = PostedStatus::read::<BrowserJson>(&text)
        {
            return Some(Event::Frame { number: self.number, status });
        }
        if origin == self.callback_origin {
            return WebMessage::read(&data).map(Event::Message);
        }
        None
    }
}

impl Drop for LoadedFrame {
    fn drop(&mut self) {
        self.element.remove();
    }
}

fn origin(address: &str) -> Option<String> {
    Url::new(address).ok().map(|url| url.origin())
}
