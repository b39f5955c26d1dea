//! `POST /token`: a code, or a refresh token, for tokens. Everything about a request is checked before anything is used up: a wrong
//! client, redirect_uri or verifier cannot burn somebody's code.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::client::authenticate;
use super::contacts;
use super::parameters::Parameters;
use super::scope::Scopes;
use super::token_request::TokenRequest;
use super::{refresh_token, response};
use crate::claims::{ACCESS_TOKEN_LIFE, AccessTokenClaims, ID_TOKEN_LIFE, IdTokenClaims};
use crate::clock::Seconds;
use crate::code::{self, RedeemAt};
use crate::config::Client;
use crate::keys::{KeyError, TokenType};
use crate::oauth_error::{OAuthError, OAuthErrorCode};
use crate::pkce::CodeVerifier;
use crate::secret::{SecretHash, random_word};
use crate::session;
use crate::shared::Shared;
use crate::signing_algorithm::SigningAlgorithm;
use crate::store::StoreError;
use crate::store::grants::{GrantRow, PresentedToken, Rotation};
use crate::store::logins::{BeginGrant, GrantSession, NewSession, RedeemCode, Redemption};

/// Seconds for which a used refresh token still gives its unused successor: an answer may be lost on its way.
pub const REFRESH_GRACE: Seconds = 10;
/// Seconds after which a refresh token that was not used is dead.
pub const REFRESH_IDLE: Seconds = 14 * 24 * 3600;
/// Seconds after which a grant ends, however often it was refreshed (RFC 10017: rotation does not extend it).
pub const GRANT_LIFE: Seconds = 30 * 24 * 3600;

/// RFC 6749 §5.1, OpenID Connect Core §3.1.3.3.
#[derive(Serialize)]
struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: Seconds,
    id_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
}

/// `POST /token`.
pub async fn post(app: web::Data<Shared>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    match answer(&app, &request, &body).await {
        Ok(answer) => response::builder(&app, &request, StatusCode::OK).json(answer),
        Err(error) => response::refusal(&app, &request, &error),
    }
}

async fn answer(app: &Shared, request: &HttpRequest, body: &[u8]) -> Result<TokenAnswer, OAuthError> {
    let form = Parameters::of_form(request.headers(), body)?;
    let client = authenticate(app, request, &form).await?;
    match TokenRequest::read(&form)? {
        TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
            redeem(app, client, &code, redirect_uri.as_deref(), code_verifier.as_ref()).await
        }
        TokenRequest::RefreshToken { refresh_token, scopes } => {
            refresh(app, client, &refresh_token, scopes).await
        }
    }
}

async fn redeem(
    app: &Shared,
    client: &Client,
    code: &str,
    redirect_uri: Option<&str>,
    code_verifier: Option<&CodeVerifier>,
) -> Result<TokenAnswer, OAuthError> {
    let refused = || OAuthError::invalid_grant("the code is unknown, used, expired or not for this request");
    let now = app.clock.now();
    let at = RedeemAt::Token { client_id: &client.id, redirect_uri };
    let row = code::find(&*app.store.fleeting, at, code, code_verifier).await?.ok_or_else(refused)?;
    let scopes = Scopes::parse(&row.scope);
    let offline = scopes.has(Scopes::OFFLINE_ACCESS);
    let refresh_token = offline.then(|| refresh_token::first(app.keys.masters(), &row.grant_id));
    let grant = BeginGrant {
        id: row.grant_id,
        client_id: row.client_id,
        account_id: row.account_id,
        session: match row.sid {
            Some(sid) => GrantSession::OfLogin(sid),
            // An embedded login has no browser session here, but its client's login can be listed and ended like any other.
            None => GrantSession::New(NewSession {
                auth_time: row.auth_time,
                ..session::without_cookie(SecretHash::of(&random_word()), &app.clock)
            }),
        },
        scope: row.scope,
        auth_time: row.auth_time,
        expires_at: now + if offline { GRANT_LIFE } else { ACCESS_TOKEN_LIFE },
        refresh_token: refresh_token.as_deref().map(|token| (SecretHash::of(token), now + REFRESH_IDLE)),
    };
    let redeem = RedeemCode { code_hash: row.code_hash, grant, keep_until: now + GRANT_LIFE };
    let redeemed = app.store.redeem_code(redeem, now).await?;
    // Where it is the client's first sight of the person, it is told so.
    app.webhooks.soon();
    match redeemed {
        Redemption::Granted(grant) => {
            app.metrics.token_presented("authorization_code", "granted");
            tokens(app, client, &grant, scopes, row.nonce, refresh_token).await
        }
        Redemption::Reused => {
            app.metrics.token_presented("authorization_code", "reused");
            // Somebody has a code that was used: whoever was first, nothing that came from it is good (RFC 6749 §4.1.2).
            tracing::warn!(client = client.id, "a code came twice; what it gave is revoked");
            Err(refused())
        }
        // The session may have ended, and an operator may have deleted the account, since the code was made.
        Redemption::Refused => Err(refused()),
    }
}

async fn refresh(
    app: &Shared,
    client: &Client,
    presented: &str,
    narrowed: Option<Scopes>,
) -> Result<TokenAnswer, OAuthError> {
    let refused =
        || OAuthError::invalid_grant("the refresh token is unknown, used, expired or not this client's");
    let now = app.clock.now();
    let hash = SecretHash::of(presented);
    let masters = app.keys.masters();
    let tagged = refresh_token::grant_id(masters, presented);
    let known = app.store.lasting.refresh_token_grant(&hash, tagged).await?.ok_or_else(refused)?;
    let granted = Scopes::parse(&known.scope);
    let scopes = narrowed.unwrap_or(granted);
    if known.client_id != client.id {
        return Err(refused());
    }
    if !granted.has(scopes) || !scopes.has(Scopes::OPENID) {
        return Err(OAuthError::new(
            OAuthErrorCode::InvalidScope,
            "the scope is not within what was granted",
        ));
    }
    let successors = refresh_token::successors(masters, presented, &known.id);
    let hashes: Vec<SecretHash> = successors.iter().map(|successor| SecretHash::of(successor)).collect();
    let presented = PresentedToken {
        hash,
        grant_id: tagged,
        client_id: &client.id,
        successors: &hashes,
        idle_until: now + REFRESH_IDLE,
        grace: REFRESH_GRACE,
    };
    let (grant, successor) = match app.store.lasting.rotate_refresh_token(presented, now).await? {
        Rotation::Rotated(grant) => (grant, successors.into_iter().next()),
        Rotation::Again(grant, hash) => {
            (grant, successors.into_iter().find(|successor| SecretHash::of(successor) == hash))
        }
        Rotation::Reused => {
            app.metrics.token_presented("refresh_token", "reused");
            tracing::warn!(client = client.id, "a refresh token came again; its family is revoked");
            return Err(refused());
        }
        Rotation::Refused => return Err(refused()),
    };
    app.metrics.token_presented("refresh_token", "granted");
    tokens(app, client, &grant, scopes, None, successor).await
}

async fn tokens(
    app: &Shared,
    client: &Client,
    grant: &GrantRow,
    scopes: Scopes,
    nonce: Option<String>,
    refresh_token: Option<String>,
) -> Result<TokenAnswer, OAuthError> {
    let now = app.clock.now();
    let iss = app.config.public_url.as_str().to_owned();
    let ring = app.keys.ring(&*app.store.lasting, now).await;
    let id_token = IdTokenClaims {
        iss: iss.clone(),
        sub: grant.sub.clone(),
        aud: client.id.clone(),
        exp: now + ID_TOKEN_LIFE,
        iat: now,
        auth_time: grant.auth_time,
        sid: grant.sid.clone(),
        nonce,
        contacts: contacts::claims(app, &grant.account_id, scopes).await?,
    };
    let access_token = AccessTokenClaims {
        aud: iss.clone(),
        iss,
        sub: grant.sub.clone(),
        exp: now + ACCESS_TOKEN_LIFE,
        iat: now,
        auth_time: grant.auth_time,
        jti: random_word(),
        client_id: client.id.clone(),
        scope: scopes.to_string(),
        grant_id: grant.id.clone(),
    };
    Ok(TokenAnswer {
        // Read by us at /userinfo in nearly all cases: the algorithm that costs the least.
        access_token: ring.sign(SigningAlgorithm::ES256, TokenType::AccessToken, &access_token, now)?,
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_LIFE,
        id_token: ring.sign(client.id_token_alg, TokenType::IdToken, &id_token, now)?,
        refresh_token,
        scope: scopes.to_string(),
    })
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> OAuthError {
        tracing::error!(%error, "the store did not answer");
        OAuthError::new(
            OAuthErrorCode::TemporarilyUnavailable,
            "the service cannot reach its store; try again in a moment",
        )
    }
}

impl From<KeyError> for OAuthError {
    fn from(error: KeyError) -> OAuthError {
        tracing::error!(%error, "a token could not be signed");
        OAuthError::new(OAuthErrorCode::ServerError, "the service could not sign; its log says why")
    }
}
