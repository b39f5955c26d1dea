//! The standard face: OpenID Connect's endpoints, thin over the steps.
//!
//! Requests are read in `parameters`, `authorization_request`, `token_request` and `client_authentication`, which look nothing up; the
//! rooms that are named like an endpoint answer them.

pub mod authorization_request;
pub mod authorize;
mod client;
pub mod client_authentication;
mod contacts;
pub mod discovery;
pub mod logout;
pub mod parameters;
mod redirect_uri;
mod refresh_token;
pub(crate) mod response;
pub mod revoke;
pub mod scope;
pub mod token;
pub mod token_request;
pub mod userinfo;
