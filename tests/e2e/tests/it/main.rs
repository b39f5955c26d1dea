//! Whole logins in real browsers: one test, one house, one browser.

#![allow(clippy::unwrap_used, missing_docs)]

mod another_site;
mod each;
mod engines;
mod fast_login;
mod hands;
mod hosted;
mod hostile;
mod login;
mod mounts;
mod permission;
mod prompt;
mod qr;
mod scene;
mod seen;
mod without_wasm;
