//! Real clients log in, read who it is, refresh where they can, and log out.

mod apache;
mod codes;
mod crate_openidconnect;
mod deploy;
mod documents;
mod libraries;
mod nginx;
mod proxies;
mod sites;
mod spa;
mod weixin;
