//! The private listener: is it alive, is it ready, what has it done.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use tokio::time::timeout;

use crate::clock::Seconds;
use crate::metrics::CONTENT_TYPE;
use crate::shared::Shared;

/// For so long one good write is enough: whoever asks again and again writes no faster.
const LATELY: Seconds = 5;
/// A store that takes longer is none: a balancer gives up itself after a few seconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of the store since the start.
pub(crate) struct Readiness {
    written_at: AtomicI64,
    failing: AtomicBool,
}

impl Readiness {
    /// Nothing is known yet.
    pub(crate) fn new() -> Self {
        Self { written_at: AtomicI64::new(Seconds::MIN), failing: AtomicBool::new(false) }
    }

    /// Why this service should get no people now.
    async fn problem(&self, app: &Shared) -> Result<(), String> {
        let now = app.clock.now();
        if now.saturating_sub(self.written_at.load(Ordering::Relaxed)) > LATELY {
            match timeout(PATIENCE, app.store.lasting.ping()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(error.to_string()),
                Err(_) => return Err("the store takes no writes".into()),
            }
            if let Some(cache) = &app.cache {
                cache.ping().await.map_err(|error| error.to_string())?;
            }
            self.written_at.store(now, Ordering::Relaxed);
        }
        let ring = app.keys.ring(&*app.store.lasting, now).await;
        if ring.is_ready(now) {
            Ok(())
        } else {
            Err("no key signs tokens now: `keys list` shows them".into())
        }
    }
}

/// `/healthz`, `/readyz`, `/metrics`
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .route("/healthz", web::get().to(|| async { ALIVE }))
        .route("/readyz", web::get().to(ready))
        .route("/metrics", web::get().to(metrics));
}

/// What `/healthz` says.
pub(crate) const ALIVE: &str = "alive\n";

async fn ready(app: web::Data<Shared>, readiness: web::Data<Readiness>) -> HttpResponse {
    let problem = readiness.problem(&app).await;
    let was_failing = readiness.failing.swap(problem.is_err(), Ordering::Relaxed);
    match problem {
        Ok(()) => {
            if was_failing {
                tracing::info!("ready again");
            }
            HttpResponse::Ok().body("ready\n")
        }
        Err(problem) => {
            // Once, and not at each of a balancer's questions.
            if !was_failing {
                tracing::error!("not ready: {problem}");
            }
            HttpResponse::ServiceUnavailable().body(format!("{problem}\n"))
        }
    }
}

async fn metrics(app: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().content_type(CONTENT_TYPE).body(app.metrics.render())
}
