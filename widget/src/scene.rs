//! Listening to a scene of the service. What its news mean is decided elsewhere; how they travel is in `js/hear.js`.

use alloc::boxed::Box;
use alloc::string::String;

use flow::options::Options;
use js_sys::Function;
use protocol::service::SceneEvent;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/hear.js")]
extern "C" {
    fn hear(address: &str, secret: Option<String>, news: &Closure<dyn Fn(String)>) -> Function;
}

/// What is being listened to. It ends with this value.
#[must_use]
pub struct Hearing {
    stop: Function,
    _news: Closure<dyn Fn(String)>,
}

impl Hearing {
    /// Listens to `GET /login/{id}/events`.
    pub fn new(options: &Options, id: &str, secret: Option<String>, news: Box<dyn Fn(SceneEvent)>) -> Self {
        let mut address = options.service.clone();
        for part in ["/login/", id, "/events"] {
            address.push_str(part);
        }
        let heard: Box<dyn Fn(String)> = Box::new(move |word| {
            if let Some(event) = SceneEvent::parse(&word) {
                news(event);
            }
        });
        let news = Closure::wrap(heard);
        Self { stop: hear(&address, secret, &news), _news: news }
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        let _ = self.stop.call0(&JsValue::UNDEFINED);
    }
}
