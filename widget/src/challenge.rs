//! A fresh challenge from the page: `weixin-login-renew`, for a login that ends in a code. The site's backend made the first one;
//! a renewed attempt needs another.

use std::cell::Cell;
use std::rc::Rc;

use flow::event::Challenge;
use protocol::json::Json;
use wasm_bindgen::prelude::*;

use crate::guarded::settled;
use crate::json::BrowserJson;
use crate::page::{Detail, Page};

/// Asks the page, by an event whose `respondWith` takes a promise of `{codeChallenge, nonce, state}`.
///
/// Gives that promise; `None` where nobody has answered.
pub fn ask(page: &Page) -> Option<JsValue> {
    let answer: Rc<Cell<Option<JsValue>>> = Rc::default();
    let given = answer.clone();
    let respond_with = Closure::<dyn FnMut(JsValue)>::new(move |value| given.set(Some(value)));
    page.tell("weixin-login-renew", &Detail::default().value("respondWith", respond_with.as_ref()));
    answer.take()
}

/// Reads what the promise comes to, where there is one.
///
/// # Errors
/// What the page threw, or that it gave no challenge.
pub async fn read(promise: Option<JsValue>) -> Result<Challenge, JsValue> {
    let given = BrowserJson(settled(promise.ok_or(JsValue::UNDEFINED)).await?);
    let Some(code_challenge) = given.text_member("codeChallenge") else {
        return Err(JsValue::from_str("respondWith was given no codeChallenge"));
    };
    Ok(Challenge {
        code_challenge,
        code_verifier: None,
        nonce: given.text_member("nonce"),
        state: given.text_member("state"),
    })
}
