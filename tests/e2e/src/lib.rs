//! The whole login in real browsers: what the tests in `tests/` share.
//!
//! [`house::House`] is everything a login needs on free ports of this machine: WeChat's side (the emulator), the service and
//! a shop. [`browser::Browser`] is a real Chromium. [`widget`] is what a person does and sees on the login element. None of them
//! knows what is tested.

pub mod browser;
pub mod gallery;
pub mod house;
pub mod service;
pub mod widget;
