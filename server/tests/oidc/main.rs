//! OpenID Connect by the public door: the port of the conformance suite's modules, and what must never be granted.

mod backchannel;
mod beside;
mod canary;
mod clients;
mod clocks;
mod codes;
mod conformance;
mod contacts;
mod copied;
mod crowded;
mod door;
mod grants;
// Of which the login's own tests need more.
#[allow(dead_code)]
#[path = "../it/binding/inbox.rs"]
mod inbox;
mod keys;
mod limits;
mod listener;
mod logout;
#[path = "../swept/mailbox.rs"]
mod mailbox;
#[path = "../swept/store.rs"]
mod named_store;
mod operator;
mod program;
mod redirects;
mod refresh;
mod sessions;
#[path = "../swept/clock.rs"]
mod swept_clock;
mod userinfo;
mod webhooks;
