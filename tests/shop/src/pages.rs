//! The shop's own pages, out of a folder, under a strict Content-Security-Policy that the login widget can live with.

use actix_files::Files;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::{DefaultHeaders, Next};
use actix_web::{Error, HttpResponse, web};

use crate::{Options, proxy};

/// Everything that is neither the login service's nor the backend's.
pub fn site(options: &Options) -> impl HttpServiceFactory + use<> {
    let headers = DefaultHeaders::new()
        .add((CONTENT_SECURITY_POLICY, content_security_policy(options)))
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((REFERRER_POLICY, "same-origin"))
        .add((HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        // Whoever changes a page sees the change.
        .add((CACHE_CONTROL, "no-cache"));
    web::scope("").wrap(headers).service(
        Files::new("/", &options.www)
            .index_file("index.html")
            .prefer_utf8(true)
            .default_handler(web::to(|| async { HttpResponse::NotFound().body("There is no such page.\n") })),
    )
}

/// What a site that uses the widget needs: wasm, the program on this computer, WeChat's frame, WeChat's avatars.
///
/// The frame may also be our own: an embedded login ends there, on the service's own page.
fn content_security_policy(options: &Options) -> String {
    let list = |sources: &[String]| sources.iter().map(|source| format!(" {source}")).collect::<String>();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' https://*.qlogo.cn{img}; connect-src 'self'{desktop}; frame-src 'self' {open}; \
         form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}",
        img = list(&options.img),
        desktop = list(&options.desktop_urls),
        open = options.open_url,
        ancestors = options.framed_by.as_deref().unwrap_or("'none'"),
    )
}

/// The host names that are the shop's. Empty: any.
pub struct Names(pub Vec<String>);

/// Refuses a host name that is not the shop's: another name that leads here must not look like this site.
pub async fn only_known_names(
    names: web::Data<Names>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let host = proxy::host_of(request.request());
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    if names.0.is_empty() || names.0.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let refusal = HttpResponse::MisdirectedRequest().body("This shop is not known by that name.\n");
    Ok(request.into_response(refusal))
}
