//! `Forwarded` (RFC 7239 §4): elements with commas between them, each a few `name=value` with semicolons between them.
//!
//! Commas and semicolons count outside quotation marks alone: a proxy writes the visitor's `Host` between such, and whoever splits there
//! (as rfc7239 0.1.3 does) takes an address from the visitor.

use std::net::IpAddr;

use crate::address::address;

/// Whom each element of a line names; `None` for an element that names no address. A line that cannot be taken apart is one such:
/// where its elements end is anybody's guess.
pub(super) fn hops(line: &[u8]) -> Vec<Option<IpAddr>> {
    let Ok(line) = std::str::from_utf8(line) else { return vec![None] };
    let mut rest = line;
    let mut hops = Vec::new();
    let mut element: Option<Element> = None;
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t', ';']);
        if let Some(after) = trimmed.strip_prefix(',') {
            hops.extend(element.take().map(Element::hop));
            rest = after;
            continue;
        }
        if trimmed.is_empty() {
            hops.extend(element.map(Element::hop));
            return hops;
        }
        let Some((name, value, after)) = pair(trimmed) else { return vec![None] };
        let element = element.get_or_insert_default();
        if name.eq_ignore_ascii_case("for") {
            element.named += 1;
            element.address = address(&value);
        }
        rest = after;
    }
}

#[derive(Default)]
struct Element {
    address: Option<IpAddr>,
    named: usize,
}

impl Element {
    /// A parameter stands there once at most (RFC 7239 §4).
    fn hop(self) -> Option<IpAddr> {
        self.address.filter(|_| self.named == 1)
    }
}

/// The first `name=value`, and what follows it. Addresses with colons and brackets are taken without quotation marks too.
fn pair(text: &str) -> Option<(&str, String, &str)> {
    let (name, rest) = text.split_once('=')?;
    let name = name.trim();
    if name.is_empty() || name.contains([',', ';', '"', ' ', '\t']) {
        return None;
    }
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => unquoted(quoted)?,
        None => {
            let end = rest.find([',', ';']).unwrap_or(rest.len());
            let (value, rest) = rest.split_at(end);
            if value.contains('"') {
                return None;
            }
            (value.trim_end().to_owned(), rest)
        }
    };
    let ended = rest.trim_start_matches([' ', '\t']);
    (ended.is_empty() || ended.starts_with([',', ';'])).then_some((name, value, rest))
}

/// A quoted string behind its first quotation mark (RFC 9110 §5.6.4), and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}
