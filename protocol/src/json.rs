//! A JSON value as this crate needs it, whoever parsed it: serde_json on the service, the browser in the widget.
//!
//! Not a parser and not a document model: the few questions that reading WeChat's answers takes.

use alloc::string::String;

/// A parsed JSON value.
///
/// The widget implements it for the browser's values: a JSON parser in wasm would weigh more than the widget.
pub trait Json: Sized {
    /// Parses `text`; `None` when it is not JSON.
    fn parse(text: &str) -> Option<Self>;
    /// The member `name` of an object; `None` when there is none, when it is `null`, or when this is no object.
    fn member(&self, name: &str) -> Option<Self>;
    /// The text of a string; `None` for every other value.
    fn text(&self) -> Option<String>;
    /// A whole number; `None` for every other value.
    fn integer(&self) -> Option<i64>;
    /// A boolean; `None` for every other value.
    fn boolean(&self) -> Option<bool>;
    /// An item of an array; `None` behind its end, and for every other value.
    fn item(&self, index: usize) -> Option<Self>;
    /// `text` as a JSON string, with its quotation marks.
    fn quoted(text: &str) -> String;

    /// Parses `text` as WeChat writes it. What people have called themselves it passes on byte for byte: control characters as they are,
    /// half an emoji where a name was cut. Such a byte, in whichever member, must not cost the login.
    fn read(text: &str) -> Option<Self> {
        // First as it is: what is JSON means what JSON says.
        Self::parse(text).or_else(|| Self::parse(&mended(text)))
    }

    /// The text member `name`; absent and not a string are the same.
    fn text_member(&self, name: &str) -> Option<String> {
        self.member(name)?.text()
    }

    /// Fills in a text member; false when there is none.
    ///
    /// A struct that is filled in is taken apart once where something is missing, and not at each member.
    #[inline(never)]
    fn fill(&self, name: &str, member: &mut String) -> bool {
        let text = self.text_member(name);
        let found = text.is_some();
        *member = text.unwrap_or_default();
        found
    }

    /// A text member that people are called by; without control characters, which nobody can see and some programs refuse.
    #[inline(never)]
    fn name_member(&self, name: &str) -> String {
        let mut text = self.text_member(name).unwrap_or_default();
        text.retain(|character| !character.is_control());
        text
    }

    /// The number member `name`, also where it was sent as a string of digits.
    fn integer_member(&self, name: &str) -> Option<i64> {
        let member = self.member(name)?;
        member.integer().or_else(|| Self::parse(&member.text()?)?.integer())
    }

    /// The member `name`, also where it was sent as a string that holds JSON.
    fn nested_member(&self, name: &str) -> Option<Self> {
        let member = self.member(name)?;
        match member.text() {
            Some(text) => Self::read(&text),
            None => Some(member),
        }
    }
}

/// How often a body may be wrapped: JSON, a string that holds JSON, a string that holds such a string.
const WRAPPINGS: usize = 3;

/// Reads a body whose JSON may be wrapped in JSON strings.
///
/// Clients of the local service have met an object, a string that holds the object, and that once more; a leading byte
/// order mark is passed over too.
pub fn unwrapped<J: Json>(body: &str) -> Option<J> {
    let mut value = J::read(body.strip_prefix('\u{feff}').unwrap_or(body))?;
    for _ in 0..WRAPPINGS {
        match value.text() {
            Some(inner) => value = J::read(&inner)?,
            None => return Some(value),
        }
    }
    None
}

/// Makes JSON of a text that is none for what stands inside its strings: raw control characters are escaped, halves of surrogate pairs
/// become U+FFFD, a backslash that escapes nothing is one. Between the strings, control characters become spaces.
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len() + 16);
    let mut within = false;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let (length, instead) = match character {
            '\\' if within => escape(rest),
            '\0'..='\u{1f}' if within => (1, Some("\\u00")),
            '\0'..='\u{1f}' => (1, Some(" ")),
            _ => (character.len_utf8(), None),
        };
        let (piece, others) = rest.split_at_checked(length).unwrap_or((rest, ""));
        mended.push_str(instead.unwrap_or(piece));
        if within && character < ' ' {
            mended.extend(
                [character as u32 >> 4, character as u32 & 15]
                    .map(|digit| char::from_digit(digit, 16))
                    .into_iter()
                    .flatten(),
            );
        }
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

/// Writes a JSON object member by member, in the order given, as WeChat's own clients do.
pub(crate) struct ObjectWriter<J> {
    text: String,
    json: core::marker::PhantomData<J>,
}

impl<J: Json> ObjectWriter<J> {
    pub(crate) fn new() -> Self {
        Self { text: String::from("{"), json: core::marker::PhantomData }
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.raw(name, &J::quoted(value))
    }

    pub(crate) fn optional_text(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// `value` is JSON already: a number or an object.
    pub(crate) fn raw(&mut self, name: &str, value: &str) -> &mut Self {
        self.text.push_str(if self.text.len() > 1 { ",\"" } else { "\"" });
        self.text.push_str(name);
        self.text.push_str("\":");
        self.text.push_str(value);
        self
    }

    pub(crate) fn end(&mut self) -> String {
        self.text.push('}');
        core::mem::take(&mut self.text)
    }
}

#[cfg(feature = "serde")]
impl Json for serde_json::Value {
    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    fn member(&self, name: &str) -> Option<Self> {
        self.get(name).filter(|member| !member.is_null()).cloned()
    }

    fn text(&self) -> Option<String> {
        self.as_str().map(String::from)
    }

    fn integer(&self) -> Option<i64> {
        // `7200.0` is the same number in the browser; it must be the same here.
        self.as_i64()
            .or_else(|| self.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15).map(|n| n as i64))
    }

    fn boolean(&self) -> Option<bool> {
        self.as_bool()
    }

    fn item(&self, index: usize) -> Option<Self> {
        self.as_array()?.get(index).cloned()
    }

    fn quoted(text: &str) -> String {
        alloc::string::ToString::to_string(&Self::from(text))
    }
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
            ("\"\u{14}a\"", "\u{14}a"),
            ("\"a\nb\tc\r\"", "a\nb\tc\r"),
            ("\"\0\u{7}\u{1f}\u{7f}\"", "\0\u{7}\u{1f}\u{7f}"),
            (r#""lisa\ud83d""#, "lisa\u{fffd}"),
            (r#""\ude00lisa""#, "\u{fffd}lisa"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\ud83d\ude00\u4e2d""#, "\u{fffd}\u{1f600}\u{4e2d}"),
            (r#""\ud83d\n""#, "\u{fffd}\n"),
            (r#""\x14\'\u12""#, r"\x14\'\u12"),
            (r#""\u+123""#, r"\u+123"),
            ("\"\\\u{14}\"", "\\\u{14}"),
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
