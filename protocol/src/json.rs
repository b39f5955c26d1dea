//! A JSON value as this crate needs it, whoever parsed it: serde_json on the service, the browser in the widget.
//!
//! Not a parser and not a document model: the few questions that reading WeChat's answers takes.

#[cfg(feature = "serde")]
mod mending;

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
        Self::parse(text).or_else(|| Self::parse(&Self::mended(text)))
    }

    /// What to parse in the place of a text that is no JSON: it without control characters, the one thing in a name that browsers refuse.
    #[inline(never)]
    fn mended(text: &str) -> String {
        let mut mended = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, others) = crate::cut_where(rest, &|byte| byte < b' ');
            mended.push_str(piece);
            rest = others;
        }
        mended
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

    fn mended(text: &str) -> String {
        mending::mended(text)
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
