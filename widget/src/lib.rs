//! The Rust half of `<weixin-login>`: an exported handle that the element's class (widget/js) holds while it is in a page.
//!
//! - `panel`: carries out what `flow` decides.
//! - `service`, `fast_login`, `permission`, `fetch`: the calls.
//! - `frame`: WeChat's page, and who may speak from it.
//! - `view`: what is seen.
//! - `tell`: what the page hears.
//!
//! The class is JavaScript because a class that extends HTMLElement must be; it loads this, and does nothing else.

// The plain build has no std: with it all the text of its panics would cross the wire, a sixth of the widget.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod fast_login;
mod fetch;
mod frame;
#[cfg(feature = "gallery")]
mod gallery;
mod json;
mod listen;
mod panel;
mod permission;
#[cfg(all(target_arch = "wasm32", not(feature = "std")))]
mod runtime;
mod scene;
mod service;
mod tell;
mod view;

use alloc::rc::Rc;
use alloc::string::String;

use flow::options::{Device, Display, Options, Surroundings, dress};
use flow::text::Language;
use js_sys::Reflect;
use protocol::qrconnect::ColorScheme;
use wasm_bindgen::prelude::*;
use web_sys::{Document, HtmlElement, ShadowRoot, Url, Window};

#[cfg(feature = "gallery")]
pub use gallery::Exhibit;
pub use json::BrowserJson;
use panel::Panel;
use view::dialog::Dialog;

/// The element's life in a page, from `connectedCallback` to `disconnectedCallback`.
#[wasm_bindgen]
pub struct Widget {
    page: Rc<Page>,
    content: Content,
}

/// Where the widget lives.
struct Page {
    window: Window,
    document: Document,
    host: HtmlElement,
    root: ShadowRoot,
    /// Where the widget's own script came from.
    script: String,
}

/// What may change while a login goes on.
type Dress = (Language, ColorScheme);

/// What was made of the attributes.
enum Content {
    Panel(Panel),
    Dialog(Rc<Dialog>),
}

#[wasm_bindgen]
impl Widget {
    /// Mounts the widget in `root`, the shadow root of `host`. `script` is where the widget's own script came from.
    ///
    /// # Errors
    /// What the browser threw: there is no window, or no style sheet can be made.
    #[wasm_bindgen(constructor)]
    pub fn new(host: HtmlElement, root: ShadowRoot, script: String) -> Result<Widget, JsValue> {
        let document = host.owner_document().ok_or(JsValue::UNDEFINED)?;
        let window = document.default_view().ok_or(JsValue::UNDEFINED)?;
        view::adopt_styles(&root)?;
        let page = Rc::new(Page { window, document, host, root, script });
        let surroundings = page.surroundings();
        let options = Rc::new(Options::read(&|name| page.host.get_attribute(name), &surroundings));
        let dress = (options.language, options.theme);
        let content = match options.display {
            Display::Panel => Content::Panel(Panel::new(&page, &page.root, options, dress)),
            Display::Button => Content::Dialog(Dialog::new(&page, options, dress)),
        };
        Ok(Self { page, content })
    }

    /// Takes a new `lang` and `theme`, without touching the login.
    pub fn dress(&self) {
        let page = &self.page;
        let dress = dress(&|name| page.host.get_attribute(name), &page.surroundings());
        match &self.content {
            Content::Panel(panel) => panel.dress(dress),
            Content::Dialog(dialog) => dialog.dress(dress),
        }
    }

    /// With `display="button"`: opens the dialog, as a press on the button does.
    pub fn open(&self) {
        if let Content::Dialog(dialog) = &self.content {
            dialog.open();
        }
    }
}

impl Page {
    fn surroundings(&self) -> Surroundings {
        let navigator = self.window.navigator();
        let ancestor = self.host.closest("[lang]").ok().flatten();
        let language =
            ancestor.and_then(|element| element.get_attribute("lang")).filter(|tag| !tag.is_empty());
        let link = self.host.query_selector("a[href]").ok().flatten();
        let secure = Reflect::get(&self.window, &"isSecureContext".into());
        let mut surroundings = Surroundings {
            page_language: language.or_else(|| navigator.language()),
            script: self.script.clone(),
            device: Device::of(&navigator.user_agent().unwrap_or_default()),
            secure: secure.is_ok_and(|secure| secure.is_truthy()),
            // The property is absolute where the attribute may not be.
            link: link
                .and_then(|link| Reflect::get(&link, &"href".into()).ok())
                .and_then(|href| href.as_string()),
            ..Surroundings::default()
        };
        if let Ok(address) = self.window.location().href().and_then(|href| Url::new(&href)) {
            let hostname = address.hostname();
            surroundings.page_origin = address.origin();
            surroundings.page_path = address.pathname();
            surroundings.page_path.push_str(&address.search());
            surroundings.loopback_page = hostname == "localhost"
                || hostname.ends_with(".localhost")
                || hostname.starts_with("127.")
                || hostname == "[::1]";
        }
        surroundings
    }
}
