//! The token service: holds the AppSecret, takes WeChat's callback, exchanges the code once, knows the person again, and gives
//! the site a session, or OpenID Connect.
//!
//! The steps, in the order that data takes: [`start`] → [`attempt`] → [`callback`] → [`exchange`] → [`login`] → [`session`] → [`code`].
//! The standard's face over them is [`oidc`], and what it signs with is in [`keys`]. Routes call steps, steps call the [`store`];
//! the store knows no HTTP, and only [`exchange`] knows the AppSecret.

mod address;
pub mod app;
pub mod attempt;
mod authorization;
pub mod backchannel;
mod begun;
pub mod callback;
pub mod check;
pub mod claims;
pub mod clock;
mod code;
pub mod commands;
pub mod config;
pub mod error;
pub mod exchange;
mod http;
pub mod keys;
mod limits;
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
mod pkce;
mod public_address;
pub mod qr;
mod refuse;
mod routes;
pub mod scene;
pub mod secret;
mod secret_file;
pub mod session;
pub mod shared;
pub mod signing_algorithm;
pub mod start;
pub mod store;
pub mod text;
pub mod tls;
pub mod upkeep;
mod waiting;
mod widget;
