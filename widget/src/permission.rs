//! What the browser says about asking this computer: Local Network Access, where there is such a thing.

use alloc::boxed::Box;

use flow::event::Permission;
use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, Window};

use crate::listen::settled;

/// The permission's name, and its older one. Each browser throws at names that it does not know.
const NAMES: [&str; 2] = ["loopback-network", "local-network-access"];

/// What hears the permission's state, and what tells of its changes.
type Heard = Box<dyn FnOnce(Permission, Option<EventTarget>)>;

/// Asks for the permission's state.
pub fn query(window: &Window, heard: Heard) {
    ask(window.clone(), 0, heard);
}

/// The state as it is now.
pub fn of(status: &JsValue) -> Permission {
    match Reflect::get(status, &"state".into()).ok().and_then(|state| state.as_string()).as_deref() {
        Some("granted") => Permission::Granted,
        Some("prompt") => Permission::Prompt,
        _ => Permission::Denied,
    }
}

fn ask(window: Window, attempt: usize, heard: Heard) {
    let promise = NAMES.get(attempt).and_then(|name| {
        let permissions =
            window.navigator().permissions().ok().filter(|permissions| !permissions.is_undefined())?;
        let descriptor = Object::new();
        Reflect::set(&descriptor, &"name".into(), &JsValue::from_str(name)).ok()?;
        permissions.query(&descriptor).ok()
    });
    let Some(promise) = promise else { return heard(Permission::Absent, None) };
    settled(
        &promise,
        Box::new(move |status| match status {
            Ok(status) => heard(of(&status), Some(status.unchecked_into())),
            Err(_) => ask(window, attempt + 1, heard),
        }),
    );
}
