//! `GET /avatars/{signature}/{address}`: a person's picture, where the service loads it. What is not ours to show is not there.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName};
use actix_web::{HttpResponse, web};

use crate::shared::Shared;

/// An address there has the same picture for as long as WeChat's own has; a new picture has a new one.
pub async fn avatar(app: web::Data<Shared>, path: web::Path<(String, String)>) -> HttpResponse {
    let (signature, address) = path.into_inner();
    let Shared { config, keys, avatars, .. } = &**app;
    if !config.weixin.proxies_avatars {
        return HttpResponse::NotFound().finish();
    }
    match avatars.picture(&config.weixin, keys.masters(), &signature, &address).await {
        Some(picture) => HttpResponse::Ok()
            .content_type(picture.content_type)
            .insert_header((CACHE_CONTROL, "public, max-age=86400"))
            .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"))
            // Sites show it too, those with a Cross-Origin-Embedder-Policy among them.
            .insert_header((HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"))
            .body(picture.content),
        None => HttpResponse::NotFound().finish(),
    }
}
