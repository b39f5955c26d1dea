//! `POST /revoke` (RFC 7009): a client gives back one of its own tokens, and the grant behind it ends.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::client::authenticate;
use super::parameters::Parameters;
use super::token::GRANT_LIFE;
use super::{refresh_token, response};
use crate::claims::AccessTokenClaims;
use crate::keys::TokenType;
use crate::oauth_error::OAuthError;
use crate::secret::SecretHash;
use crate::shared::Shared;

/// `POST /revoke`: 200, also for a token that is unknown or somebody else's; such a one is left alone.
pub async fn post(app: web::Data<Shared>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    match revoke(&app, &request, &body).await {
        Ok(()) => response::builder(&app, &request, StatusCode::OK).finish(),
        Err(error) => response::refusal(&app, &request, &error),
    }
}

async fn revoke(app: &Shared, request: &HttpRequest, body: &[u8]) -> Result<(), OAuthError> {
    let form = Parameters::of_form(request.headers(), body)?;
    let client = authenticate(app, request, &form).await?;
    let token = form.get("token")?.ok_or_else(|| OAuthError::invalid_request("token is missing"))?;
    // token_type_hint is a hint only: the two kinds cannot be mistaken for each other.
    form.get("token_type_hint")?;
    let now = app.clock.now();
    let tagged = refresh_token::grant_id(app.keys.masters(), token);
    let refreshed = app.store.lasting.refresh_token_grant(&SecretHash::of(token), tagged).await?;
    let grant = match refreshed {
        Some(grant) => Some(grant),
        None => {
            let ring = app.keys.ring(&*app.store.lasting, now).await;
            let issuer = app.config.public_url.as_str();
            match ring.verify::<AccessTokenClaims>(TokenType::AccessToken, issuer, token) {
                Ok(claims) => app.store.lasting.grant(&claims.grant_id, now).await?,
                Err(_) => None,
            }
        }
    };
    if let Some(grant) = grant.filter(|grant| grant.client_id == client.id) {
        app.store.lasting.revoke_grant(&grant.id, now, now + GRANT_LIFE).await?;
    }
    Ok(())
}
