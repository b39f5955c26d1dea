//! `GET` and `POST /authorize`: whether the person needs to log in, and the answer that goes to the client's redirect_uri, with a
//! code or with an error. The login itself is the hosted attempt's; a code is redeemed at `/token`.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::ErrorCode;

use super::authorization_request::{AuthorizationRequest, Demands, Prompt};
use super::parameters::Parameters;
use super::redirect_uri::is_registered;
use crate::authorization::{Authorization, refused, see_other};
use crate::claims::IdTokenClaims;
use crate::clock::Seconds;
use crate::code::{self, Issued};
use crate::config::Client;
use crate::http::language;
use crate::keys::TokenType;
use crate::limits::Limit;
use crate::oauth_error::{OAuthError, OAuthErrorCode};
use crate::pages::{self, Refusal};
use crate::session;
use crate::shared::Shared;
use crate::start::hosted;
use crate::store::attempts::Destination;
use crate::store::{SessionRow, StoreError};
use crate::text::Language;

/// `POST /authorize`: the same as `GET`. It came from the client's page without our Lax cookies, so the browser is sent here once
/// more, this time with them; 303, that the form is not sent along (RFC 9700 §4.12).
pub async fn post(app: web::Data<Shared>, form: web::Bytes) -> HttpResponse {
    let query = Parameters::parse(&form).to_query();
    see_other(&format!("{}/authorize?{query}", app.config.public_url.as_str()))
}

/// `GET /authorize`.
pub async fn get(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let parameters = Parameters::parse(request.query_string().as_bytes());
    let language = language::of(&request);
    let (client, redirect_uri) = match proven(&app, &parameters) {
        Ok(proven) => proven,
        Err(refusal) => return pages::refusal(&app, refusal, language, None),
    };
    let demands = Demands { pkce: client.demands_pkce() };
    let asked = match AuthorizationRequest::read(&parameters, demands) {
        Ok(asked) => asked,
        Err(error) => {
            let state = AuthorizationRequest::state_of(&parameters);
            return see_other(&refused(&app.config.public_url, redirect_uri, state.as_deref(), &error));
        }
    };
    let language = asked.ui_locales.as_deref().and_then(language::listed).unwrap_or(language);
    let state = asked.state.clone();
    decide(&app, &request, client, redirect_uri, asked, language).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the store did not answer");
        let error = OAuthError::new(
            OAuthErrorCode::TemporarilyUnavailable,
            "the service cannot reach its store; try again in a moment",
        );
        see_other(&refused(&app.config.public_url, redirect_uri, state.as_deref(), &error))
    })
}

/// The client and its redirect_uri. Until both are known to be right nothing may be sent there (RFC 6749 §4.1.2.1).
fn proven<'a>(app: &'a Shared, parameters: &'a Parameters) -> Result<(&'a Client, &'a str), Refusal> {
    const INVALID: Refusal = Refusal::Code(ErrorCode::InvalidRequest);
    let invalid = |_| INVALID;
    let client_id = parameters.get("client_id").map_err(invalid)?.ok_or(INVALID)?;
    let client = app.config.client(client_id).ok_or(Refusal::Code(ErrorCode::UnknownClient))?;
    let redirect_uri = parameters.get("redirect_uri").map_err(invalid)?.ok_or(Refusal::BadRedirectUri)?;
    is_registered(&client.redirect_uris, redirect_uri)
        .then_some((client, redirect_uri))
        .ok_or(Refusal::BadRedirectUri)
}

async fn decide(
    app: &Shared,
    request: &HttpRequest,
    client: &Client,
    redirect_uri: &str,
    asked: AuthorizationRequest,
    language: Language,
) -> Result<HttpResponse, StoreError> {
    let expected_sub = match &asked.id_token_hint {
        Some(hint) => hinted_sub(app, client, hint).await,
        None => None,
    };
    let query = asked.to_query(&client.id, redirect_uri);
    let authorization = Authorization {
        redirect_uri: redirect_uri.to_owned(),
        state: asked.state,
        scope: asked.scopes.to_string(),
        nonce: asked.nonce,
        code_challenge: asked.code_challenge.map(|challenge| challenge.as_str().to_owned()),
        expected_sub,
        query,
    };
    let session = session::current_sso(app, request).await?;
    let known = match &session {
        Some(session) => {
            asked.prompt != Prompt::Login
                && is_fresh(session, asked.max_age, app.clock.now())
                && is_expected(app, client, session, &authorization).await?
        }
        None => false,
    };
    // Somebody who is logged in may not have proven yet what this client requires; a login asks for it.
    let lacks = match &session {
        Some(session) if known => lacks(app, client, session).await?,
        _ => false,
    };
    let honoured = known && !lacks;
    if let Some(session) = session.filter(|_| honoured) {
        // Whom the client expects was seen above.
        let Issued { code, row } = code::for_client(&authorization, &app.clock);
        let row = row.row(client.id.clone(), session.account_id, Some(session.sid), session.auth_time);
        app.store.fleeting.insert_code(&row).await?;
        return Ok(see_other(&authorization.granted(&app.config.public_url, &code)));
    }
    if asked.prompt == Prompt::None && lacks {
        let error = OAuthError::new(OAuthErrorCode::InteractionRequired, "the person has to prove a contact");
        return Ok(see_other(&authorization.refused(&app.config.public_url, &error)));
    }
    if asked.prompt == Prompt::None {
        let error = OAuthError::new(OAuthErrorCode::LoginRequired, "the person has to log in");
        return Ok(see_other(&authorization.refused(&app.config.public_url, &error)));
    }
    if let Err(wait) = app.limits.request(&app.config, Limit::Starts, request).await {
        return Ok(pages::slow_down(app, request, wait, language));
    }
    hosted::page(app, request, client, Destination::Client(authorization), language).await
}

async fn lacks(app: &Shared, client: &Client, session: &SessionRow) -> Result<bool, StoreError> {
    if client.require.is_empty() {
        return Ok(false);
    }
    let has = app.store.lasting.contacts_of_account(&session.account_id).await?;
    Ok(client.require.iter().any(|kind| has.iter().all(|contact| contact.kind != *kind)))
}

fn is_fresh(session: &SessionRow, max_age: Option<Seconds>, now: Seconds) -> bool {
    max_age.is_none_or(|max_age| now.saturating_sub(session.auth_time) <= max_age)
}

async fn is_expected(
    app: &Shared,
    client: &Client,
    session: &SessionRow,
    authorization: &Authorization,
) -> Result<bool, StoreError> {
    match &authorization.expected_sub {
        Some(expected) => {
            let (lasting, account_id) = (&app.store.lasting, &session.account_id);
            Ok(lasting.subject(&client.id, account_id, app.clock.now()).await? == *expected
                || lasting.was_called(&client.id, account_id, expected).await?)
        }
        None => Ok(true),
    }
}

/// The `sub` of an id_token_hint that we gave this client; an expired one is welcome. A hint that is nothing is no hint.
async fn hinted_sub(app: &Shared, client: &Client, hint: &str) -> Option<String> {
    let ring = app.keys.ring(&*app.store.lasting, app.clock.now()).await;
    ring.verify::<IdTokenClaims>(TokenType::IdToken, app.config.public_url.as_str(), hint)
        .ok()
        .filter(|claims| claims.aud == client.id)
        .map(|claims| claims.sub)
}
