//! What has begun is run to its end, whatever becomes of the connection that asked for it. Else a phone that changes its network between
//! the take of an attempt and what follows it would leave the attempt taken, WeChat's code spent, and nobody logged in.

use std::panic::resume_unwind;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use tokio_util::task::TaskTracker;

use crate::report;

/// The requests of this service that have begun and not ended.
pub(crate) struct Begun(TaskTracker);

impl Begun {
    /// Nothing has begun.
    pub(crate) fn new() -> Self {
        let requests = TaskTracker::new();
        // Closed, it can be waited for; it takes requests all the same.
        requests.close();
        Self(requests)
    }

    /// Waits until nothing is left that has begun.
    pub(crate) async fn ended(&self) {
        self.0.wait().await;
    }

    async fn run<T: 'static>(&self, work: impl Future<Output = T> + 'static) -> T {
        match self.0.spawn_local(work).await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The runtime goes down, and with it whoever waits here.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

/// The middleware of every row in the table of routes. An event stream is begun by it, and ends with its connection.
pub(crate) async fn to_its_end(
    begun: web::Data<Begun>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    begun.run(report::with_a_number(next.call(request))).await
}
