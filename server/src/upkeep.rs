//! What the service does by itself, again and again: it clears away what has expired.

use std::time::Duration;

use actix_web::web;

use crate::shared::Shared;
use crate::store::StoreError;

/// Between two sweeps of what has expired.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// What a running service does without being asked. [`Application::run`](crate::app::Application::run) has it done in time; who
/// moves the clock has it done at once.
pub struct Upkeep(web::Data<Shared>);

impl Upkeep {
    pub(crate) fn new(app: web::Data<Shared>) -> Self {
        Self(app)
    }

    /// Clears away what has expired.
    ///
    /// # Errors
    /// The store's; what is left over goes the next time.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let app = &self.0;
        app.limits.sweep();
        app.changes.sweep();
        let now = app.clock.now();
        let lasting = app.lasting.sweep_lasting(now).await?;
        let grants = app.lasting.sweep_grants(now).await?;
        let fleeting = app.fleeting.sweep_fleeting(now).await?;
        tracing::debug!(lasting, grants, fleeting, "swept");
        Ok(())
    }

    /// Does all of it in time, for ever.
    pub(crate) async fn run(self) {
        let mut ticks = actix_web::rt::time::interval(SWEEP_EVERY);
        loop {
            ticks.tick().await;
            if let Err(error) = self.sweep().await {
                tracing::error!(%error, "the store did not answer");
            }
        }
    }
}
