//! The Rust half of `<weixin-login>`: an exported handle that the element's class (widget/js) holds while it is in a page.
//!
//! - An attribute is read in [`Widget::new`], by `flow::options`; a new language or theme in [`Widget::dress`].
//! - A press goes from `view`, which hears it, through [`Widget::new`]'s closure to `panel`, and there to `flow`'s machine.
//! - An answer comes back in `waiting`, from `service`, `fast_login`, `scene`, `pkce`, `permission` and `challenge`.
//! - What the machine then asks for, `panel` carries out, and `view` shows.
//!
//! `page` is the page around the element, `http` the network, `task` owns what is under way, `guarded` asks what a page may
//! have replaced. The class is JavaScript because a class that extends HTMLElement must be.

// A push of a char brings an encoder of all of Unicode along; a push of a text copies bytes.
#![allow(clippy::single_char_add_str)]

mod challenge;
mod crashed;
mod dom;
mod fast_login;
#[cfg(feature = "gallery")]
mod gallery;
mod guarded;
mod http;
mod json;
mod page;
mod panel;
mod permission;
mod pkce;
mod scene;
mod service;
mod shown_again;
mod spoken;
mod task;
mod view;
mod waiting;

use std::rc::{Rc, Weak};

use flow::event::{CloseReason, Event};
use flow::options::{Display, Options};
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, ShadowRoot};

#[cfg(feature = "gallery")]
pub use gallery::Exhibit;
pub use json::BrowserJson;
use page::Page;
use panel::Panel;
use view::{Press, View};

/// Half the size of the one that std brings; the smaller of its two ways to grow: it may waste a page, and seldom needs a second.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::cell::TalcSyncCell<talc::wasm::WasmGrowAndClaim, talc::wasm::WasmBinning> =
    talc::cell::TalcSyncCell::new_wasm(talc::wasm::WasmGrowAndClaim);

/// The element's life in a page, from `connectedCallback` to `disconnectedCallback`.
#[wasm_bindgen]
pub struct Widget {
    panel: Rc<Panel>,
}

#[wasm_bindgen]
impl Widget {
    /// Reads the element's attributes. `root` is the shadow root of `host`, `script` is where the widget's own script came from, `draft`
    /// what an attempt of the service there will be, as far as it told its script: a text of JSON, or nothing; `permission` what the
    /// browser was asked about this computer: a promise of its answer.
    ///
    /// # Errors
    /// The element is in no window.
    #[wasm_bindgen(constructor)]
    pub fn new(
        host: HtmlElement,
        root: ShadowRoot,
        script: String,
        draft: JsValue,
        permission: JsValue,
    ) -> Result<Widget, JsValue> {
        let page = Page::of(host, root.clone()).ok_or("no window")?;
        let options = Rc::new(Options::read(&|name| page.attribute(name), &page.surroundings(script)));
        let panel = Rc::new_cyclic(|this: &Weak<Panel>| {
            let pressed = this.clone();
            let dress = (options.language, options.theme);
            let view = View::new(
                root,
                dress,
                Rc::new(move |press| {
                    if let Some(panel) = pressed.upgrade() {
                        heard(&panel, press);
                    }
                }),
            );
            Panel::new(page, view, options, draft.as_string(), permission, this.clone())
        });
        Ok(Self { panel })
    }

    /// Shows the panel and starts the login; with `display="button"`, shows the button.
    pub fn start(&self) {
        match self.panel.options.display {
            Display::Panel => {
                self.panel.view.open_panel();
                self.panel.begin();
            }
            Display::Button => self.panel.view.show_trigger(),
        }
    }

    /// Takes a new `lang` and `theme`, without touching the login.
    pub fn dress(&self) {
        self.panel.dress();
    }

    /// Whether it is our wasm that trapped. Asked when nothing of it runs.
    pub fn crashed() -> bool {
        crashed::crashed()
    }

    /// With `display="button"`: opens the dialog, as a press on the button does.
    pub fn open(&self) {
        heard(&self.panel, Press::Open);
    }
}

impl Drop for Widget {
    fn drop(&mut self) {
        let was_open = self.panel.runs() && self.panel.options.display == Display::Button;
        self.panel.view.close_dialog();
        self.panel.end();
        if was_open {
            self.panel.tell_close(CloseReason::Removed);
        }
    }
}

fn heard(panel: &Panel, press: Press) {
    match press {
        Press::Open => {
            if panel.options.display != Display::Button {
            } else if panel.runs() {
                panel.send(Event::Reopened);
            } else {
                panel.view.open_dialog();
                panel.begin();
            }
        }
        Press::Dismiss(how) => panel.send(Event::Dismissed(how)),
        Press::Button(button) => panel.send(Event::Pressed(button)),
    }
}
