//! The widget's script, as `cargo xtask widget` built it, precompressed, for pages anywhere: from inside the program with the
//! feature `embed-widget`, else from a folder.

#[cfg(feature = "embed-widget")]
mod embedded;
mod file;
#[cfg(not(feature = "embed-widget"))]
mod folder;

use std::borrow::Cow;
use std::path::Path;

use actix_web::http::header::{
    AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, ETAG, Encoding, Header, IfNoneMatch, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::{Kind, StartedLogin};

use crate::config::Config;
#[cfg(feature = "embed-widget")]
use embedded::read;
use file::File;
#[cfg(not(feature = "embed-widget"))]
use folder::read;

/// For five minutes the browser asks nobody; for the rest of a day it takes what it has, and asks meanwhile whether there is something
/// new (RFC 5861), so that no later visit waits for this file. For a day after an update, then, a script of the version before calls
/// this service: what the two say to one another stays good for both.
const CACHING: &str = "public, max-age=300, stale-while-revalidate=86400";

/// `GET /widget/{name}`
pub async fn file(config: web::Data<Config>, request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    if !is_script(&name) {
        return HttpResponse::NotFound().finish();
    }
    let Some((file, encoding)) = best(&config.widget_dir, &request, &name).await else {
        if name.as_str() == "weixin-login.js" {
            return HttpResponse::ServiceUnavailable()
                .body("the widget was never built: cargo xtask widget\n");
        }
        return HttpResponse::NotFound().finish();
    };
    let File { bytes, etag } = file;
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/javascript; charset=utf-8")
        .insert_header(("Cross-Origin-Resource-Policy", "cross-origin"))
        .insert_header(("Timing-Allow-Origin", "*"))
        .insert_header((VARY, "Accept-Encoding"))
        .insert_header((ETAG, etag.to_string()));
    if let Some(draft) = draft(&config) {
        response.insert_header(("Server-Timing", draft));
    }
    // Who builds the widget on this computer wants to see it.
    let caching = if config.public_url.is_localhost() { "no-cache" } else { CACHING };
    response.insert_header((CACHE_CONTROL, caching));
    let is_known = match IfNoneMatch::parse(&request) {
        Ok(IfNoneMatch::Any) => true,
        // A proxy that compresses makes a strong tag a weak one (RFC 9110 §8.8.3.3).
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(&etag)),
        Err(_) => false,
    };
    if is_known {
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

/// What the next attempt will be, for the script itself, which is compressed ahead of time and the same for every service: it may load
/// WeChat's page while it begins an attempt. All of it is in the address of every QR code.
fn draft(config: &Config) -> Option<String> {
    let website = config.weixin.website.as_ref()?;
    // Where some site shows a QR code of its own, the script cannot know what an attempt will be.
    if config.clients.iter().any(|client| client.scenes) {
        return None;
    }
    let draft = StartedLogin {
        id: String::new(),
        kind: Kind::Embedded,
        secret: None,
        state: String::new(),
        iss: config.public_url.as_str().into(),
        appid: Some(website.appid.as_str().into()),
        redirect_uri: format!("{}/callback", config.public_url.as_str()),
        open_url: config.weixin.open_url.clone(),
        desktop_urls: config.weixin.desktop_urls.clone(),
        expires_in: 0,
        renew_in: 0,
        client_name: String::new(),
        emulator: config.weixin.is_emulator(),
        scene: None,
    };
    let quoted = serde_json::to_string(&draft).ok()?.replace('\\', r"\\").replace('"', r#"\""#);
    Some(format!("weixin-attempt;desc=\"{quoted}\""))
}

/// The file in the encoding that the browser likes best, of those that there are. Nobody is refused the plain one.
async fn best(folder: &Path, request: &HttpRequest, name: &str) -> Option<(File, Option<&'static str>)> {
    let accepted = AcceptEncoding::parse(request).unwrap_or_else(|_| AcceptEncoding(Vec::new()));
    let mut there = vec![Encoding::brotli(), Encoding::gzip(), Encoding::identity()];
    while let Some(encoding) = accepted.negotiate(there.iter()).filter(|best| *best != Encoding::identity()) {
        let (ending, word) = if encoding == Encoding::brotli() { ("br", "br") } else { ("gz", "gzip") };
        if let Some(file) = read(folder, &format!("{name}.{ending}")).await {
            return Some((file, Some(word)));
        }
        there.retain(|other| *other != encoding);
    }
    Some((read(folder, name).await?, None))
}

/// Plain names of scripts, and nothing that leads out of the folder.
fn is_script(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.strip_suffix(".js").is_some_and(|stem| !stem.is_empty() && stem.bytes().all(plain))
}
