//! What the browser says about asking this computer: Local Network Access, where there is such a thing.

use flow::event::Permission;
use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{PermissionState, PermissionStatus, Window};

/// The permission's name, and its older one. Each browser throws at names that it does not know.
const NAMES: [&str; 2] = ["loopback-network", "local-network-access"];

/// The permission's state, and what tells of its changes.
pub async fn query(window: &Window) -> (Permission, Option<PermissionStatus>) {
    for name in NAMES {
        if let Ok(status) = query_one(window, name).await {
            return (of(&status), Some(status));
        }
    }
    (Permission::Absent, None)
}

/// The state as it is now.
pub fn of(status: &PermissionStatus) -> Permission {
    match status.state() {
        PermissionState::Granted => Permission::Granted,
        PermissionState::Prompt => Permission::Prompt,
        _ => Permission::Denied,
    }
}

async fn query_one(window: &Window, name: &str) -> Result<PermissionStatus, JsValue> {
    let permissions = window.navigator().permissions()?;
    if permissions.is_undefined() {
        return Err(JsValue::UNDEFINED);
    }
    let descriptor = Object::new();
    Reflect::set(&descriptor, &JsValue::from_str("name"), &JsValue::from_str(name))?;
    JsFuture::from(permissions.query(&descriptor)?).await?.dyn_into()
}
