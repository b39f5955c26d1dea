//! What a client is told when something is wrong: the codes of RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6,
//! RFC 6750 §3.1 and RFC 7009. A description is one ASCII sentence for developers, made here and never from what lies within.

use std::borrow::Cow;

use crate::limits::Wait;

macro_rules! oauth_errors {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal;)*) => {
        /// The `error` of an answer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum OAuthErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl OAuthErrorCode {
            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The HTTP status where the answer is no redirect.
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                }
            }
        }
    };
}

oauth_errors! {
    /// A parameter is missing, malformed or repeated.
    InvalidRequest = "invalid_request", 400;
    /// The client is unknown, or did not prove itself.
    InvalidClient = "invalid_client", 401;
    /// The code or refresh token is not good, or not for this client.
    InvalidGrant = "invalid_grant", 400;
    /// The client may not do this.
    UnauthorizedClient = "unauthorized_client", 400;
    /// Another `grant_type` than the two.
    UnsupportedGrantType = "unsupported_grant_type", 400;
    /// Another `response_type` than `code`.
    UnsupportedResponseType = "unsupported_response_type", 400;
    /// The scope lacks `openid`, or is more than was granted.
    InvalidScope = "invalid_scope", 400;
    /// The person refused.
    AccessDenied = "access_denied", 403;
    /// `prompt=none`, and nobody is logged in.
    LoginRequired = "login_required", 403;
    /// `prompt=none`, and the person has to prove a contact first.
    InteractionRequired = "interaction_required", 403;
    /// `request` is not offered.
    RequestNotSupported = "request_not_supported", 400;
    /// `request_uri` is not offered.
    RequestUriNotSupported = "request_uri_not_supported", 400;
    /// `registration` is not offered.
    RegistrationNotSupported = "registration_not_supported", 400;
    /// The access token is not good (any more).
    InvalidToken = "invalid_token", 401;
    /// Too many requests, or too many wrong secrets (RFC 8628 has the word).
    SlowDown = "slow_down", 429;
    /// WeChat or the store is busy.
    TemporarilyUnavailable = "temporarily_unavailable", 503;
    /// Something else; the log says what.
    ServerError = "server_error", 500;
}

/// A refusal: a code, and a sentence for the client's developer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct OAuthError {
    /// What a program reads.
    pub code: OAuthErrorCode,
    /// What a developer reads. ASCII without `"` and `\`, as RFC 6749 asks.
    pub description: Cow<'static, str>,
    /// Seconds, where coming again later helps.
    pub retry_after: Option<u64>,
}

impl OAuthError {
    /// A refusal in the words given.
    pub fn new(code: OAuthErrorCode, description: impl Into<Cow<'static, str>>) -> OAuthError {
        OAuthError { code, description: description.into(), retry_after: None }
    }

    /// Too much for now.
    pub fn slow_down(wait: Wait) -> OAuthError {
        let description = "too many requests; come again after Retry-After seconds";
        let retry_after = Some(wait.seconds());
        OAuthError { retry_after, ..Self::new(OAuthErrorCode::SlowDown, description) }
    }

    pub(super) fn invalid_request(description: impl Into<Cow<'static, str>>) -> OAuthError {
        Self::new(OAuthErrorCode::InvalidRequest, description)
    }

    pub(super) fn invalid_grant(description: &'static str) -> OAuthError {
        Self::new(OAuthErrorCode::InvalidGrant, description)
    }

    pub(super) fn invalid_client(description: &'static str) -> OAuthError {
        Self::new(OAuthErrorCode::InvalidClient, description)
    }
}
