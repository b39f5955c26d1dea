//! One POST with a time limit and a size limit, dropped with its [`Call`]. Whom to trust is decided elsewhere.

use alloc::boxed::Box;
use alloc::string::String;

use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, RequestCache, RequestCredentials, RequestInit,
    RequestRedirect, Response,
};

use crate::listen::{Settled, Timer, settled};

/// No answer that we wait for is larger. What sends more is not who we think it is.
const BODY_LIMIT: usize = 64 * 1024;

// What the browser throws where an address or a policy is wrong comes by the promise.
#[wasm_bindgen]
extern "C" {
    fn fetch(address: &str, request: &RequestInit) -> Promise;

    type TextDecoder;
    #[wasm_bindgen(constructor)]
    fn new() -> TextDecoder;
    #[wasm_bindgen(method)]
    fn decode(this: &TextDecoder, bytes: &JsValue, options: &JsValue) -> String;
}

/// A request with a JSON body.
pub struct Post {
    /// Where to.
    pub address: String,
    /// JSON.
    pub body: String,
    /// One more header.
    pub header: Option<(&'static str, String)>,
    /// Whether cookies travel.
    pub credentials: RequestCredentials,
    /// Milliseconds.
    pub limit: u64,
}

/// What came back.
pub struct Answer {
    /// 200 to 299.
    pub ok: bool,
    /// 64 kB at most.
    pub body: String,
}

/// What the browser threw where there is no answer, or a word of ours. It tells no more than that.
pub type Outcome = Result<Answer, JsValue>;

/// What is under way: dropping it aborts the request.
#[must_use]
pub struct Call {
    controller: AbortController,
    _limit: Timer,
}

impl Drop for Call {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

impl Post {
    /// Sends it, and hands over what comes of it, at some later time and once.
    ///
    /// # Errors
    /// What the browser threw: it has no AbortController.
    pub fn send(self, then: Box<dyn FnOnce(Outcome)>) -> Result<Call, JsValue> {
        let controller = AbortController::new()?;
        let aborted = controller.clone();
        let limit = Timer::new(self.limit, Box::new(move |_| aborted.abort()));

        let headers = Headers::new()?;
        headers.set("Content-Type", "application/json")?;
        if let Some((name, value)) = &self.header {
            headers.set(name, value)?;
        }
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_headers(&headers);
        request.set_body(&JsValue::from_str(&self.body));
        request.set_credentials(self.credentials);
        request.set_cache(RequestCache::NoStore);
        // A login's values go where they were sent, and nowhere else.
        request.set_redirect(RequestRedirect::Error);
        request.set_signal(Some(&controller.signal()));
        settled(
            &fetch(&self.address, &request),
            Box::new(move |response| match response {
                Ok(response) => Reading::begin(response.unchecked_ref(), then),
                Err(cause) => then(Err(cause)),
            }),
        );
        Ok(Call { controller, _limit: limit })
    }
}

/// An answer that is arriving.
struct Reading {
    reader: ReadableStreamDefaultReader,
    decoder: TextDecoder,
    streaming: JsValue,
    left: usize,
    answer: Answer,
    then: Box<dyn FnOnce(Outcome)>,
}

impl Reading {
    fn begin(response: &Response, then: Box<dyn FnOnce(Outcome)>) {
        let answer = Answer { ok: response.ok(), body: String::new() };
        let Some(stream) = response.body() else { return then(Ok(answer)) };
        // A character may be cut in two by the end of a chunk.
        let streaming = js_sys::Object::new();
        let _ = Reflect::set(&streaming, &"stream".into(), &JsValue::TRUE);
        let reading = Self {
            reader: stream.get_reader().unchecked_into(),
            decoder: TextDecoder::new(),
            streaming: streaming.into(),
            left: BODY_LIMIT,
            answer,
            then,
        };
        reading.go_on();
    }

    fn go_on(self) {
        let chunk = self.reader.read();
        settled(&chunk, Box::new(move |chunk| self.take(chunk)));
    }

    fn take(mut self, chunk: Settled) {
        let value = chunk.and_then(|chunk| Reflect::get(&chunk, &"value".into()));
        let value = match value {
            Ok(value) => value,
            Err(cause) => return (self.then)(Err(cause)),
        };
        if value.is_undefined() {
            return (self.then)(Ok(self.answer));
        }
        let length = value.unchecked_ref::<Uint8Array>().length() as usize;
        if length > self.left {
            let _ = self.reader.cancel();
            return (self.then)(Err(JsValue::from_str("the answer is larger than 64 kB")));
        }
        self.left -= length;
        self.answer.body.push_str(&self.decoder.decode(&value, &self.streaming));
        self.go_on();
    }
}
