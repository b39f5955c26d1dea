//! The control page at `/` and the JSON under `/control/*` behind it: a hand for the phone, the desktop, the faults and the
//! clock, for people and for tests in other languages. Rust tests call the same things on `Emulator`.

mod hands;
mod inbox;
mod products;
mod reading;
mod worlds;

pub use self::inbox::Message;

use std::convert::Infallible;
use std::time::Duration;

use actix_web::error::InternalError;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::server::Server;
use utoipa::{OpenApi, ToSchema};

use crate::desktop::{DesktopMode, host_of};
use crate::fault::Call;
use crate::gate::BODY_LIMIT;
use crate::namespaces::Here;
use crate::page::page;
use crate::scenario::{Person, Scenario};
use crate::world::{Progress, World};

/// How much of the log and how many QR codes the page shows.
const SHOWN_REQUESTS: usize = 60;
const SHOWN_TICKETS: usize = 12;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    let json = web::JsonConfig::default()
        .limit(BODY_LIMIT)
        .error_handler(|error, _| InternalError::from_response(String::new(), nonsense(error)).into());
    let query = web::QueryConfig::default()
        .error_handler(|error, _| InternalError::from_response(String::new(), nonsense(error)).into());
    config
        .app_data(json)
        .app_data(query)
        .route("/", web::get().to(control_page))
        .service(web::resource("/healthz").route(web::get().to(healthz)).route(web::head().to(healthz)))
        .route("/control/openapi.json", web::get().to(openapi))
        .route("/control/scenario.schema.json", web::get().to(scenario_schema))
        .route("/control/state", web::get().to(state))
        .route("/control/events", web::get().to(events))
        .service(
            web::resource("/control/requests")
                .route(web::get().to(reading::requests))
                .route(web::delete().to(reading::clear_requests)),
        )
        .route("/control/exchanges", web::get().to(reading::exchanges))
        .route("/control/wait/qr", web::get().to(reading::wait_for_qr))
        .route("/control/wait/dialog", web::get().to(reading::wait_for_dialog))
        .route("/control/wait/request", web::get().to(reading::wait_for_request))
        .route("/control/scan", web::post().to(hands::scan))
        .route("/control/allow", web::post().to(hands::allow))
        .route("/control/cancel", web::post().to(hands::cancel))
        .route("/control/deny", web::post().to(hands::deny))
        .route("/control/code", web::post().to(hands::code))
        .route("/control/phone", web::post().to(hands::phone))
        .route("/control/desktop", web::post().to(hands::desktop))
        .route("/control/dialog", web::post().to(hands::dialog))
        .route("/control/auto", web::post().to(hands::auto))
        .route("/control/strict", web::post().to(hands::strict))
        .route("/control/fault", web::post().to(hands::fault))
        .route("/control/faults", web::delete().to(hands::clear_faults))
        .route("/control/advance", web::post().to(hands::advance))
        .route("/control/revoke", web::post().to(hands::revoke))
        .route("/control/person", web::post().to(hands::person))
        .route("/control/app", web::post().to(hands::app))
        .route("/control/js_code", web::post().to(products::js_code))
        .route("/control/phone_code", web::post().to(products::phone_code))
        .route("/control/follow", web::post().to(products::follow))
        .route("/control/unfollow", web::post().to(products::unfollow))
        .route("/control/scan_scene", web::post().to(products::scan_scene))
        .route("/control/push_target", web::post().to(products::push_target))
        .route("/control/pushes", web::get().to(products::pushes))
        .route("/control/js_signature", web::post().to(products::js_signature))
        .route("/control/sms", web::post().to(inbox::sms))
        .route("/control/messages", web::get().to(inbox::messages))
        .route("/control/reset", web::post().to(worlds::reset))
        .route("/control/namespaces", web::get().to(worlds::namespaces))
        .service(
            web::resource("/control/namespaces/{name}")
                .route(web::put().to(worlds::make))
                .route(web::delete().to(worlds::end)),
        )
        .service(web::resource("/control/{path}*").to(unknown));
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "weixin-emulator",
        description = "The hand that holds the phone, the desktop, the clock and the faults. Under /ns/NAME every route is there once \
                       more, for the namespace of that name."
    ),
    paths(
        healthz,
        state,
        events,
        reading::requests,
        reading::clear_requests,
        reading::exchanges,
        reading::wait_for_qr,
        reading::wait_for_dialog,
        reading::wait_for_request,
        hands::scan,
        hands::allow,
        hands::cancel,
        hands::deny,
        hands::code,
        hands::phone,
        hands::desktop,
        hands::dialog,
        hands::auto,
        hands::strict,
        hands::fault,
        hands::clear_faults,
        hands::advance,
        hands::revoke,
        hands::person,
        hands::app,
        products::js_code,
        products::phone_code,
        products::follow,
        products::unfollow,
        products::scan_scene,
        products::push_target,
        products::pushes,
        products::js_signature,
        inbox::sms,
        inbox::messages,
        worlds::reset,
        worlds::namespaces,
        worlds::make,
        worlds::end,
    ),
    components(schemas(Scenario))
)]
struct Document;

async fn openapi(world: Here) -> HttpResponse {
    let mut document = Document::openapi();
    document.servers = Some(vec![Server::new(world.addresses.control.as_str())]);
    HttpResponse::Ok().json(document)
}

/// The schema of a scenario file, for editors: the same that the document has, with its parts beside it.
async fn scenario_schema() -> HttpResponse {
    let document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    let text = document["components"]["schemas"].to_string().replace("#/components/schemas/", "#/$defs/");
    let parts: Value = serde_json::from_str(&text).unwrap_or_default();
    HttpResponse::Ok().json(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of weixin-emulator",
        "$ref": "#/$defs/Scenario",
        "$defs": parts,
    }))
}

async fn control_page(world: Here) -> HttpResponse {
    page(
        include_str!("../pages/control.html"),
        &[
            ("css", include_str!("../pages/control.css")),
            ("script", include_str!("../pages/control.js")),
            ("path", &world.addresses.path),
        ],
    )
}

#[derive(Serialize, ToSchema)]
struct Health {
    status: &'static str,
    version: &'static str,
}

/// The emulator answers.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = Health)))]
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

async fn unknown() -> HttpResponse {
    HttpResponse::NotFound()
        .json(Refused::because("the control API has no such route: see /control/openapi.json"))
}

/// Everything that the control page shows: addresses, apps, people, phones, the desktop, faults, the newest requests.
#[utoipa::path(get, path = "/control/state", responses((status = 200, body = Object)))]
async fn state(world: Here) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(describe(&world))
}

/// The state again after every change, as server-sent events.
#[utoipa::path(
    get,
    path = "/control/events",
    responses((status = 200, content_type = "text/event-stream", body = String))
)]
async fn events(world: Here) -> HttpResponse {
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
                    "remark": record.remark,
                })
            })
            .collect();
        let phones: serde_json::Map<String, Value> = state
            .phones
            .iter()
            .map(|(name, phone)| (name.clone(), describe_person(world, &phone.person)))
            .collect();
        json!({
            "urls": {
                "open": world.addresses.open,
                "api": world.addresses.api,
                "desktop": world.addresses.desktops.first(),
                "desktops": world.addresses.desktops,
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
                "messages": state.messages,
            },
            "phones": phones,
            "desktop": {
                "mode": state.desktop.mode,
                "cors": state.desktop.cors,
                "port": state.desktop.port,
                "person": describe_person(world, &state.desktop.person),
                "dialog": state.desktop.open_dialog(),
            },
            "auto": { "phone": state.phone.auto, "desktop": state.desktop.auto },
            "strict": state.strict,
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

/// Why a call was not done.
#[derive(Serialize, Deserialize, ToSchema)]
struct Refused {
    error: String,
}

impl Refused {
    fn because(word: impl ToString) -> Refused {
        Refused { error: word.to_string() }
    }
}

fn ok() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// The call makes no sense, whatever the state.
fn nonsense(word: impl ToString) -> HttpResponse {
    HttpResponse::BadRequest().json(Refused::because(word))
}

/// The call makes sense, but not now.
fn refuse(word: impl ToString) -> HttpResponse {
    HttpResponse::Conflict().json(Refused::because(word))
}
