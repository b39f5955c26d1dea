//! What the phone does with a scene: `GET` and `POST /scan/{id}`, the tap inside WeChat; `GET` and `POST /scan/{id}/confirm`, where
//! the person reads which site and which computer, and enters the number.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::device::Device;
use protocol::ids::Product;
use protocol::service::ErrorCode;
use serde::Deserialize;

use super::event;
use crate::attempt::address::scan_url;
use crate::attempt::begin::{NewAttempt, StartError, begin, tap_address};
use crate::attempt::{BrowserProof, cookie, proves};
use crate::authorization::see_other;
use crate::config::Client;
use crate::http::language;
use crate::http::origin::is_own_page;
use crate::http::user_agent::device;
use crate::pages::{self, Refusal, phone};
use crate::report;
use crate::shared::Shared;
use crate::store::scenes::{Entered, Progress, SceneRow};
use crate::store::{AttemptKind, StoreError};
use crate::text::Language;

/// The form of the question.
#[derive(Deserialize)]
pub struct Answer {
    #[serde(default)]
    number: String,
    #[serde(default)]
    answer: String,
}

/// Why a phone gets no further.
enum Stop {
    Refused(Refusal),
    Store(StoreError),
}

impl From<StartError> for Stop {
    fn from(error: StartError) -> Self {
        match error {
            StartError::SlowDown(_) => Self::Refused(Refusal::Code(ErrorCode::SlowDown)),
            StartError::Store(error) => Self::Store(error),
        }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// `GET /scan/{id}`: what the QR code holds. Changes nothing: programs that look at addresses come here too.
pub async fn scan(app: web::Data<Shared>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let language = language::of(&request);
    let shown = async {
        let (scene, client) = open_scene(&app, &id).await?;
        if device(&request) != Device::InsideWeixin {
            let link = scan_url(&app.config.public_url, &scene.id);
            return Ok(phone::open_in_weixin(&app, client, &link, language));
        }
        Ok(phone::scan(&app, client, &scene.id, language))
    };
    said(&app, &request, shown.await, language)
}

/// `POST /scan/{id}`: the tap. Begins this phone's leg, whose state and cookie are its own.
pub async fn tapped(app: web::Data<Shared>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let language = language::of(&request);
    let begun = async {
        if !is_own_page(&app.config, &request) {
            return Err(Stop::Refused(Refusal::OtherBrowser));
        }
        let (scene, client) = open_scene(&app, &id).await?;
        if !app.store.fleeting.scan_scene(&scene.id, app.clock.now()).await? {
            return Err(Stop::Refused(Refusal::SceneExpired));
        }
        let leg = NewAttempt {
            client,
            kind: AttemptKind::Leg { scene_id: scene.id.clone() },
            product: Product::ServiceAccount,
            computer: String::new(),
            state: None,
            lang: Some(language.tag().into()),
        };
        let started = begin(&app, leg).await?;
        let authorize =
            tap_address(&started.login).ok_or(Stop::Refused(Refusal::Code(ErrorCode::Misconfigured)))?;
        app.notices.tell(&scene.id);
        let mut response = see_other(&authorize);
        cookie::bind(&app.config.public_url, &request, &mut response, &started, app.clock.now());
        Ok(response)
    };
    said(&app, &request, begun.await, language)
}

/// `GET /scan/{id}/confirm`, for the phone that WeChat has named.
pub async fn question(app: web::Data<Shared>, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let language = language::of(&request);
    let asked = async {
        let (scene, client) = open_scene(&app, &id).await?;
        own_leg(&app, &request, &scene).await?;
        Ok(phone::confirm(&app, client, &scene, false, app.clock.now(), language))
    };
    said(&app, &request, asked.await, language)
}

/// `POST /scan/{id}/confirm`: the number, or a refusal.
pub async fn answered(
    app: web::Data<Shared>,
    request: HttpRequest,
    id: web::Path<String>,
    form: web::Form<Answer>,
) -> HttpResponse {
    let language = language::of(&request);
    let taken = async {
        if !is_own_page(&app.config, &request) {
            return Err(Stop::Refused(Refusal::OtherBrowser));
        }
        let (scene, client) = open_scene(&app, &id).await?;
        let leg_id = own_leg(&app, &request, &scene).await?;
        let now = app.clock.now();
        let page = if form.answer == "confirm" {
            match app.store.fleeting.enter_number(&scene.id, &leg_id, form.number.trim(), now).await? {
                Entered::Right => phone::answered(&app, client, true, language),
                Entered::Wrong { tries_left } => {
                    let scene = SceneRow { tries_left, ..scene.clone() };
                    phone::confirm(&app, client, &scene, true, now, language)
                }
                Entered::Over => return Err(over(&app, &scene.id).await?),
            }
        } else {
            app.store.fleeting.deny_scene(&scene.id, &leg_id, now).await?;
            phone::answered(&app, client, false, language)
        };
        app.notices.tell(&scene.id);
        Ok(page)
    };
    said(&app, &request, taken.await, language)
}

/// Why a number was not taken.
async fn over(app: &Shared, id: &str) -> Result<Stop, StoreError> {
    app.notices.tell(id);
    let denied = app.store.fleeting.scene(id).await?.is_some_and(|scene| scene.progress == Progress::Denied);
    let why = if denied { Refusal::WrongNumber } else { Refusal::SceneExpired };
    Ok(Stop::Refused(why))
}

/// A scene that can still be answered, and whose it is.
async fn open_scene<'a>(app: &'a Shared, id: &str) -> Result<(SceneRow, &'a Client), Stop> {
    let gone = |code| Stop::Refused(Refusal::Code(code));
    report::is_about(id);
    let scene = app.store.fleeting.scene(id).await?.ok_or(gone(ErrorCode::UnknownAttempt))?;
    let row = app.store.fleeting.attempt(id).await?.ok_or(gone(ErrorCode::UnknownAttempt))?;
    let client = app.config.client(&row.client_id).ok_or(gone(ErrorCode::UnknownClient))?;
    if event(&scene, app.clock.now()).is_last() {
        let over = scene.progress == Progress::Approved || scene.progress == Progress::Denied;
        return Err(if over { gone(ErrorCode::AttemptUsed) } else { Stop::Refused(Refusal::SceneExpired) });
    }
    Ok((scene, client))
}

/// The leg by which this very phone was named; another phone, or one that WeChat has not named yet, has none.
async fn own_leg(app: &Shared, request: &HttpRequest, scene: &SceneRow) -> Result<String, Stop> {
    let other = || Stop::Refused(Refusal::OtherBrowser);
    let leg_id = scene.leg_id.clone().ok_or_else(other)?;
    let cookie = cookie::secret(&app.config.public_url, request, &leg_id).ok_or_else(other)?;
    let leg = app.store.fleeting.attempt(&leg_id).await?.ok_or_else(other)?;
    let is_of_this_scene = matches!(&leg.kind, AttemptKind::Leg { scene_id } if *scene_id == scene.id);
    if !is_of_this_scene || !proves(&leg, &BrowserProof::Cookie(&cookie)) {
        return Err(other());
    }
    Ok(leg_id)
}

fn said(
    app: &Shared,
    request: &HttpRequest,
    page: Result<HttpResponse, Stop>,
    language: Language,
) -> HttpResponse {
    page.unwrap_or_else(|stop| match stop {
        Stop::Refused(refusal) => pages::refusal(app, refusal, language, None),
        Stop::Store(error) => pages::store_away(app, request, &error, language),
    })
}
