//! The keys that sign tokens: which one signs, which ones are published, and what a token must look like to be ours.
//!
//! The store's rows decide, together with the clock, and nothing else: two nodes that read the same rows agree without a word.
//! A key is *announced* (published, does not sign yet), then *active*, then *retired* (published, signs no more) and at last gone.

mod master;
mod ring;
mod shared;
mod signing;

pub use master::{MasterKeyError, MasterKeys};
pub use ring::{KeyError, KeyRing, TokenError, TokenType};
pub use shared::{JWKS_MAX_AGE, KEEP_BEHIND, LoadError, PUBLISH_LEAD, RELOAD_EVERY, SharedKeys, rotate};
pub use signing::SigningKey;

#[cfg(test)]
mod tests;
