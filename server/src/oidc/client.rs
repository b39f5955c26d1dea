//! A client proves itself at `/token` and `/revoke`: what it presents is compared with its registration.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::client_authentication::PresentedClient;
use super::parameters::Parameters;
use crate::config::Client;
use crate::oauth_error::OAuthError;
use crate::secret::SecretHash;
use crate::shared::Shared;

/// The client that sent this form.
///
/// # Errors
/// `invalid_client`, in the same words whatever was wrong: names are not told from secrets. `slow_down` to an address that has
/// failed too often, whatever it presents, and to a client that asks too often.
pub async fn authenticate<'a>(
    app: &'a Shared,
    request: &HttpRequest,
    form: &Parameters,
) -> Result<&'a Client, OAuthError> {
    let authorization = request.headers().get(header::AUTHORIZATION).map(|value| value.to_str());
    let authorization = authorization
        .transpose()
        .map_err(|_| OAuthError::invalid_client("the Authorization header is not ASCII"))?;
    let presented = PresentedClient::read(authorization, form)?;
    let client_id = &*presented.client_id;
    app.limits.authentication(&app.config, request, client_id).await.map_err(OAuthError::slow_down)?;
    let client = app.config.client(client_id);
    let proven = match (client.map(|client| &client.secret_sha256), &presented.secret) {
        (Some(Some(registered)), Some(secret)) => SecretHash::of(secret).matches(registered),
        // A public client has nothing to prove: its codes are bound to it by PKCE.
        (Some(None), None) => true,
        _ => false,
    };
    let Some(client) = client.filter(|_| proven) else {
        app.limits.authentication_failed(&app.config, request, client_id).await;
        return Err(OAuthError::invalid_client("the client is unknown or did not prove itself"));
    };
    app.limits.client_token_request(client).await.map_err(OAuthError::slow_down)?;
    Ok(client)
}
