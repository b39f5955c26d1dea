//! Where the log goes: standard error, as text or as JSON. A reader that has stopped reading holds nobody up: lines that it does not
//! take in time are counted, and lost.

use std::io::{IsTerminal, stderr};
use std::sync::OnceLock;

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// So many lines wait for the reader, at most: a megabyte, or less.
const WAITING_LINES: usize = 4096;

/// What these libraries say at DEBUG and TRACE are queries and bodies: WeChat's calls carry the AppSecret in the query.
const QUIET: [&str; 10] = [
    "reqwest",
    "hyper",
    "hyper_util",
    "h2",
    "rustls",
    "sqlx",
    "actix_http",
    "actix_web",
    "actix_server",
    "mio",
];

static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// Begins the log of this process. What waits is written before the guard has gone.
pub fn begin(format: LogFormat) -> WorkerGuard {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = QUIET.iter().fold(filter, |filter, library| match format!("{library}=info").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    });
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(WAITING_LINES)
        .thread_name("log")
        .finish(stderr());
    let _ = LOST.set(writer.error_counter());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match format {
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    guard
}

/// How many lines nobody took.
pub(crate) fn lines_lost() -> u64 {
    LOST.get().map_or(0, |lost| lost.dropped_lines().try_into().unwrap_or(u64::MAX))
}
