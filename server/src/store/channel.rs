//! News between nodes by the database's own means: NOTIFY and LISTEN. What is told is not known here.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use tokio::time::timeout;

use super::StoreError;

/// The database's channel, whatever is told at it.
const NAME: &str = "weixin_login_notices";
/// Who has heard nothing for so long asks whether anything comes through: a network that was cut says nothing, for ever.
const SILENCE: Duration = Duration::from_secs(10);

/// The way to the other nodes. Its clones are one.
#[derive(Clone)]
pub struct Channel {
    pub(super) pool: PgPool,
    pub(super) time_limit: Duration,
}

/// Somebody who hears what is told.
pub struct Listener {
    listener: PgListener,
    time_limit: Duration,
}

impl Channel {
    /// Tells it to all who listen now, less than 8000 bytes of it.
    ///
    /// # Errors
    /// Nobody has heard it.
    pub(crate) async fn tell(&self, message: &str) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        let told = sqlx::query("SELECT pg_notify($1, $2)").bind(NAME).bind(message).execute(&mut *connection);
        match timeout(self.time_limit, told).await {
            Ok(told) => Ok(told.map(|_| ())?),
            Err(elapsed) => {
                // It may never answer anybody: the pool does not wait for it.
                connection.close_on_drop();
                Err(StoreError::TimedOut(elapsed.into()))
            }
        }
    }

    /// Begins to listen, on a connection of its own.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn listen(&self) -> Result<Listener, StoreError> {
        let time_limit = self.time_limit;
        // No connection of the verbs' pool: one that is lost without a word keeps its place in the pool that it came from.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(time_limit)
            .connect_lazy_with((*self.pool.connect_options()).clone());
        let listening = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(NAME).await?;
            Ok(Listener { listener, time_limit })
        };
        match timeout(time_limit, listening).await {
            Ok(listening) => listening,
            Err(elapsed) => Err(StoreError::TimedOut(elapsed.into())),
        }
    }
}

impl Listener {
    /// Waits for the next piece. After a lost connection it listens again by itself, and what was told meanwhile is lost.
    ///
    /// # Errors
    /// The database does not answer: listen anew.
    pub(crate) async fn next(&mut self) -> Result<String, StoreError> {
        loop {
            if let Ok(heard) = timeout(SILENCE, self.listener.recv()).await {
                return Ok(heard?.payload().to_owned());
            }
            let asked = sqlx::query("SELECT 1").execute(&mut self.listener);
            match timeout(self.time_limit, asked).await {
                Ok(answered) => answered.map(|_| ())?,
                Err(elapsed) => return Err(StoreError::TimedOut(elapsed.into())),
            }
        }
    }
}
