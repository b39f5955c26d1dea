//! What is answered when a route gives nothing, as JSON, and what the log says of it once. Each step says of its own errors which
//! of these they are.
//!
//! Pages have their own words (`pages.rs`); both share the stable code. Sorted by who must act: the person, the site's
//! developer, the operator.

use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError};
use protocol::service::{ErrorCode, Problem};

use crate::limits::Wait;
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
    /// How often another code may be entered, where one was wrong.
    pub tries_left: Option<u8>,
}

impl ApiError {
    /// A refusal.
    pub fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description, retry_after: None, tries_left: None }
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
            ErrorCode::AttemptExpired | ErrorCode::AttemptUsed | ErrorCode::ContactCodeExpired => {
                StatusCode::GONE
            }
            ErrorCode::SlowDown => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TemporarilyUnavailable | ErrorCode::SenderUnavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ErrorCode::Misconfigured | ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        response.json(Problem {
            error: self.code.as_str().into(),
            error_description: self.description.into(),
            tries_left: self.tries_left.map(Into::into),
            retry_after: self.retry_after.and_then(|seconds| i64::try_from(seconds).ok()),
        })
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store did not answer");
        Self::new(ErrorCode::TemporarilyUnavailable, "the service cannot reach its store")
    }
}

/// A body that is not the JSON which a route takes.
pub(crate) fn not_json(error: JsonPayloadError, _: &HttpRequest) -> Error {
    let description = match error {
        JsonPayloadError::ContentType => "the body must be application/json",
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
            "the body is too long"
        }
        _ => "the body is not the JSON that this route takes",
    };
    ApiError::new(ErrorCode::InvalidRequest, description).into()
}
