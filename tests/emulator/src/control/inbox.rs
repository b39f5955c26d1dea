//! Short messages on the phone: what a service that is tried out hands to a carrier it hands over here, as its webhook.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Refused, ok};
use crate::namespaces::Here;

/// As many as the phone keeps.
const KEPT: usize = 20;

/// A short message, as a service's webhook hands it over.
#[derive(Deserialize, ToSchema)]
pub(super) struct Delivery {
    data: Message,
}

/// A short message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// The number that it goes to.
    pub phone: String,
    /// What is read.
    pub text: String,
    /// The code in it.
    #[serde(default)]
    pub code: String,
}

/// Takes a short message. Whoever sends it signs it, and is believed.
#[utoipa::path(post, path = "/control/sms", request_body = Delivery,
    responses((status = 204), (status = 400, body = Refused)))]
pub(super) async fn sms(world: Here, body: web::Json<Delivery>) -> HttpResponse {
    let message = body.into_inner().data;
    world.change(|state, _| {
        state.messages.push_front(message);
        state.messages.truncate(KEPT);
    });
    ok()
}

/// The short messages that have come, the newest first.
#[utoipa::path(get, path = "/control/messages", responses((status = 200, body = Vec<Message>)))]
pub(super) async fn messages(world: Here) -> HttpResponse {
    HttpResponse::Ok().json(world.read(|state, _| state.messages.clone()))
}
