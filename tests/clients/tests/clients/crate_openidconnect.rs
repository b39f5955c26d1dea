//! The crate openidconnect.

use anyhow::{Context, Result};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreUserInfoClaims};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl,
    LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, Scope, TokenResponse,
};
use weixin_login_clients::browser::Browser;
use weixin_login_clients::provider::{CLIENT_ID, CLIENT_SECRET, Provider, Registration};

const CALLBACK: &str = "http://localhost:1/callback";
const GOODBYE: &str = "http://localhost:1/goodbye";

#[tokio::test]
async fn the_crate_openidconnect() -> Result<()> {
    let registration = Registration {
        redirect_uris: vec![CALLBACK.into()],
        post_logout_redirect_uris: vec![GOODBYE.into()],
        ..Registration::default()
    };
    let provider = Provider::start("http://localhost:1", registration).await?;
    let http = |request| send(request);
    let metadata =
        ProviderMetadataWithLogout::discover_async(IssuerUrl::new(provider.issuer.clone())?, &http).await?;
    let end_session =
        metadata.additional_metadata().end_session_endpoint.clone().context("a way to log out")?;
    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(CLIENT_ID.into()),
        Some(ClientSecret::new(CLIENT_SECRET.into())),
    )
    .set_redirect_uri(RedirectUrl::new(CALLBACK.into())?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["profile", "offline_access"].map(|scope| Scope::new(scope.into())))
        .set_pkce_challenge(challenge)
        .url();

    let browser = Browser::new(&provider.emulator)?;
    let landed = browser.open_until(address.as_str(), CALLBACK).await?;
    let parameter = |name: &str| {
        landed
            .query_pairs()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
            .context(name.to_owned())
    };
    assert_eq!(parameter("state")?, *state.secret());
    assert_eq!(parameter("iss")?, provider.issuer);

    let tokens = client
        .exchange_code(AuthorizationCode::new(parameter("code")?))?
        .set_pkce_verifier(verifier)
        .request_async(&http)
        .await?;
    let id_token = tokens.id_token().context("an ID token")?;
    let claims = id_token.claims(&client.id_token_verifier(), &nonce)?;
    let subject = claims.subject().clone();
    let info: CoreUserInfoClaims =
        client.user_info(tokens.access_token().clone(), Some(subject.clone()))?.request_async(&http).await?;
    let nickname = info.nickname().and_then(|names| names.get(None)).context("a nickname")?;
    assert_eq!(nickname.as_str(), "陈锴");

    let refresh_token = tokens.refresh_token().context("a refresh token")?;
    let refreshed = client.exchange_refresh_token(refresh_token)?.request_async(&http).await?;
    let id_token = refreshed.id_token().context("an ID token")?;
    // OpenID Connect Core §12.2: the new one has no nonce of its own.
    let claims = id_token.claims(&client.id_token_verifier(), |_: Option<&Nonce>| Ok(()))?;
    assert_eq!(*claims.subject(), subject);
    assert_ne!(refreshed.refresh_token().context("a refresh token")?.secret(), refresh_token.secret());

    let out = LogoutRequest::from(end_session)
        .set_id_token_hint(id_token)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(GOODBYE.into())?)
        .set_state(CsrfToken::new("goodbye".into()))
        .http_get_url();
    let landed = browser.open_until(out.as_str(), GOODBYE).await?;
    assert_eq!(landed.as_str(), format!("{GOODBYE}?state=goodbye"));
    // Nobody is logged in at the service any more; and who comes back is known again.
    let silent = format!("{address}&prompt=none");
    let refused = browser.open_until(&silent, CALLBACK).await?;
    assert!(refused.query_pairs().any(|pair| pair == ("error".into(), "login_required".into())), "{refused}");
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, _, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .set_pkce_challenge(challenge)
        .url();
    let landed = browser.open_until(address.as_str(), CALLBACK).await?;
    let code = landed.query_pairs().find(|(name, _)| name == "code").context("a code")?.1.into_owned();
    let again = client
        .exchange_code(AuthorizationCode::new(code))?
        .set_pkce_verifier(verifier)
        .request_async(&http)
        .await?;
    let id_token = again.id_token().context("an ID token")?;
    assert_eq!(*id_token.claims(&client.id_token_verifier(), &nonce)?.subject(), subject);
    Ok(())
}

/// The crate brings no HTTP of its own.
async fn send(request: HttpRequest) -> Result<HttpResponse, openidconnect::HttpClientError<reqwest::Error>> {
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(Box::new)?;
    let answer = http.execute(request.try_into().map_err(Box::new)?).await.map_err(Box::new)?;
    let mut response = openidconnect::http::Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        headers.clone_from(answer.headers());
    }
    Ok(response.body(answer.bytes().await.map_err(Box::new)?.to_vec())?)
}
