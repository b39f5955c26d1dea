//! `GET /logout` asks, `POST /logout` does: a link or an image on somebody else's page logs nobody out.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::ErrorCode;

use crate::origin::is_own_page;
use crate::pages::{self, Refusal};
use crate::session;
use crate::shared::Shared;
use crate::text::Language;

/// `GET /logout`
pub async fn ask(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    pages::ask_sign_out(&app, Language::of(&request))
}

/// `POST /logout`, by the form of that page.
pub async fn sign_out(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let language = Language::of(&request);
    if !is_own_page(&app.config, &request) {
        return pages::ask_sign_out(&app, language);
    }
    let mut response = pages::signed_out(&app, language);
    match session::end(&app, &request, &mut response).await {
        Ok(()) => response,
        Err(error) => {
            tracing::error!(%error, "the store did not answer");
            pages::refusal(&app, Refusal::Code(ErrorCode::TemporarilyUnavailable), language, None)
        }
    }
}
