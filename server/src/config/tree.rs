//! The file and the environment as one tree of values, each of which knows where it was written. What the keys mean is not known
//! here. A refusal says where, which key and what would be right, and never repeats a value: it may be a secret in the wrong place.
//!
//! Of the libraries for this, figment and config know no lines, repeat the value that they refuse, and guess from a variable's text
//! what it is.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

use serde::Deserializer;
use serde::de::value::{SeqDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Error as _, Expected, IntoDeserializer, MapAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use toml::de::{DeTable, DeValue};

/// A variable with this beginning is ours.
pub(super) const PREFIX: &str = "WEIXIN_LOGIN_";

/// A value, and where it was written.
#[derive(Clone)]
pub(super) struct Node {
    place: Place,
    value: Value,
}

#[derive(Clone, Debug)]
enum Place {
    Line(usize),
    Variable(String),
}

/// What a table holds by name: where the name was written, and the value.
type Members = BTreeMap<String, (Place, Node)>;

#[derive(Clone)]
enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Node>),
    Table(Members),
    /// What no key takes: a date, a fraction, a number without bounds.
    Other,
    /// A variable's text: what it is, is said by the key.
    Variable(String),
}

impl Node {
    /// Reads a TOML text.
    pub(super) fn parse(text: &str) -> Result<Node, Refusal> {
        let line_at =
            |at: usize| Place::Line(1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count());
        // What the parser says is fixed words; its `Display` would show the line, with the secret in it.
        let table = DeTable::parse(text).map_err(|error| Refusal {
            place: error.span().map(|span| line_at(span.start)),
            ..Refusal::custom(error.message())
        })?;
        let place = line_at(table.span().start);
        Ok(Node { place, value: Value::of_table(table.get_ref(), &line_at) })
    }

    /// Puts our variables where their keys are: `WEIXIN_LOGIN_WEIXIN__WEBSITE__APPID` into `[weixin.website]`.
    pub(super) fn put_variables(
        &mut self,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<(), Refusal> {
        // In their order a table's own variable comes before those below it, whatever the system's order is.
        let ours = variables.filter(|(name, text)| is_ours(name) && !is_of_kubernetes(name, text));
        let ours: BTreeMap<OsString, OsString> = ours.collect();
        for (name, text) in ours {
            let variable = name.to_string_lossy().into_owned();
            let (Some(key), Some(text)) = (name.to_str(), text.to_str()) else {
                return Err(Refusal {
                    place: Some(Place::Variable(variable)),
                    ..Refusal::custom("is not UTF-8")
                });
            };
            let key = key[PREFIX.len()..].to_ascii_lowercase();
            self.put(&variable, &key, text.to_owned())?;
        }
        Ok(())
    }

    fn put(&mut self, variable: &str, key: &str, text: String) -> Result<(), Refusal> {
        let place = Place::Variable(variable.into());
        let mut table = self;
        let mut path = key.split("__").peekable();
        while let Some(key) = path.next() {
            let Value::Table(keys) = &mut table.value else { return Err(no_table(place)) };
            let is_last = path.peek().is_none();
            if is_last {
                let node = Node { place: place.clone(), value: Value::Variable(text) };
                keys.insert(key.into(), (place, node));
                return Ok(());
            }
            let empty = || {
                let node = Node { place: place.clone(), value: Value::Table(BTreeMap::new()) };
                (place.clone(), node)
            };
            table = &mut keys.entry(key.into()).or_insert_with(empty).1;
        }
        Ok(())
    }

    /// Whether a key that is called `secret` stands in any table here: then this file is as secret as that.
    pub(super) fn has_secret(&self) -> bool {
        match &self.value {
            Value::Table(keys) => keys.iter().any(|(key, (_, node))| key == "secret" || node.has_secret()),
            _ => false,
        }
    }

    /// Whether this key stands at the top.
    pub(super) fn has(&self, key: &str) -> bool {
        matches!(&self.value, Value::Table(keys) if keys.contains_key(key))
    }

    /// Where a key was written, `clients[1].id`, or else the nearest table around it; `None` for what is nowhere.
    pub(super) fn place_of(&self, key: &str) -> Option<String> {
        let (mut node, mut place) = (self, None);
        for step in key.split(['.', '[', ']']).filter(|step| !step.is_empty()) {
            let next = match &node.value {
                Value::Table(keys) => keys.get(step).map(|(place, node)| (place, node)),
                Value::List(elements) => {
                    let element = step.parse().ok().and_then(|at: usize| elements.get(at));
                    element.map(|element| (&element.place, element))
                }
                _ => None,
            };
            let Some((found, below)) = next else { break };
            (node, place) = (below, Some(found.to_string()));
        }
        place
    }

    fn must_be(&self, what: &str) -> Refusal {
        match (&self.value, &self.place) {
            // Only a variable can make a table where none belongs by its own name.
            (Value::Table(_), place @ Place::Variable(_)) => no_table(place.clone()),
            (_, place) => {
                Refusal { place: Some(place.clone()), ..Refusal::custom(format_args!("must be {what}")) }
            }
        }
    }

    /// A list or table that is written in a variable as in TOML.
    fn written(text: &str, place: &Place) -> Option<Value> {
        let text = format!("value = {text}");
        let table = DeTable::parse(&text).ok()?;
        let value = table.get_ref().get("value")?;
        Some(Value::of(value.get_ref(), &|_| place.clone()))
    }

    fn list(self) -> Result<Vec<Node>, Refusal> {
        let elements = match &self.value {
            Value::List(elements) => Some(elements.clone()),
            Value::Variable(text) if text.trim_start().starts_with('[') => {
                match Node::written(text, &self.place) {
                    Some(Value::List(elements)) => Some(elements),
                    _ => None,
                }
            }
            Value::Variable(text) => {
                let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
                let node = |word: &str| Node { place: self.place.clone(), value: Value::Text(word.into()) };
                Some(words.map(node).collect())
            }
            _ => None,
        };
        elements.ok_or_else(|| match self.value {
            Value::Table(_) => {
                self.must_be("a list of tables: its heading has two brackets on each side, [[…]]")
            }
            _ => self.must_be("a list: [\"a\", \"b\"]"),
        })
    }

    fn table(self) -> Result<(Place, Members), Refusal> {
        let keys = match &self.value {
            Value::Table(keys) => Some(keys.clone()),
            Value::Variable(text) => match Node::written(text, &self.place) {
                Some(Value::Table(keys)) => Some(keys),
                _ => None,
            },
            _ => None,
        };
        let keys = keys.ok_or_else(|| match self.value {
            Value::List(_) => self.must_be("a table: its heading has one bracket on each side, […]"),
            _ => self.must_be("a table"),
        })?;
        Ok((self.place, keys))
    }
}

fn no_table(place: Place) -> Refusal {
    Refusal { place: Some(place), ..Refusal::custom("stands below a key that is no table") }
}

fn is_ours(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
}

/// What Kubernetes tells every pod of the Services beside it, by their names: one that is called `weixin-login`, or
/// `weixin-login-ops`, speaks in our prefix.
fn is_of_kubernetes(name: &OsStr, text: &OsStr) -> bool {
    let (Some(name), Some(text)) = (name.to_str(), text.to_str()) else { return false };
    let words: Vec<&str> = name[PREFIX.len()..].split('_').collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| text.starts_with(scheme));
    let is_protocol = |word: &str| matches!(word, "TCP" | "UDP" | "SCTP");
    match &*words {
        [.., "SERVICE", "HOST"] => true,
        [.., "PORT", number, protocol, "ADDR" | "PORT" | "PROTO"] => {
            is_number(number) && is_protocol(protocol)
        }
        [.., "PORT", number, protocol] if is_number(number) && is_protocol(protocol) => is_address,
        // The port, or the one of a name.
        words if words.windows(2).any(|pair| pair == ["SERVICE", "PORT"]) => is_number(text),
        [.., "PORT"] => is_address,
        _ => false,
    }
}

impl Value {
    fn of(value: &DeValue<'_>, place: &impl Fn(usize) -> Place) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(digits) => {
                i64::from_str_radix(digits.as_str(), digits.radix()).map_or(Value::Other, Value::Integer)
            }
            DeValue::Boolean(truth) => Value::Boolean(*truth),
            DeValue::Array(elements) => {
                let elements = elements.iter().map(|element| Node {
                    place: place(element.span().start),
                    value: Value::of(element.get_ref(), place),
                });
                Value::List(elements.collect())
            }
            DeValue::Table(table) => Value::of_table(table, place),
            DeValue::Float(_) | DeValue::Datetime(_) => Value::Other,
        }
    }

    fn of_table(table: &DeTable<'_>, place: &impl Fn(usize) -> Place) -> Value {
        let keys = table.iter().map(|(key, value)| {
            let node = Node { place: place(value.span().start), value: Value::of(value.get_ref(), place) };
            (key.get_ref().clone().into_owned(), (place(key.span().start), node))
        });
        Value::Table(keys.collect())
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.value {
            Value::Table(_) => self.deserialize_map(visitor),
            _ => self.deserialize_string(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.value {
            Value::Text(text) | Value::Variable(text) => {
                visitor.visit_string(text).map_err(|error: Refusal| error.at(&self.place))
            }
            _ => Err(self.must_be("a text: \"…\"")),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let truth = match &self.value {
            Value::Boolean(truth) => Some(*truth),
            Value::Variable(text) => text.trim().parse().ok(),
            _ => None,
        };
        visitor.visit_bool(truth.ok_or_else(|| self.must_be("true or false"))?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let number = match &self.value {
            Value::Integer(number) => Some(*number),
            Value::Variable(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.and_then(|number| u32::try_from(number).ok());
        visitor.visit_u32(number.ok_or_else(|| self.must_be("a whole number, 0 or more"))?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_seq(SeqDeserializer::new(self.list()?.into_iter()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let (place, keys) = self.table()?;
        visitor.visit_map(Keys { rest: keys.into_iter(), value: None }).map_err(|error| error.at(&place))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u64 u128 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Refusal> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct Keys {
    rest: std::collections::btree_map::IntoIter<String, (Place, Node)>,
    value: Option<(String, Node)>,
}

impl<'de> MapAccess<'de> for Keys {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        let Some((key, (place, node))) = self.rest.next() else { return Ok(None) };
        self.value = Some((key.clone(), node));
        let known: StringDeserializer<Refusal> = key.into_deserializer();
        seed.deserialize(known).map(Some).map_err(|error| error.at(&place))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let (key, node) = self.value.take().ok_or_else(|| Refusal::custom("has no value"))?;
        seed.deserialize(node).map_err(|error| error.below(key))
    }
}

/// Why a value is not taken. It holds no value.
#[derive(Debug)]
pub(super) struct Refusal {
    place: Option<Place>,
    /// From the outermost table inwards.
    keys: Vec<String>,
    problem: String,
}

impl Refusal {
    /// The innermost place is the one to look at.
    fn at(mut self, place: &Place) -> Refusal {
        self.place.get_or_insert_with(|| place.clone());
        self
    }

    fn below(mut self, key: String) -> Refusal {
        self.keys.insert(0, key);
        self
    }
}

impl serde::de::Error for Refusal {
    fn custom<T: fmt::Display>(problem: T) -> Refusal {
        Refusal { place: None, keys: Vec::new(), problem: problem.to_string() }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Refusal {
        Refusal::custom(format_args!("must be {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Refusal {
        Refusal::custom(format_args!("must be {expected}"))
    }

    fn missing_field(field: &'static str) -> Refusal {
        Refusal::custom("is missing").below(field.into())
    }

    fn duplicate_field(field: &'static str) -> Refusal {
        Refusal::custom("is there twice").below(field.into())
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Refusal {
        // Less alike is another word, not this one mistyped.
        const ALIKE: f64 = 0.8;
        let likeness = |known: &&&str| strsim::jaro_winkler(&field.to_lowercase(), &known.to_lowercase());
        let nearest = expected.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let nearest = match nearest.filter(|nearest| likeness(nearest) >= ALIKE) {
            Some(nearest) => format!(". Did you mean `{nearest}`?"),
            None => format!("; there are {}", expected.join(", ")),
        };
        Refusal::custom(format_args!("is not a key{nearest}")).below(field.into())
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if !self.keys.is_empty() {
            write!(f, "`{}` ", self.keys.join("."))?;
        }
        f.write_str(&self.problem)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(line) => write!(f, "line {line}"),
            Place::Variable(name) => f.write_str(name),
        }
    }
}
