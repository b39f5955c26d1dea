//! The control page at `/` and the JSON under `/control/*` behind it: a hand for the phone, the desktop, the faults and the
//! clock, for people and for tests in other languages. Rust tests call the same things on `Emulator`.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::desktop::{Cors, DesktopMode, DialogAnswer, host_of};
use crate::fault::{Call, Fault};
use crate::page::page;
use crate::scenario::{App, Person};
use crate::world::{Progress, State, TicketError, World};

/// How much of the log and how many QR codes the page shows.
const SHOWN_REQUESTS: usize = 60;
const SHOWN_TICKETS: usize = 12;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .app_data(web::JsonConfig::default().error_handler(|error, _| {
            let word = json!({ "error": error.to_string() });
            actix_web::error::InternalError::from_response(error, HttpResponse::BadRequest().json(word))
                .into()
        }))
        .route("/", web::get().to(control_page))
        .route("/control/state", web::get().to(state))
        .route("/control/events", web::get().to(events))
        .service(
            web::resource("/control/requests")
                .route(web::get().to(requests))
                .route(web::delete().to(clear_requests)),
        )
        .route("/control/exchanges", web::get().to(exchanges))
        .route("/control/scan", web::post().to(scan))
        .route("/control/allow", web::post().to(allow))
        .route("/control/cancel", web::post().to(cancel))
        .route("/control/deny", web::post().to(deny))
        .route("/control/code", web::post().to(code))
        .route("/control/phone", web::post().to(phone))
        .route("/control/desktop", web::post().to(desktop))
        .route("/control/dialog", web::post().to(dialog))
        .route("/control/fault", web::post().to(fault))
        .route("/control/faults", web::delete().to(clear_faults))
        .route("/control/advance", web::post().to(advance))
        .route("/control/revoke", web::post().to(revoke))
        .route("/control/person", web::post().to(person))
        .route("/control/app", web::post().to(app));
}

async fn control_page() -> HttpResponse {
    page(
        include_str!("../pages/control.html"),
        &[("css", include_str!("../pages/control.css")), ("script", include_str!("../pages/control.js"))],
    )
}

async fn state(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(describe(&world))
}

/// The state again after every change, as server-sent events.
async fn events(world: web::Data<World>) -> HttpResponse {
    let changes = world.subscribe();
    let pieces = stream::unfold((world, changes, true), |(world, mut changes, first)| async move {
        if !first {
            // A quiet stream says something now and then, so that a gone reader is noticed.
            let _ = tokio::time::timeout(Duration::from_secs(15), changes.changed()).await;
            // Changes come in bursts: one picture of a burst is enough.
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        changes.mark_unchanged();
        let piece = web::Bytes::from(format!("data: {}\n\n", describe(&world)));
        Some((Ok::<_, Infallible>(piece), (world, changes, false)))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-store"))
        .streaming(pieces)
}

fn describe(world: &World) -> Value {
    world.read(|state, now| {
        let people: Vec<Value> = state.people.iter().map(|person| describe_person(world, person)).collect();
        let tickets: Vec<Value> = state
            .live_tickets(now)
            .take(SHOWN_TICKETS)
            .map(|ticket| {
                let (progress, person) = match &ticket.progress {
                    Progress::Waiting => ("waiting", None),
                    Progress::Scanned { person } => ("scanned", Some(describe_person(world, person))),
                    Progress::Cancelled => ("cancelled", None),
                    Progress::Answered { .. } => ("answered", None),
                };
                json!({
                    "uuid": ticket.uuid,
                    "appid": ticket.request.appid,
                    "app_name": state.app(&ticket.request.appid).map(|app| &app.name),
                    "host": host_of(&ticket.request.redirect_uri),
                    "progress": progress,
                    "person": person,
                    "expires_in": ticket.expires_at().saturating_sub(now).as_secs(),
                })
            })
            .collect();
        let requests: Vec<Value> = state
            .log
            .all()
            .rev()
            .take(SHOWN_REQUESTS)
            .map(|record| {
                json!({
                    "order": record.order,
                    "call": record.call,
                    "method": record.method,
                    "path": record.path,
                    "outcome": record.outcome,
                })
            })
            .collect();
        json!({
            "urls": {
                "open": world.addresses.open,
                "api": world.addresses.api,
                "desktop": world.addresses.desktop,
                "control": world.addresses.control,
                "site": world.addresses.site,
            },
            "clock": now.as_secs(),
            "apps": state.apps,
            "people": people,
            "phone": {
                "person": describe_person(world, &state.phone.person),
                "snapshot": state.phone.snapshot,
                "tickets": tickets,
            },
            "desktop": {
                "mode": state.desktop.mode,
                "cors": state.desktop.cors,
                "person": describe_person(world, &state.desktop.person),
                "dialog": state.desktop.open_dialog(),
            },
            "modes": DesktopMode::ALL,
            "calls": Call::ALL,
            "faults": state.faults.rules(),
            "requests": requests,
        })
    })
}

fn describe_person(world: &World, person: &Person) -> Value {
    json!({ "id": person.id, "nickname": person.nickname, "avatar": world.avatar_of(person) })
}

async fn requests(world: web::Data<World>) -> HttpResponse {
    let all: Vec<_> = world.read(|state, _| state.log.all().cloned().collect());
    HttpResponse::Ok().json(all)
}

async fn clear_requests(world: web::Data<World>) -> HttpResponse {
    world.change(|state, _| state.log.clear());
    ok()
}

async fn exchanges(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(world.read(|state, _| state.grants.all_exchanges().clone()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfTicket {
    uuid: String,
}

async fn scan(world: web::Data<World>, body: web::Json<OfTicket>) -> HttpResponse {
    ticket_answer(world.scan(&body.uuid))
}

async fn allow(world: web::Data<World>, body: web::Json<OfTicket>) -> HttpResponse {
    ticket_answer(world.allow(&body.uuid))
}

async fn cancel(world: web::Data<World>, body: web::Json<OfTicket>) -> HttpResponse {
    ticket_answer(world.cancel(&body.uuid))
}

async fn deny(world: web::Data<World>, body: web::Json<OfTicket>) -> HttpResponse {
    ticket_answer(world.deny(&body.uuid))
}

fn ticket_answer(result: Result<(), TicketError>) -> HttpResponse {
    match result {
        Ok(()) => ok(),
        Err(error) => refuse(&error.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForCode {
    authorize_url: String,
}

async fn code(world: web::Data<World>, body: web::Json<ForCode>) -> HttpResponse {
    match world.code_for(&body.authorize_url) {
        Ok(redirect_url) => HttpResponse::Ok().json(json!({ "redirect_url": redirect_url })),
        Err(refusal) => refuse(&refusal.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPhone {
    person: Option<String>,
    snapshot: Option<bool>,
}

async fn phone(world: web::Data<World>, body: web::Json<OfPhone>) -> HttpResponse {
    let OfPhone { person, snapshot } = body.into_inner();
    named(
        &world,
        person,
        |state, person| state.phone.person = person,
        |state| {
            state.phone.snapshot = snapshot.unwrap_or(state.phone.snapshot);
        },
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfDesktop {
    mode: Option<DesktopMode>,
    cors: Option<Cors>,
    person: Option<String>,
}

async fn desktop(world: web::Data<World>, body: web::Json<OfDesktop>) -> HttpResponse {
    let OfDesktop { mode, cors, person } = body.into_inner();
    let answer = named(
        &world,
        person,
        |state, person| state.desktop.person = person,
        |state| {
            state.desktop.cors = cors.unwrap_or(state.desktop.cors);
        },
    );
    if let Some(mode) = mode
        && let Err(error) = world.set_desktop(mode).await
    {
        return refuse(&format!("the desktop's port cannot be opened: {error}"));
    }
    answer
}

/// Puts the person of that id, if one is named, where they belong, and does the rest when that person exists.
fn named(
    world: &World,
    id: Option<String>,
    put: impl FnOnce(&mut State, Person),
    rest: impl FnOnce(&mut State),
) -> HttpResponse {
    world.change(|state, _| {
        if let Some(id) = id {
            match state.person(&id).cloned() {
                Some(person) => put(state, person),
                None => return refuse(&format!("nobody has the id {id:?}")),
            }
        }
        rest(state);
        ok()
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfDialog {
    answer: DialogAnswer,
}

async fn dialog(world: web::Data<World>, body: web::Json<OfDialog>) -> HttpResponse {
    match world.change(|state, _| state.desktop.answer_dialog(body.answer)) {
        true => ok(),
        false => refuse("no dialog is open"),
    }
}

/// `{"call":"access_token","fault":{"kind":"delay","millis":2000},"times":1}`; without `times` until the faults are cleared.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfFault {
    call: Call,
    fault: Fault,
    times: Option<u32>,
}

async fn fault(world: web::Data<World>, body: web::Json<OfFault>) -> HttpResponse {
    let OfFault { call, fault, times } = body.into_inner();
    world.change(|state, _| state.faults.set(call, fault, times));
    ok()
}

async fn clear_faults(world: web::Data<World>) -> HttpResponse {
    world.change(|state, _| state.faults.clear());
    ok()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByTime {
    seconds: u32,
}

async fn advance(world: web::Data<World>, body: web::Json<ByTime>) -> HttpResponse {
    world.advance(Duration::from_secs(body.seconds.into()));
    ok()
}

async fn revoke(world: web::Data<World>) -> HttpResponse {
    world.change(|state, _| state.grants.revoke_tokens());
    ok()
}

async fn person(world: web::Data<World>, body: web::Json<Person>) -> HttpResponse {
    match body.check() {
        Ok(()) => {
            world.put_person(body.into_inner());
            ok()
        }
        Err(word) => refuse(&word),
    }
}

async fn app(world: web::Data<World>, body: web::Json<App>) -> HttpResponse {
    match body.check() {
        Ok(()) => {
            world.put_app(body.into_inner());
            ok()
        }
        Err(word) => refuse(&word),
    }
}

fn ok() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

fn refuse(word: &str) -> HttpResponse {
    HttpResponse::Conflict().json(json!({ "error": word }))
}
