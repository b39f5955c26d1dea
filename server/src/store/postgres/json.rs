//! What goes into the database's functions, and what comes out of them: JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::StoreError;

/// As the database takes it: a text in PostgreSQL has no NUL, and nothing that we name has one.
pub(super) fn written(value: &impl Serialize) -> Result<String, StoreError> {
    let json = serde_json::to_string(value).map_err(|error| StoreError::Row(error.into()))?;
    Ok(without_nul(json))
}

pub(super) fn read<T: DeserializeOwned>(json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Row(error.into()))
}

/// JSON as PostgreSQL takes it. `\\u0000` is a backslash and five letters, and stays.
pub(in crate::store) fn without_nul(json: String) -> String {
    if !json.contains(r"\u0000") {
        return json;
    }
    let mut written = String::with_capacity(json.len());
    let mut rest = json.as_str();
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        written.push_str(before);
        let length = if escape.starts_with(r"\u0000") { 6 } else { 2 };
        written.push_str(if length == 6 { r"\ufffd" } else { &escape[..length] });
        rest = &escape[length..];
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_written_as_what_stands_for_the_unreadable() {
        for (text, expected) in [
            ("plain", r#""plain""#),
            ("a\0b", r#""a\ufffdb""#),
            ("\0", r#""\ufffd""#),
            (r"\u0000", r#""\\u0000""#),
            ("\\\0\"\u{1}é", "\"\\\\\\ufffd\\\"\\u0001é\""),
        ] {
            assert_eq!(written(&text).expect("a text is JSON"), expected);
        }
    }
}
