//! Whole logins in a real, headless Chromium: one test, one house, one browser.

#![allow(clippy::unwrap_used, missing_docs)]

mod fast_login;
mod hosted;
mod login;
mod qr;
