//! The browser as the widget asks it: `js/browser.js`, which carries out and decides nothing.
//!
//! Not web-sys: each of its calls brings its own way of failing, each closure its own way of being dropped, and both weigh
//! more than what they do. Here strings and numbers cross, and one function hears everything.

use alloc::string::String;

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/browser.js")]
extern "C" {
    /// An element of ours, and the window that it is in.
    pub type Browser;

    /// `heard(what, number, text, value)` is told everything that happens.
    #[wasm_bindgen(constructor)]
    pub fn new(host: &JsValue, root: &JsValue, heard: &JsValue) -> Browser;

    /// Gives the shadow root its style sheet.
    #[wasm_bindgen(method, catch)]
    pub fn style(this: &Browser, css: &str) -> Result<(), JsValue>;
    /// Makes the elements of a table, the first of which becomes the part `first`.
    #[wasm_bindgen(method)]
    pub fn build(this: &Browser, first: u32, parent: u32, table: &str);
    /// Sets an attribute.
    #[wasm_bindgen(method)]
    pub fn set(this: &Browser, part: u32, name: &str, value: &str);
    /// Hides it from everybody, or shows it.
    #[wasm_bindgen(method)]
    pub fn hide(this: &Browser, part: u32, hidden: bool);
    /// Writes text where it is not there already.
    #[wasm_bindgen(method)]
    pub fn put(this: &Browser, part: u32, text: &str);
    /// Shows a picture, or none.
    #[wasm_bindgen(method)]
    pub fn picture(this: &Browser, part: u32, address: Option<&str>);
    /// Takes it out of the page.
    #[wasm_bindgen(method)]
    pub fn remove(this: &Browser, part: u32);
    /// Gives it the focus.
    #[wasm_bindgen(method)]
    pub fn focus(this: &Browser, part: u32);
    /// The part is about to change.
    #[wasm_bindgen(method)]
    pub fn before(this: &Browser, part: u32);
    /// It has changed: the focus is kept inside.
    #[wasm_bindgen(method)]
    pub fn after(this: &Browser, part: u32);
    /// Opens a dialog, and tells when it is closed.
    #[wasm_bindgen(method)]
    pub fn modal(this: &Browser, part: u32, closed: u32);
    /// Loads a page in a frame.
    #[wasm_bindgen(method)]
    pub fn load(this: &Browser, parent: u32, frame: u32, title: &str, sandbox: &str, allow: &str, src: &str);
    /// Takes a frame out of sight.
    #[wasm_bindgen(method, js_name = stepBack)]
    pub fn step_back(this: &Browser, frame: u32);
    /// Takes a frame out of the page.
    #[wasm_bindgen(method)]
    pub fn unload(this: &Browser, frame: u32);

    /// Hears presses: the text is the word of `data-press`.
    #[wasm_bindgen(method)]
    pub fn presses(this: &Browser, pressed: u32);
    /// Hears the page, until [`Browser::end`]: messages of frames (number, origin, data), the network, the browser's Back,
    /// and whether the page is seen (1) or not (0).
    #[wasm_bindgen(method)]
    pub fn begin(this: &Browser, message: u32, online: u32, returned: u32, visible: u32);
    /// Drops all that is under way, and the frames.
    #[wasm_bindgen(method)]
    pub fn end(this: &Browser);
    /// Does that, and hears presses no longer.
    #[wasm_bindgen(method)]
    pub fn leave(this: &Browser);
    /// Rings once after so many milliseconds, in the place of what was to ring before; less than none: never.
    #[wasm_bindgen(method)]
    pub fn wake(this: &Browser, what: u32, delay: f64);

    /// POSTs JSON: tells the answer's text and whether its status is good, or no text and what the browser threw.
    #[wasm_bindgen(method)]
    pub fn post(
        this: &Browser,
        what: u32,
        number: u32,
        asks: bool,
        address: &str,
        body: &str,
        secret: Option<&str>,
        credentials: &str,
        limit: u32,
    );
    /// Drops what was posted with `asks`, and what is heard of a scene.
    #[wasm_bindgen(method, js_name = hangUp)]
    pub fn hang_up(this: &Browser);
    /// Tells the permission to ask this computer, and each change of it.
    #[wasm_bindgen(method)]
    pub fn permission(this: &Browser, what: u32);
    /// Makes PKCE's pair (RFC 7636) and tells the challenge, or no text and what the browser threw.
    #[wasm_bindgen(method)]
    pub fn challenge(this: &Browser, what: u32);
    /// The last pair belongs to this attempt.
    #[wasm_bindgen(method, js_name = keepVerifier)]
    pub fn keep_verifier(this: &Browser, attempt_id: &str);
    /// The verifier that belongs to the attempt.
    #[wasm_bindgen(method)]
    pub fn verifier(this: &Browser, attempt_id: &str) -> String;
    /// A function that tells a text.
    #[wasm_bindgen(method)]
    fn teller(this: &Browser, what: u32, number: u32) -> JsValue;
    /// The signal of [`Browser::hang_up`].
    #[wasm_bindgen(method)]
    fn asking(this: &Browser) -> JsValue;

    /// An attribute of the element.
    #[wasm_bindgen(method)]
    pub fn attribute(this: &Browser, name: &str) -> Option<String>;
    /// What the page and the browser say about themselves; the names are in `about` of `js/browser.js`.
    #[wasm_bindgen(method)]
    pub fn about(this: &Browser, name: &str) -> Option<String>;
    /// An address's origin.
    #[wasm_bindgen(method)]
    pub fn origin(this: &Browser, address: &str) -> Option<String>;
    /// A length of the window's, in screen pixels.
    #[wasm_bindgen(method)]
    pub fn measure(this: &Browser, name: &str) -> i32;
    /// The top page goes there.
    #[wasm_bindgen(method)]
    pub fn go(this: &Browser, address: &str);
    /// Loads the page again.
    #[wasm_bindgen(method)]
    pub fn reload(this: &Browser);
    /// Copies a text, where that is permitted.
    #[wasm_bindgen(method)]
    pub fn copy(this: &Browser, text: &str);
    /// One more member of the event that is told next.
    #[wasm_bindgen(method)]
    pub fn detail(this: &Browser, name: &str, value: Option<&str>);
    /// The same, of any kind.
    #[wasm_bindgen(method, js_name = detail)]
    pub fn detail_value(this: &Browser, name: &str, value: &JsValue);
    /// Tells the page an event.
    #[wasm_bindgen(method)]
    pub fn tell(this: &Browser, name: &str);
}

#[wasm_bindgen]
extern "C" {
    /// The wall clock.
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    pub fn wall() -> f64;
    /// The clock that is never set.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub fn monotonic() -> f64;
}

#[wasm_bindgen(module = "/js/hear.js")]
extern "C" {
    fn hear(address: &str, secret: Option<&str>, news: &JsValue, stopped: &JsValue);
}

impl Browser {
    /// Listens to a scene, until [`Browser::hang_up`]; each text is a word of `SceneEvent`.
    pub fn hear(&self, what: u32, number: u32, address: &str, secret: Option<&str>) {
        hear(address, secret, &self.teller(what, number), &self.asking());
    }
}
