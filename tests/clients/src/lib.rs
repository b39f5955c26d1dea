//! Sites with clients that other people wrote, and what logs in to them: a service, WeChat's side, and a browser with cookies.
//!
//! The sites themselves are the samples beside this crate, a folder for each client, which the documentation shows word for word. No
//! client is written here.

pub mod browser;
pub mod packages;
pub mod provider;
pub mod site;
