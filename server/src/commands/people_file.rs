//! A file of people, read line by line, whatever its size: CSV with a head, or JSON lines. What a line says is checked here; whose it is, is
//! not known here.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use clap::ValueEnum;
use protocol::ids::{AppId, OpenId, UnionId};
use serde_json::Value;

use crate::contact::{Contact, Regions};
use crate::store::import::ComingPerson;

/// The columns, as CSV's head and JSON's members name them.
pub(super) const COLUMNS: [&str; 7] = ["openid", "appid", "unionid", "phone", "email", "sub", "nickname"];

/// A person takes no more. A quotation mark that is never closed would have the rest of the file be one person.
const LONGEST_LINE: usize = 1 << 20;
/// In bytes.
const LONGEST_NICKNAME: usize = 4096;
/// OpenID Connect Core §2, of `sub`.
const LONGEST_SUB: usize = 255;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated, with the columns' names in the first line (RFC 4180), in UTF-8.
    Csv,
    /// A JSON object in each line.
    Jsonl,
}

impl Format {
    /// By the file's name.
    pub(super) fn of(file: &Path) -> Option<Self> {
        let ending = file.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

/// A line of the file: its number, and the person or what is wrong.
pub(super) type Line = (u64, Result<ComingPerson, String>);

/// The people of a file.
pub(super) struct People {
    lines: Lines,
    regions: Regions,
}

/// The values of a line, in the order of the columns.
type Fields = [Option<String>; 7];

/// A line's number, and its fields or what is wrong with it.
type NumberedLine = (u64, Result<Fields, String>);

enum Lines {
    Csv { reader: csv::Reader<Measured>, columns: Vec<usize>, left: Rc<Cell<usize>> },
    Jsonl { reader: BufReader<Box<dyn Read>>, number: u64 },
}

impl People {
    /// # Errors
    /// What keeps all of it from being read, in a sentence.
    pub(super) fn read(file: Box<dyn Read>, format: Format, regions: Regions) -> Result<Self, String> {
        let lines = match format {
            Format::Jsonl => Lines::Jsonl { reader: BufReader::new(file), number: 0 },
            Format::Csv => {
                let left = Rc::new(Cell::new(LONGEST_LINE));
                let measured = Measured { file, left: left.clone() };
                let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(measured);
                let head = reader.headers().map_err(|error| format!("its first line: {error}"))?;
                let mut columns = Vec::new();
                for name in head {
                    // As Excel begins a file in UTF-8.
                    let name = name.trim_start_matches('\u{feff}');
                    columns.push(column(name).ok_or_else(|| unknown_column(name))?);
                }
                left.set(LONGEST_LINE);
                Lines::Csv { reader, columns, left }
            }
        };
        Ok(Self { lines, regions })
    }

    /// The next one; `None` at the end.
    ///
    /// # Errors
    /// What keeps the rest from being read, in a sentence.
    pub(super) fn next(&mut self) -> Result<Option<Line>, String> {
        let Some((number, fields)) = self.lines.next()? else { return Ok(None) };
        Ok(Some((number, fields.and_then(|fields| self.person(fields)))))
    }

    fn person(&self, fields: Fields) -> Result<ComingPerson, String> {
        let [openid, appid, unionid, phone, email, sub, nickname] =
            fields.map(|field| field.filter(|text| !text.is_empty()));
        let person = ComingPerson {
            appid: appid
                .map(|text| AppId::parse(text).map(|id| id.as_str().to_owned()))
                .transpose()
                .map_err(no("appid"))?,
            openid: openid
                .map(|text| OpenId::parse(text).map(|id| id.as_str().to_owned()))
                .transpose()
                .map_err(no("openid"))?,
            unionid: unionid
                .map(|text| UnionId::parse(text).map(|id| id.as_str().to_owned()))
                .transpose()
                .map_err(no("unionid"))?,
            phone: phone
                .map(|text| {
                    Contact::phone(&text, &self.regions).map(|phone| phone.value().to_owned()).ok_or(())
                })
                .transpose()
                .map_err(|()| {
                    "its phone is no mobile number of a country that the service sends to".to_owned()
                })?,
            email: email
                .map(|text| Contact::email(&text).map(|email| email.value().to_owned()).ok_or(()))
                .transpose()
                .map_err(no("email"))?,
            sub,
            nickname,
            new_id: crate::secret::random_word(),
        };
        let sub_is_one =
            |sub: &String| sub.len() <= LONGEST_SUB && sub.bytes().all(|byte| byte.is_ascii_graphic());
        if !person.sub.as_ref().is_none_or(sub_is_one) {
            return Err("its sub is not 1 to 255 visible ASCII characters".into());
        }
        if person.nickname.as_ref().is_some_and(|nickname| nickname.len() > LONGEST_NICKNAME) {
            return Err(format!("its nickname is longer than {LONGEST_NICKNAME} bytes"));
        }
        let ComingPerson { appid, openid, unionid, phone, email, sub, .. } = &person;
        if appid.is_some() != openid.is_some() {
            return Err("an openid and its appid go together".into());
        }
        if [openid, unionid, phone, email, sub].iter().all(|name| name.is_none()) {
            return Err("nothing in it names anybody".into());
        }
        Ok(person)
    }
}

/// That this column's value is none.
fn no<E>(column: &'static str) -> impl Fn(E) -> String {
    move |_| format!("its {column} is none")
}

impl Lines {
    /// The next line's number and fields, or what is wrong with it; an error, where the file cannot be read on.
    fn next(&mut self) -> Result<Option<NumberedLine>, String> {
        match self {
            Self::Csv { reader, columns, left } => {
                left.set(LONGEST_LINE);
                let mut record = csv::ByteRecord::new();
                let number = reader.position().line();
                let fields = match reader.read_byte_record(&mut record) {
                    Ok(false) => return Ok(None),
                    Ok(true) => csv_fields(&record, columns),
                    Err(error) => match error.kind() {
                        csv::ErrorKind::UnequalLengths { len, expected_len, .. } => {
                            Err(format!("it has {len} fields, and the first line has {expected_len}"))
                        }
                        _ => return Err(format!("line {number}: {error}")),
                    },
                };
                Ok(Some((record.position().map_or(number, csv::Position::line), fields)))
            }
            Self::Jsonl { reader, number } => loop {
                *number += 1;
                let mut line = Vec::new();
                let longest = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
                let read = reader.by_ref().take(longest).read_until(b'\n', &mut line);
                let read = read.map_err(|error| format!("line {number}: {error}"))?;
                if read == LONGEST_LINE {
                    return Err(format!("line {number} is longer than {LONGEST_LINE} bytes"));
                }
                if read == 0 {
                    return Ok(None);
                }
                if !line.trim_ascii().is_empty() {
                    return Ok(Some((*number, json_fields(&line))));
                }
            },
        }
    }
}

fn csv_fields(record: &csv::ByteRecord, columns: &[usize]) -> Result<Fields, String> {
    let mut fields = [const { None }; 7];
    for (field, column) in record.iter().zip(columns) {
        let text = std::str::from_utf8(field).map_err(|_| format!("its {} is no UTF-8", COLUMNS[*column]))?;
        fields[*column] = Some(text.to_owned());
    }
    Ok(fields)
}

fn json_fields(line: &[u8]) -> Result<Fields, String> {
    let members: serde_json::Map<String, Value> =
        serde_json::from_slice(line).map_err(|_| "it is no JSON object".to_owned())?;
    let mut fields = [const { None }; 7];
    for (name, value) in members {
        let column = column(&name).ok_or_else(|| unknown_column(&name))?;
        fields[column] = match value {
            Value::Null => None,
            Value::String(text) => Some(text.trim().to_owned()),
            // As databases give ids and phone numbers out.
            Value::Number(number) => Some(number.to_string()),
            _ => return Err(format!("its {name} is neither text nor number")),
        };
    }
    Ok(fields)
}

fn column(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|column| *column == name)
}

fn unknown_column(name: &str) -> String {
    format!("`{}` is none of the columns {}", super::printable(name), COLUMNS.join(", "))
}

/// What is read, as long as each record is not too long; and without carriage returns, for the reader counts lines by what they begin with.
struct Measured {
    file: Box<dyn Read>,
    left: Rc<Cell<usize>>,
}

impl Read for Measured {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if self.left.get() == 0 {
                let why =
                    format!("more than {LONGEST_LINE} bytes belong to it: is a quotation mark never closed?");
                return Err(std::io::Error::other(why));
            }
            let most = into.len().min(self.left.get());
            let read = self.file.read(&mut into[..most])?;
            self.left.set(self.left.get() - read);
            let mut kept = 0;
            for number in 0..read {
                if into[number] != b'\r' {
                    into[kept] = into[number];
                    kept += 1;
                }
            }
            // Nothing at all is the end.
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}
