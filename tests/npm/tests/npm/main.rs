//! The npm package, as its users meet it: types, Node, bundlers, and logins in a real Chromium.

#![allow(clippy::unwrap_used, missing_docs)]

mod commonjs;
mod demo;
mod emulator;
mod frameworks;
mod login;
mod next;
mod package;
mod plain;
mod vite;
mod webpack;
mod wxlogin;
