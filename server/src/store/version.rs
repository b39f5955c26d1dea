//! Which program works over which store. A migration only adds, so a program goes on over a store that a later one has brought further,
//! up to where the store itself says that an older one may not begin (`must_know`).

use super::error::{NEWER, StoreError};

/// What a store has been through.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// Its migrations, in order.
    pub(super) versions: Vec<i64>,
    /// Up to which one a program must know them. `None`: it does not say so, and a program must know all.
    pub(super) must_know: Option<i64>,
}

impl Applied {
    /// Those that this program does not have, where it may begin all the same.
    ///
    /// # Errors
    /// It may not.
    pub(super) fn unknown_to(&self, own: &[i64]) -> Result<Vec<i64>, StoreError> {
        let unknown: Vec<i64> =
            self.versions.iter().copied().filter(|version| !own.contains(version)).collect();
        let knows = own.iter().max().copied();
        match unknown.last() {
            Some(last) if self.must_know.is_none_or(|must_know| Some(must_know) > knows) => {
                let why = format!("it has migration {last}, which a newer program has made");
                Err(StoreError::Migration(why.into()))
            }
            _ => Ok(unknown),
        }
    }

    /// Whether a command of this program, which changes no table, works over it as it is.
    pub(super) fn fits(&self, own: &[i64], store: impl FnOnce() -> String) -> Result<(), StoreError> {
        let age = match self.unknown_to(own) {
            Err(_) => NEWER,
            Ok(_) if own.iter().all(|version| self.versions.contains(version)) => return Ok(()),
            Ok(_) => "an older",
        };
        Err(StoreError::OtherVersion { store: store(), age })
    }
}

/// Says that the store is further than this program.
pub(super) fn tell_of(unknown: &[i64]) {
    if let Some(last) = unknown.last() {
        tracing::warn!(
            "a newer program has brought the store to migration {last}; this one goes on with what it knows"
        );
    }
}
