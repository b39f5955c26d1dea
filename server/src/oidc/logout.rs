//! `GET` and `POST /logout`: RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0).
//!
//! Without asking it ends only the session that the hint names and the browser has: any page of the web can send a browser here.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::ErrorCode;

use super::parameters::{Parameters, Repeated};
use crate::authorization::see_other;
use crate::claims::IdTokenClaims;
use crate::keys::TokenType;
use crate::origin::is_own_page;
use crate::pages::{self, Refusal};
use crate::session;
use crate::session::ending::{Offline, end};
use crate::shared::Shared;
use crate::store::{SessionRow, StoreError};
use crate::text::Language;

/// The form member in which our own page brings the client's request back.
pub const REQUEST: &str = "request";

/// `GET /logout`.
pub async fn get(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let parameters = Parameters::parse(request.query_string().as_bytes());
    respond(&app, &request, &parameters, false).await
}

/// `POST /logout`: our own page's yes; or a client's form, which came without our Lax cookies and is sent here once more by `GET`.
pub async fn post(app: web::Data<Shared>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let form = Parameters::parse(&body);
    if !is_own_page(&app.config, &request) {
        return see_other(&format!("{}/logout?{}", app.config.public_url.as_str(), form.to_query()));
    }
    let asked = Parameters::parse(form.get(REQUEST).ok().flatten().unwrap_or_default().as_bytes());
    respond(&app, &request, &asked, true).await
}

async fn respond(
    app: &Shared,
    request: &HttpRequest,
    parameters: &Parameters,
    confirmed: bool,
) -> HttpResponse {
    let language = match parameters.get("ui_locales") {
        Ok(Some(locales)) => locales.split(' ').find_map(Language::parse),
        _ => None,
    };
    let language = language.unwrap_or_else(|| Language::of(request));
    let ended = async {
        let asked = asked(app, parameters).await?;
        log_out(app, request, parameters, asked, confirmed, language).await.map_err(|error| {
            tracing::error!(%error, "the store did not answer");
            Refusal::Code(ErrorCode::TemporarilyUnavailable)
        })
    };
    ended.await.unwrap_or_else(|refusal| pages::refusal(app, refusal, language, None))
}

/// What a client asks for, as far as it is proven.
struct Asked {
    hint: Option<IdTokenClaims>,
    /// Registered, and asked for by who has an ID token.
    way_back: Option<String>,
}

async fn asked(app: &Shared, parameters: &Parameters) -> Result<Asked, Refusal> {
    let get = |name| parameters.get(name).map_err(|Repeated(_)| Refusal::Code(ErrorCode::InvalidRequest));
    let (client_id, redirect_uri, state) =
        (get("client_id")?, get("post_logout_redirect_uri")?, get("state")?);
    let Some(hint) = get("id_token_hint")? else {
        // Nobody has proven to be the client: the person may log out, and stays here.
        return Ok(Asked { hint: None, way_back: None });
    };
    let ring = app.keys.ring(&*app.lasting, app.clock.now()).await;
    // An expired one is welcome: it is a hint, not a key.
    let hint: IdTokenClaims = ring
        .verify(TokenType::IdToken, app.config.public_url.as_str(), hint)
        .map_err(|_| Refusal::Code(ErrorCode::InvalidRequest))?;
    if client_id.is_some_and(|client_id| client_id != hint.aud) {
        return Err(Refusal::Code(ErrorCode::InvalidRequest));
    }
    let way_back = match redirect_uri {
        None => None,
        Some(redirect_uri) => {
            let client = app.config.client(&hint.aud).ok_or(Refusal::Code(ErrorCode::UnknownClient))?;
            if !client.post_logout_redirect_uris.iter().any(|registered| registered == redirect_uri) {
                return Err(Refusal::BadRedirectUri);
            }
            let mut address = url::Url::parse(redirect_uri).map_err(|_| Refusal::BadRedirectUri)?;
            if let Some(state) = state {
                address.query_pairs_mut().append_pair("state", state);
            }
            Some(String::from(address))
        }
    };
    Ok(Asked { hint: Some(hint), way_back })
}

async fn log_out(
    app: &Shared,
    request: &HttpRequest,
    parameters: &Parameters,
    asked: Asked,
    confirmed: bool,
    language: Language,
) -> Result<HttpResponse, StoreError> {
    let here = session::here(app, request).await?;
    let named = |session: &SessionRow| asked.hint.as_ref().is_some_and(|hint| hint.sid == session.sid);
    if !confirmed && !here.is_empty() && !here.iter().any(named) {
        return Ok(pages::ask_sign_out(app, &parameters.to_query(), asked.way_back.as_deref(), language));
    }
    for session in &here {
        end(app, session, Offline::Stays).await?;
    }
    if let Some(hint) = &asked.hint {
        // A login of that client alone, which no cookie of ours stands for: its ID token is enough.
        let its_own = app.lasting.session_of_sid(&hint.sid, app.clock.now()).await?;
        if let Some(session) = its_own.filter(|session| session.client_id.as_ref() == Some(&hint.aud)) {
            end(app, &session, Offline::Stays).await?;
        }
    }
    let mut response = match &asked.way_back {
        Some(way_back) => see_other(way_back),
        None => pages::signed_out(app, language),
    };
    session::take_cookies(app, request, &mut response);
    Ok(response)
}
