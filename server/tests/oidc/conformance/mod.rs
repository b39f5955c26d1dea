//! Our port of the module list of the OpenID Foundation's conformance suite, which cannot run here: one test per module, under the
//! module's own name. What the suite would skip, because it is not offered, is here a test that it is not offered and refused.

mod back_channel_logout;
mod basic;
mod config;
mod rp_initiated_logout;
