//! Tells when an element that the page hid is shown again. Scrolled out of sight is not hidden.

use std::cell::Cell;

use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, IntersectionObserver};

/// Watches for as long as it is kept.
pub struct ShownAgain {
    observer: IntersectionObserver,
    _heard: Closure<dyn FnMut()>,
}

impl ShownAgain {
    /// `None` where the browser has no such observer.
    pub fn watch(element: HtmlElement, shown: impl Fn() + 'static) -> Option<Self> {
        let was_hidden = Cell::new(false);
        let looked_at = element.clone();
        let heard = Closure::<dyn FnMut()>::new(move || {
            // What is not drawn has no height.
            let hidden = looked_at.offset_height() == 0;
            if was_hidden.replace(hidden) && !hidden {
                shown();
            }
        });
        let observer = IntersectionObserver::new(heard.as_ref().unchecked_ref()).ok()?;
        observer.observe(&element);
        Some(Self { observer, _heard: heard })
    }
}

impl Drop for ShownAgain {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
