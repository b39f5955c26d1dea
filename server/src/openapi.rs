//! `GET /openapi.json`: the routes that are not OpenID Connect's, described from their own types. Those that are describe
//! themselves at `/.well-known/openid-configuration`.

use actix_web::{HttpResponse, web};
use utoipa::OpenApi;
use utoipa::openapi::server::Server;

use crate::shared::Shared;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "weixin-login",
        description = "WeChat login for any website: what the widget and pages of the site call."
    ),
    paths(
        crate::start::embedded::login,
        crate::callback::embedded::by_secret,
        crate::start::hosted::renew,
        crate::scene::events::get,
        crate::scene::finish::post,
        crate::callback::embedded::by_frame,
        crate::binding::widget::contact,
        crate::binding::widget::code,
        crate::binding::widget::join,
        crate::phases::post,
        crate::session::get,
        crate::session::post,
        crate::session::delete,
    )
)]
struct Document;

/// The document, with the service's own address in it.
pub async fn get(app: web::Data<Shared>) -> HttpResponse {
    let mut document = Document::openapi();
    document.servers = Some(vec![Server::new(app.config.public_url.as_str())]);
    HttpResponse::Ok().json(document)
}
