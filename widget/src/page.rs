//! The page that the element stands in: what it says of itself, and what it is told. Not what is seen of the element: that is
//! `view`.

use flow::options::{Device, Surroundings};
use gloo_events::{EventListener, EventListenerOptions};
use js_sys::{Object, Reflect};
use protocol::fast_login::DialogCorner;
use wasm_bindgen::prelude::*;
use web_sys::{
    CustomEvent, CustomEventInit, Document, Element, Event, EventTarget, HtmlAnchorElement, HtmlElement,
    HtmlIFrameElement, PageTransitionEvent, ShadowRoot, Url, Window,
};

/// The element, and the window that it is in.
pub struct Page {
    host: HtmlElement,
    root: ShadowRoot,
    pub window: Window,
    pub document: Document,
}

/// What the page lets us hear while a login goes on.
pub enum Heard {
    /// A message, from whichever window.
    Message(web_sys::MessageEvent),
    /// There is a network, or there is none any more.
    Online(bool),
    /// The person came back by the browser's Back.
    Returned,
    /// The page is seen, or hidden.
    Visible(bool),
    /// A frame of ours has loaded another page.
    FrameLoaded(HtmlIFrameElement),
}

impl Page {
    /// The page of this element; `None` where it is in no window.
    pub fn of(host: HtmlElement, root: ShadowRoot) -> Option<Self> {
        let document = host.owner_document()?;
        let window = document.default_view()?;
        Some(Self { host, root, window, document })
    }

    /// An attribute of the element.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let given = self.host.get_attribute(name);
        // Under a policy browsers take the nonce out of the attribute, and leave it in the property alone.
        if name == "nonce" && given.as_deref().unwrap_or_default().is_empty() {
            return Some(self.host.nonce());
        }
        given
    }

    /// The element, for what is looked up in its style.
    pub fn host(&self) -> &Element {
        &self.host
    }

    /// The language that the page gives to the place where the element stands, else the browser's.
    pub fn language(&self) -> Option<String> {
        let mut here: Option<Element> = Some(self.host.clone().into());
        while let Some(element) = here {
            if let Some(found) = element.closest("[lang]").ok().flatten() {
                return found.get_attribute("lang");
            }
            // Beyond a shadow root it is its host's.
            here = element.get_root_node().dyn_into::<ShadowRoot>().ok().map(|root| root.host());
        }
        self.window.navigator().language()
    }

    /// What the options depend on besides the attributes. `script` is where the widget's own script came from.
    pub fn surroundings(&self, script: String) -> Surroundings {
        let location = self.window.location();
        let hostname = location.hostname().unwrap_or_default();
        let mut page_path = location.pathname().unwrap_or_default();
        page_path.push_str(&location.search().unwrap_or_default());
        let link = self.host.query_selector("a[href]").ok().flatten();
        Surroundings {
            page_origin: location.origin().unwrap_or_default(),
            page_path,
            page_language: self.language(),
            script,
            device: Device::of(&self.window.navigator().user_agent().unwrap_or_default()),
            secure: self.window.is_secure_context(),
            loopback_page: hostname == "localhost"
                || hostname.ends_with(".localhost")
                || hostname.starts_with("127.")
                || hostname == "[::1]",
            link: link.and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok()).map(|link| link.href()),
        }
    }

    /// Hears the page, for as long as what this gives is kept.
    pub fn listen(&self, heard: impl Fn(Heard) + Clone + 'static) -> [EventListener; 6] {
        let (document, frame_loaded) = (self.document.clone(), heard.clone());
        // A load does not rise, but is met on its way down.
        let on_the_way_down = EventListenerOptions::run_in_capture_phase();
        [
            EventListener::new_with_options(&self.root, "load", on_the_way_down, move |event| {
                if let Some(frame) = event.target().and_then(|target| target.dyn_into().ok()) {
                    frame_loaded(Heard::FrameLoaded(frame));
                }
            }),
            on(&self.window, "message", &heard, |event| Some(Heard::Message(event.clone().unchecked_into()))),
            on(&self.window, "online", &heard, |_| Some(Heard::Online(true))),
            on(&self.window, "offline", &heard, |_| Some(Heard::Online(false))),
            on(&self.window, "pageshow", &heard, |event| {
                event.unchecked_ref::<PageTransitionEvent>().persisted().then_some(Heard::Returned)
            }),
            EventListener::new(&self.document, "visibilitychange", move |_| {
                heard(Heard::Visible(!document.hidden()));
            }),
        ]
    }

    /// Whether the page is seen: neither a hidden one is, nor one that is rendered ahead.
    pub fn is_visible(&self) -> bool {
        !self.document.hidden()
    }

    /// Whether the browser has a network.
    pub fn is_online(&self) -> bool {
        self.window.navigator().on_line()
    }

    /// An address's origin.
    pub fn origin(address: &str) -> Option<String> {
        Url::new(address).ok().map(|url| url.origin())
    }

    /// Where WeChat's window stands in the middle of the browser's, where the person is looking.
    pub fn dialog_corner(&self) -> DialogCorner {
        let pixels = |length: Result<JsValue, JsValue>| {
            length.ok().and_then(|length| length.as_f64()).unwrap_or_default() as i32
        };
        let window = &self.window;
        DialogCorner::centred(
            pixels(window.screen_x()),
            pixels(window.screen_y()),
            pixels(window.outer_width()),
            pixels(window.outer_height()),
        )
    }

    /// The top page goes there.
    pub fn go(&self, address: &str) {
        // Only an address that is none is refused, and each was read by the options.
        let _ = self.window.location().assign(address);
    }

    /// Loads the page again.
    pub fn reload(&self) {
        let _ = self.window.location().reload();
    }

    /// Tells the page an event.
    pub fn tell(&self, name: &str, detail: &Detail) {
        self.dispatch(name, &detail.0, None);
    }

    /// Tells the page an event that it may answer, by calling `respondWith` while it is heard.
    pub fn ask(&self, name: &str, respond_with: &JsValue) {
        self.dispatch(name, &JsValue::NULL, Some(respond_with));
    }

    fn dispatch(&self, name: &str, detail: &JsValue, respond_with: Option<&JsValue>) {
        let init = CustomEventInit::new();
        init.set_bubbles(true);
        init.set_composed(true);
        init.set_detail(detail);
        let Ok(event) = CustomEvent::new_with_event_init_dict(name, &init) else { return };
        // Nothing of it fails: the event is ours and cannot be cancelled, and what a listener throws is the page's own.
        if let Some(respond_with) = respond_with {
            let _ = Reflect::set(&event, &JsValue::from_str("respondWith"), respond_with);
        }
        let _ = self.host.dispatch_event(&event);
    }

    /// A mistake in how the element is used: to be read by whoever writes the page.
    pub fn complain(&self, message: &str) {
        let mut line = String::from("<weixin-login>: ");
        line.push_str(message);
        web_sys::console::error_1(&line.into());
    }
}

fn on(
    target: &EventTarget,
    name: &'static str,
    heard: &(impl Fn(Heard) + Clone + 'static),
    meaning: fn(&Event) -> Option<Heard>,
) -> EventListener {
    let heard = heard.clone();
    EventListener::new(target, name, move |event| {
        if let Some(what) = meaning(event) {
            heard(what);
        }
    })
}

/// The `detail` of an event.
#[derive(Default)]
pub struct Detail(Object);

impl Detail {
    /// With one more member.
    pub fn text(self, name: &str, value: &str) -> Self {
        self.value(name, &JsValue::from_str(value))
    }

    /// With one more member, which is none where it is undefined.
    pub fn value(self, name: &str, value: &JsValue) -> Self {
        if !value.is_undefined() {
            // A plain object of ours takes every member.
            let _ = Reflect::set(&self.0, &JsValue::from_str(name), value);
        }
        self
    }
}
