//! Where an attempt leads: back when it has ended, to its beginning when it has not ended well, and what another device is to open.

use crate::config::{Client, PublicUrl};
use crate::store::AttemptKind;
use crate::store::attempts::Destination;

/// Where the browser goes when an attempt of the service's own pages has ended, without anything that is worth a login.
pub fn way_back(public_url: &PublicUrl, kind: &AttemptKind) -> String {
    match kind {
        AttemptKind::Hosted(Destination::ReturnTo(address))
        | AttemptKind::OwnScene(Destination::ReturnTo(address)) => address.clone(),
        // The first load has the code, and the client has had its answer.
        AttemptKind::Hosted(Destination::Client(authorization))
        | AttemptKind::OwnScene(Destination::Client(authorization)) => authorization.home(),
        AttemptKind::Leg { scene_id } => format!("{}/scan/{scene_id}/confirm", public_url.path()),
        AttemptKind::Embedded(page) | AttemptKind::SiteScene(page) => page.origin.clone(),
    }
}

/// Where a login of the service's own pages waits for a contact.
pub fn binding(public_url: &PublicUrl, id: &str) -> String {
    format!("{}/binding/{id}", public_url.path())
}

/// Where the same login begins anew, by what was read when it began: the path, and a query. `None` for a site's own page, which does
/// that itself.
pub fn start_again(public_url: &PublicUrl, client_id: &str, kind: &AttemptKind) -> Option<String> {
    match kind {
        AttemptKind::Hosted(destination) | AttemptKind::OwnScene(destination) => {
            Some(again(public_url, client_id, destination))
        }
        AttemptKind::Leg { scene_id } => Some(format!("{}/scan/{scene_id}", public_url.path())),
        AttemptKind::Embedded(_) | AttemptKind::SiteScene(_) => None,
    }
}

/// Where a login on the service's own page begins anew.
pub fn again(public_url: &PublicUrl, client_id: &str, destination: &Destination) -> String {
    match destination {
        Destination::Client(authorization) => {
            format!("{}/authorize?{}", public_url.path(), authorization.query)
        }
        Destination::ReturnTo(address) => {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("return_to", address)
                .append_pair("client_id", client_id)
                .finish();
            format!("{}/login?{query}", public_url.path())
        }
    }
}

/// What to open elsewhere: this login's beginning. A client's own beginning is its front page, for the rest of it lies in the
/// browser that began.
pub fn link(public_url: &PublicUrl, client: &Client, destination: &Destination) -> String {
    match destination {
        Destination::Client(authorization) => authorization.home(),
        Destination::ReturnTo(_) => {
            format!("{}{}", public_url.origin(), again(public_url, &client.id, destination))
        }
    }
}

/// What a scene's QR code holds.
pub fn scan_url(public_url: &PublicUrl, scene_id: &str) -> String {
    format!("{}/scan/{scene_id}", public_url.as_str())
}
