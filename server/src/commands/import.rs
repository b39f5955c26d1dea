//! `accounts import` and `accounts export`: people who come from another system, and who go to one.

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::people_file::{COLUMNS, Format, People};
use super::{CommandError, regions};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::import::{Arrival, ComingPerson, GoingPerson};
use crate::store::{self, Lasting, StoreError};

/// So many lines are kept in one transaction: a service beside waits for as long as that takes.
const PIECE: usize = 250;
/// So many accounts are read at once.
const PAGE: u32 = 1_000;
/// A piece that met a login beside it is tried again so often.
const MOST_TRIES: usize = 5;
/// How often a terminal is told how far it is.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Default)]
struct Count {
    created: u64,
    added: u64,
    known: u64,
    bad: u64,
}

/// `accounts import`: keeps the people of a file, piece by piece, each piece in one transaction. Begun anew it goes on where it was:
/// whoever is here already is known. Lines that cannot be kept are told to `say`, by their number.
///
/// # Errors
/// [`CommandError`]; [`CommandError::Refused`] too where some lines could not be kept: the others are.
pub async fn import(
    config: &Config,
    clock: &Clock,
    file: &Path,
    format: Option<Format>,
    mut say: impl FnMut(&str),
) -> Result<String, CommandError> {
    let refused = |why: String| CommandError::Refused(format!("{}: {why}", file.display()));
    let is_standard_input = file == Path::new("-");
    let format = format
        .or_else(|| Format::of(file))
        .ok_or_else(|| refused("is it csv or jsonl? Say it by --format".into()))?;
    let from: Box<dyn Read> = if is_standard_input {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(file).map_err(|error| refused(error.to_string()))?)
    };
    let store = store::open_existing(&config.store).await?;
    let mut people = People::read(from, format, regions(config)?).map_err(refused)?;
    let (mut count, mut progress) = (Count::default(), Progress::new());
    loop {
        let (mut numbers, mut piece) = (Vec::new(), Vec::new());
        let mut stopped = None;
        while piece.len() < PIECE {
            match people.next() {
                Ok(None) => break,
                Ok(Some((number, Ok(person)))) => {
                    numbers.push(number);
                    piece.push(person);
                }
                Ok(Some((number, Err(why)))) => bad(&mut count, &mut say, (number, why)),
                Err(why) => {
                    stopped = Some(why);
                    break;
                }
            }
        }
        let is_last = piece.len() < PIECE;
        let arrivals = keep(&*store, piece, clock).await?;
        for (number, arrival) in numbers.into_iter().zip(arrivals) {
            match arrival {
                Arrival::Created => count.created += 1,
                Arrival::Added => count.added += 1,
                Arrival::Known => count.known += 1,
                Arrival::Refused(why) => bad(&mut count, &mut say, (number, why)),
            }
        }
        progress.tell(&count);
        if let Some(why) = stopped {
            return Err(refused(format!("{why}; what stands before that is kept")));
        }
        if is_last {
            break;
        }
    }
    progress.end();
    let Count { created, added, known, bad } = count;
    let text = format!("{created} accounts are made, {added} know more, {known} were known");
    match bad {
        0 => Ok(format!("{text}\n")),
        _ => Err(CommandError::Refused(format!("{text}; {bad} lines could not be kept"))),
    }
}

fn bad(count: &mut Count, say: &mut impl FnMut(&str), (number, why): (u64, String)) {
    count.bad += 1;
    say(&format!("line {number}: {why}\n"));
}

/// A login beside it may make what a piece is about to make: then all of it is looked at again.
async fn keep(
    store: &dyn Lasting,
    piece: Vec<ComingPerson>,
    clock: &Clock,
) -> Result<Vec<Arrival>, CommandError> {
    let mut tries = 1;
    loop {
        match store.import_people(piece.clone(), clock.now()).await {
            Err(StoreError::Duplicate(_) | StoreError::Refused(_)) if tries < MOST_TRIES => tries += 1,
            done => return Ok(done?),
        }
    }
}

/// What a person at a terminal sees of it.
struct Progress {
    began: Instant,
    told: Option<Instant>,
    is_seen: bool,
}

impl Progress {
    fn new() -> Self {
        Self { began: Instant::now(), told: None, is_seen: std::io::stderr().is_terminal() }
    }

    fn tell(&mut self, count: &Count) {
        if !self.is_seen || self.told.is_some_and(|told| told.elapsed() < PAUSE) {
            return;
        }
        self.told = Some(Instant::now());
        let lines = count.created + count.added + count.known + count.bad;
        let per_second = u128::from(lines) * 1000 / self.began.elapsed().as_millis().max(1);
        let _ =
            write!(std::io::stderr(), "\r{lines} lines, {per_second} per second, {} bad\u{1b}[K", count.bad);
    }

    fn end(&self) {
        if self.told.is_some() {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}

/// `accounts export`: writes everybody in the columns of the import, a line for each identity, and a line at least for each account.
///
/// # Errors
/// [`CommandError`]
pub async fn export(config: &Config, format: Format, to: impl Write) -> Result<(), CommandError> {
    let store = store::open_existing(&config.store).await?;
    let mut to = Out::new(format, to).map_err(unwritten)?;
    let mut after = String::new();
    loop {
        let page = store.people_after(&after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id.clone();
        for person in page {
            for line in lines_of(person) {
                to.write(&line).map_err(unwritten)?;
            }
        }
    }
    to.end().map_err(unwritten)
}

fn unwritten(error: std::io::Error) -> CommandError {
    CommandError::Refused(format!("not all of it could be written: {error}"))
}

/// The values of the columns. What names the person on one line is on another one too, so that an import finds them to be one.
fn lines_of(person: GoingPerson) -> Vec<[Option<String>; 7]> {
    let GoingPerson { nickname, sub, identities, contacts, .. } = person;
    let of_kind = |kind: &str| -> Vec<String> {
        contacts.iter().filter(|(known, _)| known == kind).map(|(_, value)| value.clone()).collect()
    };
    let (phones, emails) = (of_kind("phone"), of_kind("email"));
    let lines = identities.len().max(phones.len()).max(emails.len()).max(1);
    let pick = |values: &[String], number: usize| values.get(number).or(values.first()).cloned();
    (0..lines)
        .map(|number| {
            let identity = identities.get(number).or(identities.first());
            let app = identity.filter(|identity| !identity.appid.is_empty());
            [
                app.map(|identity| identity.openid.clone()),
                app.map(|identity| identity.appid.clone()),
                identity.and_then(|identity| identity.unionid.clone()),
                pick(&phones, number),
                pick(&emails, number),
                sub.clone(),
                Some(nickname.clone()).filter(|nickname| !nickname.is_empty()),
            ]
        })
        .collect()
}

enum Out<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Jsonl(std::io::BufWriter<W>),
}

impl<W: Write> Out<W> {
    fn new(format: Format, to: W) -> std::io::Result<Self> {
        Ok(match format {
            Format::Jsonl => Self::Jsonl(std::io::BufWriter::new(to)),
            Format::Csv => {
                let mut to = csv::Writer::from_writer(to);
                to.write_record(COLUMNS)?;
                Self::Csv(Box::new(to))
            }
        })
    }

    fn write(&mut self, line: &[Option<String>; 7]) -> std::io::Result<()> {
        match self {
            Self::Csv(to) => {
                Ok(to.write_record(line.iter().map(|field| field.as_deref().unwrap_or_default()))?)
            }
            Self::Jsonl(to) => {
                let members: serde_json::Map<String, serde_json::Value> = COLUMNS
                    .iter()
                    .zip(line)
                    .filter_map(|(name, field)| Some(((*name).to_owned(), field.clone()?.into())))
                    .collect();
                serde_json::to_writer(&mut *to, &members)?;
                to.write_all(b"\n")
            }
        }
    }

    fn end(self) -> std::io::Result<()> {
        match self {
            Self::Csv(mut to) => to.flush(),
            Self::Jsonl(mut to) => to.flush(),
        }
    }
}
