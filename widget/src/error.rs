//! From the browser's vague errors to a stable code, with the cause kept for developers.

use flow::error::{Code, LoginError};
use wasm_bindgen::JsValue;

/// Why there is no answer, and what the browser threw.
pub struct Failure {
    /// For the machine and the page.
    pub error: LoginError,
    /// For developers: `undefined` where nothing was thrown.
    pub cause: JsValue,
}

impl Failure {
    /// Nothing came back.
    pub fn unreachable(address: &str, cause: JsValue) -> Self {
        let online = web_sys::window().is_none_or(|window| window.navigator().on_line());
        let error = if online {
            let mut message = String::from("no usable answer from ");
            message.push_str(address);
            LoginError::new(Code::ServiceUnreachable, message)
        } else {
            LoginError::new(Code::Offline, "the browser is offline")
        };
        Self { error, cause }
    }

    /// The browser or the page's policy lacks something.
    pub fn unsupported(message: &str, cause: JsValue) -> Self {
        Self { error: LoginError::new(Code::Unsupported, message), cause }
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        Self { error, cause: JsValue::UNDEFINED }
    }
}
