//! A service whose store is not there yet: it asks again and again, says so in the log, and its private listener tells a balancer why
//! nobody can be let in. Browsers that come meanwhile wait at the door.

use std::net::TcpListener;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use tokio::time::sleep;

use crate::ops::ALIVE;
use crate::store::{Address, Store, StoreError};

/// Between two tries, and two lines of the log.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// Opens the store; one that does not answer yet is waited for.
///
/// # Errors
/// Whatever waiting does not mend.
pub(crate) async fn store(address: &Address, ops: &TcpListener) -> Result<Store, StoreError> {
    let mut told = None;
    let opened = loop {
        let error = match Store::open(address).await {
            Err(error) if matches!(address, Address::Postgres(_)) && may_come(&error) => error,
            opened => break opened,
        };
        tracing::warn!("waits for the store {address}: {error}");
        let told = told.get_or_insert_with(|| Told::start(ops));
        told.problem(&error);
        sleep(ASK_AGAIN).await;
    };
    if let Some(told) = told {
        told.stop().await;
        if opened.is_ok() {
            tracing::info!("the store {address} answers");
        }
    }
    opened
}

/// Nothing answers yet, or it is a standby or has a full disk, and somebody is at work on that.
fn may_come(error: &StoreError) -> bool {
    error.is_away() || matches!(error, StoreError::NotWritable(_))
}

/// The private listener meanwhile.
struct Told {
    problem: Arc<RwLock<String>>,
    server: Option<ServerHandle>,
}

impl Told {
    fn start(ops: &TcpListener) -> Self {
        let problem = Arc::new(RwLock::new(String::new()));
        let shared = web::Data::from(problem.clone());
        let server = ops.try_clone().and_then(|listener| {
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(shared.clone())
                    .route("/healthz", web::get().to(async || ALIVE))
                    .route("/readyz", web::get().to(not_ready))
            });
            Ok(server.workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run())
        });
        let server = match server {
            Ok(server) => {
                let handle = server.handle();
                actix_web::rt::spawn(server);
                Some(handle)
            }
            Err(error) => {
                tracing::warn!(%error, "nobody is told that the service waits");
                None
            }
        };
        Self { problem, server }
    }

    fn problem(&self, error: &StoreError) {
        *self.problem.write().unwrap_or_else(PoisonError::into_inner) = format!("{error}\n");
    }

    async fn stop(self) {
        if let Some(server) = self.server {
            server.stop(true).await;
        }
    }
}

async fn not_ready(problem: web::Data<RwLock<String>>) -> HttpResponse {
    let problem = problem.read().unwrap_or_else(PoisonError::into_inner).clone();
    HttpResponse::ServiceUnavailable().body(problem)
}
