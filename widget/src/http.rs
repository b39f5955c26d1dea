//! Calls over the network: built and read by gloo-net, with a time limit and a size limit each, and gone when they are dropped.

use gloo_net::http::{Headers, Request, Response};
use gloo_timers::callback::Timeout;
use protocol::service::SECRET_HEADER;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, ReadableStreamDefaultReader, ReadableStreamReadResult, RequestCache, RequestCredentials,
    RequestInit, RequestRedirect, TextDecodeOptions, TextDecoder,
};

use crate::guarded;

/// No answer that is waited for is larger. What sends more is not who we think it is.
const BODY_LIMIT: u32 = 64 * 1024;

/// What is asked, and of whom.
pub struct Call {
    /// A whole address.
    pub address: String,
    /// With it the call is a POST, of this type.
    pub body: Option<(String, &'static str)>,
    /// For [`SECRET_HEADER`].
    pub secret: Option<String>,
    /// Whether cookies travel.
    pub credentials: RequestCredentials,
    /// Milliseconds, until the whole answer is there.
    pub limit: u32,
}

/// A whole answer; by default none at all.
#[derive(Default)]
pub struct Answer {
    /// HTTP's.
    pub status: u16,
    /// 64 kB at most.
    pub body: String,
}

impl Answer {
    /// Whether it is what was asked for.
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body of a good answer; nothing of another.
    pub fn good(&self) -> &str {
        if self.is_good() { &self.body } else { "" }
    }
}

/// Asks, and reads the answer.
///
/// # Errors
/// What the browser or the page threw, whatever that is.
pub async fn call(call: &Call) -> Result<Answer, JsValue> {
    let limit = Limit::new(call.limit)?;
    let response = send(call, &limit, "application/json", None).await?;
    let status = response.status();
    let mut body = String::new();
    let mut left = BODY_LIMIT;
    if let Some(mut chunks) = Chunks::of(&response)? {
        while let Some(chunk) = chunks.next(&mut left).await? {
            body.push_str(&chunk);
        }
    }
    Ok(Answer { status, body })
}

/// Asks, and gives the answer as soon as it has begun. The limit may be set anew while it is read.
///
/// # Errors
/// As [`call`].
pub async fn send(
    call: &Call,
    limit: &Limit,
    accept: &str,
    last_event_id: Option<&str>,
) -> Result<Response, JsValue> {
    let request = request(call, limit, accept, last_event_id).map(web_sys::Request::from);
    // What is no answer of the browser's is no answer.
    let answer: web_sys::Response = guarded::fetch(request).await?.dyn_into()?;
    Ok(answer.into())
}

fn request(
    call: &Call,
    limit: &Limit,
    accept: &str,
    last_event_id: Option<&str>,
) -> Result<Request, JsValue> {
    let headers = Headers::new();
    headers.set("Accept", accept);
    if let Some(secret) = &call.secret {
        headers.set(SECRET_HEADER, secret);
    }
    if let Some(id) = last_event_id {
        headers.set("Last-Event-ID", id);
    }
    // Not gloo-net's RequestBuilder: it reads the address anew to add a query, and brings all of `fmt` along for that.
    let init = RequestInit::new();
    if let Some((body, content_type)) = &call.body {
        headers.set("Content-Type", content_type);
        init.set_method("POST");
        init.set_body(&JsValue::from_str(body));
    }
    init.set_headers(&headers.into_raw());
    init.set_credentials(call.credentials);
    init.set_cache(RequestCache::NoStore);
    // A login's values go where they were sent, and nowhere else.
    init.set_redirect(RequestRedirect::Error);
    init.set_signal(Some(&limit.controller.signal()));
    // Only an address that is none throws here.
    web_sys::Request::new_with_str_and_init(&call.address, &init).map(Request::from)
}

/// Aborts a request when it takes too long, and when it is dropped.
pub struct Limit {
    controller: AbortController,
    timer: Timeout,
}

impl Limit {
    /// Milliseconds from now.
    ///
    /// # Errors
    /// What the browser threw.
    pub fn new(after: u32) -> Result<Self, JsValue> {
        let controller = AbortController::new()?;
        let timer = timer(&controller, after);
        Ok(Self { controller, timer })
    }

    /// Milliseconds from now, in the place of what was said before.
    pub fn again(&mut self, after: u32) {
        self.timer = timer(&self.controller, after);
    }

    /// Whether it took too long.
    pub fn is_over(&self) -> bool {
        self.controller.signal().aborted()
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

fn timer(controller: &AbortController, after: u32) -> Timeout {
    let controller = controller.clone();
    Timeout::new(after, move || controller.abort())
}

/// An answer's body, piece by piece as it comes.
pub struct Chunks {
    reader: ReadableStreamDefaultReader,
    decoder: TextDecoder,
    options: TextDecodeOptions,
}

impl Chunks {
    /// The body's, where there is one.
    ///
    /// # Errors
    /// What the browser threw.
    pub fn of(response: &Response) -> Result<Option<Self>, JsValue> {
        let Some(stream) = response.body() else { return Ok(None) };
        let options = TextDecodeOptions::new();
        // A character may be cut in two by the end of a piece.
        options.set_stream(true);
        let reader = ReadableStreamDefaultReader::new(&stream)?;
        Ok(Some(Self { reader, decoder: TextDecoder::new()?, options }))
    }

    /// The next piece, `None` at the end. `left` bytes may come; it is counted down.
    ///
    /// # Errors
    /// What the browser threw: the connection is cut, or the limit is over. Or that more came than may.
    pub async fn next(&mut self, left: &mut u32) -> Result<Option<String>, JsValue> {
        let read: ReadableStreamReadResult = JsFuture::from(self.reader.read()).await?.unchecked_into();
        if read.get_done().unwrap_or_default() {
            return Ok(None);
        }
        let bytes: js_sys::Uint8Array = read.get_value().unchecked_into();
        let length = bytes.length();
        if length > *left {
            return Err(JsValue::from_str("too large"));
        }
        *left -= length;
        self.decoder.decode_with_js_u8_array_and_options(&bytes, &self.options).map(Some)
    }
}
