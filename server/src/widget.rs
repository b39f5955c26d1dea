//! The widget's files, as `cargo xtask widget` built them, precompressed, for pages anywhere: from inside the program with the
//! feature `embed-widget`, else from a folder.

use std::borrow::Cow;

use actix_web::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, ETAG, EntityTag,
    IF_NONE_MATCH, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::secret::SecretHash;
use crate::shared::Shared;

/// `GET /widget/{name}`
pub async fn file(app: web::Data<Shared>, request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    let Some(content_type) = content_type(&name) else { return HttpResponse::NotFound().finish() };
    let accepted =
        request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encodings =
        [("br", "br"), ("gzip", "gz")].into_iter().filter(|(encoding, _)| accepted.contains(encoding));
    let mut found = None;
    for (encoding, ending) in encodings {
        if let Some(bytes) = read(&app, &format!("{name}.{ending}")).await {
            found = Some((bytes, Some(encoding)));
            break;
        }
    }
    let (bytes, encoding) = match found {
        Some(found) => found,
        None => match read(&app, &name).await {
            Some(bytes) => (bytes, None),
            None if name.as_str() == "weixin-login.js" => {
                return HttpResponse::ServiceUnavailable()
                    .body("the widget was never built: cargo xtask widget\n");
            }
            None => return HttpResponse::NotFound().finish(),
        },
    };
    let etag = EntityTag::new_strong(SecretHash::of_bytes(&bytes).hex());
    let mut response = HttpResponse::Ok();
    response
        .content_type(content_type)
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header(("Cross-Origin-Resource-Policy", "cross-origin"))
        .insert_header((VARY, "Accept-Encoding"))
        .insert_header((ETAG, etag.to_string()));
    // A hashed name is another name when its content changes.
    let caching =
        if name.as_str() == "weixin-login.js" { "no-cache" } else { "public, max-age=31536000, immutable" };
    response.insert_header((CACHE_CONTROL, caching));
    if request.headers().get(IF_NONE_MATCH).is_some_and(|known| *known == etag.to_string()) {
        return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    if let Some(encoding) = encoding {
        response.insert_header((CONTENT_ENCODING, encoding));
    }
    match bytes {
        Cow::Borrowed(bytes) => response.body(bytes),
        Cow::Owned(bytes) => response.body(bytes),
    }
}

/// The name of the wasm that the script of today loads.
#[cfg(feature = "embed-widget")]
pub async fn wasm(_: &Shared) -> Option<String> {
    FILES.iter().map(|(name, _)| *name).find(|name| name.ends_with(".wasm")).map(str::to_owned)
}

/// The name of the wasm that the script of today loads.
#[cfg(not(feature = "embed-widget"))]
pub async fn wasm(app: &Shared) -> Option<String> {
    let mut files = tokio::fs::read_dir(&app.config.widget_dir).await.ok()?;
    while let Some(file) = files.next_entry().await.ok()? {
        let name = file.file_name().into_string().unwrap_or_default();
        if name.ends_with(".wasm") {
            return Some(name);
        }
    }
    None
}

#[cfg(feature = "embed-widget")]
static FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/widget_files.rs"));

/// A file of the built widget.
#[cfg(feature = "embed-widget")]
async fn read(_: &Shared, name: &str) -> Option<Cow<'static, [u8]>> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| Cow::Borrowed(*bytes))
}

/// A file of the built widget.
#[cfg(not(feature = "embed-widget"))]
async fn read(app: &Shared, name: &str) -> Option<Cow<'static, [u8]>> {
    tokio::fs::read(app.config.widget_dir.join(name)).await.ok().map(Cow::Owned)
}

/// Plain names of the kinds that a build makes, and nothing that leads out of the folder.
fn content_type(name: &str) -> Option<&'static str> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    match name.rsplit_once('.').filter(|(stem, _)| plain && !stem.is_empty())?.1 {
        "js" => Some("text/javascript; charset=utf-8"),
        "wasm" => Some("application/wasm"),
        _ => None,
    }
}
