//! `GET` and `POST /logout`: RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0).
//!
//! Without asking it ends only the session that the hint names and the browser has: any page of the web can send a browser here.

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::service::ErrorCode;
use serde::Deserialize;
use url::form_urlencoded;

use super::parameters::{Parameters, Repeated};
use crate::authorization::see_other;
use crate::claims::IdTokenClaims;
use crate::config::Client;
use crate::http::language;
use crate::http::origin::is_own_page;
use crate::keys::{TokenError, TokenType};
use crate::pages::{self, Refusal};
use crate::session;
use crate::session::ending::{Offline, end};
use crate::shared::Shared;
use crate::store::{SessionRow, StoreError};
use crate::text::Language;

/// The form member in which our own page brings the client's request back. It stands there even when it is empty, and says by that
/// which page this is: a site below whose address the service lives has forms of the same origin.
pub const REQUEST: &str = "confirmed_request";

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
    // The site's own form is a yes as well, for no other site can send it; what it asks for stands in the form itself.
    let confirmed = form_urlencoded::parse(&body).find(|(name, _)| name == REQUEST);
    let asked = confirmed.map_or(form, |(_, query)| Parameters::parse(query.as_bytes()));
    respond(&app, &request, &asked, true).await
}

async fn respond(
    app: &Shared,
    request: &HttpRequest,
    parameters: &Parameters,
    confirmed: bool,
) -> HttpResponse {
    let language = match parameters.get("ui_locales") {
        Ok(Some(locales)) => language::listed(locales),
        _ => None,
    };
    let language = language.unwrap_or_else(|| language::of(request));
    let ended = async {
        let asked = asked(app, parameters).await?;
        log_out(app, request, parameters, asked, confirmed, language).await.map_err(|error| {
            tracing::error!(%error, "the store did not answer");
            Refusal::StoreAway
        })
    };
    ended.await.unwrap_or_else(|refusal| pages::refusal(app, refusal, language, None))
}

/// What a client asks for, as far as it is proven.
struct Asked {
    hint: Option<IdTokenClaims>,
    /// Registered for the client that is named. Who named it proves nothing: only a hint's session, or the person, opens it.
    way_back: Option<String>,
}

/// The members of an ID token that cannot be verified any more.
#[derive(Deserialize)]
struct Unverified {
    iss: String,
    aud: String,
}

async fn asked(app: &Shared, parameters: &Parameters) -> Result<Asked, Refusal> {
    const INVALID: Refusal = Refusal::Code(ErrorCode::InvalidRequest);
    let get = |name| parameters.get(name).map_err(|Repeated(_)| INVALID);
    let (client_id, redirect_uri, state) =
        (get("client_id")?, get("post_logout_redirect_uri")?, get("state")?);
    let issuer = app.config.public_url.as_str();
    let (hint, audience) = match get("id_token_hint")? {
        None => (None, None),
        Some(token) => {
            let ring = app.keys.ring(&*app.store.lasting, app.clock.now()).await;
            // An expired one is welcome: it is a hint, not a key.
            match ring.verify::<IdTokenClaims>(TokenType::IdToken, issuer, token) {
                Ok(claims) => (Some(claims.clone()), Some(claims.aud)),
                // Signed long ago, or by a key that was withdrawn: no hint, but no reason to keep the person logged in.
                Err(TokenError::UnknownKey) => (None, Some(audience_of_old(issuer, token).ok_or(INVALID)?)),
                Err(_) => return Err(INVALID),
            }
        }
    };
    if client_id.is_some_and(|client_id| audience.as_ref().is_some_and(|audience| client_id != audience)) {
        return Err(INVALID);
    }
    let way_back = match (redirect_uri, client_id.or(audience.as_deref())) {
        (Some(redirect_uri), Some(client_id)) => {
            let client = app.config.client(client_id).ok_or(Refusal::Code(ErrorCode::UnknownClient))?;
            Some(way_back(client, redirect_uri, state)?)
        }
        // An address that is nobody's in particular: the person may log out, and stays here.
        _ => None,
    };
    Ok(Asked { hint, way_back })
}

/// Whom an ID token was for that says it is ours, and whose key is not known (any more).
fn audience_of_old(issuer: &str, token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Unverified = serde_json::from_slice(&claims).ok()?;
    (claims.iss == issuer).then_some(claims.aud)
}

/// RP-Initiated Logout §3: only an address that is registered, byte for byte, with the state as it came.
fn way_back(client: &Client, redirect_uri: &str, state: Option<&str>) -> Result<String, Refusal> {
    if !client.post_logout_redirect_uris.iter().any(|registered| registered == redirect_uri) {
        return Err(Refusal::BadRedirectUri);
    }
    let mut address = url::Url::parse(redirect_uri).map_err(|_| Refusal::BadRedirectUri)?;
    if let Some(state) = state {
        address.query_pairs_mut().append_pair("state", state);
    }
    Ok(address.into())
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
    if let Some(hint) = &asked.hint
        && let Some(named) = app.store.lasting.session_of_sid(&hint.sid, app.clock.now()).await?
    {
        // A login of that client alone, which no cookie of ours stands for: its ID token is enough. Of two logins that this browser
        // finished at once the later one's cookie is left: whoever leaves that leaves the other one too, which is theirs as well.
        let is_the_clients_own = named.client_id.as_ref() == Some(&hint.aud);
        let is_the_same_persons = here.iter().any(|session| session.account_id == named.account_id);
        if is_the_clients_own || is_the_same_persons {
            end(app, &named, Offline::Stays).await?;
        }
    }
    let mut response = match &asked.way_back {
        Some(way_back) => see_other(way_back),
        None => pages::signed_out(app, language),
    };
    session::take_cookies(app, request, &mut response);
    Ok(response)
}
