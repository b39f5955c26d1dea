//! What can be read and waited for: the log of requests, the exchanges of codes, the next QR code, dialog or request.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Refused, nonsense, ok};
use crate::desktop::Dialog;
use crate::fault::Call;
use crate::namespaces::Here;
use crate::requests::RequestRecord;
use crate::world::State;

/// Longer than any test waits, shorter than a proxy does.
const PATIENCE_AT_MOST: Duration = Duration::from_secs(300);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Of this call alone.
    call: Option<Call>,
    /// Those whose `order` is greater.
    since: Option<u64>,
}

impl Which {
    fn holds(&self, record: &RequestRecord) -> bool {
        self.call.is_none_or(|call| record.call == call)
            && self.since.is_none_or(|since| record.order > since)
    }
}

/// The requests that reached the emulator, oldest first, with what was asked and why it was refused. The control API's own are not
/// among them.
#[utoipa::path(get, path = "/control/requests", params(Which), responses(
    (status = 200, body = Vec<RequestRecord>), (status = 400, body = Refused)))]
pub(super) async fn requests(world: Here, which: web::Query<Which>) -> HttpResponse {
    let all: Vec<_> =
        world.read(|state, _| state.log.all().filter(|record| which.holds(record)).cloned().collect());
    HttpResponse::Ok().json(all)
}

/// Forgets the requests so far; their numbers go on.
#[utoipa::path(delete, path = "/control/requests", responses((status = 204)))]
pub(super) async fn clear_requests(world: Here) -> HttpResponse {
    world.change(|state, _| state.log.clear());
    ok()
}

/// How many access_token calls have named each code, whatever became of them.
#[utoipa::path(get, path = "/control/exchanges", responses((status = 200, body = BTreeMap<String, u32>)))]
pub(super) async fn exchanges(world: Here) -> HttpResponse {
    HttpResponse::Ok().json(world.read(|state, _| state.grants.all_exchanges()))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Patience {
    /// Such as `5s`, `500ms` or `2m`; 5 seconds when left out, 5 minutes at most. By the wall clock.
    timeout: Option<String>,
}

/// The uuid to scan.
#[derive(Serialize, ToSchema)]
pub(super) struct Waiting {
    uuid: String,
}

/// The newest QR code that waits for a scan, as soon as there is one.
#[utoipa::path(get, path = "/control/wait/qr", params(Patience), responses(
    (status = 200, body = Waiting), (status = 400, body = Refused), (status = 404, body = Refused)))]
pub(super) async fn wait_for_qr(world: Here, patience: web::Query<Patience>) -> HttpResponse {
    let look = |state: &State, now| state.newest_waiting(now).map(|uuid| Waiting { uuid });
    wait(&world, patience.timeout.as_deref(), "no QR code waited for a scan", look).await
}

/// The dialog that stands on the desktop, as soon as there is one.
#[utoipa::path(get, path = "/control/wait/dialog", params(Patience), responses(
    (status = 200, body = Dialog), (status = 400, body = Refused), (status = 404, body = Refused)))]
pub(super) async fn wait_for_dialog(world: Here, patience: web::Query<Patience>) -> HttpResponse {
    let look = |state: &State, _| state.desktop.open_dialog().cloned();
    wait(&world, patience.timeout.as_deref(), "no dialog stood on the desktop", look).await
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Awaited {
    /// Of this call alone.
    call: Option<Call>,
    /// One whose `order` is greater.
    since: Option<u64>,
    /// Such as `5s`, `500ms` or `2m`; 5 seconds when left out, 5 minutes at most. By the wall clock.
    timeout: Option<String>,
}

/// The first request of that kind, as soon as it has come.
#[utoipa::path(get, path = "/control/wait/request", params(Awaited), responses(
    (status = 200, body = RequestRecord), (status = 400, body = Refused), (status = 404, body = Refused)))]
pub(super) async fn wait_for_request(world: Here, awaited: web::Query<Awaited>) -> HttpResponse {
    let Awaited { call, since, timeout } = awaited.into_inner();
    let which = Which { call, since };
    let look = |state: &State, _| state.log.all().find(|record| which.holds(record)).cloned();
    wait(&world, timeout.as_deref(), "no such request came", look).await
}

async fn wait<T: Serialize>(
    world: &Here,
    timeout: Option<&str>,
    nothing: &str,
    look: impl FnMut(&State, Duration) -> Option<T>,
) -> HttpResponse {
    let said = timeout.unwrap_or("5s");
    let timeout = match duration(said) {
        Some(timeout) if timeout <= PATIENCE_AT_MOST => timeout,
        _ => {
            return nonsense(format!(
                "timeout is {said:?}, and it is a time such as 5s, 500ms or 2m, 5m at most"
            ));
        }
    };
    let found = tokio::time::timeout(timeout, world.wait(Duration::MAX / 4, look)).await;
    match found.ok().flatten() {
        Some(found) => HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(found),
        None => HttpResponse::NotFound().json(Refused::because(format!("{nothing} within {said}"))),
    }
}

fn duration(text: &str) -> Option<Duration> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let number: u32 = text[..end].parse().ok()?;
    let millis = match &text[end..] {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        _ => return None,
    };
    Some(Duration::from_millis(u64::from(number) * millis))
}
