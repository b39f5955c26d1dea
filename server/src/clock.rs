//! What time it is. Handed in, never asked of the system elsewhere: tests move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::cookie::time::OffsetDateTime;

/// Seconds since 1970-01-01T00:00:00Z.
pub type Seconds = i64;

/// As RFC 3339 writes it, in UTC.
pub(crate) fn rfc3339(seconds: Seconds) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, (hour, minute, second)) = (time.date(), time.to_hms());
    format!("{date}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The service's clock. Its clones go together.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// Now.
    pub fn now(&self) -> Seconds {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        i64::try_from(since_epoch).unwrap_or(i64::MAX).saturating_add(self.ahead.load(Ordering::Relaxed))
    }

    /// Now, in milliseconds since 1970: for names that are in the order of their time.
    pub(crate) fn milliseconds(&self) -> u64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let ahead = self.ahead.load(Ordering::Relaxed).saturating_mul(1000);
        u64::try_from(since_epoch).unwrap_or(u64::MAX).saturating_add_signed(ahead)
    }

    /// Puts this clock, and all its clones, further ahead of the system's: for tests.
    pub fn advance(&self, seconds: Seconds) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }
}
