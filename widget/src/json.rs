//! JSON as the browser reads it. A parser in wasm would weigh more than the widget.

use js_sys::{Array, JSON, Object, Reflect};
use protocol::json::Json;
use wasm_bindgen::prelude::*;

/// A value of the browser's: the result of `JSON.parse`, or a message's data.
pub struct BrowserJson(pub JsValue);

/// Beyond it a number of the browser's is no longer the one that was written.
const LARGEST: f64 = 9e15;

impl BrowserJson {
    /// What is not there and what is `null` are the same.
    fn some(value: JsValue) -> Option<Self> {
        (!value.is_undefined() && !value.is_null()).then_some(Self(value))
    }
}

impl Json for BrowserJson {
    fn parse(text: &str) -> Option<Self> {
        JSON::parse(text).ok().map(Self)
    }

    fn member(&self, name: &str) -> Option<Self> {
        let object = self.0.dyn_ref::<Object>().filter(|_| !Array::is_array(&self.0))?;
        let name = JsValue::from_str(name);
        // What the page has put on Object.prototype is no member.
        if !Object::has_own(object, &name) {
            return None;
        }
        Reflect::get(object, &name).ok().and_then(Self::some)
    }

    fn text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn integer(&self) -> Option<i64> {
        let number = self.0.as_f64()?;
        let whole = number as i64;
        (number.abs() < LARGEST && whole as f64 == number).then_some(whole)
    }

    fn boolean(&self) -> Option<bool> {
        self.0.as_bool()
    }

    fn item(&self, index: usize) -> Option<Self> {
        let array = self.0.dyn_ref::<Array>()?;
        Self::some(array.get(index as u32))
    }

    fn quoted(text: &str) -> String {
        // Nothing of a string is beyond JSON.
        JSON::stringify(&JsValue::from_str(text)).map(String::from).unwrap_or_default()
    }
}
