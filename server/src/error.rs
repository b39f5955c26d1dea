//! What is answered when a route gives nothing, as JSON, and what the log says of it once.
//!
//! Pages have their own words (`pages.rs`); both share the stable code. Sorted by who must act: the person, the site's
//! developer, the operator.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use protocol::service::{ErrorCode, Problem};
use protocol::sns::Meaning;

use crate::callback::CallbackError;
use crate::exchange::ExchangeError;
use crate::limits::Wait;
use crate::start::StartError;
use crate::store::StoreError;

/// A refusal of a JSON route: RFC 6749's form.
#[derive(Debug, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct ApiError {
    /// The stable word.
    pub code: ErrorCode,
    /// A sentence for developers, in ASCII.
    pub description: &'static str,
    /// Seconds, where coming again later helps.
    pub retry_after: Option<u64>,
}

impl ApiError {
    /// A refusal.
    pub fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description, retry_after: None }
    }

    /// A refusal for somebody who comes too often.
    pub(crate) fn slow_down(wait: Wait) -> Self {
        let description = "too many requests; come again after Retry-After seconds";
        Self { retry_after: Some(wait.seconds()), ..Self::new(ErrorCode::SlowDown, description) }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self.code {
            ErrorCode::LoginRequired => StatusCode::UNAUTHORIZED,
            ErrorCode::UnregisteredOrigin => StatusCode::FORBIDDEN,
            ErrorCode::AttemptExpired | ErrorCode::AttemptUsed => StatusCode::GONE,
            ErrorCode::SlowDown => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Misconfigured | ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        response
            .json(Problem { error: self.code.as_str().into(), error_description: self.description.into() })
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store did not answer");
        Self::new(ErrorCode::TemporarilyUnavailable, "the service cannot reach its store")
    }
}

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::SlowDown(wait) => Self::slow_down(wait),
            StartError::Store(error) => error.into(),
        }
    }
}

impl From<CallbackError> for ApiError {
    fn from(error: CallbackError) -> Self {
        match error {
            CallbackError::UnknownAttempt | CallbackError::OtherBrowser => {
                Self::new(ErrorCode::UnknownAttempt, "no attempt of this browser and page has this state")
            }
            CallbackError::Expired => {
                Self::new(ErrorCode::AttemptExpired, "the attempt has expired; start again")
            }
            CallbackError::Used => {
                Self::new(ErrorCode::AttemptUsed, "the attempt was answered before; start again")
            }
            CallbackError::NotApproved => {
                Self::new(ErrorCode::LoginRequired, "nobody has confirmed this login on a phone yet")
            }
            CallbackError::Denied => Self::new(ErrorCode::AccessDenied, "the person refused"),
            CallbackError::Store(error) => error.into(),
        }
    }
}

impl From<ExchangeError> for ApiError {
    fn from(error: ExchangeError) -> Self {
        log(&error);
        match exchange_code(&error) {
            code @ ErrorCode::CodeSpent => Self::new(code, "WeChat no longer takes this code; start again"),
            code @ ErrorCode::VirtualPerson => {
                Self::new(code, "WeChat showed a virtual person; tap to log in")
            }
            code @ ErrorCode::TemporarilyUnavailable => {
                Self::new(code, "WeChat is busy or cannot be reached; try again")
            }
            code => Self::new(code, "the service is not set up rightly; its log says what"),
        }
    }
}

/// The stable word for a failed exchange.
pub fn exchange_code(error: &ExchangeError) -> ErrorCode {
    match error {
        ExchangeError::ErrCode { errcode, .. } => match errcode.meaning() {
            Meaning::Busy => ErrorCode::TemporarilyUnavailable,
            Meaning::CodeSpent | Meaning::PersonGone => ErrorCode::CodeSpent,
            Meaning::WrongSecret | Meaning::WrongAppid | Meaning::NoRight | Meaning::MissingParameter(_) => {
                ErrorCode::Misconfigured
            }
            Meaning::Unknown => ErrorCode::ServerError,
        },
        // A new login gets a new one.
        ExchangeError::TokenRefused(_) => ErrorCode::CodeSpent,
        ExchangeError::Unreachable(_) | ExchangeError::NotUnderstood { .. } => {
            ErrorCode::TemporarilyUnavailable
        }
        ExchangeError::NoApp(_) => ErrorCode::Misconfigured,
        ExchangeError::VirtualPerson => ErrorCode::VirtualPerson,
    }
}

/// One sentence for the operator: what happened, and which setting it is where it is one.
pub fn log(error: &ExchangeError) {
    let ExchangeError::ErrCode { product, errcode } = error else {
        tracing::warn!(%error, "a code was not exchanged");
        return;
    };
    let table = product.as_str();
    match errcode.meaning() {
        Meaning::Busy => tracing::warn!(%errcode, "WeChat is busy, or this app's quota is spent"),
        Meaning::CodeSpent => {
            tracing::info!(%errcode, "WeChat no longer takes a code: used, expired or made up")
        }
        Meaning::PersonGone => tracing::info!(%errcode, "WeChat no longer tells about this person"),
        Meaning::WrongSecret => {
            tracing::error!(%errcode, "WeChat refuses the app's secret: look at weixin.{table}.secret_file");
        }
        Meaning::WrongAppid => {
            tracing::error!(%errcode, "WeChat refuses the appid: look at weixin.{table}.appid")
        }
        Meaning::MissingParameter(parameter) => {
            tracing::error!(%errcode, parameter, "WeChat misses a parameter: this is ours to mend, please report it");
        }
        Meaning::NoRight => {
            tracing::error!(%errcode, "the app may not ask this: weixin.website must be a website app with 微信登录 granted, weixin.service_account a certified service account");
        }
        Meaning::Unknown => tracing::error!(%errcode, "WeChat answers an errcode that is not documented"),
    }
}
