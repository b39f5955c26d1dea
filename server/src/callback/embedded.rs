//! An embedded attempt's answer: `POST /callback`, by the callback page in the frame, and `POST /login/{id}/callback`, by the page
//! that started it (fast login). Both consume, exchange, and give our own code.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::ids::State;
use protocol::service::{CallbackAnswer, ErrorCode, FinishedLogin, Problem, SECRET_HEADER};

use super::code_of;
use crate::attempt::{BrowserProof, CallbackError, ConsumedAttempt, consume, find};
use crate::binding::widget;
use crate::error::ApiError;
use crate::exchange::Exchange;
use crate::http::origin::{is_own_page, origin};
use crate::login::{self, LoginError, Who};
use crate::shared::Shared;
use crate::store::{AttemptEnd, AttemptKind};

/// `POST /callback`, same origin: the frame's page brings what WeChat gave it.
#[utoipa::path(
    post,
    path = "/callback",
    request_body = CallbackAnswer,
    responses((status = 200, body = FinishedLogin), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn by_frame(
    app: web::Data<Shared>,
    exchange: web::Data<Exchange>,
    request: HttpRequest,
    body: web::Json<CallbackAnswer>,
) -> Result<HttpResponse, ApiError> {
    if !is_own_page(&app.config, &request) {
        return Err(CallbackError::OtherBrowser.into());
    }
    finish(&app, &exchange, None, BrowserProof::Frame, body.into_inner()).await
}

/// `POST /login/{id}/callback` with the attempt's secret, from the origin that started it, without cookies.
#[utoipa::path(
    post,
    path = "/login/{id}/callback",
    params(("id" = String, Path, description = "of StartedLogin"), ("Weixin-Login-Secret" = Option<String>, Header, description = "of StartedLogin")),
    request_body = CallbackAnswer,
    responses((status = 200, body = FinishedLogin), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn by_secret(
    app: web::Data<Shared>,
    exchange: web::Data<Exchange>,
    request: HttpRequest,
    id: web::Path<String>,
    body: web::Json<CallbackAnswer>,
) -> Result<HttpResponse, ApiError> {
    let secret =
        request.headers().get(SECRET_HEADER).and_then(|secret| secret.to_str().ok()).unwrap_or_default();
    let origin = origin(&request).unwrap_or_default();
    finish(&app, &exchange, Some(&id), BrowserProof::Secret { secret, origin }, body.into_inner()).await
}

async fn finish(
    app: &Shared,
    exchange: &Exchange,
    id: Option<&str>,
    proof: BrowserProof<'_>,
    answer: CallbackAnswer,
) -> Result<HttpResponse, ApiError> {
    let state = State::parse(answer.state).map_err(|_| CallbackError::UnknownAttempt)?;
    let now = app.clock.now();
    let row = find(app.store.fleeting.as_ref(), &state).await?;
    if id.is_some_and(|id| id != row.id) {
        return Err(CallbackError::OtherBrowser.into());
    }
    let attempt = consume(app.store.fleeting.as_ref(), row, proof, now).await?;
    let ended = log_in(app, exchange, &attempt, answer.code, &state).await;
    let end = ended.as_ref().map_or_else(|error| AttemptEnd::Refused(error.code), |(_, end)| *end);
    let row = attempt.row();
    app.metrics.login_finished(row.kind.name(), row.product.as_str(), end.as_str());
    if ended.is_err() {
        app.store.fleeting.end_attempt(&attempt.row().id, end, None).await?;
    }
    ended.map(|(response, _)| response)
}

/// Exchange, account, and our own code; or what the site asks for before.
async fn log_in(
    app: &Shared,
    exchange: &Exchange,
    attempt: &ConsumedAttempt,
    code: Option<String>,
    state: &State,
) -> Result<(HttpResponse, AttemptEnd), ApiError> {
    let AttemptKind::Embedded(page) = &attempt.row().kind else {
        return Err(CallbackError::OtherBrowser.into());
    };
    let code = code_of(code).map_err(|code| match code {
        ErrorCode::AccessDenied => ApiError::new(code, "the person refused"),
        code => ApiError::new(code, "WeChat's code is malformed"),
    })?;
    let identity = exchange.identity(attempt, code).await?;
    let who = Who::of(login::person(identity));
    let (state, iss) = (state.as_str(), app.config.public_url.as_str().into());
    match login::on_site_page(app, attempt, page, who.clone()).await {
        Err(LoginError::Unbound(unbound)) => {
            let waits = widget::unbound(app, attempt, who.person, unbound.kinds(), state).await?;
            Ok((waits, AttemptEnd::Waits))
        }
        kept => {
            let finished = FinishedLogin { code: kept?, state: state.into(), iss };
            Ok((HttpResponse::Ok().json(finished), AttemptEnd::Done))
        }
    }
}
