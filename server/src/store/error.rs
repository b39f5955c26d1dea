//! Why a store did not answer: what it means, with what the database itself said for the log. Knows no database.

use std::error::Error;
use std::path::Path;

/// What the database, or the way to it, has said.
pub type Cause = Box<dyn Error + Send + Sync>;

/// How [`StoreError::OtherVersion`] says it.
pub(super) const NEWER: &str = "a newer";

/// Why the store did not answer. Its message is for the log, not for people.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing answers where it is.
    #[error("the store cannot be reached: {0}")]
    Unreachable(#[source] Cause),
    /// It answers, and does not do what it was asked.
    #[error("the store does not work: {0}")]
    Refused(#[source] Cause),
    /// It was waited for until the time was up.
    #[error("the store does not answer in time: {0}")]
    TimedOut(#[source] Cause),
    /// Its disk is full, or it may only be read.
    #[error("the store takes no writes: {0}")]
    NotWritable(#[source] Cause),
    /// What was to be kept is there already, by a value that is good once.
    #[error("the store has it already: {0}")]
    Duplicate(#[source] Cause),
    /// The database was written by a newer version of this program, or its migration failed.
    #[error("the store cannot be brought to this version: {0}")]
    Migration(#[source] Cause),
    /// Commands make no store.
    #[error("there is no store at {0}: the first start of the service makes it")]
    Missing(String),
    /// Commands bring no store to their version.
    #[error("the store {store} is of {age} version than this program: {}", what_to_do(age))]
    OtherVersion {
        /// Where it is.
        store: String,
        /// `an older` or `a newer`.
        age: &'static str,
    },
    /// A row that this program cannot have written.
    #[error("the store holds a row that cannot be read: {0}")]
    Row(Cause),
}

impl StoreError {
    /// Whether what was to be kept is there already, by a value that is good once.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Duplicate(_))
    }

    /// The same, for one more who is to hear it.
    pub(crate) fn again(&self) -> Self {
        let said = |cause: &Cause| cause.to_string().into();
        match self {
            Self::Unreachable(cause) => Self::Unreachable(said(cause)),
            Self::Refused(cause) => Self::Refused(said(cause)),
            Self::TimedOut(cause) => Self::TimedOut(said(cause)),
            Self::NotWritable(cause) => Self::NotWritable(said(cause)),
            Self::Duplicate(cause) => Self::Duplicate(said(cause)),
            Self::Migration(cause) => Self::Migration(said(cause)),
            Self::Row(cause) => Self::Row(said(cause)),
            Self::Missing(file) => Self::Missing(file.clone()),
            Self::OtherVersion { store, age } => Self::OtherVersion { store: store.clone(), age },
        }
    }

    /// Whether it may come by itself: nothing answers yet.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::TimedOut(_))
    }

    /// A row that this program cannot have written, and why not.
    pub(crate) fn row(why: &'static str) -> Self {
        Self::Row(why.into())
    }

    /// A file that cannot be opened or made.
    pub(crate) fn file(file: &Path, error: std::io::Error) -> Self {
        Self::Unreachable(format!("{}: {error}", file.display()).into())
    }
}

fn what_to_do(age: &str) -> &'static str {
    if age == NEWER {
        "use the program that the service runs"
    } else {
        "start the service with this program first"
    }
}
