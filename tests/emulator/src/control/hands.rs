//! What a hand does: the phone scans and answers, the desktop's dialog is pressed, people and apps come, faults are set, time
//! passes.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Refused, nonsense, ok, refuse};
use crate::desktop::{Cors, DesktopMode, DialogAnswer};
use crate::fault::{Call, Fault};
use crate::namespaces::Here;
use crate::open;
use crate::scenario::{App, Autos, Person, Strict};
use crate::world::{ADDED_AT_MOST, Phone, State, TicketError};

/// A QR code, by the uuid that its picture holds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfTicket {
    uuid: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfScan {
    uuid: String,
    /// Which phone scans; the one that every emulator has when left out.
    phone: Option<String>,
    /// Who scans with a phone of their own, by id: no phone needs to be named.
    person: Option<String>,
}

/// A phone scans a QR code.
#[utoipa::path(post, path = "/control/scan", request_body = OfScan, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn scan(world: Here, body: web::Json<OfScan>) -> HttpResponse {
    let OfScan { uuid, phone, person } = body.into_inner();
    let found = world.change(|state, _| match (person, phone) {
        (Some(_), Some(_)) => Err("name a phone or a person, not both".to_owned()),
        (Some(id), None) => state.person(&id).cloned().ok_or_else(|| nobody(&id)),
        (None, phone) => match state.phone_mut(phone.as_deref()) {
            Some(phone) => Ok(phone.person.clone()),
            None => Err(format!("no phone is named {:?}", phone.unwrap_or_default())),
        },
    });
    match found {
        Ok(person) => ticket_answer(world.scan_as(&uuid, person)),
        Err(word) => nonsense(word),
    }
}

/// The person on the phone allows: the page gets its code.
#[utoipa::path(post, path = "/control/allow", request_body = OfTicket, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn allow(world: Here, body: web::Json<OfTicket>) -> HttpResponse {
    ticket_answer(world.allow(&body.uuid))
}

/// The person on the phone cancels: the page says so, the site hears nothing, and another scan is possible.
#[utoipa::path(post, path = "/control/cancel", request_body = OfTicket, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn cancel(world: Here, body: web::Json<OfTicket>) -> HttpResponse {
    ticket_answer(world.cancel(&body.uuid))
}

/// The person on the phone refuses, and the site is told: a callback with a state and no code.
#[utoipa::path(post, path = "/control/deny", request_body = OfTicket, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn deny(world: Here, body: web::Json<OfTicket>) -> HttpResponse {
    ticket_answer(world.deny(&body.uuid))
}

fn ticket_answer(result: Result<(), TicketError>) -> HttpResponse {
    match result {
        Ok(()) => ok(),
        Err(error @ TicketError::Unknown) => nonsense(error),
        Err(error) => refuse(error),
    }
}

fn nobody(id: &str) -> String {
    format!("nobody has the id {id:?}")
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForCode {
    /// The address of one of WeChat's two authorize pages, as the site sends its visitors there.
    authorize_url: String,
}

/// Where the browser would be sent.
#[derive(Serialize, ToSchema)]
pub(super) struct Redirect {
    redirect_url: String,
}

/// Plays an authorize page through without a browser: the person who holds the phone allows.
#[utoipa::path(post, path = "/control/code", request_body = ForCode, responses(
    (status = 200, body = Redirect), (status = 400, body = Refused)))]
pub(super) async fn code(world: Here, body: web::Json<ForCode>) -> HttpResponse {
    match world.code_for(&body.authorize_url) {
        Ok(redirect_url) => HttpResponse::Ok().json(Redirect { redirect_url }),
        Err(refusal) => nonsense(refusal),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfPhone {
    /// A further phone, made when there is none of that name; without a name the phone that every emulator has.
    name: Option<String>,
    /// Into whose hands it goes, by id.
    person: Option<String>,
    /// Whether it shows snapshot pages, with a virtual person, to sites that ask for userinfo untapped.
    snapshot: Option<bool>,
}

/// Hands a phone to somebody.
#[utoipa::path(post, path = "/control/phone", request_body = OfPhone, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn phone(world: Here, body: web::Json<OfPhone>) -> HttpResponse {
    let OfPhone { name, person, snapshot } = body.into_inner();
    world.change(|state, _| {
        let person = match person.as_deref().map(|id| state.person(id).cloned().ok_or_else(|| nobody(id))) {
            None => None,
            Some(Ok(person)) => Some(person),
            Some(Err(word)) => return nonsense(word),
        };
        if let Some(name) = name.as_deref().filter(|name| state.phone_mut(Some(name)).is_none()) {
            if state.phones.len() >= ADDED_AT_MOST {
                return full("phones");
            }
            let person = person.clone().unwrap_or_else(|| state.phone.person.clone());
            state.phones.insert(name.to_owned(), Phone { person, auto: None, snapshot: false });
        }
        if let Some(phone) = state.phone_mut(name.as_deref()) {
            phone.person = person.unwrap_or_else(|| phone.person.clone());
            phone.snapshot = snapshot.unwrap_or(phone.snapshot);
        }
        ok()
    })
}

pub(super) fn full(what: &str) -> HttpResponse {
    refuse(format!("there are {ADDED_AT_MOST} {what} already: POST /control/reset begins anew"))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfDesktop {
    mode: Option<DesktopMode>,
    cors: Option<Cors>,
    /// Who is logged in on the desktop, by id.
    person: Option<String>,
    /// On which of its ports it listens, counted from 0: as many as the program was started with.
    port: Option<usize>,
}

/// Changes how the desktop client behaves; answered when its port accepts or refuses connections accordingly.
#[utoipa::path(post, path = "/control/desktop", request_body = OfDesktop, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn desktop(world: Here, body: web::Json<OfDesktop>) -> HttpResponse {
    let OfDesktop { mode, cors, person, port } = body.into_inner();
    let ports = world.addresses.desktops.len();
    if port.is_some_and(|port| port >= ports) {
        return nonsense(format!("the desktop has {ports} ports, counted from 0"));
    }
    let set = world.change(|state, _| {
        if let Some(id) = person {
            state.desktop.person = state.person(&id).cloned().ok_or_else(|| nobody(&id))?;
        }
        state.desktop.cors = cors.unwrap_or(state.desktop.cors);
        state.desktop.port = port.unwrap_or(state.desktop.port);
        Ok::<_, String>(mode.unwrap_or(state.desktop.mode))
    });
    let mode = match set {
        Ok(mode) => mode,
        Err(word) => return nonsense(word),
    };
    match world.set_desktop(mode).await {
        Ok(()) => ok(),
        Err(error) => refuse(format!("the desktop's port cannot be opened: {error}")),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfDialog {
    answer: DialogAnswer,
}

/// Answers the desktop's dialog that has waited longest.
#[utoipa::path(post, path = "/control/dialog", request_body = OfDialog, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn dialog(world: Here, body: web::Json<OfDialog>) -> HttpResponse {
    match world.change(|state, _| state.desktop.answer_dialog(body.answer)) {
        true => ok(),
        false => refuse("no dialog is open"),
    }
}

/// What phone and desktop do by themselves from now on; what is left out they do no more. QR codes that wait are answered, too.
#[utoipa::path(post, path = "/control/auto", request_body = Autos, responses(
    (status = 204), (status = 400, body = Refused)))]
pub(super) async fn auto(world: Here, body: web::Json<Autos>) -> HttpResponse {
    let waiting = world.change(|state, now| {
        state.phone.auto = body.phone;
        state.desktop.auto = body.desktop;
        state.live_tickets(now).map(|ticket| ticket.uuid.clone()).collect::<Vec<_>>()
    });
    for uuid in waiting {
        open::answer_by_itself(&world, &uuid);
    }
    ok()
}

/// What is refused although widely used libraries do it.
#[utoipa::path(post, path = "/control/strict", request_body = Strict, responses(
    (status = 204), (status = 400, body = Refused)))]
pub(super) async fn strict(world: Here, body: web::Json<Strict>) -> HttpResponse {
    world.change(|state, _| state.strict = body.into_inner());
    ok()
}

/// `{"call":"access_token","fault":{"kind":"delay","millis":2000},"times":1}`; without `times` until the faults are cleared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfFault {
    call: Call,
    fault: Fault,
    times: Option<u32>,
}

/// Makes the next calls of one kind go wrong.
#[utoipa::path(post, path = "/control/fault", request_body = OfFault, responses(
    (status = 204), (status = 400, body = Refused)))]
pub(super) async fn fault(world: Here, body: web::Json<OfFault>) -> HttpResponse {
    let OfFault { call, fault, times } = body.into_inner();
    if let Fault::Status { status } = fault
        && !(200..=599).contains(&status)
    {
        return nonsense(format!("{status} is no HTTP status that ends a request: 200 to 599 are"));
    }
    world.change(|state, _| state.faults.set(call, fault, times));
    ok()
}

/// Ends all faults; calls that hang go on as usual.
#[utoipa::path(delete, path = "/control/faults", responses((status = 204)))]
pub(super) async fn clear_faults(world: Here) -> HttpResponse {
    world.change(|state, _| state.faults.clear());
    ok()
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ByTime {
    seconds: u32,
}

/// Moves the clock forward: QR codes, codes, tokens, delays and held polls obey it.
#[utoipa::path(post, path = "/control/advance", request_body = ByTime, responses(
    (status = 204), (status = 400, body = Refused)))]
pub(super) async fn advance(world: Here, body: web::Json<ByTime>) -> HttpResponse {
    world.advance(Duration::from_secs(body.seconds.into()));
    ok()
}

/// Takes back all of WeChat's tokens given out so far, as a changed password does.
#[utoipa::path(post, path = "/control/revoke", responses((status = 204)))]
pub(super) async fn revoke(world: Here) -> HttpResponse {
    world.change(|state, _| state.grants.revoke_tokens());
    ok()
}

/// Adds a person, or changes the one of that id.
#[utoipa::path(post, path = "/control/person", request_body = Person, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn person(world: Here, body: web::Json<Person>) -> HttpResponse {
    let person = body.into_inner();
    let known = |state: &State| state.person(&person.id).is_some();
    if let Err(word) = person.check() {
        return nonsense(word);
    }
    if world.read(|state, _| state.people.len() >= ADDED_AT_MOST && !known(state)) {
        return full("people");
    }
    world.put_person(person);
    ok()
}

/// Registers an app, or changes the one of that appid.
#[utoipa::path(post, path = "/control/app", request_body = App, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn app(world: Here, body: web::Json<App>) -> HttpResponse {
    let app = body.into_inner();
    if let Err(word) = app.check() {
        return nonsense(word);
    }
    if world.read(|state, _| state.apps.len() >= ADDED_AT_MOST && state.app(&app.appid).is_none()) {
        return full("apps");
    }
    world.put_app(app);
    ok()
}
