//! `POST /login/{id}/finish`: the computer that began a scene takes the login that its person has confirmed on the phone.

use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::{CallbackAnswer, FinishedLogin, Onward, Problem};

use super::own_attempt;
use crate::attempt::{BrowserProof, CallbackError, ConsumedAttempt, consume_scene, cookie};
use crate::binding::{page, widget};
use crate::error::ApiError;
use crate::http::origin::is_own_page;
use crate::login::{self, LoginError, Who};
use crate::secret::SecretHash;
use crate::shared::Shared;
use crate::store::logins::Person;
use crate::store::{AttemptEnd, AttemptKind, AttemptRow};

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
    if !SecretHash::of_state(&state).matches(&row.state_hash) {
        return Err(CallbackError::OtherBrowser.into());
    }
    let page = match &row.kind {
        AttemptKind::SiteScene(page) => page.clone(),
        _ if !is_own_page(&app.config, &request) => return Err(CallbackError::OtherBrowser.into()),
        _ => {
            let (location, cookies) = on_our_page(&app, &request, row).await?;
            let mut response = HttpResponse::Ok().json(Onward { location });
            for cookie in cookies {
                // A cookie of our own making is a header.
                let _ = response.add_cookie(&cookie);
            }
            return Ok(response);
        }
    };
    let (attempt, person) =
        consume_scene(app.store.fleeting.as_ref(), row, computer.proof(), app.clock.now()).await?;
    let who = Who::of(Person::Account(person));
    let code = match login::on_site_page(&app, &attempt, &page, who.clone()).await {
        Err(LoginError::Unbound(unbound)) => {
            let row = attempt.row();
            app.metrics.login_finished(row.kind.name(), row.product.as_str(), AttemptEnd::Waits.as_str());
            return Ok(widget::unbound(&app, &attempt, who.person, unbound.kinds(), &state).await?);
        }
        code => ended(&app, &attempt, code).await?,
    };
    let iss = app.config.public_url.as_str().into();
    Ok(HttpResponse::Ok().json(FinishedLogin { code, state, iss }))
}

/// The end of a scene that the service's own page shows: where the browser goes, and the cookies of its login.
pub(super) async fn on_our_page(
    app: &Shared,
    request: &HttpRequest,
    row: AttemptRow,
) -> Result<(String, Vec<Cookie<'static>>), ApiError> {
    let AttemptKind::OwnScene(destination) = row.kind.clone() else {
        return Err(CallbackError::UnknownAttempt.into());
    };
    let cookie = cookie::secret(&app.config.public_url, request, &row.id).unwrap_or_default();
    let proof = BrowserProof::SceneCookie(&cookie);
    let (attempt, person) = consume_scene(app.store.fleeting.as_ref(), row, proof, app.clock.now()).await?;
    let who = Who::of(Person::Account(person));
    match login::on_our_page(app, request, &attempt, &destination, who.clone()).await {
        Err(LoginError::Unbound(unbound)) => {
            let row = attempt.row();
            app.metrics.login_finished(row.kind.name(), row.product.as_str(), AttemptEnd::Waits.as_str());
            let waits = page::location(app, request, &attempt, who.person, unbound).await?;
            Ok((waits.location, vec![waits.cookie]))
        }
        entered => ended(app, &attempt, entered).await,
    }
}

/// A login was kept with its attempt's end; what was not is kept here.
async fn ended<T>(
    app: &Shared,
    attempt: &ConsumedAttempt,
    login: Result<T, LoginError>,
) -> Result<T, ApiError> {
    let login = login.map_err(ApiError::from);
    let end = login.as_ref().map_or_else(|error| AttemptEnd::Refused(error.code), |_| AttemptEnd::Done);
    let row = attempt.row();
    app.metrics.login_finished(row.kind.name(), row.product.as_str(), end.as_str());
    if login.is_err() {
        app.store.fleeting.end_attempt(&attempt.row().id, end, None).await?;
    }
    login
}
