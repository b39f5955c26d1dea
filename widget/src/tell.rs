//! What the page hears: `weixin-login-phase`, `weixin-login-success`, `weixin-login-error`. They bubble, out of the shadow.

use alloc::string::String;

use flow::error::LoginError;
use flow::event::Success;
use flow::screen::Phase;
use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::{CustomEvent, CustomEventInit, HtmlElement};

/// `weixin-login-phase` `{phase}`
pub fn phase(host: &HtmlElement, phase: Phase) {
    tell(host, "weixin-login-phase", &[("phase", phase.as_str().into())]);
}

/// `weixin-login-success` `{result: "session", nickname, picture}` or `{result: "code", code, state, iss}`
pub fn success(host: &HtmlElement, success: Success) {
    let optional = |text: Option<String>| text.map_or(JsValue::UNDEFINED, JsValue::from);
    let detail = match success {
        Success::Session(profile) => [
            ("result", "session".into()),
            ("nickname", profile.nickname.into()),
            ("picture", optional(profile.picture)),
            ("", JsValue::UNDEFINED),
        ],
        Success::Code { code, state, iss } => [
            ("result", "code".into()),
            ("code", code.into()),
            ("state", optional(state)),
            ("iss", iss.into()),
        ],
    };
    tell(host, "weixin-login-success", &detail);
}

/// `weixin-login-error` `{code, message, cause}`
pub fn error(host: &HtmlElement, error: LoginError, cause: &JsValue) {
    let detail =
        [("code", error.code.as_str().into()), ("message", error.message.into()), ("cause", cause.clone())];
    tell(host, "weixin-login-error", &detail);
}

fn tell(host: &HtmlElement, name: &str, members: &[(&str, JsValue)]) {
    let detail = Object::new();
    for (name, value) in members {
        if !value.is_undefined() {
            // An object of our own takes every member.
            let _ = Reflect::set(&detail, &JsValue::from_str(name), value);
        }
    }
    let init = CustomEventInit::new();
    init.set_bubbles(true);
    init.set_composed(true);
    init.set_detail(&detail);
    if let Ok(event) = CustomEvent::new_with_event_init_dict(name, &init) {
        let _ = host.dispatch_event(&event);
    }
}
