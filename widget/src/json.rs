//! JSON as the browser reads it. A parser in wasm would weigh more than the widget.

use alloc::string::String;

use protocol::json::Json;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/json.js")]
extern "C" {
    fn parse(text: &str) -> JsValue;
    fn member(value: &JsValue, name: &str) -> JsValue;
    fn item(value: &JsValue, index: usize) -> JsValue;
    fn text(value: &JsValue) -> Option<String>;
    fn integer(value: &JsValue) -> Option<f64>;
    fn quoted(text: &str) -> String;
}

/// A value of the browser's: the result of `JSON.parse`, or a message's data.
pub struct BrowserJson(pub JsValue);

impl BrowserJson {
    fn some(value: JsValue) -> Option<Self> {
        (!value.is_undefined()).then_some(Self(value))
    }
}

impl Json for BrowserJson {
    fn parse(text: &str) -> Option<Self> {
        Self::some(parse(text))
    }

    fn member(&self, name: &str) -> Option<Self> {
        Self::some(member(&self.0, name))
    }

    fn text(&self) -> Option<String> {
        text(&self.0)
    }

    fn integer(&self) -> Option<i64> {
        integer(&self.0).map(|number| number as i64)
    }

    fn boolean(&self) -> Option<bool> {
        self.0.as_bool()
    }

    fn item(&self, index: usize) -> Option<Self> {
        Self::some(item(&self.0, index))
    }

    fn quoted(text: &str) -> String {
        quoted(text)
    }
}
