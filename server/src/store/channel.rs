//! News between nodes by the database's own means: NOTIFY and LISTEN. What is told is not known here.

use sqlx::postgres::{PgListener, PgPool};

use super::StoreError;

/// The database's channel, whatever is told at it.
const NAME: &str = "weixin_login_notices";

/// The way to the other nodes. Its clones are one.
#[derive(Clone)]
pub struct Channel(pub(super) PgPool);

/// Somebody who hears what is told.
pub struct Listener(PgListener);

impl Channel {
    /// Tells it to all who listen now, less than 8000 bytes of it.
    ///
    /// # Errors
    /// Nobody has heard it.
    pub(crate) async fn tell(&self, message: &str) -> Result<(), StoreError> {
        sqlx::query("SELECT pg_notify($1, $2)").bind(NAME).bind(message).execute(&self.0).await?;
        Ok(())
    }

    /// Begins to listen, on a connection of its own.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn listen(&self) -> Result<Listener, StoreError> {
        let mut listener = PgListener::connect_with(&self.0).await?;
        listener.listen(NAME).await?;
        Ok(Listener(listener))
    }
}

impl Listener {
    /// Waits for the next piece. After a lost connection it listens again by itself, and what was told meanwhile is lost.
    ///
    /// # Errors
    /// The database does not answer: listen anew.
    pub(crate) async fn next(&mut self) -> Result<String, StoreError> {
        Ok(self.0.recv().await?.payload().to_owned())
    }
}
