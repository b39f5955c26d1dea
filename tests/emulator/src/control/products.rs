//! A hand for the products around login: what a mini program gets from WeChat, who follows a service account, scans of its QR codes,
//! and what was pushed to its site.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Refused, nonsense, ok, refuse};
use crate::namespaces::Here;
use crate::products::Push;
use crate::products::cgi_bin;
use crate::products::pushes::{Event, EventError, happen, verify};
use crate::scenario::{App, AppKind, Person, PushTarget};
use crate::world::{ADDED_AT_MOST, AuthorizationRequest, State};

/// Who, and with which app; what is left out is the phone's person, and the only app of its kind.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    /// By id.
    person: Option<String>,
    appid: Option<String>,
}

impl Who {
    fn find(&self, state: &State, kind: AppKind) -> Result<(App, Person), String> {
        let mut apps = state.apps.iter().filter(|app| app.kind == kind);
        let app = match &self.appid {
            Some(appid) => apps
                .find(|app| &app.appid == appid)
                .ok_or_else(|| format!("no app of this kind has the appid {appid:?}"))?,
            None => apps.next().ok_or("there is no app of this kind")?,
        };
        let person = match &self.person {
            Some(id) => state.person(id).ok_or_else(|| format!("nobody has the id {id:?}"))?,
            None => &state.phone.person,
        };
        Ok((app.clone(), person.clone()))
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct JsCode {
    js_code: String,
}

/// What `wx.login` gives a mini program, for `sns/jscode2session`.
#[utoipa::path(post, path = "/control/js_code", request_body = Who, responses(
    (status = 200, body = JsCode), (status = 400, body = Refused)))]
pub(super) async fn js_code(world: Here, body: web::Json<Who>) -> HttpResponse {
    let made = world.change(|state, now| {
        let (app, person) = body.find(state, AppKind::MiniProgram)?;
        let request = AuthorizationRequest {
            appid: app.appid,
            redirect_uri: String::new(),
            scope: String::new(),
            state: String::new(),
        };
        Ok::<_, String>(state.grants.issue_code(&request, person, AppKind::MiniProgram, now))
    });
    match made {
        Ok(js_code) => HttpResponse::Ok().json(JsCode { js_code }),
        Err(word) => nonsense(word),
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct PhoneCode {
    code: String,
}

/// What the phone number's button gives a mini program, for `wxa/business/getuserphonenumber`.
#[utoipa::path(post, path = "/control/phone_code", request_body = Who, responses(
    (status = 200, body = PhoneCode), (status = 400, body = Refused)))]
pub(super) async fn phone_code(world: Here, body: web::Json<Who>) -> HttpResponse {
    // A number of a range that nobody is given.
    const NOBODYS: &str = "19900000000";
    let made = world.change(|state, now| {
        let (app, person) = body.find(state, AppKind::MiniProgram)?;
        let number = person.phone_number.as_deref().unwrap_or(NOBODYS);
        Ok::<_, String>(state.products.phone_code(&app.appid, number, now))
    });
    match made {
        Ok(code) => HttpResponse::Ok().json(PhoneCode { code }),
        Err(word) => nonsense(word),
    }
}

fn let_happen(world: &Here, who: &Who, event: &Event) -> HttpResponse {
    let found = world.read(|state, _| who.find(state, AppKind::ServiceAccount));
    let (app, person) = match found {
        Ok(found) => found,
        Err(word) => return nonsense(word),
    };
    match happen(world, &app.appid, &person, event) {
        Ok(()) => ok(),
        Err(error @ (EventError::NoAccount(_) | EventError::NoTicket)) => nonsense(error),
        Err(error @ (EventError::Expired | EventError::NoFollower)) => refuse(error),
    }
}

/// Somebody follows a service account: `subscribe` is pushed.
#[utoipa::path(post, path = "/control/follow", request_body = Who, responses(
    (status = 204), (status = 400, body = Refused)))]
pub(super) async fn follow(world: Here, body: web::Json<Who>) -> HttpResponse {
    let_happen(&world, &body, &Event::Subscribe(None))
}

/// Somebody follows it no more: `unsubscribe` is pushed.
#[utoipa::path(post, path = "/control/unfollow", request_body = Who, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn unfollow(world: Here, body: web::Json<Who>) -> HttpResponse {
    let_happen(&world, &body, &Event::Unsubscribe)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfScene {
    /// What `cgi-bin/qrcode/create` gave.
    ticket: String,
    /// By id; the phone's person when left out.
    person: Option<String>,
    appid: Option<String>,
}

/// Somebody scans a service account's QR code: `SCAN` is pushed, or `subscribe` of one who did not follow it yet.
#[utoipa::path(post, path = "/control/scan_scene", request_body = OfScene, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn scan_scene(world: Here, body: web::Json<OfScene>) -> HttpResponse {
    let OfScene { ticket, person, appid } = body.into_inner();
    let appid = appid.or_else(|| world.read(|state, _| state.products.account_of(&ticket)));
    let_happen(&world, &Who { person, appid }, &Event::Scan(ticket))
}

/// Says where a service account's events go. As at WeChat the site is asked first to give `echostr` back.
#[utoipa::path(post, path = "/control/push_target", request_body = PushTarget, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn push_target(world: Here, body: web::Json<PushTarget>) -> HttpResponse {
    let target = body.into_inner();
    if let Err(word) = target.check() {
        return nonsense(word);
    }
    if world.read(|state, _| state.products.targets() >= ADDED_AT_MOST) {
        return super::hands::full("push targets");
    }
    if let Err(word) = verify(&target, world.unix_time()).await {
        return refuse(word);
    }
    world.change(|state, _| state.products.put_target(target));
    ok()
}

/// What was pushed, oldest first, and what the site answered.
#[utoipa::path(get, path = "/control/pushes", responses((status = 200, body = Vec<Push>)))]
pub(super) async fn pushes(world: Here) -> HttpResponse {
    let all: Vec<Push> = world.read(|state, _| state.products.sent().cloned().collect());
    HttpResponse::Ok().json(all)
}

/// What a page hands to `wx.config`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JsConfig {
    appid: String,
    #[serde(rename = "nonceStr")]
    nonce_str: String,
    /// Seconds since 1970, as the page has it.
    timestamp: String,
    /// The page's own address; what stands behind # does not count.
    url: String,
    signature: String,
}

/// Whether a page's JS-SDK signature is right, as WeChat checks it in `wx.config`.
#[utoipa::path(post, path = "/control/js_signature", request_body = JsConfig, responses(
    (status = 204), (status = 400, body = Refused), (status = 409, body = Refused)))]
pub(super) async fn js_signature(world: Here, body: web::Json<JsConfig>) -> HttpResponse {
    let JsConfig { appid, nonce_str, timestamp, url, signature } = body.into_inner();
    let right =
        world.read(|state, now| cgi_bin::js_signature(state, &appid, &nonce_str, &timestamp, &url, now));
    match right {
        None => refuse("this app has no jsapi ticket that is good: ticket/getticket gives one"),
        Some(right) if right == signature => ok(),
        Some(_) => refuse(
            "invalid signature: sha1 of jsapi_ticket=…&noncestr=…&timestamp=…&url=… in this order, url without #…",
        ),
    }
}
