//! The private listener: is it alive, is it ready, what has it done.

use actix_web::{HttpResponse, web};

use crate::shared::Shared;

/// `/healthz`, `/readyz`, `/metrics`
pub fn routes(routes: &mut web::ServiceConfig) {
    routes
        .route("/healthz", web::get().to(|| async { "alive\n" }))
        .route("/readyz", web::get().to(ready))
        .route("/metrics", web::get().to(metrics));
}

async fn ready(app: web::Data<Shared>) -> HttpResponse {
    match app.lasting.ping().await {
        Ok(()) => HttpResponse::Ok().body("ready\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            HttpResponse::ServiceUnavailable().body("the store does not answer\n")
        }
    }
}

async fn metrics(app: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(app.metrics.render())
}
