//! Whether it is our wasm that trapped. A trap ends whatever ran, and only the page's `error` event tells of it; a page may have
//! other wasm of its own.

use std::cell::Cell;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Something of ours runs.
pub struct Inside(());

impl Inside {
    /// From here until it is dropped, which a trap never does.
    pub fn enter() -> Self {
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}

/// Asked when nothing of ours runs: whether something began and never ended.
pub fn crashed() -> bool {
    DEPTH.with(Cell::get) > 0
}
