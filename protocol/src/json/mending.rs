//! What serde_json refuses and WeChat writes: texts that JSON forbids, made JSON. The browser's parser is more patient, and the widget
//! does without.

use alloc::string::String;

use super::Json;

/// The first depth at which serde_json reads no further: what lies there is in a member that nobody reads.
const TOO_DEEP: usize = 128;

/// Takes raw control characters out; within strings halves of surrogate pairs become U+FFFD, and a backslash that escapes nothing is one.
/// Among members and items, `null` stands for a word that is no value (a number that overflows, `NaN`), and for what lies too deep.
pub(super) fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len() + 16);
    let mut within = false;
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let mut here = depth;
        let (length, instead) = match character {
            '\\' if within => escape(rest),
            character if character.is_control() => (character.len_utf8(), Some("")),
            '[' | '{' if !within => {
                depth += 1;
                (1, (depth == TOO_DEEP).then_some("null"))
            }
            ']' | '}' if !within => {
                depth = depth.saturating_sub(1);
                here = depth;
                (1, (depth + 1 == TOO_DEEP).then_some(""))
            }
            // What stands alone has nothing beside it that it could cost.
            _ if !within && depth > 0 => word(rest),
            _ => (character.len_utf8(), None),
        };
        let (piece, others) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if here < TOO_DEEP {
            mended.push_str(instead.unwrap_or(piece));
        }
        within ^= character == '"';
        rest = others;
    }
    mended
}

/// How long the word outside of strings at the beginning of `text` is, and what stands there instead of it where it is no value.
fn word(text: &str) -> (usize, Option<&'static str>) {
    let is_within = |character: char| character.is_ascii_alphanumeric() || "+-.".contains(character);
    match text.find(|character| !is_within(character)).unwrap_or(text.len()) {
        0 => (text.chars().next().map_or(0, char::len_utf8), None),
        length => {
            let is_value = text.get(..length).is_some_and(|word| serde_json::Value::parse(word).is_some());
            (length, (!is_value).then_some("null"))
        }
    }
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
    fn a_word_that_is_no_value_and_what_lies_too_deep_cost_nothing_beside_them() {
        let deep = |open: &str, close: &str, depth: usize| open.repeat(depth) + "1" + &close.repeat(depth);
        for member in [
            "1e999",
            "-1e999",
            "1E+400",
            "NaN",
            "-Infinity",
            "undefined",
            "None",
            "True",
            "007",
            "+1",
            ".5",
            "1.",
            "0x1f",
            "1.2.3",
            "[1e999,{\"a\":-1e999}]",
            "\"1e999\"",
            "[\"]\",1e999,\"[{\"]",
        ]
        .map(String::from)
        .into_iter()
        .chain([126, 127, 128, 129, 500, 100_000].map(|depth| deep("[", "]", depth)))
        .chain([127, 128, 5_000].map(|depth| deep("{\"}]\\\"\":", "}", depth)))
        .chain([deep("[\"\\ud83d\u{14}]\",1e999,", "]", 300)])
        {
            let json =
                alloc::format!("{{\"odd\":{member},\"openid\":\"o1\",\"odd\":[{member}],\"number\":1e2}}");
            let read = Value::read(&json).expect(&json);
            assert_eq!(
                (read.text_member("openid").as_deref(), read.integer_member("number")),
                (Some("o1"), Some(100)),
                "{json}"
            );
        }
        // What can be read of such a member is read.
        assert_eq!(Value::read("{\"a\":[1,1e999,\"b\"]}"), Some(serde_json::json!({ "a": [1, null, "b"] })));
    }

    #[test]
    fn what_is_cut_or_nothing_stays_none() {
        for text in [
            "",
            "{",
            "\"a",
            "\"a\\",
            "\"\\ud83",
            "{\"a\":\"\u{14}",
            "<html>\u{14}\"</html>",
            "<html>1e999</html>",
            "error",
            "1e999",
            "[1",
            "[1e999",
            "[}",
            "{1e999:1}",
        ] {
            assert_eq!(Value::read(text), None, "{text}");
        }
    }

    /// JSON of every kind, as deep as a strict reader takes it.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        let tree = leaf.prop_recursive(6, 48, 4, |inner| {
            let members = prop::collection::vec((any::<String>(), inner.clone()), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                members.prop_map(Value::from_iter)
            ]
        });
        (tree, 0..120)
            .prop_map(|(value, deeper)| (0..deeper).fold(value, |value, _| Value::from(vec![value])))
    }

    proptest! {
        #[test]
        fn what_a_strict_reader_reads_is_read_and_mended_the_same(value in json(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.expect("JSON");
            // As the text says it: numbers come out as they went in.
            let strict = Value::parse(&text);
            prop_assert!(strict.is_some());
            prop_assert_eq!(&Value::read(&text), &strict);
            prop_assert_eq!(&Value::parse(&mended(&text)), &strict);
        }

        #[test]
        fn a_word_in_a_member_that_nobody_reads_costs_nothing(word in "[0-9a-zA-Z+.-]{1,12}") {
            let json = alloc::format!("{{\"odd\":{word},\"openid\":\"o1\"}}");
            let read = Value::read(&json).and_then(|value| value.text_member("openid"));
            prop_assert_eq!(read.as_deref(), Some("o1"), "{}", json);
        }

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
