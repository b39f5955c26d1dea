//! The browser's permission to ask this computer: its state, and every change of it.

use flow::event::Permission;
use gloo_events::EventListener;
use wasm_bindgen::prelude::*;
use web_sys::{PermissionState, PermissionStatus};

use crate::guarded::settled;

/// Waits for the browser's answer, which its script has asked for (widget/js/loader.js). Gives what it says, and where it says something,
/// what tells of every change for as long as it is kept.
pub async fn heard(
    asked: JsValue,
    told: impl Fn(Permission) + 'static,
) -> (Permission, Option<EventListener>) {
    let Some(status) =
        settled(Ok(asked)).await.ok().and_then(|status| status.dyn_into::<PermissionStatus>().ok())
    else {
        return (Permission::Absent, None);
    };
    let now = meaning(&status);
    let watched = status.clone();
    let listener = EventListener::new(&status, "change", move |_| told(meaning(&watched)));
    (now, Some(listener))
}

fn meaning(status: &PermissionStatus) -> Permission {
    match status.state() {
        PermissionState::Granted => Permission::Granted,
        PermissionState::Prompt => Permission::Prompt,
        _ => Permission::Denied,
    }
}
