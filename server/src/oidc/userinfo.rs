//! `GET` and `POST /userinfo` (OpenID Connect Core §5.3): what a client may know of the person, by scope. The access token must be
//! good, and its grant must still stand.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::contacts;
use super::parameters::Parameters;
use super::response;
use super::scope::Scopes;
use crate::claims::{AccessTokenClaims, ContactClaims};
use crate::keys::TokenType;
use crate::oauth_error::{OAuthError, OAuthErrorCode};
use crate::shared::Shared;

/// The claims about the person.
#[derive(Serialize)]
struct UserInfo {
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weixin_openid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weixin_unionid: Option<String>,
    #[serde(flatten)]
    contacts: ContactClaims,
}

/// `GET /userinfo`: the token is in the header. One in the query is not seen.
pub async fn get(app: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let token = bearer(&request);
    respond(&app, &request, token.ok_or_else(no_token)).await
}

/// `POST /userinfo`: the token is in the header or in the form (RFC 6750 §2.2).
pub async fn post(app: web::Data<Shared>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let form = Parameters::parse(&body);
    let token = match (bearer(&request), form.get("access_token")) {
        (Some(_), Ok(Some(_))) => {
            Err(OAuthError::invalid_request("the access token comes in two ways at once"))
        }
        (_, Err(repeated)) => Err(repeated.into()),
        (header, Ok(form)) => header.or(form).ok_or_else(no_token),
    };
    respond(&app, &request, token).await
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

fn no_token() -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidToken, "there is no access token")
}

async fn respond(app: &Shared, request: &HttpRequest, token: Result<&str, OAuthError>) -> HttpResponse {
    let answer = match token {
        Ok(token) => user_info(app, token).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) => response::builder(app, request, StatusCode::OK).json(answer),
        Err(error) => {
            let challenge = format!(
                "Bearer realm=\"weixin-login\", error=\"{}\", error_description=\"{}\"",
                error.code.as_str(),
                error.description
            );
            let mut refusal = response::refusal(app, request, &error);
            if let Ok(challenge) = challenge.parse() {
                refusal.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            refusal
        }
    }
}

async fn user_info(app: &Shared, token: &str) -> Result<UserInfo, OAuthError> {
    let dead = || OAuthError::new(OAuthErrorCode::InvalidToken, "the access token is not good, or no longer");
    let now = app.clock.now();
    let issuer = app.config.public_url.as_str();
    let ring = app.keys.ring(&*app.store.lasting, now).await;
    let claims: AccessTokenClaims = ring.verify(TokenType::AccessToken, issuer, token).map_err(|_| dead())?;
    // When it was made is no reason: the clock of the node that made it may be ahead.
    if claims.exp <= now || claims.aud != issuer {
        return Err(dead());
    }
    let grant = app.store.lasting.grant(&claims.grant_id, now).await?.ok_or_else(dead)?;
    let account = app.store.lasting.account(&grant.account_id).await?.ok_or_else(dead)?;
    let scopes = Scopes::parse(&claims.scope);
    let mut info = UserInfo {
        sub: claims.sub,
        nickname: None,
        name: None,
        picture: None,
        weixin_openid: None,
        weixin_unionid: None,
        contacts: contacts::claims(app, &grant.account_id, scopes).await?,
    };
    if scopes.has(Scopes::PROFILE) {
        // A claim without a value is left out, and not an empty text (OpenID Connect Core §5.3.2).
        let nickname = Some(account.nickname).filter(|nickname| !nickname.is_empty());
        info.name = nickname.clone();
        info.nickname = nickname;
        info.picture = app.shown(account.picture);
    }
    if scopes.has(Scopes::WEIXIN) {
        // One openid, the website app's where there is one: openids of different apps are different names.
        let weixin = &app.config.weixin;
        let appids = weixin.website.iter().chain(&weixin.service_account).map(|app| app.appid.as_str());
        let known = app.store.lasting.identities_of_account(&grant.account_id).await?;
        let identity =
            appids.filter_map(|appid| known.iter().find(|identity| identity.appid == appid)).next().cloned();
        if let Some(identity) = identity {
            info.weixin_openid = Some(identity.openid);
            info.weixin_unionid = identity.unionid;
        }
    }
    Ok(info)
}
