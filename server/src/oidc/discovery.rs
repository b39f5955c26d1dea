//! What this provider says about itself: OpenID Connect Discovery §3 and RFC 8414 §2, the same document at both addresses.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::scope::Scopes;
use crate::keys::JWKS_MAX_AGE;
use crate::shared::Shared;
use crate::signing_algorithm::SigningAlgorithm;

/// The provider's metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    revocation_endpoint: String,
    end_session_endpoint: String,
    scopes_supported: &'static [&'static str],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 2],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 2],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 1],
    prompt_values_supported: [&'static str; 4],
    display_values_supported: [&'static str; 2],
    ui_locales_supported: [&'static str; 3],
    claim_types_supported: [&'static str; 1],
    claims_supported: &'static [&'static str],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    // Absent would mean true.
    request_uri_parameter_supported: bool,
    authorization_response_iss_parameter_supported: bool,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
}

impl Metadata {
    /// Of the provider at this public address, which has no slash at its end.
    pub fn new(issuer: &str) -> Metadata {
        let at = |path: &str| format!("{issuer}{path}");
        let authentication = ["client_secret_basic", "client_secret_post", "none"];
        Metadata {
            issuer: issuer.to_owned(),
            authorization_endpoint: at("/authorize"),
            token_endpoint: at("/token"),
            userinfo_endpoint: at("/userinfo"),
            jwks_uri: at("/jwks"),
            revocation_endpoint: at("/revoke"),
            end_session_endpoint: at("/logout"),
            scopes_supported: Scopes::offered(),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: ["authorization_code", "refresh_token"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: SigningAlgorithm::ALL.map(SigningAlgorithm::as_str),
            token_endpoint_auth_methods_supported: authentication,
            revocation_endpoint_auth_methods_supported: authentication,
            code_challenge_methods_supported: ["S256"],
            prompt_values_supported: ["none", "login", "consent", "select_account"],
            display_values_supported: ["page", "popup"],
            ui_locales_supported: ["zh-CN", "zh-TW", "en"],
            claim_types_supported: ["normal"],
            claims_supported: &[
                "iss",
                "sub",
                "aud",
                "exp",
                "iat",
                "auth_time",
                "nonce",
                "sid",
                "nickname",
                "name",
                "picture",
                "weixin_openid",
                "weixin_unionid",
                "email",
                "email_verified",
                "phone_number",
                "phone_number_verified",
            ],
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            authorization_response_iss_parameter_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
        }
    }
}

/// `GET /.well-known/openid-configuration` and `GET /.well-known/oauth-authorization-server`.
pub async fn metadata(app: web::Data<Shared>) -> HttpResponse {
    public(&Metadata::new(app.config.public_url.as_str()))
}

/// `GET /jwks`. Held by clients no longer than a new key is published ahead of its first signature.
pub async fn jwks(app: web::Data<Shared>) -> HttpResponse {
    public(&app.keys.ring(&*app.store.lasting, app.clock.now()).await.jwks())
}

/// For everybody, pages of any origin included: there is nothing of a person in it.
fn public(document: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={JWKS_MAX_AGE}")))
        .json(document)
}
