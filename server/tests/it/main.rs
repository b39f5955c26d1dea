//! The service through its public door, against the emulator: a test for each line of what must hold.

#![allow(clippy::unwrap_used, missing_docs)]

mod account;
mod answers;
mod asked;
mod at_once;
mod attempt;
mod avatars;
mod backup;
mod begun;
mod binding;
mod cache;
mod cache_kinds;
mod canary;
mod check;
mod clock_back;
mod config;
mod cookies;
mod doctor;
mod duplicates;
mod embedded;
mod faults;
mod front;
mod harness;
mod import;
mod kills;
mod length;
mod limits;
#[path = "../swept/mailbox.rs"]
mod mailbox;
mod metrics;
mod migrations;
mod misrouted;
#[path = "../swept/store.rs"]
mod named_store;
#[cfg(target_os = "linux")]
mod network;
mod ops;
mod outgoing;
mod page;
mod pages_state;
mod postgres;
mod postgres_faults;
mod program;
mod prometheus;
mod proxy;
mod reload;
mod return_to;
mod scene;
mod session;
mod sessions;
mod simple;
mod start;
mod surface;
#[path = "../swept/clock.rs"]
mod swept_clock;
mod tls;
mod widget;
