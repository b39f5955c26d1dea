//! What a client asks of `/token` (RFC 6749 §4.1.3, §6). Nothing is looked up here.

use super::parameters::Parameters;
use super::scope::Scopes;
use crate::oauth_error::{OAuthError, OAuthErrorCode};
use crate::pkce::CodeVerifier;

/// A token request of one of the two kinds.
pub enum TokenRequest {
    /// A code for tokens.
    AuthorizationCode {
        /// As it came; unproven.
        code: String,
        /// Must be the one of the authorization request.
        redirect_uri: Option<String>,
        /// PKCE's verifier.
        code_verifier: Option<CodeVerifier>,
    },
    /// A refresh token for new tokens.
    RefreshToken {
        /// As it came; unproven.
        refresh_token: String,
        /// Fewer scopes than were granted, if any are named.
        scopes: Option<Scopes>,
    },
}

impl TokenRequest {
    /// Reads the form.
    ///
    /// # Errors
    /// An [`OAuthError`] for the body of the answer.
    pub fn read(form: &Parameters) -> Result<TokenRequest, OAuthError> {
        let needed = |name: &'static str| {
            form.get(name)?
                .map(str::to_owned)
                .ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")))
        };
        let optional = |name| Ok::<_, OAuthError>(form.get(name)?.map(str::to_owned));
        match needed("grant_type")?.as_str() {
            "authorization_code" => Ok(TokenRequest::AuthorizationCode {
                code: needed("code")?,
                redirect_uri: optional("redirect_uri")?,
                code_verifier: form.get("code_verifier")?.map(verifier).transpose()?,
            }),
            "refresh_token" => Ok(TokenRequest::RefreshToken {
                refresh_token: needed("refresh_token")?,
                scopes: form.get("scope")?.map(Scopes::parse),
            }),
            _ => Err(OAuthError::new(
                OAuthErrorCode::UnsupportedGrantType,
                "the grant types offered are authorization_code and refresh_token",
            )),
        }
    }
}

/// RFC 7636 §4.6: whatever does not answer the challenge is `invalid_grant`.
fn verifier(text: &str) -> Result<CodeVerifier, OAuthError> {
    const MALFORMED: &str = "code_verifier is not 43 to 128 letters, digits and -._~";
    CodeVerifier::parse(text).ok_or_else(|| OAuthError::invalid_grant(MALFORMED))
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::AuthorizationCode { .. } => "AuthorizationCode([redacted])",
            Self::RefreshToken { .. } => "RefreshToken([redacted])",
        })
    }
}
