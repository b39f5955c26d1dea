//! What the widget does next: decisions without a browser, tested on the host.
//!
//! - [`options`]: the element's attributes, as types.
//! - [`text`]: every sentence a person reads, in three languages.
//! - [`clock`]: how much time has passed, for a laptop that slept and a clock that was set.
//! - [`person`]: which avatars may be loaded.
//! - [`machine`]: `(Machine, Event) -> [Effect]`, and [`screen`]: what there is to see.
//! - [`event`]: what happens to the machine and what it asks for.
//! - [`error`]: why a login did not come about, with a stable code.
//!
//! Nothing here waits, draws, or calls: the crate `weixin-login-widget` does.

#![no_std]

extern crate alloc;

pub mod clock;
pub mod error;
pub mod event;
pub mod machine;
pub mod options;
pub mod person;
pub mod screen;
pub mod text;
