//! Listeners, timers and promises, heard by one kind of closure.
//!
//! Instead of gloo and of wasm-bindgen-futures: those bring std, the text of every panic, and a state machine for every
//! `await`, and made the widget twice as heavy.

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;

use js_sys::Promise;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

type Callback = Closure<dyn FnMut(JsValue)>;

// The browser's own, without the exceptions that it does not throw for a name and a function.
#[wasm_bindgen]
extern "C" {
    type Target;
    #[wasm_bindgen(method, js_name = addEventListener)]
    fn add(this: &Target, name: &str, callback: &JsValue);
    #[wasm_bindgen(method, js_name = removeEventListener)]
    fn remove(this: &Target, name: &str, callback: &JsValue);

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, delay: u32) -> i32;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: i32);

    type Settling;
    #[wasm_bindgen(method)]
    fn then(this: &Settling, resolved: &JsValue, rejected: &JsValue) -> JsValue;
}

/// Hears one kind of event until it is dropped.
#[must_use]
pub struct Listener {
    target: EventTarget,
    name: &'static str,
    callback: Callback,
}

impl Listener {
    /// Calls `heard` with every event.
    pub fn new(target: &EventTarget, name: &'static str, heard: Box<dyn FnMut(JsValue)>) -> Self {
        let callback = Closure::wrap(heard);
        target.unchecked_ref::<Target>().add(name, callback.as_ref());
        Self { target: target.clone(), name, callback }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.target.unchecked_ref::<Target>().remove(self.name, self.callback.as_ref());
    }
}

/// Rings once, unless it is dropped before.
#[must_use]
pub struct Timer {
    id: i32,
    _callback: Callback,
}

/// The longest time that a browser waits; with a longer one it would ring at once.
const LONGEST: u64 = 0x7fff_ffff;

impl Timer {
    /// Calls `ring` after `delay` milliseconds, or earlier where that is more than a timer can wait.
    pub fn new(delay: u64, ring: Box<dyn FnMut(JsValue)>) -> Self {
        let callback = Closure::wrap(ring);
        Self { id: set_timeout(callback.as_ref(), delay.min(LONGEST) as u32), _callback: callback }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(self.id);
    }
}

/// What a promise came to.
pub type Settled = Result<JsValue, JsValue>;

/// Calls `then` once, when the promise is settled.
pub fn settled(promise: &Promise, then: Box<dyn FnOnce(Settled)>) {
    let then = Rc::new(Cell::new(Some(then)));
    let other = then.clone();
    // The browser drops them with the promise.
    let resolved = Closure::wrap(Box::new(move |value| {
        if let Some(then) = then.take() {
            then(Ok(value));
        }
    }) as Box<dyn FnMut(JsValue)>);
    let rejected = Closure::wrap(Box::new(move |cause| {
        if let Some(then) = other.take() {
            then(Err(cause));
        }
    }) as Box<dyn FnMut(JsValue)>);
    promise.unchecked_ref::<Settling>().then(&resolved.into_js_value(), &rejected.into_js_value());
}
