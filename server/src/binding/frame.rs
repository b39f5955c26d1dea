//! The same page in a frame of the site's own page, where the widget puts it: `GET /binding/{id}/frame` is empty, and its script brings the
//! token, which it finds as its window's name, to `POST /binding/{id}/frame` and to the forms of `page`. What they answer takes the place of
//! what was asked, and has a word for the site's page: that somebody is asked, or how the login ended.
//!
//! No cookie is needed, for in a frame of another site there may be none. Only the page of the attempt's own origin can frame it, and only
//! that origin is told.

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::form::is_change;
use super::page::{own_form, said, shown_next};
use super::{client, language, open};
use crate::attempt::CallbackError;
use crate::http::headers::{content_security_policy, header_value};
use crate::http::origin::sec_fetch_dest;
use crate::pages::{self, Refusal, Scheme};
use crate::shared::Shared;

/// What the widget says of the page around it.
#[derive(Deserialize)]
struct Dress {
    #[serde(default)]
    theme: Scheme,
}

/// `GET /binding/{id}/frame`: nothing of the login, for whoever has its name.
pub async fn get(app: web::Data<Shared>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let shown = async {
        let attempt = app.store.fleeting.attempt(&id).await?;
        let attempt = attempt.ok_or(CallbackError::UnknownAttempt)?;
        let page = attempt.kind.site_page().ok_or(CallbackError::OtherBrowser)?;
        let (client, language) = (client(&app, &attempt)?, language(&attempt, &request));
        // In a window of its own somebody could be led to prove a contact for somebody else's login.
        if sec_fetch_dest(&request) == Some("document") {
            return Ok(pages::refusal_at(&app, Some(client), Refusal::NotAFrame, language, None));
        }
        let dress = web::Query::<Dress>::from_query(request.query_string());
        let scheme = dress.map(|dress| dress.theme).unwrap_or_default();
        let mut response = pages::binding_frame(&app, client, &attempt.id, &page.origin, scheme, language);
        let policy = header_value(&content_security_policy(&app.config, &page.origin));
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        Ok(response)
    };
    said(&app, &request, shown.await)
}

/// `POST /binding/{id}/frame`: what is asked now.
pub async fn post(app: web::Data<Shared>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let shown = async {
        let waiting = own_form(&app, &request, &id).await?;
        shown_next(&app, &request, &waiting, is_change(&request), None, open(&app, &waiting))
    };
    said(&app, &request, shown.await)
}
