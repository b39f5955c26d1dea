//! What is counted: logins and exchanges, in Prometheus's text form. No names, no addresses, no values of anybody's.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

/// Counts since the start.
#[derive(Default)]
pub struct Metrics(Mutex<BTreeMap<(String, String), u64>>);

impl Metrics {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A login came to its end: `done`, or the stable code of why not.
    pub fn login_finished(&self, kind: &str, outcome: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((kind.into(), outcome.into())).or_default() += 1;
    }

    /// The text that Prometheus reads.
    pub fn render(&self) -> String {
        let mut text = String::from("# TYPE weixin_login_logins_total counter\n");
        for ((kind, outcome), count) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // Writing to a String does not fail.
            let _ =
                writeln!(text, "weixin_login_logins_total{{kind=\"{kind}\",outcome=\"{outcome}\"}} {count}");
        }
        text
    }
}
