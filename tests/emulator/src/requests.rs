//! The ordered log of what reached the emulator, for tests that ask what was called, how often and in which order.
//! The control API does not appear in it.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use utoipa::ToSchema;

use crate::fault::Call;

/// More than any test makes; a bench forgets its oldest.
const KEPT: usize = 20_000;
/// Of each text in a record.
const TEXT_KEPT: usize = 8 * 1024;
/// Of the parameters in a record.
const ASKED_KEPT: usize = 100;
/// Of all texts together: who sends much in each request sees less far back.
const BYTES_KEPT: usize = 32 * 1024 * 1024;

/// One request that reached the emulator.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestRecord {
    /// When it came. Arrivals and answers count on one sequence, so both can be compared.
    pub order: u64,
    /// What it was for.
    pub call: Call,
    /// `GET`, `POST`, `OPTIONS`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Without the `?`, still percent-encoded. It holds secrets where the caller sent them.
    pub query: String,
    /// The body, its beginning alone where it is longer than 8 kB. It holds secrets, too.
    pub body: String,
    /// What was asked: the parameters of the address and of a form, decoded.
    pub asked: BTreeMap<String, String>,
    /// The `Origin` header.
    pub origin: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was refused, or what WeChat may dislike about it.
    pub remark: Option<String>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The caller still waits.
    InFlight,
    /// An answer was given.
    Answered {
        /// When, on the sequence of [`RequestRecord::order`].
        order: u64,
        /// The HTTP status.
        status: u16,
    },
    /// The caller went away, or the connection was cut, before there was an answer.
    Gone {
        /// When, on the sequence of [`RequestRecord::order`].
        order: u64,
    },
}

impl RequestRecord {
    /// Cuts what is long, into a place of its own: a text that is only made shorter keeps its memory, or leaves a hole in it.
    fn cut(&mut self) {
        self.asked = std::mem::take(&mut self.asked)
            .into_iter()
            .take(ASKED_KEPT)
            .map(|(name, value)| (cut(name), cut(value)))
            .collect();
        for text in [&mut self.body, &mut self.query, &mut self.path] {
            *text = cut(std::mem::take(text));
        }
        for text in [&mut self.origin, &mut self.user_agent] {
            *text = text.take().map(cut);
        }
    }

    fn bytes(&self) -> usize {
        let texts = [&self.body, &self.query, &self.path].into_iter();
        let headers = self.origin.iter().chain(&self.user_agent);
        let asked = self.asked.iter().flat_map(|(name, value)| [name, value]);
        texts.chain(headers).chain(asked).map(String::len).sum()
    }

    /// Whether this request had not been answered yet when `other` came.
    pub fn was_in_flight_at(&self, other: &RequestRecord) -> bool {
        let ended = match self.outcome {
            Outcome::InFlight => u64::MAX,
            Outcome::Answered { order, .. } | Outcome::Gone { order } => order,
        };
        self.order < other.order && other.order < ended
    }
}

fn cut(text: String) -> String {
    match text.len() > TEXT_KEPT {
        true => text[..text.floor_char_boundary(TEXT_KEPT)].to_owned(),
        false => text,
    }
}

#[derive(Default)]
pub(crate) struct RequestLog {
    records: VecDeque<RequestRecord>,
    bytes: usize,
    sequence: u64,
}

impl RequestLog {
    /// Takes the request in and gives its order.
    pub fn arrive(&mut self, mut record: RequestRecord) -> u64 {
        record.order = self.next();
        record.cut();
        self.bytes += record.bytes();
        while self.records.len() >= KEPT || self.bytes > BYTES_KEPT {
            let Some(oldest) = self.records.pop_front() else { break };
            self.bytes -= oldest.bytes();
        }
        let order = record.order;
        self.records.push_back(record);
        order
    }

    pub fn answer(&mut self, order: u64, status: u16, remark: Option<String>) {
        let now = self.next();
        if let Some(record) = self.find(order) {
            record.outcome = Outcome::Answered { order: now, status };
            record.remark = remark;
        }
    }

    pub fn lose(&mut self, order: u64) {
        let now = self.next();
        if let Some(record) = self.find(order) {
            record.outcome = Outcome::Gone { order: now };
        }
    }

    pub fn all(&self) -> impl DoubleEndedIterator<Item = &RequestRecord> {
        self.records.iter()
    }

    /// Numbers go on from those of an older log: who counts on them is not led astray.
    pub fn go_on_from(&mut self, old: &RequestLog) {
        self.sequence = old.sequence;
    }

    pub fn clear(&mut self) {
        self.records.clear();
        self.bytes = 0;
    }

    fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn find(&mut self, order: u64) -> Option<&mut RequestRecord> {
        let index = self.records.binary_search_by_key(&order, |record| record.order).ok()?;
        self.records.get_mut(index)
    }
}
