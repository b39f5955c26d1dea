//! What a check has found: a line for each thing as it is tried, or one JSON document at the end.

use std::fmt::Display;
use std::io::Write;

use serde::Serialize;

/// What was found so far.
pub(super) struct Report {
    json: bool,
    found: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    /// A stable word for what was tried.
    #[serde(skip_serializing_if = "str::is_empty")]
    check: &'static str,
    status: Status,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Good,
    Note,
    Warn,
    Wrong,
}

#[derive(Serialize)]
struct Document<'a> {
    wrong: usize,
    found: &'a [Finding],
}

impl Report {
    /// Nothing was tried yet.
    pub(super) fn new(json: bool) -> Self {
        Self { json, found: Vec::new() }
    }

    /// What came of a try; where it is wrong, why, and what to do.
    pub(super) fn tell(&mut self, check: &'static str, what: impl Display, tried: Result<(), String>) {
        match tried {
            Ok(()) => self.add(check, Status::Good, what.to_string()),
            Err(why) => self.add(check, Status::Wrong, format!("{what}: {why}")),
        }
    }

    /// What works, and not as well as it could.
    pub(super) fn warn(&mut self, check: &'static str, text: impl Display) {
        self.add(check, Status::Warn, text.to_string());
    }

    /// What the operator needs elsewhere.
    pub(super) fn note(&mut self, text: impl Display) {
        self.add("", Status::Note, text.to_string());
    }

    fn add(&mut self, check: &'static str, status: Status, text: String) {
        if !self.json {
            let mark = match status {
                Status::Good => "good",
                Status::Note => "",
                Status::Warn => "warn",
                Status::Wrong => "WRONG",
            };
            say(&format!("{mark:<5}  {text}\n"));
        }
        self.found.push(Finding { check, status, text });
    }

    /// All of it was tried.
    ///
    /// # Errors
    /// When anything is wrong.
    pub(super) fn end(self) -> Result<(), Box<dyn std::error::Error>> {
        let wrong = self.found.iter().filter(|finding| finding.status == Status::Wrong).count();
        if self.json {
            let document = serde_json::to_string_pretty(&Document { wrong, found: &self.found })?;
            say(&format!("{document}\n"));
        }
        match wrong {
            0 => Ok(()),
            1 => Err("1 thing is wrong".into()),
            wrong => Err(format!("{wrong} things are wrong").into()),
        }
    }
}

/// Prints, to whoever still listens: `check | head` does not.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
