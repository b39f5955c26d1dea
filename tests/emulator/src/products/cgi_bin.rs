//! `api.weixin.qq.com/cgi-bin/*`: an app's own token, a service account's QR codes and followers, the ticket of the JS-SDK.
//! Names, limits and numbers are documented; that the type is `application/json; encoding=utf-8` is reported; which number comes first
//! when several things are wrong is assumed.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{AppToken, JsTicket, Scene, SceneQr};
use crate::gate::{parameters, remarked};
use crate::namespaces::Here;
use crate::open::draw;
use crate::query::Query;
use crate::scenario::{App, AppKind};
use crate::sns::{Failure, either};
use crate::world::{State, random_word};

const TOKEN_LIFETIME: Duration = Duration::from_secs(7200);
/// The one before stays good for this long, so that a site may change over.
const OVERLAP: Duration = Duration::from_secs(300);
/// A stable token that was forced is forced again no sooner.
const BETWEEN_FORCED: Duration = Duration::from_secs(30);
/// A QR code that says nothing else.
const SCENE_SECONDS: u64 = 60;
const SCENE_SECONDS_AT_MOST: u64 = 2_592_000;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(either("/cgi-bin/token").to(token))
        .service(posted("/cgi-bin/stable_token", web::post().to(stable_token)))
        .service(posted("/cgi-bin/qrcode/create", web::post().to(create_qrcode)))
        .route("/cgi-bin/showqrcode", web::get().to(show_qrcode))
        .service(either("/cgi-bin/user/info").to(user_info))
        .service(either("/cgi-bin/ticket/getticket").to(ticket))
        .service(web::resource("/cgi-bin/{path}*").to(unknown));
}

/// A call that is a POST alone.
pub(super) fn posted(path: &str, route: actix_web::Route) -> actix_web::Resource {
    let refused = || async { answer(Err(Failure(43002, "require POST method"))) };
    web::resource(path).route(route).default_service(web::to(refused))
}

pub(super) async fn unknown() -> HttpResponse {
    answer(Err(Failure(40066, "invalid url")))
}

pub(crate) fn answer(result: Result<Value, Failure>) -> HttpResponse {
    const TYPE: &str = "application/json; encoding=utf-8";
    match result {
        Ok(body) => HttpResponse::Ok().content_type(TYPE).body(body.to_string()),
        Err(failure) => {
            let response = HttpResponse::Ok().content_type(TYPE).body(failure.body());
            remarked(response, format!("errcode {}, {}", failure.0, failure.1))
        }
    }
}

/// The body of a call that takes JSON.
pub(super) fn posted_json<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, Failure> {
    if body.is_empty() {
        return Err(Failure(44002, "empty post data"));
    }
    serde_json::from_slice(body).map_err(|_| Failure(47001, "data format error"))
}

async fn token(world: Here, request: HttpRequest) -> HttpResponse {
    let query = parameters(&request);
    answer(world.change(|state, now| {
        let asked = |name| query.required(name);
        let appid = entitled(state, asked("grant_type"), asked("appid"), asked("secret"))?;
        let new = give(state, &appid, "token", now);
        Ok(json!({ "access_token": new, "expires_in": TOKEN_LIFETIME.as_secs() }))
    }))
}

#[derive(Deserialize)]
struct StableToken {
    grant_type: Option<String>,
    appid: Option<String>,
    secret: Option<String>,
    #[serde(default)]
    force_refresh: bool,
}

async fn stable_token(world: Here, body: web::Bytes) -> HttpResponse {
    answer(world.change(|state, now| {
        let StableToken { grant_type, appid, secret, force_refresh } = posted_json(&body)?;
        let appid = entitled(state, grant_type.as_deref(), appid.as_deref(), secret.as_deref())?;
        let products = &mut state.products;
        let newest = products.newest.get(&format!("{appid} stable")).cloned();
        if let Some(token) = newest
            && let Some(known) = products.tokens.get_mut(&token)
            && known.expires_at > now + OVERLAP
        {
            let just_forced = known.forced_at.is_some_and(|then| now < then + BETWEEN_FORCED);
            if !force_refresh || just_forced {
                let left = known.expires_at.saturating_sub(now).as_secs();
                return Ok(json!({ "access_token": token, "expires_in": left }));
            }
            // Forced, the last one is good no longer, overlap or not.
            known.expires_at = now;
        }
        let new = give(state, &appid, "stable", now);
        if force_refresh && let Some(known) = state.products.tokens.get_mut(&new) {
            known.forced_at = Some(now);
        }
        Ok(json!({ "access_token": new, "expires_in": TOKEN_LIFETIME.as_secs() }))
    }))
}

/// The app that may have a token.
fn entitled(
    state: &State,
    grant_type: Option<&str>,
    appid: Option<&str>,
    secret: Option<&str>,
) -> Result<String, Failure> {
    let appid = appid.ok_or(Failure(41002, "appid missing"))?;
    let secret = secret.ok_or(Failure(41004, "appsecret missing"))?;
    if grant_type != Some("client_credential") {
        return Err(Failure(40002, "invalid grant_type"));
    }
    let app = state.app(appid).ok_or(Failure(40013, "invalid appid"))?;
    if app.secret != secret {
        return Err(Failure(40125, "invalid appsecret"));
    }
    // A website app has none: it belongs to the open platform, which has other ways.
    match app.kind {
        AppKind::Website => Err(Failure(48001, "api unauthorized")),
        AppKind::ServiceAccount | AppKind::MiniProgram => Ok(appid.to_owned()),
    }
}

fn give(state: &mut State, appid: &str, way: &str, now: Duration) -> String {
    let products = &mut state.products;
    let place = format!("{appid} {way}");
    let last = products.newest.get(&place).cloned();
    if let Some(last) = last.and_then(|last| products.tokens.get_mut(&last)) {
        last.expires_at = last.expires_at.min(now + OVERLAP);
    }
    let token = format!("{}_{}", rand::random_range(10..100), random_word(132));
    products.tokens.insert(
        token.clone(),
        AppToken { appid: appid.to_owned(), expires_at: now + TOKEN_LIFETIME, forced_at: None },
    );
    products.newest.insert(place, token.clone());
    token
}

/// The app behind the token of a call, which is of that kind.
pub(super) fn authorized(state: &State, query: &Query, kind: AppKind, now: Duration) -> Result<App, Failure> {
    let appid = state.products.app_of(query.required("access_token"), now)?;
    let app = state.app(&appid).ok_or(Failure(40013, "invalid appid"))?;
    if app.kind != kind {
        return Err(Failure(48001, "api unauthorized"));
    }
    Ok(app.clone())
}

#[derive(Deserialize)]
struct CreateQrcode {
    expire_seconds: Option<u64>,
    action_name: String,
    #[serde(default)]
    action_info: ActionInfo,
}

#[derive(Default, Deserialize)]
struct ActionInfo {
    #[serde(default)]
    scene: SceneAsked,
}

#[derive(Default, Deserialize)]
struct SceneAsked {
    scene_id: Option<u64>,
    scene_str: Option<String>,
}

async fn create_qrcode(world: Here, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let query = parameters(&request);
    answer(world.change(|state, now| {
        let app = authorized(state, &query, AppKind::ServiceAccount, now)?;
        let CreateQrcode { expire_seconds, action_name, action_info } = posted_json(&body)?;
        let invalid = Failure(40053, "invalid action info");
        let SceneAsked { scene_id, scene_str } = action_info.scene;
        let (scene, lasting) = match action_name.as_str() {
            "QR_SCENE" => {
                (scene_id.filter(|id| (1..=u64::from(u32::MAX)).contains(id)).map(Scene::Number), false)
            }
            "QR_LIMIT_SCENE" => (scene_id.filter(|id| (1..=100_000).contains(id)).map(Scene::Number), true),
            "QR_STR_SCENE" | "QR_LIMIT_STR_SCENE" => {
                let fits = |text: &String| (1..=64).contains(&text.len());
                (scene_str.filter(fits).map(Scene::Text), action_name == "QR_LIMIT_STR_SCENE")
            }
            _ => return Err(Failure(40052, "invalid action name")),
        };
        let scene = scene.ok_or(invalid)?;
        let seconds = expire_seconds.unwrap_or(SCENE_SECONDS).clamp(1, SCENE_SECONDS_AT_MOST);
        let ticket = format!("gQ{}==", random_word(92));
        let url = format!("http://weixin.qq.com/q/{}", random_word(22));
        let expires_at = (!lasting).then(|| now + Duration::from_secs(seconds));
        let made = SceneQr { appid: app.appid, scene, url: url.clone(), expires_at };
        state.products.scenes.insert(ticket.clone(), made);
        Ok(match lasting {
            true => json!({ "ticket": ticket, "url": url }),
            false => json!({ "ticket": ticket, "expire_seconds": seconds, "url": url }),
        })
    }))
}

/// `mp.weixin.qq.com/cgi-bin/showqrcode`: the picture; WeChat's is a JPEG, this one a PNG.
async fn show_qrcode(world: Here, request: HttpRequest) -> HttpResponse {
    let query = parameters(&request);
    let url = world.read(|state, _| Some(state.products.scenes.get(query.required("ticket")?)?.url.clone()));
    match url.and_then(|url| draw(&url)) {
        Some(picture) => HttpResponse::Ok().content_type("image/png").body(picture),
        None => HttpResponse::NotFound().finish(),
    }
}

/// Nickname and avatar are not told here any more, as WeChat announced for the end of 2021.
async fn user_info(world: Here, request: HttpRequest) -> HttpResponse {
    let query = parameters(&request);
    answer(world.read(|state, now| {
        let app = authorized(state, &query, AppKind::ServiceAccount, now)?;
        let openid = query.required("openid").ok_or(Failure(41009, "missing openid"))?;
        let person = state.people.iter().find(|person| person.openid(&app.appid) == openid);
        let person = person.ok_or(Failure(40003, "invalid openid"))?;
        let Some(follower) = state.products.follower(&app.appid, &person.id) else {
            let mut told = json!({ "subscribe": 0, "openid": openid });
            if let Some(unionid) = person.unionid(&app) {
                told["unionid"] = unionid.into();
            }
            return Ok(told);
        };
        let (number, text) = match &follower.scene {
            Some(Scene::Number(number)) => (*number, ""),
            Some(Scene::Text(text)) => (0, text.as_str()),
            None => (0, ""),
        };
        let way = if follower.scene.is_some() { "ADD_SCENE_QR_CODE" } else { "ADD_SCENE_SEARCH" };
        let mut told = json!({
            "subscribe": 1, "openid": openid, "language": "zh_CN", "subscribe_time": follower.since, "remark": "", "groupid": 0,
            "tagid_list": [], "subscribe_scene": way, "qr_scene": number, "qr_scene_str": text,
        });
        if let Some(unionid) = person.unionid(&app) {
            told["unionid"] = unionid.into();
        }
        Ok(told)
    }))
}

async fn ticket(world: Here, request: HttpRequest) -> HttpResponse {
    let query = parameters(&request);
    answer(world.change(|state, now| {
        let app = authorized(state, &query, AppKind::ServiceAccount, now)?;
        let kind = query.required("type").filter(|kind| ["jsapi", "wx_card"].contains(kind));
        let kind = kind.ok_or(Failure(40097, "invalid args"))?;
        let place = format!("{} {kind}", app.appid);
        let tickets = &mut state.products.js_tickets;
        if tickets.get(&place).is_none_or(|known| now >= known.expires_at) {
            let new = JsTicket { ticket: random_word(86), expires_at: now + TOKEN_LIFETIME };
            tickets.insert(place.clone(), new);
        }
        let known = tickets.get(&place).ok_or(Failure(-1, "system error"))?;
        let left = known.expires_at.saturating_sub(now).as_secs();
        Ok(json!({ "errcode": 0, "errmsg": "ok", "ticket": known.ticket, "expires_in": left }))
    }))
}

/// The signature that `wx.config` of a page must carry, by the ticket that the site has now.
pub(crate) fn js_signature(
    state: &State,
    appid: &str,
    noncestr: &str,
    timestamp: &str,
    url: &str,
    now: Duration,
) -> Option<String> {
    let known =
        state.products.js_tickets.get(&format!("{appid} jsapi")).filter(|known| now < known.expires_at)?;
    let url = url.split('#').next().unwrap_or_default();
    let text = format!("jsapi_ticket={}&noncestr={noncestr}&timestamp={timestamp}&url={url}", known.ticket);
    Some(super::pushes::sha1_hex(&text))
}
