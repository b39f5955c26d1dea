//! OpenID Connect by the public door: the port of the conformance suite's modules, and what must never be granted.

mod backchannel;
mod beside;
mod canary;
mod clients;
mod codes;
mod conformance;
mod crowded;
mod door;
mod grants;
mod keys;
mod limits;
mod listener;
mod logout;
mod operator;
mod program;
mod redirects;
mod refresh;
mod sessions;
#[path = "../swept/clock.rs"]
mod swept_clock;
mod userinfo;
