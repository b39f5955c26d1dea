//! The widget's script, as `cargo xtask widget` built it, precompressed, for pages anywhere: from inside the program with the
//! feature `embed-widget`, else from a folder.

use std::borrow::Cow;

use actix_web::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, ETAG, EntityTag,
    IF_NONE_MATCH, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::config::Config;
use crate::secret::SecretHash;
use crate::shared::Shared;

/// For five minutes the browser asks nobody; for the rest of a day it takes what it has, and asks meanwhile whether there is something
/// new (RFC 5861), so that no later visit waits for this file. For a day after an update, then, a script of the version before calls
/// this service: what the two say to one another stays good for both.
const CACHING: &str = "public, max-age=300, stale-while-revalidate=86400";

/// `GET /widget/{name}`
pub async fn file(app: web::Data<Shared>, request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    if !is_script(&name) {
        return HttpResponse::NotFound().finish();
    }
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
        .content_type("text/javascript; charset=utf-8")
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header(("Cross-Origin-Resource-Policy", "cross-origin"))
        .insert_header(("Server-Timing", told_of_weixin(&app.config)))
        .insert_header(("Timing-Allow-Origin", "*"))
        .insert_header((VARY, "Accept-Encoding"))
        .insert_header((ETAG, etag.to_string()));
    // Who builds the widget on this computer wants to see it.
    let caching = if app.config.public_url.is_localhost() { "no-cache" } else { CACHING };
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

/// Where WeChat is and what it is asked for, for the script itself, which is compressed ahead of time and the same for every service:
/// it may load WeChat's page while it begins an attempt. All of it is in the address of every QR code.
fn told_of_weixin(config: &Config) -> String {
    let mut told = format!("weixin;desc=\"{}\"", config.weixin.open_url);
    // Where some site shows a QR code of its own, the script cannot know what an attempt will be.
    if let Some(website) = config.weixin.website.as_ref()
        && !config.clients.iter().any(|client| client.scenes)
    {
        told += &format!(", weixin-appid;desc=\"{}\"", website.appid);
        for desktop_url in &config.weixin.desktop_urls {
            told += &format!(", weixin-desktop;desc=\"{desktop_url}\"");
        }
    }
    told
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

/// Plain names of scripts, and nothing that leads out of the folder.
fn is_script(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.strip_suffix(".js").is_some_and(|stem| !stem.is_empty() && stem.bytes().all(plain))
}
