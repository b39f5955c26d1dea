//! What is under way: futures that have an owner, and end with it.
//!
//! The browser's queue holds a future weakly. Dropping a [`Tasks`] drops its futures, and with them what they hold: a
//! request is aborted, a timer is cleared.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use gloo_timers::callback::Timeout;
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};

type Slot = Rc<Cell<Option<Pin<Box<dyn Future<Output = ()>>>>>>;

/// Futures under way. Dropping it, or [`Tasks::clear`], ends them all.
#[derive(Default)]
pub struct Tasks(Cell<Vec<Slot>>);

impl Tasks {
    /// Runs a future until it is over, or its owner is.
    pub fn run(&self, future: impl Future<Output = ()> + 'static) {
        self.add(Box::pin(future));
    }

    // Once, and not for every kind of future.
    fn add(&self, future: Pin<Box<dyn Future<Output = ()>>>) {
        let slot: Slot = Rc::new(Cell::new(Some(future)));
        let held = Rc::downgrade(&slot);
        let mut slots = self.0.take();
        // Those that are over hold nothing any more, but their places. One that runs just now is out of its place, and held by its run.
        slots.retain(|slot| {
            let future = slot.take();
            let under_way = future.is_some() || Rc::strong_count(slot) > 1;
            slot.set(future);
            under_way
        });
        slots.push(slot);
        self.0.set(slots);
        spawn_local(poll_fn(move |context| {
            // While it runs it is out of its place: it may end itself, and is dropped when it comes back.
            let Some(slot) = held.upgrade() else { return Poll::Ready(()) };
            let Some(mut future) = slot.take() else { return Poll::Ready(()) };
            let polled = future.as_mut().poll(context);
            if polled.is_pending() {
                slot.set(Some(future));
            }
            polled
        }));
    }

    /// Ends them all.
    pub fn clear(&self) {
        self.0.take();
    }
}

/// A promise that is kept after so many milliseconds, while the timer is.
pub fn after(milliseconds: u32) -> (Promise, Option<Timeout>) {
    let mut timer = None;
    let rung = Promise::new(&mut |ring, _| {
        timer = Some(Timeout::new(milliseconds, move || {
            // A promise's own function throws nothing.
            let _ = ring.call0(&JsValue::UNDEFINED);
        }));
    });
    (rung, timer)
}

/// Waits so many milliseconds.
pub async fn pause(milliseconds: u32) {
    let (rung, _timer) = after(milliseconds);
    let _ = JsFuture::from(rung).await;
}
