//! The Rust half of `<weixin-login>`: an exported handle that the element's class (widget/js) holds while it is in a page.
//!
//! - `panel`: carries out what `flow` decides, and brings it what happened.
//! - `service`, `fast_login`: the calls.
//! - `view`: what is seen.
//! - `browser`: everything that is asked of the browser.
//!
//! The class is JavaScript because a class that extends HTMLElement must be; it loads this, and does nothing else.

// The plain build has no std: with it all the text of its panics would cross the wire, a sixth of the widget.
#![cfg_attr(not(feature = "std"), no_std)]
// A push of a char brings an encoder of all of Unicode along; a push of a text copies bytes.
#![allow(clippy::single_char_add_str)]

extern crate alloc;

mod browser;
mod fast_login;
#[cfg(feature = "gallery")]
mod gallery;
mod json;
mod panel;
#[cfg(all(target_arch = "wasm32", not(feature = "std")))]
mod runtime;
mod service;
mod view;

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::Cell;

use flow::options::{Device, Display, Options, Surroundings, dress};
use wasm_bindgen::prelude::*;

use browser::Browser;
#[cfg(feature = "gallery")]
pub use gallery::Exhibit;
pub use json::BrowserJson;
use panel::{Running, what};
use view::View;
use view::tree::{self, Part};

/// The element's life in a page, from `connectedCallback` to `disconnectedCallback`.
#[wasm_bindgen]
pub struct Widget {
    view: View,
    options: Rc<Options>,
    running: Cell<Option<Box<Running>>>,
}

#[wasm_bindgen]
impl Widget {
    /// Mounts the widget in `root`, the shadow root of `host`. `script` is where the widget's own script came from;
    /// `heard` calls [`Widget::heard`] with what it is called with.
    #[wasm_bindgen(constructor)]
    pub fn new(host: &JsValue, root: &JsValue, script: String, heard: &JsValue) -> Widget {
        let browser = Browser::new(host, root, heard);
        let attribute = |name: &str| browser.attribute(name);
        let options = Rc::new(Options::read(&attribute, &surroundings(&browser, script)));
        let view = View::new(browser, (options.language, options.theme));
        view.browser.presses(what::PRESSED);
        let widget = Self { view, options, running: Cell::default() };
        match widget.options.display {
            Display::Panel => widget.begin(Part::Root),
            Display::Button => widget.view.build(Part::Trigger, Part::Root, tree::TRIGGER),
        }
        widget
    }

    /// Takes what the browser tells: which of our questions it answers, and how.
    pub fn heard(&self, what: i32, number: i32, text: Option<String>, value: JsValue) {
        match (what, text.as_deref()) {
            (what::PRESSED, Some("open")) => self.open(),
            (what::PRESSED, Some("close")) | (what::CLOSED | what::SEEN, _) => self.close(),
            _ => self.take(what, number, text, value),
        }
    }

    /// Takes a new `lang` and `theme`, without touching the login.
    pub fn dress(&self) {
        let browser = &self.view.browser;
        let page_language = browser.about("language");
        self.view.dress(dress(&|name| browser.attribute(name), page_language.as_deref()));
        self.draw();
    }

    /// With `display="button"`: opens the dialog, as a press on the button does. The browser's own `<dialog>` keeps the
    /// focus inside, hears Escape and gives the focus back.
    pub fn open(&self) {
        if self.options.display == Display::Panel || self.runs() {
            return;
        }
        self.view.build(Part::Dialog, Part::Root, tree::DIALOG);
        self.begin(Part::Dialog);
        self.view.build(Part::Close, Part::Dialog, tree::CLOSE);
        self.view.browser.modal(Part::Dialog as i32, what::CLOSED);
    }

    fn close(&self) {
        let was_open = self.runs() && self.options.display == Display::Button;
        self.end();
        self.view.browser.remove(Part::Dialog as i32);
        if was_open {
            // The browser gives the focus back to what had it; a press gives none to a button everywhere.
            self.view.browser.focus(Part::Trigger as i32);
        }
    }
}

impl Drop for Widget {
    fn drop(&mut self) {
        self.close();
        self.view.browser.remove(Part::Trigger as i32);
        self.view.browser.leave();
    }
}

fn surroundings(browser: &Browser, script: String) -> Surroundings {
    let about = |name| browser.about(name).unwrap_or_default();
    let hostname = about("hostname");
    Surroundings {
        page_origin: about("origin"),
        page_path: about("path"),
        page_language: browser.about("language"),
        script,
        device: Device::of(&about("agent")),
        secure: browser.about("secure").is_some(),
        loopback_page: hostname == "localhost"
            || hostname.ends_with(".localhost")
            || hostname.starts_with("127.")
            || hostname == "[::1]",
        link: browser.about("link"),
    }
}
