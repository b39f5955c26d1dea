//! What a page may have taken away, replaced, or made to throw: each call gives what was thrown, whatever that is.
//!
//! web-sys takes these for calls that cannot fail. An exception that passes through wasm leaves everything half done, so
//! they are asked for here, with `catch`.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Request, Window};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn page_fetch(request: &Request) -> Result<JsValue, JsValue>;

    type PageNavigator;
    #[wasm_bindgen(method, getter, catch)]
    fn clipboard(this: &PageNavigator) -> Result<PageClipboard, JsValue>;

    type PageClipboard;
    #[wasm_bindgen(method, catch, js_name = writeText)]
    fn write_text(this: &PageClipboard, text: &str) -> Result<JsValue, JsValue>;

    type PageCrypto;
    #[wasm_bindgen(method, catch, js_name = getRandomValues)]
    fn get_random_values(this: &PageCrypto, bytes: &mut [u8]) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    fn subtle(this: &PageCrypto) -> Result<PageSubtleCrypto, JsValue>;

    type PageSubtleCrypto;
    #[wasm_bindgen(method, catch)]
    fn digest(this: &PageSubtleCrypto, algorithm: &str, data: &[u8]) -> Result<JsValue, JsValue>;
}

/// Waits for what a value turns out to be: itself, what a promise comes to, or what was thrown instead of it.
pub fn settled(value: Result<JsValue, JsValue>) -> JsFuture {
    JsFuture::from(match value {
        Ok(value) => Promise::resolve(&value),
        Err(thrown) => Promise::reject(&thrown),
    })
}

/// Sends a request. Whether what it gives is an answer is left to the caller: the page may have a `fetch` of its own.
///
/// gloo-net's own `send` takes everything thrown for an `Error`, and is a trap where it is none.
pub fn fetch(request: Result<Request, JsValue>) -> JsFuture {
    settled(request.and_then(|request| page_fetch(&request)))
}

/// Copies a text.
pub fn copy(window: &Window, text: &str) -> JsFuture {
    let navigator: PageNavigator = window.navigator().unchecked_into();
    settled(navigator.clipboard().and_then(|clipboard| clipboard.write_text(text)))
}

/// Fills in bytes that nobody can guess.
pub fn random(window: &Window, bytes: &mut [u8]) -> Result<(), JsValue> {
    crypto(window)?.get_random_values(bytes)?;
    Ok(())
}

/// The SHA-256 of a text, as an `ArrayBuffer`.
pub fn sha256(window: &Window, text: &str) -> JsFuture {
    let subtle = crypto(window).and_then(|crypto| crypto.subtle());
    settled(subtle.and_then(|subtle| subtle.digest("SHA-256", text.as_bytes())))
}

fn crypto(window: &Window) -> Result<PageCrypto, JsValue> {
    window.crypto().map(JsCast::unchecked_into)
}
