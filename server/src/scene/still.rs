//! `GET /login/{id}/still`: a scene on the service's own page for browsers without JavaScript. The page asks again by itself, and
//! ends the login when the person has confirmed it.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::{ErrorCode, SceneEvent};

use super::{event, finish, own_attempt};
use crate::attempt::address::{scan_url, start_again};
use crate::authorization::see_other;
use crate::config::Client;
use crate::error::ApiError;
use crate::http::language;
use crate::pages::{self, Refusal, phone};
use crate::qr;
use crate::shared::Shared;

/// The page, or the login's end.
pub async fn get(app: web::Data<Shared>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let language = language::of(&request);
    let refused = |client: Option<&Client>, why, again: Option<&str>| {
        pages::refusal_at(&app, client, why, language, again)
    };
    let shown = async {
        let (row, _) = own_attempt(&app, &request, &id).await?;
        let unknown = || ApiError::new(ErrorCode::UnknownAttempt, "");
        let scene = app.store.fleeting.scene(&id).await?.ok_or_else(unknown)?;
        let client = app.config.client(&row.client_id).ok_or_else(unknown)?;
        let again = start_again(&app.config.public_url, &row.client_id, &row.kind);
        match event(&scene, app.clock.now()) {
            SceneEvent::Waiting | SceneEvent::Scanned => {
                let qr = qr::draw(&scan_url(&app.config.public_url, &row.id)).ok_or_else(unknown)?;
                Ok(phone::still(&app, client, &qr, &scene.number, language))
            }
            SceneEvent::Denied => {
                Ok(refused(Some(client), Refusal::Code(ErrorCode::AccessDenied), again.as_deref()))
            }
            SceneEvent::Expired => Ok(refused(Some(client), Refusal::SceneExpired, again.as_deref())),
            SceneEvent::Approved => {
                let (location, cookies) = finish::on_our_page(&app, &request, row).await?;
                let mut response = see_other(&location);
                for cookie in cookies {
                    // A cookie of our own making is a header.
                    let _ = response.add_cookie(&cookie);
                }
                Ok(response)
            }
        }
    };
    shown.await.unwrap_or_else(|error: ApiError| {
        // What the store's silence makes of it; WeChat is not asked here.
        let is_away = error.code == ErrorCode::TemporarilyUnavailable;
        refused(None, if is_away { Refusal::StoreAway } else { Refusal::Code(error.code) }, None)
    })
}
