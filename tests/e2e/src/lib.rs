//! The whole login in real browsers: what the tests in `tests/` share.
//!
//! [`house::House`] is everything a login needs on free ports of this machine: WeChat's side (the emulator), the service and
//! a shop. [`between::Between`] is what may go wrong between them. [`browser::Browser`] is a real browser, [`hand`] the pointer and
//! the keys of a person in front of it, [`widget`] what that person does and sees on the login element. None of them knows what is
//! tested.

pub mod between;
pub mod browser;
pub mod gallery;
pub mod hand;
pub mod house;
#[path = "../../../server/tests/swept/mailbox.rs"]
pub mod mailbox;
pub mod service;
#[path = "../../../server/tests/swept/clock.rs"]
pub mod swept_clock;
pub mod widget;
