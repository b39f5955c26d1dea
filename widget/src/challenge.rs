//! A fresh challenge from the page: `weixin-login-renew`, for a login that ends in a code. The site's backend made the first one;
//! a renewed attempt needs another.

use std::cell::Cell;
use std::rc::Rc;

use flow::event::Challenge;
use js_sys::{Array, Promise};
use protocol::json::Json;
use wasm_bindgen::prelude::*;

use crate::guarded::settled;
use crate::json::BrowserJson;
use crate::page::Page;
use crate::task;

/// A page's backend that has not answered after so many milliseconds will not.
const LIMIT: u32 = 20_000;

/// Asks the page, by an event whose `respondWith` takes a promise of `{codeChallenge, nonce, state}`.
///
/// Gives that promise; `None` where nobody has answered.
pub fn ask(page: &Page) -> Option<JsValue> {
    let answer: Rc<Cell<Option<JsValue>>> = Rc::default();
    let given = answer.clone();
    let respond_with = Closure::<dyn FnMut(JsValue)>::new(move |value| given.set(Some(value)));
    page.ask("weixin-login-renew", respond_with.as_ref());
    answer.take()
}

/// Reads what the promise comes to, where there is one.
///
/// # Errors
/// What the page threw, or that it gave no challenge in time.
pub async fn read(promise: Option<JsValue>) -> Result<Challenge, JsValue> {
    let promise = promise.ok_or(JsValue::UNDEFINED)?;
    let (too_late, _timer) = task::after(LIMIT);
    let first = Promise::race(&Array::of2(&promise, &too_late));
    let given = BrowserJson(settled(Ok(first.into())).await?);
    let Some(code_challenge) = given.text_member("codeChallenge") else {
        return Err(JsValue::from_str("no challenge"));
    };
    Ok(Challenge {
        code_challenge,
        code_verifier: None,
        nonce: given.text_member("nonce"),
        state: given.text_member("state"),
    })
}
