//! The steps of a binding for a site's own page: `POST /binding/contact`, `POST /binding/code` and `POST /binding/join`, by the widget,
//! with the token that the login has given it.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::{
    BINDING_HEADER, Binding, BindingStep, ContactKind, EnterCode, ErrorCode, ExistingContact, FinishedLogin,
    JoinAccounts, NameContact, Problem, SentCode, UnboundLogin,
};

use super::proof::{read_contact, refused};
use super::{End, Step, decide, enter_code, send_code};
use crate::attempt::ConsumedAttempt;
use crate::attempt::waiting::{self, LIFETIME, Proof, Waiting};
use crate::contact::Contact;
use crate::error::ApiError;
use crate::http::origin::origin;
use crate::shared::Shared;
use crate::store::StoreError;
use crate::store::bindings::TakenContact;
use crate::store::logins::Person;
use crate::text::Language;

/// What a login on a site's page gives in the place of its code.
pub(crate) async fn unbound(
    app: &Shared,
    attempt: &ConsumedAttempt,
    person: Person,
    require: Vec<ContactKind>,
    state: &str,
) -> Result<HttpResponse, StoreError> {
    let (fleeting, now) = (&*app.store.fleeting, app.clock.now());
    let token = waiting::begin(fleeting, attempt, person, Some(state), require.clone(), now).await?;
    let binding = Binding { token, require, expires_in: LIFETIME };
    let iss = app.config.public_url.as_str().into();
    Ok(HttpResponse::Ok().json(UnboundLogin { binding, state: state.into(), iss }))
}

/// `POST /binding/contact`: a code goes there.
#[utoipa::path(
    post,
    path = "/binding/contact",
    params(("Weixin-Login-Binding" = String, Header, description = "the token of UnboundLogin")),
    request_body = NameContact,
    responses((status = 202, body = SentCode), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn contact(
    app: web::Data<Shared>,
    request: HttpRequest,
    body: web::Json<NameContact>,
) -> Result<HttpResponse, ApiError> {
    let mut waiting = own(&app, &request).await?;
    let (kind, text) = match body.into_inner() {
        NameContact { phone: Some(phone), email: None } => (ContactKind::Phone, phone),
        NameContact { phone: None, email: Some(email) } => (ContactKind::Email, email),
        _ => return Err(refused(ErrorCode::InvalidRequest, "name a phone or an email")),
    };
    let contact = read_contact(&app, kind, &text)?;
    let language = waiting.attempt().lang.as_deref().and_then(Language::parse).unwrap_or(Language::En);
    let sent = send_code(&app, &request, &mut waiting, &contact, language).await?;
    Ok(HttpResponse::Accepted().json(sent))
}

/// `POST /binding/code`: what the person has read there.
#[utoipa::path(
    post,
    path = "/binding/code",
    params(("Weixin-Login-Binding" = String, Header, description = "the token of UnboundLogin")),
    request_body = EnterCode,
    responses((status = 200, body = BindingStep), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn code(
    app: web::Data<Shared>,
    request: HttpRequest,
    body: web::Json<EnterCode>,
) -> Result<HttpResponse, ApiError> {
    let mut waiting = own(&app, &request).await?;
    let step = enter_code(&app, &request, &mut waiting, &body.code).await?;
    Ok(answer(&app, &request, &waiting, step))
}

/// `POST /binding/join`: what becomes of the two accounts.
#[utoipa::path(
    post,
    path = "/binding/join",
    params(("Weixin-Login-Binding" = String, Header, description = "the token of UnboundLogin")),
    request_body = JoinAccounts,
    responses((status = 200, body = BindingStep), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn join(
    app: web::Data<Shared>,
    request: HttpRequest,
    body: web::Json<JoinAccounts>,
) -> Result<HttpResponse, ApiError> {
    let mut waiting = own(&app, &request).await?;
    let step = decide(&app, &request, &mut waiting, body.into_inner()).await?;
    Ok(answer(&app, &request, &waiting, step))
}

fn token(request: &HttpRequest) -> &str {
    request.headers().get(BINDING_HEADER).and_then(|token| token.to_str().ok()).unwrap_or_default()
}

async fn own(app: &Shared, request: &HttpRequest) -> Result<Waiting, ApiError> {
    let unknown =
        || refused(ErrorCode::UnknownAttempt, "no login of this page waits for a contact under this token");
    let (id, secret) = token(request).split_once('.').ok_or_else(unknown)?;
    let proof = Proof::Token { secret, origin: origin(request).unwrap_or_default() };
    Ok(waiting::find(&*app.store.fleeting, id, proof).await?)
}

fn answer(app: &Shared, request: &HttpRequest, waiting: &Waiting, step: Step) -> HttpResponse {
    let state = waiting.row().state.clone().unwrap_or_default();
    let iss = app.config.public_url.as_str().to_owned();
    let step = match step {
        Step::Finished(End::OnSitePage(code)) => BindingStep::Finished(FinishedLogin { code, state, iss }),
        Step::Finished(End::OnOurPage(..)) | Step::Asks => BindingStep::Unbound(UnboundLogin {
            binding: Binding {
                token: token(request).to_owned(),
                require: waiting.row().missing.clone(),
                expires_in: waiting.row().expires_at - app.clock.now(),
            },
            state,
            iss,
        }),
        Step::Exists(TakenContact { contact, may_join, .. }) => BindingStep::Exists {
            exists: ExistingContact { contact: Contact::kept(contact.kind, contact.value).shown(), may_join },
        },
    };
    HttpResponse::Ok().json(step)
}
