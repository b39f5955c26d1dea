//! What every request is asked and every answer has, whatever the route: who sent it, from where, in which language, with which
//! cookies; and the headers that stand on all of them. Knows the configuration, and nothing of logins.

pub(crate) mod client_address;
pub(crate) mod cookies;
pub(crate) mod cors;
pub(crate) mod headers;
pub(crate) mod language;
pub(crate) mod origin;
pub(crate) mod user_agent;
