//! `POST /login/{id}/finish`: the computer that began a scene takes the login that its person has confirmed on the phone.

use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::{CallbackAnswer, ErrorCode, FinishedLogin, Onward, Problem};

use super::own_attempt;
use crate::callback::{BrowserProof, CallbackError, consume_scene, hosted};
use crate::error::ApiError;
use crate::http::origin::is_own_page;
use crate::secret::SecretHash;
use crate::shared::Shared;
use crate::start::hosted::attempt_cookie;
use crate::store::AttemptRow;
use crate::token;

/// With the scene's state and no code of WeChat's: 200 with a `FinishedLogin`; on the service's own page with the session's cookies and an `Onward`.
#[utoipa::path(
    post,
    path = "/login/{id}/finish",
    params(("id" = String, Path, description = "of StartedLogin"), ("Weixin-Login-Secret" = Option<String>, Header, description = "of StartedLogin")),
    request_body = CallbackAnswer,
    responses((status = 200, body = FinishedLogin, description = "or Onward"), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn post(
    app: web::Data<Shared>,
    request: HttpRequest,
    id: web::Path<String>,
    body: web::Json<CallbackAnswer>,
) -> Result<HttpResponse, ApiError> {
    let state = body.into_inner().state;
    let (row, computer) = own_attempt(&app, &request, &id).await?;
    if !SecretHash::of(&state).matches(&row.state_hash) {
        return Err(CallbackError::OtherBrowser.into());
    }
    if row.origin.is_none() {
        if !is_own_page(&app.config, &request) {
            return Err(CallbackError::OtherBrowser.into());
        }
        let (location, cookies) = on_our_page(&app, &request, row).await?;
        let mut response = HttpResponse::Ok().json(Onward { location });
        for cookie in cookies {
            // A cookie of our own making is a header.
            let _ = response.add_cookie(&cookie);
        }
        return Ok(response);
    }
    let (attempt, account_id) =
        consume_scene(app.fleeting.as_ref(), row, computer.proof(), app.clock.now()).await?;
    let issued = token::issue(&app, &attempt, account_id).await;
    let outcome = if issued.is_ok() { hosted::DONE } else { ErrorCode::TemporarilyUnavailable.as_str() };
    app.metrics.login_finished("scene", outcome);
    app.fleeting.finish_attempt(&attempt.row().id, outcome).await?;
    let code = issued?;
    let iss = app.config.public_url.as_str().into();
    Ok(HttpResponse::Ok().json(FinishedLogin { code, state, iss }))
}

/// The end of a scene that the service's own page shows: where the browser goes, and the cookies of its login.
pub(super) async fn on_our_page(
    app: &Shared,
    request: &HttpRequest,
    row: AttemptRow,
) -> Result<(String, Vec<Cookie<'static>>), ApiError> {
    let cookie = attempt_cookie(app, request, &row.id).unwrap_or_default();
    let proof = BrowserProof::SceneCookie(&cookie);
    let (attempt, account_id) = consume_scene(app.fleeting.as_ref(), row, proof, app.clock.now()).await?;
    let ended = hosted::enter(app, request, attempt.row(), account_id).await;
    let outcome = if ended.is_ok() { hosted::DONE } else { ErrorCode::TemporarilyUnavailable.as_str() };
    app.metrics.login_finished("scene", outcome);
    app.fleeting.finish_attempt(&attempt.row().id, outcome).await?;
    Ok(ended?)
}
