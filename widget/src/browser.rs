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

    #[wasm_bindgen(method)]
    fn act(this: &Browser, verb: &str, a: i32, b: i32, text: &str, more: &str);
    #[wasm_bindgen(method)]
    fn ask(this: &Browser, verb: &str, text: &str) -> Option<String>;

    /// POSTs JSON: tells the answer's text and whether its status is good, or no text and what the browser threw.
    #[wasm_bindgen(method)]
    pub fn post(
        this: &Browser,
        what: i32,
        number: i32,
        asks: bool,
        address: &str,
        body: &str,
        secret: &str,
        credentials: &str,
        limit: i32,
    );
    /// A length of the window's, in screen pixels.
    #[wasm_bindgen(method)]
    pub fn measure(this: &Browser, name: &str) -> i32;
    #[wasm_bindgen(method, js_name = detail)]
    fn detail_value(this: &Browser, _a: i32, _b: i32, name: &str, value: &JsValue);
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

// Most of it goes through one door: `js/browser.js` says why.
impl Browser {
    // Once, and not wherever one of the next is called.
    #[inline(never)]
    fn run(&self, verb: &str, a: i32, b: i32) {
        self.act(verb, a, b, "", "");
    }

    /// Makes the elements of a table, the first of which becomes the part `first`.
    pub fn build(&self, first: i32, parent: i32, table: &str) {
        self.act("build", first, parent, table, "");
    }

    /// Makes an element.
    pub fn make(&self, part: i32, tag: &str) {
        self.act("make", part, 0, tag, "");
    }

    /// Puts it at the end of another.
    pub fn append(&self, part: i32, parent: i32) {
        self.run("append", part, parent);
    }

    /// Sets an attribute.
    #[inline(never)]
    pub fn set(&self, part: i32, name: &str, value: &str) {
        self.act("set", part, 0, name, value);
    }

    /// Gives it the focus.
    pub fn focus(&self, part: i32) {
        self.run("focus", part, 0);
    }

    /// Hides it from everybody, or shows it.
    #[inline(never)]
    pub fn hide(&self, part: i32, hidden: bool) {
        self.run("hide", part, hidden.into());
    }

    /// Writes text where it is not there already.
    #[inline(never)]
    pub fn put(&self, part: i32, text: &str) {
        self.act("put", part, 0, text, "");
    }

    /// Shows a picture, or none.
    pub fn picture(&self, part: i32, address: Option<&str>) {
        self.act("picture", part, 0, address.unwrap_or_default(), "");
    }

    /// Takes it out of the page.
    pub fn remove(&self, part: i32) {
        self.run("remove", part, 0);
    }

    /// The part is about to change.
    pub fn before(&self, part: i32) {
        self.run("before", part, 0);
    }

    /// It has changed: the focus is kept inside.
    pub fn after(&self, part: i32) {
        self.run("after", part, 0);
    }

    /// Opens a dialog, and tells when it is closed.
    pub fn modal(&self, part: i32, closed: i32) {
        self.run("modal", part, closed);
    }

    /// Hears presses: the text is the word of `data-press`.
    pub fn presses(&self, pressed: i32) {
        self.run("presses", pressed, 0);
    }

    /// Hears the page, until [`Browser::end`]: `first` is a message of a frame (its part, the origin, the data), and after
    /// it come the network, the browser's Back, and whether the page is seen (1) or not (0).
    pub fn begin(&self, first: i32) {
        self.run("begin", first, 0);
    }

    /// Drops all that is under way.
    pub fn end(&self) {
        self.run("end", 0, 0);
    }

    /// Does that, and hears presses no longer.
    pub fn leave(&self) {
        self.run("leave", 0, 0);
    }

    /// Rings once after so many milliseconds, in the place of what was to ring before; less than none: never.
    pub fn wake(&self, what: i32, delay: i32) {
        self.run("wake", what, delay);
    }

    /// Drops what was posted with `asks`, and what is heard of a scene.
    pub fn hang_up(&self) {
        self.run("hangUp", 0, 0);
    }

    /// Listens to a scene, until [`Browser::hang_up`]; each text is a word of `SceneEvent`.
    pub fn hear(&self, what: i32, number: i32, address: &str, secret: Option<&str>) {
        self.act("hear", what, number, address, secret.unwrap_or_default());
    }

    /// Tells the permission to ask this computer, and each change of it.
    pub fn permission(&self, what: i32) {
        self.run("permission", what, 0);
    }

    /// Makes PKCE's pair (RFC 7636) and tells the challenge, or no text and what the browser threw.
    pub fn challenge(&self, what: i32) {
        self.run("challenge", what, 0);
    }

    /// The last pair belongs to this attempt.
    pub fn keep_verifier(&self, attempt_id: &str) {
        self.act("keepVerifier", 0, 0, attempt_id, "");
    }

    /// The verifier that belongs to the attempt.
    pub fn verifier(&self, attempt_id: &str) -> String {
        self.ask("verifier", attempt_id).unwrap_or_default()
    }

    /// An attribute of the element.
    #[inline(never)]
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.ask("attribute", name)
    }

    /// What the page and the browser say about themselves; the names are in `about` of `js/browser.js`.
    #[inline(never)]
    pub fn about(&self, name: &str) -> Option<String> {
        self.ask("about", name)
    }

    /// An address's origin.
    pub fn origin(&self, address: &str) -> Option<String> {
        self.ask("origin", address)
    }

    /// The top page goes there.
    pub fn go(&self, address: &str) {
        self.act("go", 0, 0, address, "");
    }

    /// Loads the page again.
    pub fn reload(&self) {
        self.run("reload", 0, 0);
    }

    /// Copies a text, where that is permitted.
    pub fn copy(&self, text: &str) {
        self.act("copy", 0, 0, text, "");
    }

    /// One more member of the event that is told next.
    #[inline(never)]
    pub fn detail(&self, name: &str, value: &str) {
        self.act("detail", 0, 0, name, value);
    }

    /// What the browser threw, as a member of it.
    pub fn cause(&self, cause: &JsValue) {
        if !cause.is_undefined() {
            self.detail_value(0, 0, "cause", cause);
        }
    }

    /// Tells the page an event.
    pub fn tell(&self, name: &str) {
        self.act("tell", 0, 0, name, "");
    }
}
