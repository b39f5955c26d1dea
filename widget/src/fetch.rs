//! One POST with a time limit and a size limit, dropped with its [`Call`]. Whom to trust is decided elsewhere.
//!
//! Straight on the browser's fetch: gloo-net panics on a thrown value that is no Error, as an extension may throw, and
//! would be a seventh of all that crosses the wire.

use gloo_timers::callback::Timeout;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, AbortSignal, Headers, ReadableStreamDefaultReader, RequestCache, RequestCredentials,
    RequestInit, RequestRedirect, Response, Window,
};

/// No answer that we wait for is larger. What sends more is not who we think it is.
const BODY_LIMIT: usize = 64 * 1024;

/// What is under way: dropping it aborts the request.
#[must_use]
pub struct Call {
    controller: AbortController,
    _limit: Timeout,
}

impl Call {
    /// A call that may last `limit` milliseconds.
    pub fn new(limit: u32) -> Result<Self, JsValue> {
        let controller = AbortController::new()?;
        let aborted = controller.clone();
        Ok(Self { controller, _limit: Timeout::new(limit, move || aborted.abort()) })
    }

    /// For [`Post::signal`].
    pub fn signal(&self) -> AbortSignal {
        self.controller.signal()
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

/// A request with a JSON body.
pub struct Post<'a> {
    /// Where to.
    pub address: &'a str,
    /// JSON.
    pub body: String,
    /// One more header.
    pub header: Option<(&'a str, &'a str)>,
    /// Whether cookies travel.
    pub credentials: RequestCredentials,
    /// From the [`Call`].
    pub signal: AbortSignal,
}

/// What came back.
pub struct Answer {
    /// 200 to 299.
    pub ok: bool,
    /// 64 kB at most.
    pub body: String,
}

impl Post<'_> {
    /// Sends it and reads the answer.
    ///
    /// # Errors
    /// What the browser threw, or a word of ours: it says no more than that there is no answer.
    pub async fn send(self, window: &Window) -> Result<Answer, JsValue> {
        let headers = Headers::new()?;
        headers.set("Content-Type", "application/json")?;
        if let Some((name, value)) = self.header {
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
        request.set_signal(Some(&self.signal));

        let response: Response =
            JsFuture::from(window.fetch_with_str_and_init(self.address, &request)).await?.dyn_into()?;
        let body = match response.body() {
            Some(stream) => read(stream.get_reader().unchecked_into()).await?,
            None => String::new(),
        };
        Ok(Answer { ok: response.ok(), body })
    }
}

async fn read(reader: ReadableStreamDefaultReader) -> Result<String, JsValue> {
    let mut body = Vec::new();
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        let Ok(value) = Reflect::get(&chunk, &JsValue::from_str("value"))?.dyn_into::<Uint8Array>() else {
            return Ok(String::from_utf8_lossy(&body).into_owned());
        };
        if body.len() + value.length() as usize > BODY_LIMIT {
            let _ = reader.cancel();
            return Err(JsValue::from_str("the answer is larger than 64 kB"));
        }
        body.extend(value.to_vec());
    }
}
