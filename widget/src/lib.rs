//! The Rust half of `<weixin-login>`: an exported handle that the element's class (widget/js) holds while it is in a page.
//!
//! - `panel`: carries out what `flow` decides.
//! - `service`, `fast_login`, `permission`, `fetch`: the calls.
//! - `frame`: WeChat's page, and who may speak from it.
//! - `view`: what is seen.
//! - `tell`: what the page hears.
//!
//! The class is JavaScript because a class that extends HTMLElement must be; it loads this, and does nothing else.

mod error;
mod fast_login;
mod fetch;
mod frame;
#[cfg(feature = "gallery")]
mod gallery;
mod json;
mod panel;
mod permission;
mod service;
mod tell;
mod view;

use std::rc::Rc;

use flow::error::LoginError;
use flow::options::{Device, Display, Options, Surroundings};
use flow::screen::{Body, Phase, Screen};
use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::{Document, HtmlElement, ShadowRoot, Window};

pub use json::BrowserJson;
use panel::Panel;
use view::View;
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

/// What was made of the attributes.
enum Content {
    Nothing,
    Panel(Box<Options>, Panel),
    Dialog(Box<Options>, Rc<Dialog>),
    /// They are wrong, and the panel says so.
    Wrong(LoginError, #[expect(dead_code, reason = "leaves the page with this")] Box<View>),
}

#[wasm_bindgen]
impl Widget {
    /// Mounts the widget in `root`, the shadow root of `host`. `script` is where the widget's own script came from.
    ///
    /// # Errors
    /// What the browser threw: there is no window, or no style sheet can be made.
    #[wasm_bindgen(constructor)]
    pub fn new(host: HtmlElement, root: ShadowRoot, script: String) -> Result<Widget, JsValue> {
        let window = web_sys::window().ok_or(JsValue::UNDEFINED)?;
        let document = window.document().ok_or(JsValue::UNDEFINED)?;
        view::adopt_styles(&root)?;
        let page = Rc::new(Page { window, document, host, root, script });
        Ok(Self { content: page.mount(), page })
    }

    /// Reads the attributes again. A new language or theme changes what is seen; anything else starts the login anew.
    pub fn attributes_changed(&mut self) {
        match (&mut self.content, self.page.options().0) {
            (Content::Panel(before, panel), Ok(options)) if same_login(before, &options) => {
                panel.dress(&options);
                **before = options;
            }
            (Content::Dialog(before, dialog), Ok(options)) if same_login(before, &options) => {
                dialog.dress(&options);
                **before = options;
            }
            (Content::Wrong(before, _), Err(error)) if *before == error => {}
            _ => {
                self.content = Content::Nothing;
                self.content = self.page.mount();
            }
        }
    }

    /// With `display="button"`: opens the dialog, as a press on the button does.
    pub fn open(&self) {
        if let Content::Dialog(_, dialog) = &self.content {
            dialog.open();
        }
    }
}

impl Page {
    fn mount(self: &Rc<Self>) -> Content {
        match self.options() {
            (Ok(options), surroundings) => match options.display {
                Display::Panel => {
                    let panel = Panel::new(self, &self.root, options.clone(), &surroundings);
                    Content::Panel(Box::new(options), panel)
                }
                Display::Button => Content::Dialog(Box::new(options.clone()), Dialog::new(self, options)),
            },
            (Err(error), surroundings) => {
                let (language, theme) = Options::dress(|name| self.host.get_attribute(name), &surroundings);
                let mut view = View::new(&self.document, &self.root, language, theme, |_| {});
                view.show(&Screen {
                    phase: Phase::Error,
                    body: Body::Failed { error: &error, page: false },
                    frame: None,
                    former_frame: None,
                    client_name: "",
                    emulator: false,
                });
                tell::phase(&self.host, Phase::Error);
                tell::error(&self.host, error.clone(), &JsValue::UNDEFINED);
                Content::Wrong(error, Box::new(view))
            }
        }
    }

    fn options(&self) -> (Result<Options, LoginError>, Surroundings) {
        let surroundings = self.surroundings();
        (Options::read(|name| self.host.get_attribute(name), &surroundings), surroundings)
    }

    fn surroundings(&self) -> Surroundings {
        let location = self.window.location();
        let navigator = self.window.navigator();
        let mut page_path = location.pathname().unwrap_or_default();
        page_path.push_str(&location.search().unwrap_or_default());
        let hostname = location.hostname().unwrap_or_default();
        let language =
            self.host.closest("[lang]").ok().flatten().and_then(|element| element.get_attribute("lang"));
        let link = self.host.query_selector("a[href]").ok().flatten();
        let secure = Reflect::get(&self.window, &"isSecureContext".into());
        Surroundings {
            page_origin: location.origin().unwrap_or_default(),
            page_path,
            page_language: language.filter(|tag| !tag.is_empty()).or_else(|| navigator.language()),
            script: self.script.clone(),
            device: Device::of(&navigator.user_agent().unwrap_or_default()),
            secure: secure.is_ok_and(|secure| secure.is_truthy()),
            loopback_page: hostname == "localhost"
                || hostname.ends_with(".localhost")
                || hostname.starts_with("127.")
                || hostname == "[::1]",
            // The property is absolute where the attribute may not be.
            link: link
                .and_then(|link| Reflect::get(&link, &"href".into()).ok())
                .and_then(|href| href.as_string()),
        }
    }
}

/// Whether nothing but what is seen has changed.
fn same_login(before: &Options, after: &Options) -> bool {
    *before == Options { language: before.language, theme: before.theme, ..after.clone() }
}
