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

// The widget has no room for std.
// A push of a char brings an encoder of all of Unicode into the widget; a push of a text copies bytes.
#![allow(clippy::single_char_add_str)]
#![no_std]

extern crate alloc;
#[cfg(feature = "serde")]
extern crate std;

use alloc::string::String;

pub mod device;
pub mod fast_login;
pub mod ids;
pub mod json;
pub mod language;
pub mod qrconnect;
#[cfg(feature = "samples")]
pub mod samples;
pub mod service;
pub mod service_account;
pub mod sns;

/// Writes `base?name=value&…` with every value percent-encoded as `encodeURIComponent` does, in the order given.
pub fn address(base: &str, parameters: &[(&str, &str)]) -> String {
    let mut address = String::from(base);
    let mut mark = "?";
    for (name, value) in parameters {
        address.push_str(mark);
        address.push_str(name);
        extend(&mut address, "=", value);
        mark = "&";
    }
    address
}

/// What is before the first `at`, and what is after it. By bytes: `str::split` is a search engine, and would all be in the
/// widget.
pub fn cut(text: &str, at: u8) -> (&str, &str) {
    cut_where(text, &|byte| byte == at)
}

/// What is before the first byte of ASCII that `ends` it, and what is after it.
#[inline(never)]
pub(crate) fn cut_where<'a>(text: &'a str, ends: &dyn Fn(u8) -> bool) -> (&'a str, &'a str) {
    let end = text.bytes().position(ends).unwrap_or(text.len());
    let (before, after) = text.split_at_checked(end).unwrap_or((text, ""));
    (before, after.get(1..).unwrap_or_default())
}

/// Adds `before` as it is, and `value` encoded. A call for each parameter is smaller than a table of them.
#[inline(never)]
pub(crate) fn extend(address: &mut String, before: &str, value: &str) {
    address.push_str(before);
    encode(value, address);
}

// These two are here and not a crate's because a crate's tables and panics would weigh more in the widget than they do.

fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
        {
            into.push(byte as char);
        } else {
            into.push('%');
            for digit in [byte >> 4, byte & 15] {
                into.push((if digit < 10 { b'0' + digit } else { b'A' - 10 + digit }) as char);
            }
        }
    }
}

/// Gives back what was percent-encoded; `None` where that is no ASCII, as no code and no state ever is.
fn decoded(text: &str) -> Option<String> {
    let mut decoded = String::new();
    let (mut byte, mut digits_to_come) = (0, 0);
    for found in text.bytes() {
        if digits_to_come == 0 {
            byte = found.into();
            if found == b'%' {
                (byte, digits_to_come) = (0, 2);
                continue;
            }
        } else {
            byte = byte * 16 + char::from(found).to_digit(16)?;
            digits_to_come -= 1;
            if digits_to_come > 0 {
                continue;
            }
        }
        if byte > 127 {
            return None;
        }
        decoded.push(char::from(byte as u8));
    }
    (digits_to_come == 0).then_some(decoded)
}
