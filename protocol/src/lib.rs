//! What WeChat speaks, and what the widget and the service say to each other.
//!
//! Types, tolerant reading and strict writing; nothing here does I/O, waits or knows a browser. WeChat's answers come in
//! more shapes than its documents show (an object, a string that holds JSON, `text/plain`, a number where a string was
//! promised), so each is read in one place, here, for serde_json on the service and for the browser's own values in the
//! widget: both implement [`json::Json`], and the same samples run on both.
//!
//! - [`ids`]: the values that travel: appid, openid, code, state, errcode.
//! - [`qrconnect`]: the open platform's QR page, its messages and its long poll.
//! - [`fast_login`]: the WeChat program on the same computer (`localhost.weixin.qq.com:14013`).
//! - [`sns`]: the server calls at `api.weixin.qq.com`.
//! - [`service_account`]: a service account's web authorization, inside WeChat.
//! - [`service`]: the bodies between our widget and our service.

pub mod fast_login;
pub mod ids;
pub mod json;
pub mod qrconnect;
#[cfg(feature = "samples")]
pub mod samples;
pub mod service;
pub mod service_account;
pub mod sns;

/// `encodeURIComponent`'s set: what is not a letter, a digit or one of `-_.!~*'()` is percent-encoded.
const COMPONENT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Writes `base?name=value&…` with every value percent-encoded, in the order given.
pub fn address(base: &str, parameters: &[(&str, &str)]) -> String {
    let mut address = String::from(base);
    for (index, (name, value)) in parameters.iter().enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        address.extend(percent_encoding::utf8_percent_encode(value, COMPONENT));
    }
    address
}
