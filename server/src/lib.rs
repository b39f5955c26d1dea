//! The token service: holds the AppSecret, takes WeChat's callback, exchanges the code once, knows the person again, and gives
//! the site a session, or OpenID Connect.
//!
//! From the ground up, and nothing knows what is above it:
//!
//! - words, values and time: [`config`], [`text`], [`secret`], [`clock`];
//! - what every request is asked and every answer has: `http`, [`error`];
//! - what signs, and what is signed: [`keys`], [`claims`];
//! - what is remembered: the [`store`], verbs of the flow over SQLite, PostgreSQL and Redis, which knows no HTTP;
//! - what a login is made of: an [`attempt`], the [`exchange`] that alone knows the AppSecret, our own `code`, and its end, `login`;
//! - what is asked of the service: [`start`], [`callback`], [`scene`], [`session`], [`pages`], and the standard's face, [`oidc`];
//! - the table of routes, `routes`, and the service put together: [`app`].
//!
//! CONTRIBUTING.md tells one login through it, file by file.

pub mod account;
mod address;
pub mod app;
pub mod attempt;
mod authorization;
pub mod avatars;
pub mod backchannel;
mod begun;
mod binding;
pub mod callback;
pub mod check;
pub mod claims;
pub mod clock;
mod code;
pub mod commands;
pub mod config;
mod contact;
mod current;
pub mod error;
pub mod exchange;
mod http;
pub mod keys;
mod limits;
pub mod log;
mod login;
pub mod metrics;
mod misrouted;
mod notices;
pub mod oauth_error;
pub mod oidc;
mod openapi;
mod ops;
mod outbound;
pub mod pages;
mod phases;
mod picture;
mod pkce;
mod probe;
mod public_address;
pub mod qr;
mod refuse;
pub mod reload;
mod report;
mod routes;
pub mod scene;
pub mod secret;
mod secret_file;
mod sender;
pub mod session;
pub mod shared;
pub mod signing_algorithm;
pub mod start;
pub mod store;
pub mod text;
mod times;
pub mod tls;
pub mod upkeep;
mod waiting;
pub mod webhook_secret;
pub mod webhooks;
mod widget;
