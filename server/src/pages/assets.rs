//! `GET /assets/{name}`: what the pages load. Logos and colours are the configuration's, each under a name of its own.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::{HttpResponse, web};

use crate::shared::Shared;

const STYLE_SHEET: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of the service's own, a client's logo, or the style sheet of its colour.
pub async fn asset(app: web::Data<Shared>, name: web::Path<String>) -> HttpResponse {
    let (content_type, content) = match name.as_str() {
        "pages.css" => (STYLE_SHEET, include_str!("../../assets/pages.css")),
        "phone.js" => (SCRIPT, include_str!("../../assets/phone.js")),
        "phases.js" => (SCRIPT, include_str!("../../assets/phases.js")),
        "times.js" => (SCRIPT, include_str!("../../assets/times.js")),
        "icon.svg" => ("image/svg+xml", include_str!("../../assets/icon.svg")),
        "binding.js" => (SCRIPT, include_str!("../../assets/binding.js")),
        "callback.js" => (SCRIPT, include_str!("../../assets/callback.js")),
        name => return look(&app, name).unwrap_or_else(|| HttpResponse::NotFound().finish()),
    };
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .body(content)
}

/// What a client looks like: its name has its hash or its colour, so that it never changes.
fn look(app: &Shared, name: &str) -> Option<HttpResponse> {
    const UNCHANGING: (actix_web::http::header::HeaderName, &str) =
        (CACHE_CONTROL, "public, max-age=31536000, immutable");
    let mut clients = app.config.clients.iter();
    if name.starts_with("accent-") {
        let accent = clients.filter_map(|client| client.accent).find(|accent| accent.file_name() == name)?;
        let style_sheet = accent.style_sheet();
        return Some(
            HttpResponse::Ok().content_type(STYLE_SHEET).insert_header(UNCHANGING).body(style_sheet),
        );
    }
    let logo = clients.find_map(|client| client.logo.as_ref().filter(|logo| logo.file_name == name))?;
    let picture = HttpResponse::Ok()
        .content_type(logo.content_type)
        .insert_header(UNCHANGING)
        // An SVG that is opened by itself is a page of this origin: it may do nothing.
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"))
        .body(logo.content.clone());
    Some(picture)
}
