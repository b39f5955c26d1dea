//! Beginning anew, and namespaces: a world of its own for every suite that runs beside others.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Refused, nonsense, ok, refuse};
use crate::namespaces::{Here, NamespaceError, Worlds};
use crate::scenario::Scenario;
use crate::world::World;

/// Begins anew: with the scenario of the body, or without one as at the start. The clock does not go back.
#[utoipa::path(post, path = "/control/reset", request_body(content = Option<Scenario>), responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn reset(world: Here, body: web::Bytes) -> HttpResponse {
    let scenario = match scenario_in(&body) {
        Ok(scenario) => scenario,
        Err(word) => return nonsense(word),
    };
    match world.reset(scenario).await {
        Ok(()) => ok(),
        Err(error) => refuse(format!("the desktop's port cannot be opened: {error}")),
    }
}

/// The same words as for a scenario file, with the line.
fn scenario_in(body: &[u8]) -> Result<Option<Scenario>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "a scenario is JSON in UTF-8".to_owned())?;
    match text.trim() {
        "" | "null" => Ok(None),
        text => Scenario::parse(text).map(Some).map_err(|error| error.to_string()),
    }
}

/// A world of its own, and where it is found.
#[derive(Serialize, ToSchema)]
pub(super) struct Namespace {
    name: String,
    /// In the place of `https://open.weixin.qq.com`.
    open_url: String,
    /// In the place of `https://api.weixin.qq.com`.
    api_url: String,
    /// In the place of `https://localhost.weixin.qq.com:14013`.
    desktop_url: String,
    /// Its control page; its control API is below.
    control_url: String,
}

/// The names of all namespaces.
#[utoipa::path(get, path = "/control/namespaces", responses((status = 200, body = Vec<String>)))]
pub(super) async fn namespaces(worlds: web::Data<Worlds>) -> HttpResponse {
    HttpResponse::Ok().json(worlds.names())
}

/// Makes a namespace, in the place of one of that name: with the scenario of the body, or the default one. A client that has
/// WeChat's addresses built in is led there by its appid, where no other world has an app of that appid.
#[utoipa::path(put, path = "/control/namespaces/{name}", params(("name" = String, Path, description = "a-z, 0-9 and -")),
    request_body(content = Option<Scenario>), responses(
    (status = 201, body = Namespace), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn make(
    worlds: web::Data<Worlds>,
    name: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    let scenario = match scenario_in(&body) {
        Ok(scenario) => scenario.unwrap_or_default(),
        Err(word) => return nonsense(word),
    };
    match worlds.make(&name, scenario) {
        Ok(world) => HttpResponse::Created().json(describe(&name, &world)),
        Err(error @ NamespaceError::Name(_)) => nonsense(error),
        Err(error @ NamespaceError::Full) => refuse(error),
    }
}

fn describe(name: &str, world: &World) -> Namespace {
    let addresses = &world.addresses;
    Namespace {
        name: name.to_owned(),
        open_url: addresses.open.clone(),
        api_url: addresses.api.clone(),
        desktop_url: addresses.desktops.first().cloned().unwrap_or_default(),
        control_url: addresses.control.clone(),
    }
}

/// Ends a namespace; whoever waits in it is let go.
#[utoipa::path(delete, path = "/control/namespaces/{name}", params(("name" = String, Path, description = "a-z, 0-9 and -")),
    responses((status = 204), (status = 404, body = Refused)))]
pub(super) async fn end(worlds: web::Data<Worlds>, name: web::Path<String>) -> HttpResponse {
    match worlds.end(&name) {
        true => ok(),
        false => HttpResponse::NotFound().json(Refused::because(format!("no namespace is named {name:?}"))),
    }
}
