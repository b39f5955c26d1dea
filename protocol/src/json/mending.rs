//! What serde_json refuses and WeChat writes: texts that JSON forbids, made JSON. The browser's parser is more patient, and the widget
//! does without.

use alloc::string::String;

/// Takes raw control characters out; within strings halves of surrogate pairs become U+FFFD, and a backslash that escapes nothing is one.
pub(super) fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len() + 16);
    let mut within = false;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let (length, instead) = match character {
            '\\' if within => escape(rest),
            character if character.is_control() => (character.len_utf8(), Some("")),
            _ => (character.len_utf8(), None),
        };
        let (piece, others) = rest.split_at_checked(length).unwrap_or((rest, ""));
        mended.push_str(instead.unwrap_or(piece));
        within ^= character == '"';
        rest = others;
    }
    mended
}

/// How long the escape at the beginning of `text` is, and what stands there instead of it where it is none.
fn escape(text: &str) -> (usize, Option<&'static str>) {
    const BACKSLASH: (usize, Option<&str>) = (1, Some("\\\\"));
    match text.as_bytes().get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => (2, None),
        Some(b'u') => match (unit(text), text.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, None),
            (Some(0xd800..=0xdfff), _) => (6, Some("\u{fffd}")),
            (Some(_), _) => (6, None),
            (None, _) => BACKSLASH,
        },
        _ => BACKSLASH,
    }
}

/// The UTF-16 unit of `\uXXXX` at the beginning of `text`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    // `from_str_radix` takes a sign too.
    if digits.starts_with('+') { None } else { u16::from_str_radix(digits, 16).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use alloc::string::ToString;
    use alloc::vec;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn what_is_no_json_for_a_byte_in_a_text_is_mended() {
        for (text, value) in [
            ("\"\u{14}a\"", "a"),
            ("\"a\nb\tc\r\"", "abc"),
            ("\"\0\u{7}\u{1f}\u{7f}\u{85}\"", ""),
            (r#""lisa\ud83d""#, "lisa\u{fffd}"),
            (r#""\ude00lisa""#, "\u{fffd}lisa"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\ud83d\ude00\u4e2d""#, "\u{fffd}\u{1f600}\u{4e2d}"),
            (r#""\ud83d\n""#, "\u{fffd}\n"),
            (r#""\x14\'\u12""#, r"\x14\'\u12"),
            (r#""\u+123""#, r"\u+123"),
            ("\"\\\u{14}\"", "\\"),
            (" \0\"a\"\0\u{b}", "a"),
        ] {
            assert_eq!(Value::read(text), Some(Value::from(value)), "{text}");
        }
    }

    #[test]
    fn what_is_cut_or_nothing_stays_none() {
        for text in ["", "{", "\"a", "\"a\\", "\"\\ud83", "{\"a\":\"\u{14}", "<html>\u{14}\"</html>", "[1"] {
            assert_eq!(Value::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn mending_leaves_json_as_it_is(texts in prop::collection::vec(any::<String>(), 0..4), ascii: bool) {
            let value = Value::from_iter(texts.iter().map(|text| (text.clone(), Value::from(vec![text.clone()]))));
            let mut json = value.to_string();
            if ascii {
                let mut units = [0; 2];
                json = json.chars().fold(String::new(), |json, character| match character.is_ascii() {
                    true => json + character.encode_utf8(&mut [0; 4]),
                    false => character.encode_utf16(&mut units).iter().fold(json, |json, unit| alloc::format!("{json}\\u{unit:04x}")),
                });
            }
            prop_assert_eq!(Value::parse(&mended(&json)), Some(value));
        }

        #[test]
        fn no_text_between_quotation_marks_costs_what_stands_beside_it(text in "([\\x00-\\x1f]|[^\"\\\\]|\\PC|\\\\[^\"\\\\]|\\\\u[dD][89abcdABCDEF][0-9a-f]{0,2}){0,12}") {
            prop_assume!(!text.ends_with('\\') && !text.contains('"'));
            let json = alloc::format!("{{\"{text}\":[\"{text}\"],\"openid\":\"o1\"}}");
            let read = Value::read(&json).and_then(|value| value.text_member("openid"));
            prop_assert_eq!(read.as_deref(), Some("o1"), "{}", json);
        }
    }
}
