//! The desktop client's local service, `https://localhost.weixin.qq.com:14013` at home: who is logged in on this computer,
//! the dialog it opens, and the many ways in which it does not help.

use std::collections::VecDeque;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::fault::{Call, huge};
use crate::gate::remarked;
use crate::namespaces::Here;
use crate::query::{answer_query, append_before_fragment};
use crate::scenario::{AppKind, Auto, AutoAnswer, Person};
use crate::sns::quote;
use crate::world::{AuthorizationRequest, State, World, random_word};

/// How long an authorize_uuid of check-login is good for. Assumed: nobody has measured it.
const UUID_LIFETIME: Duration = Duration::from_secs(120);
/// As many pages as may have asked who is logged in without going on.
const UUIDS_KEPT: usize = 20_000;
/// How long [`DesktopMode::Slow`] takes for each answer.
const SLOW: Duration = Duration::from_secs(3);
/// A person who does not answer the dialog for this long has refused.
const DIALOG_PATIENCE: Duration = Duration::from_secs(120);

const CHECK_LOGIN: &str = "qrconnectchecklogin";
const AUTHORIZE: &str = "qrconnectfastauthorize";
const AUTHORIZE_CONFIRM: &str = "qrconnectfastauthorizeconfirm";

/// How the desktop client behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DesktopMode {
    /// Logged in, and asks the person.
    #[default]
    Normal,
    /// No WeChat on this computer: the port refuses connections.
    Absent,
    /// WeChat runs, nobody is logged in: a non-zero errcode (none is known).
    LoggedOut,
    /// Logged in but locked: a non-zero errcode (none is known).
    Locked,
    /// authorize answers 10050 without asking anybody.
    Refusing,
    /// check-login answers 10057: this app is for scanning only.
    ScanOnly,
    /// The next authorize answers 10046, then all is normal.
    UuidExpiredOnce,
    /// Every authorize answers 10046.
    UuidExpired,
    /// Another service listens there: −11028, unknown apiname.
    OtherService,
    /// Right answers, three seconds late by the emulator's clock.
    Slow,
    /// Takes the call and says nothing until the mode changes.
    Silent,
    /// Something that is not JSON.
    Garbage,
    /// Ten megabytes.
    Huge,
    /// authorize tells a redirect_url on another host.
    LyingRedirect,
    /// authorize tells a redirect_url with another state.
    WrongState,
    /// A JSON string that holds the JSON.
    DoubleWrapped,
    /// `jsdata` is a string that holds the JSON.
    JsdataString,
    /// The right JSON as text/plain.
    TextPlain,
}

impl DesktopMode {
    /// Every mode, in the order the control page shows them.
    pub const ALL: [DesktopMode; 18] = [
        DesktopMode::Normal,
        DesktopMode::Absent,
        DesktopMode::LoggedOut,
        DesktopMode::Locked,
        DesktopMode::Refusing,
        DesktopMode::ScanOnly,
        DesktopMode::UuidExpiredOnce,
        DesktopMode::UuidExpired,
        DesktopMode::Slow,
        DesktopMode::Silent,
        DesktopMode::Garbage,
        DesktopMode::Huge,
        DesktopMode::LyingRedirect,
        DesktopMode::WrongState,
        DesktopMode::OtherService,
        DesktopMode::DoubleWrapped,
        DesktopMode::JsdataString,
        DesktopMode::TextPlain,
    ];
}

/// Which web origins may read the desktop client's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cors {
    /// Every origin: the direct call from a site's own page works.
    All,
    /// Pages of weixin.qq.com alone, as is reported of the real one: the direct call fails, the QR page's works.
    #[default]
    WeixinOnly,
}

/// What a person can say to the desktop's dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DialogAnswer {
    /// The site gets its code.
    Allow,
    /// errcode 10050.
    Refuse,
}

/// A dialog that stands on the desktop and waits for the person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Dialog {
    /// Counts the dialogs of this emulator.
    pub id: u64,
    /// The appid that asks.
    pub appid: String,
    /// The app's name as the person reads it.
    pub app_name: String,
    /// The site's host, taken from redirect_uri.
    pub host: String,
    /// Whose WeChat it is.
    pub nickname: String,
    /// Left edge in screen pixels, as the page asked for.
    pub x: f64,
    /// Top edge in screen pixels, as the page asked for.
    pub y: f64,
    #[serde(skip)]
    answer: Option<DialogAnswer>,
}

pub(crate) struct Desktop {
    pub mode: DesktopMode,
    pub cors: Cors,
    pub person: Person,
    /// On which of its ports it listens, counted from 0.
    pub port: usize,
    /// How it answers its dialogs by itself.
    pub auto: Option<Auto>,
    pub dialogs: Vec<Dialog>,
    dialogs_made: u64,
    uuids: VecDeque<AuthorizeUuid>,
}

/// What check-login gives out and authorize takes back once.
struct AuthorizeUuid {
    uuid: String,
    request: AuthorizationRequest,
    person: Person,
    made_at: Duration,
}

/// The errcode of an answer without jsdata, and the reason for the log.
struct Failure(i64, String);

impl Failure {
    fn plain(errcode: i64) -> Failure {
        Failure(errcode, format!("errcode {errcode}"))
    }
}

impl Desktop {
    pub fn new(person: Person, mode: DesktopMode, cors: Cors) -> Desktop {
        Desktop {
            mode,
            cors,
            person,
            port: 0,
            auto: None,
            dialogs: Vec::new(),
            dialogs_made: 0,
            uuids: VecDeque::new(),
        }
    }

    /// Dialogs are counted on: whoever waits for one of the old world's is not answered by a new one.
    pub fn go_on_from(&mut self, old: &Desktop) {
        self.dialogs_made = old.dialogs_made;
        self.port = old.port;
    }

    /// Answers the dialog that has waited longest; `false` when none is open.
    pub fn answer_dialog(&mut self, answer: DialogAnswer) -> bool {
        match self.open_dialogs_mut().next() {
            Some(dialog) => {
                dialog.answer = Some(answer);
                true
            }
            None => false,
        }
    }

    pub fn open_dialog(&self) -> Option<&Dialog> {
        self.dialogs.iter().find(|dialog| dialog.answer.is_none())
    }

    fn open_dialogs_mut(&mut self) -> impl Iterator<Item = &mut Dialog> {
        self.dialogs.iter_mut().filter(|dialog| dialog.answer.is_none())
    }
}

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    let preflight = || web::method(Method::OPTIONS).to(HttpResponse::NoContent);
    config
        .service(web::resource("/api/check-login").route(web::post().to(check_login)).route(preflight()))
        .service(web::resource("/api/authorize").route(web::post().to(authorize)).route(preflight()));
}

/// Marks the answers, preflights included, that a page of another origin may read.
pub(crate) async fn cors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = next.call(request).await?;
    let here = response.request().extensions().get::<Here>().cloned();
    let granted = origin.filter(|origin| here.is_some_and(|world| is_granted(&world, origin)));
    let preflight = response.request().method() == Method::OPTIONS;
    let headers = response.headers_mut();
    headers.insert(header::VARY, header::HeaderValue::from_static("Origin"));
    if let Some(origin) = granted {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if preflight {
            let plain = header::HeaderValue::from_static;
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, plain("POST, OPTIONS"));
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, plain("content-type"));
            headers.insert(
                header::HeaderName::from_static("access-control-allow-private-network"),
                plain("true"),
            );
        }
    }
    Ok(response)
}

fn is_granted(world: &World, origin: &header::HeaderValue) -> bool {
    let own = url::Url::parse(&world.addresses.open).map(|url| url.origin().ascii_serialization());
    match world.read(|state, _| state.desktop.cors) {
        Cors::All => true,
        Cors::WeixinOnly => origin.to_str().is_ok_and(|origin| {
            own.is_ok_and(|own| own == origin)
                || origin.strip_prefix("https://").is_some_and(|host| host.ends_with(".weixin.qq.com"))
        }),
    }
}

async fn check_login(world: Here, body: web::Bytes) -> HttpResponse {
    let mode = ready(&world).await;
    if let Some(noise) = noise(mode) {
        return noise;
    }
    let result = world.change(|state, now| check(&world, state, mode, &body, now));
    speak(mode, CHECK_LOGIN, result)
}

fn check(
    world: &World,
    state: &mut State,
    mode: DesktopMode,
    body: &[u8],
    now: Duration,
) -> Result<String, Failure> {
    let (_, asked) = understand(body, CHECK_LOGIN, mode)?;
    match mode {
        // Nobody outside WeChat knows the codes of these two: any that is not 0 means "show the QR code".
        DesktopMode::LoggedOut => return Err(Failure::plain(-2)),
        DesktopMode::Locked => return Err(Failure::plain(-3)),
        _ => {}
    }
    let app = state
        .check(&asked, AppKind::Website)
        .map_err(|refusal| Failure(-1, state.reason(&refusal, &asked)))?;
    if mode == DesktopMode::ScanOnly || app.scan_only {
        return Err(Failure::plain(10057));
    }
    let desktop = &mut state.desktop;
    desktop.uuids.retain(|given| now < given.made_at + UUID_LIFETIME);
    let uuid = random_word(16);
    let person = desktop.person.clone();
    let told = format!(
        r#"{{"nickname":{},"headimgurl":{},"authorize_uuid":{}}}"#,
        quote(&person.nickname),
        quote(&world.avatar_of(&person)),
        quote(&uuid)
    );
    while desktop.uuids.len() >= UUIDS_KEPT {
        desktop.uuids.pop_front();
    }
    desktop.uuids.push_back(AuthorizeUuid { uuid, request: asked, person, made_at: now });
    Ok(told)
}

async fn authorize(world: Here, body: web::Bytes) -> HttpResponse {
    let mode = ready(&world).await;
    if let Some(noise) = noise(mode) {
        return noise;
    }
    let result = match world.change(|state, now| open_dialog(state, mode, &body, now)) {
        Err(failure) => Err(failure),
        Ok((id, asked)) => {
            let _closing = Closing { world: &world, id };
            answer_by_itself(&world, id);
            let answered =
                |state: &State, _| match state.desktop.dialogs.iter().find(|dialog| dialog.id == id) {
                    Some(dialog) => dialog.answer,
                    // The emulator was reset under it.
                    None => Some(DialogAnswer::Refuse),
                };
            match world.wait(DIALOG_PATIENCE, answered).await {
                Some(DialogAnswer::Allow) => Ok(world.change(|state, now| confirm(state, mode, &asked, now))),
                Some(DialogAnswer::Refuse) | None => Err(Failure::plain(10050)),
            }
        }
    };
    speak(mode, AUTHORIZE_CONFIRM, result)
}

/// Lets the desktop answer a dialog without a hand, where it is told to.
fn answer_by_itself(world: &Here, id: u64) {
    let Some(Auto { answer, after_millis }) = world.read(|state, _| state.desktop.auto) else { return };
    let world = world.clone();
    actix_web::rt::spawn(async move {
        world.sleep(Duration::from_millis(after_millis.into())).await;
        let answer = match answer {
            AutoAnswer::Allow => DialogAnswer::Allow,
            AutoAnswer::Refuse | AutoAnswer::Cancel => DialogAnswer::Refuse,
        };
        world.change(|state, _| {
            let dialog = state.desktop.dialogs.iter_mut().find(|dialog| dialog.id == id);
            if let Some(dialog) = dialog.filter(|dialog| dialog.answer.is_none()) {
                dialog.answer = Some(answer);
            }
        });
    });
}

/// Takes a dialog off the screen when its call ends, the page's going away included.
struct Closing<'a> {
    world: &'a World,
    id: u64,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.world.change(|state, _| state.desktop.dialogs.retain(|dialog| dialog.id != self.id));
    }
}

/// What the person who answers the dialog allows.
struct Asked {
    request: AuthorizationRequest,
    person: Person,
}

fn open_dialog(
    state: &mut State,
    mode: DesktopMode,
    body: &[u8],
    now: Duration,
) -> Result<(u64, Asked), Failure> {
    let (jsdata, request) = understand(body, AUTHORIZE, mode)?;
    match mode {
        DesktopMode::LoggedOut => return Err(Failure::plain(-2)),
        DesktopMode::Locked => return Err(Failure::plain(-3)),
        DesktopMode::ScanOnly => return Err(Failure::plain(10057)),
        DesktopMode::Refusing => return Err(Failure::plain(10050)),
        DesktopMode::UuidExpired => return Err(Failure::plain(10046)),
        DesktopMode::UuidExpiredOnce => {
            state.desktop.mode = DesktopMode::Normal;
            return Err(Failure::plain(10046));
        }
        _ => {}
    }
    let app_name = state.check(&request, AppKind::Website);
    let app_name = app_name.map_err(|refusal| Failure(-1, state.reason(&refusal, &request)))?.name.clone();
    let (x, y) = place(&jsdata).ok_or(Failure::plain(-1))?;
    let uuid = jsdata["authorize_uuid"].as_str().unwrap_or_default();
    let desktop = &mut state.desktop;
    let given = desktop.uuids.iter().position(|given| given.uuid == uuid && given.request == request);
    // Taken out whatever follows: one press, one dialog.
    let given = given.and_then(|index| desktop.uuids.remove(index)).ok_or(Failure::plain(10046))?;
    if now >= given.made_at + UUID_LIFETIME {
        return Err(Failure::plain(10046));
    }
    desktop.dialogs_made += 1;
    let id = desktop.dialogs_made;
    desktop.dialogs.push(Dialog {
        id,
        appid: request.appid.clone(),
        app_name,
        host: host_of(&request.redirect_uri),
        nickname: given.person.nickname.clone(),
        x,
        y,
        answer: None,
    });
    Ok((id, Asked { request, person: given.person }))
}

fn confirm(state: &mut State, mode: DesktopMode, asked: &Asked, now: Duration) -> String {
    let Asked { request, person } = asked;
    let code = state.grants.issue_code(request, person.clone(), AppKind::Website, now);
    let told_state = match mode {
        DesktopMode::WrongState => random_word(32),
        _ => request.state.clone(),
    };
    let address = match mode {
        DesktopMode::LyingRedirect => "https://attacker.example/collect",
        _ => &request.redirect_uri,
    };
    let redirect_url = append_before_fragment(address, &answer_query(Some(&code), &told_state));
    format!(r#"{{"redirect_url":{}}}"#, quote(&redirect_url))
}

/// The parts of a call that both messages share: an envelope with the right apiname and four strings in jsdata.
fn understand(
    body: &[u8],
    apiname: &str,
    mode: DesktopMode,
) -> Result<(Value, AuthorizationRequest), Failure> {
    let envelope: Value = serde_json::from_slice(body).map_err(|_| Failure::plain(-1))?;
    if mode == DesktopMode::OtherService || envelope["apiname"] != apiname {
        return Err(Failure::plain(-11028));
    }
    let text = |name: &str| envelope["jsdata"][name].as_str().map(str::to_owned).ok_or(Failure::plain(-1));
    let request = AuthorizationRequest {
        appid: text("appid")?,
        redirect_uri: text("redirect_uri")?,
        scope: text("scope")?,
        state: text("state")?,
    };
    Ok((envelope["jsdata"].clone(), request))
}

/// `data` is a JSON string with the dialog's top left corner.
fn place(jsdata: &Value) -> Option<(f64, f64)> {
    let data: Value = serde_json::from_str(jsdata["data"].as_str()?).ok()?;
    Some((data["x"].as_f64()?, data["y"].as_f64()?))
}

/// Waits as long as the mode wants it, and says which mode to answer in.
async fn ready(world: &World) -> DesktopMode {
    if world.read(|state, _| state.desktop.mode) == DesktopMode::Slow {
        world.sleep(SLOW).await;
    }
    let speaking =
        |state: &State, _| (state.desktop.mode != DesktopMode::Silent).then_some(state.desktop.mode);
    world.wait(Duration::MAX / 4, speaking).await.unwrap_or_default()
}

/// Answers that no program made.
fn noise(mode: DesktopMode) -> Option<HttpResponse> {
    match mode {
        DesktopMode::Garbage => Some(
            HttpResponse::Ok()
                .content_type("application/json")
                .body("\u{feff}<!doctype html>]}{\"errcode\":"),
        ),
        DesktopMode::Huge => Some(huge("application/json")),
        _ => None,
    }
}

pub(crate) fn errcode_answer(call: Call, errcode: i64) -> HttpResponse {
    let apiname = if call == Call::Authorize { AUTHORIZE_CONFIRM } else { CHECK_LOGIN };
    speak(DesktopMode::Normal, apiname, Err(Failure::plain(errcode)))
}

fn speak(mode: DesktopMode, apiname: &str, result: Result<String, Failure>) -> HttpResponse {
    let (errcode, jsdata, remark) = match result {
        Ok(jsdata) => (0, jsdata, None),
        Err(Failure(errcode, remark)) => (errcode, "{}".to_owned(), Some(remark)),
    };
    let jsdata = if mode == DesktopMode::JsdataString { quote(&jsdata) } else { jsdata };
    let text = format!(r#"{{"apiname":"{apiname}","errcode":{errcode},"jsdata":{jsdata}}}"#);
    let text = if mode == DesktopMode::DoubleWrapped { quote(&text) } else { text };
    let content_type = if mode == DesktopMode::TextPlain { "text/plain" } else { "application/json" };
    let response = HttpResponse::Ok().content_type(content_type).body(text);
    match remark {
        Some(remark) => remarked(response, remark),
        None => response,
    }
}

pub(crate) fn host_of(address: &str) -> String {
    url::Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}
