//! JSON as the browser reads it. A parser in wasm would weigh more than the widget.

use alloc::string::String;
use alloc::vec::Vec;

use js_sys::{Array, Object, Reflect};
use protocol::json::Json;
use wasm_bindgen::{JsCast, JsValue};

/// A value of the browser's: the result of `JSON.parse`, or a message's data.
pub struct BrowserJson(pub JsValue);

/// Beyond it a number of the browser's is no longer the one that was written.
const LARGEST: f64 = 9e15;

impl Json for BrowserJson {
    fn parse(text: &str) -> Option<Self> {
        js_sys::JSON::parse(text).ok().map(Self)
    }

    fn member(&self, name: &str) -> Option<Self> {
        let object = self.0.dyn_ref::<Object>().filter(|object| !object.is_instance_of::<Array>())?;
        let name = JsValue::from_str(name);
        // What the page has put on Object.prototype is no member.
        if !Object::has_own(object, &name) {
            return None;
        }
        let member = Reflect::get(object, &name).ok()?;
        (!member.is_null() && !member.is_undefined()).then_some(Self(member))
    }

    fn text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn integer(&self) -> Option<i64> {
        let number = self.0.as_f64()?;
        (number.abs() < LARGEST && number == (number as i64) as f64).then_some(number as i64)
    }

    fn boolean(&self) -> Option<bool> {
        self.0.as_bool()
    }

    fn items(&self) -> Vec<Self> {
        self.0.dyn_ref::<Array>().map(|array| array.iter().map(Self).collect()).unwrap_or_default()
    }

    fn quoted(text: &str) -> String {
        // JSON.stringify of a string is a string, always.
        js_sys::JSON::stringify(&JsValue::from_str(text)).map(String::from).unwrap_or_default()
    }
}
