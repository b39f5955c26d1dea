//! The browser's permission to ask this computer: its state, and every change of it.

use flow::event::Permission;
use gloo_events::EventListener;
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{PermissionState, PermissionStatus, Window};

use crate::guarded::settled;

/// Each browser throws at the names that it does not know.
const NAMES: [&str; 2] = ["loopback-network", "local-network-access"];

/// Asks the browser. Gives what it says, and where it says something, what tells of every change for as long as it is kept.
pub async fn query(
    window: Window,
    told: impl Fn(Permission) + 'static,
) -> (Permission, Option<EventListener>) {
    for name in NAMES {
        let answer = settled(ask(&window, name)).await;
        if let Some(status) = answer.ok().and_then(|status| status.dyn_into::<PermissionStatus>().ok()) {
            let now = meaning(&status);
            let watched = status.clone();
            let listener = EventListener::new(&status, "change", move |_| told(meaning(&watched)));
            return (now, Some(listener));
        }
    }
    (Permission::Absent, None)
}

fn ask(window: &Window, name: &str) -> Result<JsValue, JsValue> {
    let descriptor = Object::new();
    Reflect::set(&descriptor, &"name".into(), &name.into())?;
    window.navigator().permissions()?.query(&descriptor).map(JsValue::from)
}

fn meaning(status: &PermissionStatus) -> Permission {
    match status.state() {
        PermissionState::Granted => Permission::Granted,
        PermissionState::Prompt => Permission::Prompt,
        _ => Permission::Denied,
    }
}
