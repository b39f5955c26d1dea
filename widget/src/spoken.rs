//! Whether the pages that come to a frame speak. WeChat's says that it is there before it has loaded, and the callback says how the
//! login ended. What says nothing after one that spoke is neither: a service worker of the page's that answers every navigation,
//! or the browser's word that such an answer must not be framed.

use std::cell::Cell;

use gloo_timers::callback::Timeout;

/// Milliseconds: the callback page waits for the service, and that for WeChat, no longer than this.
pub const SPEAKS_WITHIN: u32 = 25_000;

/// What was heard of the newest frame. Its messages and its loads may come in any order: they are counted.
#[derive(Default)]
pub struct Spoken {
    number: Cell<u32>,
    loaded: Cell<u32>,
    weixins: Cell<u32>,
    waits: Cell<Option<Timeout>>,
}

impl Spoken {
    /// WeChat's page has come to this frame.
    pub fn weixin_came(&self, number: u32) {
        self.of(number);
        self.weixins.set(self.weixins.get() + 1);
        self.waits.set(None);
    }

    /// A page has loaded in this frame. Where it is not WeChat's, in a frame that had WeChat's, `silent` rings when it should have
    /// spoken.
    pub fn loaded(&self, number: u32, silent: impl FnOnce() -> Timeout) {
        self.of(number);
        self.loaded.set(self.loaded.get() + 1);
        if self.weixins.get() > 0 && self.loaded.get() > self.weixins.get() {
            self.waits.set(Some(silent()));
        }
    }

    /// The callback has spoken.
    pub fn callback_came(&self) {
        self.waits.set(None);
    }

    fn of(&self, number: u32) {
        if self.number.replace(number) != number {
            self.loaded.set(0);
            self.weixins.set(0);
            self.waits.set(None);
        }
    }
}
