//! Whole logins in real browsers: one test, one house, one browser.

#![allow(clippy::unwrap_used, missing_docs)]

mod ahead;
mod another_site;
mod binding;
mod binding_panel;
mod dialog;
mod each;
mod engines;
mod fast_login;
mod faults;
mod hands;
mod hosted;
mod hostile;
mod life;
mod login;
mod mounts;
mod permission;
mod promise;
mod prompt;
mod qr;
mod scene;
mod seen;
mod streams;
mod styles;
mod without_wasm;
