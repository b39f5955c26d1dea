//! What a page may have taken away, replaced, or made to throw: each call gives what was thrown, whatever that is.
//!
//! web-sys takes these for calls that cannot fail. An exception that passes through wasm leaves everything half done, so
//! they are asked for here, with `catch`.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Navigator, Request, Response, Window};

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

/// What a value turns out to be: itself, or what a promise comes to.
pub async fn settled(value: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&value?)).await
}

/// Sends a request.
///
/// gloo-net's own `send` takes everything thrown for an `Error`, and is a trap where it is none.
pub async fn fetch(request: Request) -> Result<Response, JsValue> {
    // What is no answer of the browser's is no answer.
    settled(page_fetch(&request)).await?.dyn_into()
}

/// Copies a text.
pub async fn copy(navigator: Navigator, text: String) -> Result<(), JsValue> {
    let navigator: PageNavigator = navigator.unchecked_into();
    settled(navigator.clipboard().and_then(|clipboard| clipboard.write_text(&text))).await?;
    Ok(())
}

/// Fills in bytes that nobody can guess.
pub fn random(window: &Window, bytes: &mut [u8]) -> Result<(), JsValue> {
    let crypto: PageCrypto = window.crypto()?.unchecked_into();
    crypto.get_random_values(bytes)?;
    Ok(())
}

/// The SHA-256 of a text, as an `ArrayBuffer`.
pub async fn sha256(window: Window, text: String) -> Result<JsValue, JsValue> {
    let crypto: PageCrypto = window.crypto()?.unchecked_into();
    settled(crypto.subtle().and_then(|subtle| subtle.digest("SHA-256", text.as_bytes()))).await
}
