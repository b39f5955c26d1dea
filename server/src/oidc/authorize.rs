//! `GET` and `POST /authorize`: whether the person needs to log in, and the answer that goes to the client's redirect_uri, with a
//! code or with an error. The login itself is the hosted attempt's; a code is redeemed at `/token`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use protocol::service::{ErrorCode, LoginResult};
use serde::{Deserialize, Serialize};
use url::Url;

use super::authorization_request::{AuthorizationRequest, Demands, Prompt};
use super::claims::IdTokenClaims;
use super::error::{OAuthError, OAuthErrorCode};
use super::parameters::Parameters;
use crate::clock::Seconds;
use crate::config::Client;
use crate::keys::TokenType;
use crate::pages::{self, Refusal};
use crate::secret::{SecretHash, random_word};
use crate::session::{self, SessionKind};
use crate::shared::Shared;
use crate::start::{Start, hosted};
use crate::store::{CodeRow, SessionRow, StoreError};
use crate::text::Language;
use crate::token::CODE_LIFETIME;

/// A proven request that waits for its login: kept with the attempt, and all that is needed to answer it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Authorization {
    /// Registered for the client, byte for byte.
    pub redirect_uri: String,
    /// Given back as it came.
    pub state: Option<String>,
    /// Space-separated.
    pub scope: String,
    /// For the ID token.
    pub nonce: Option<String>,
    /// S256.
    pub code_challenge: Option<String>,
    /// Who the client expects, by the id_token_hint.
    pub expected_sub: Option<String>,
    /// The whole request, to begin it anew.
    pub query: String,
}

impl Authorization {
    /// Where the browser goes with a code for this login.
    ///
    /// # Errors
    /// The store's.
    pub async fn granted(
        self,
        app: &Shared,
        client_id: &str,
        session: &SessionRow,
    ) -> Result<String, StoreError> {
        if let Some(expected) = &self.expected_sub {
            let sub = app.lasting.subject(client_id, &session.account_id).await?;
            if sub != *expected {
                // OpenID Connect Core §3.1.2.1, id_token_hint: never a positive answer about somebody else.
                let error = OAuthError::new(OAuthErrorCode::LoginRequired, "another person has logged in");
                return Ok(self.refused(app, &error));
            }
        }
        let code = random_word();
        let redirect = answer(app, &self.redirect_uri, self.state.as_deref(), &[("code", &code)]);
        app.fleeting
            .insert_code(&CodeRow {
                code_hash: SecretHash::of(&code),
                redeem_at: LoginResult::Code,
                client_id: client_id.to_owned(),
                redirect_uri: self.redirect_uri,
                code_challenge: self.code_challenge,
                nonce: self.nonce,
                scope: self.scope,
                account_id: session.account_id.clone(),
                sid: Some(session.sid.clone()),
                grant_id: random_word(),
                auth_time: session.auth_time,
                expires_at: app.clock.now() + CODE_LIFETIME,
                used_at: None,
            })
            .await?;
        Ok(redirect)
    }

    /// As the store keeps it.
    pub fn to_row(&self) -> String {
        serde_json::to_string(self).expect("texts are JSON")
    }

    /// From the store.
    pub fn from_row(row: &str) -> Option<Authorization> {
        serde_json::from_str(row).ok()
    }

    /// Where the browser goes when the person refused at WeChat.
    pub fn denied(&self, app: &Shared) -> String {
        self.refused(app, &OAuthError::new(OAuthErrorCode::AccessDenied, "the person refused"))
    }

    /// The client's own front page.
    pub fn home(&self) -> String {
        Url::parse(&self.redirect_uri)
            .ok()
            .and_then(|url| url.join("/").ok())
            .map_or_else(|| "/".into(), String::from)
    }

    /// Where the browser goes when there is no login.
    pub fn refused(&self, app: &Shared, error: &OAuthError) -> String {
        refused(app, &self.redirect_uri, self.state.as_deref(), error)
    }
}

impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorization").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// `POST /authorize`: the same as `GET`. It came from the client's page without our Lax cookies, so the browser is sent here once
/// more, this time with them; 303, that the form is not sent along (RFC 9700 §4.12).
pub async fn post(app: web::Data<Shared>, form: web::Bytes) -> HttpResponse {
    let query = Parameters::parse(&form).to_query();
    see_other(&format!("{}/authorize?{query}", app.config.public_url.as_str()))
}

/// `GET /authorize`.
pub async fn get(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let parameters = Parameters::parse(request.query_string().as_bytes());
    let language = Language::of(&request);
    let (client, redirect_uri) = match proven(&app, &parameters) {
        Ok(proven) => proven,
        Err(refusal) => return pages::refusal(&app, refusal, language, None),
    };
    let demands = Demands { pkce: client.demands_pkce() };
    let asked = match AuthorizationRequest::read(&parameters, demands) {
        Ok(asked) => asked,
        Err(error) => {
            let state = AuthorizationRequest::state_of(&parameters);
            return see_other(&refused(&app, redirect_uri, state.as_deref(), &error));
        }
    };
    let language = asked.ui_locale.as_deref().and_then(Language::parse).unwrap_or(language);
    let state = asked.state.clone();
    decide(&app, &request, client, redirect_uri, asked, language).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the store did not answer");
        let error = OAuthError::new(
            OAuthErrorCode::TemporarilyUnavailable,
            "the service cannot reach its store; try again in a moment",
        );
        see_other(&refused(&app, redirect_uri, state.as_deref(), &error))
    })
}

/// The client and its redirect_uri. Until both are known to be right nothing may be sent there (RFC 6749 §4.1.2.1).
fn proven<'a>(app: &'a Shared, parameters: &Parameters) -> Result<(&'a Client, &'a str), Refusal> {
    const INVALID: Refusal = Refusal::Code(ErrorCode::InvalidRequest);
    let invalid = |_| INVALID;
    let client_id = parameters.get("client_id").map_err(invalid)?.ok_or(INVALID)?;
    let client = app.config.client(client_id).ok_or(Refusal::Code(ErrorCode::UnknownClient))?;
    let redirect_uri = parameters.get("redirect_uri").map_err(invalid)?.ok_or(Refusal::BadRedirectUri)?;
    let registered = client.redirect_uris.iter().find(|registered| *registered == redirect_uri);
    registered.map(|registered| (client, registered.as_str())).ok_or(Refusal::BadRedirectUri)
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
    let authorization = Authorization {
        redirect_uri: redirect_uri.to_owned(),
        state: asked.state,
        scope: asked.scopes.to_string(),
        nonce: asked.nonce,
        code_challenge: asked.code_challenge.map(|challenge| challenge.as_str().to_owned()),
        expected_sub,
        query: request.query_string().to_owned(),
    };
    let session = session::current(app, request, SessionKind::Sso).await?;
    let honoured = match &session {
        Some(session) => {
            asked.prompt != Prompt::Login
                && is_fresh(session, asked.max_age, app.clock.now())
                && is_expected(app, client, session, &authorization).await?
        }
        None => false,
    };
    if let Some(session) = session.filter(|_| honoured) {
        return Ok(see_other(&authorization.granted(app, &client.id, &session).await?));
    }
    if asked.prompt == Prompt::None {
        let error = OAuthError::new(OAuthErrorCode::LoginRequired, "the person has to log in");
        return Ok(see_other(&authorization.refused(app, &error)));
    }
    if !app.limits.allow(&app.config, request) {
        return Ok(pages::refusal(app, Refusal::Code(ErrorCode::SlowDown), language, None));
    }
    hosted::page(app, request, client, Start::Authorize { authorization }, language).await
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
        Some(expected) => Ok(app.lasting.subject(&client.id, &session.account_id).await? == *expected),
        None => Ok(true),
    }
}

/// The `sub` of an id_token_hint that we gave this client; an expired one is welcome. A hint that is nothing is no hint.
async fn hinted_sub(app: &Shared, client: &Client, hint: &str) -> Option<String> {
    let ring = app.keys.ring(&*app.lasting, app.clock.now()).await;
    ring.verify::<IdTokenClaims>(TokenType::IdToken, app.config.public_url.as_str(), hint)
        .ok()
        .filter(|claims| claims.aud == client.id)
        .map(|claims| claims.sub)
}

fn refused(app: &Shared, redirect_uri: &str, state: Option<&str>, error: &OAuthError) -> String {
    let pairs = [("error", error.code.as_str()), ("error_description", &*error.description)];
    answer(app, redirect_uri, state, &pairs)
}

/// An authorization response: with the state as it came, and always with `iss` (RFC 9207).
fn answer(app: &Shared, redirect_uri: &str, state: Option<&str>, pairs: &[(&str, &str)]) -> String {
    let mut address = Url::parse(redirect_uri).expect("the configuration's addresses were parsed");
    address
        .query_pairs_mut()
        .extend_pairs(pairs)
        .extend_pairs(state.map(|state| ("state", state)))
        .append_pair("iss", app.config.public_url.as_str());
    address.into()
}

/// 303: whatever was sent here is not sent along (RFC 9700 §4.12).
pub fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, address)).finish()
}
