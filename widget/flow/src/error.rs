//! Why a login did not come about: a stable code for programs, a sentence for developers.
//!
//! What the *person* reads is in [`crate::text`].

use alloc::string::String;
use protocol::service::{ErrorCode, Problem};

/// The stable word of a [`LoginError`]: the service's own, or one that only the browser can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The service said so.
    Service(ErrorCode),
    /// The browser has no network.
    Offline,
    /// The service does not answer, or answers what it never would: the address is wrong, or something is in between.
    ServiceUnreachable,
    /// The service is there, and says that it answers under another address (421): its public_url is another one.
    WrongAddress,
    /// This browser, or this page's policy, lacks what the widget needs.
    Unsupported,
    /// WeChat's page stays silent in its frame: an extension or a policy blocks it.
    Blocked,
    /// After a scan something else answered in the callback page's place: a service worker that takes every navigation.
    CallbackIntercepted,
}

impl Code {
    /// The word in `weixin-login-error` and in `LoginError`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service(code) => code.as_str(),
            Self::Offline => "offline",
            Self::ServiceUnreachable => "service_unreachable",
            Self::WrongAddress => "wrong_address",
            Self::Unsupported => "unsupported",
            Self::Blocked => "blocked",
            Self::CallbackIntercepted => "callback_intercepted",
        }
    }
}

/// Why there is no login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginError {
    /// For programs.
    pub code: Code,
    /// For developers, in English.
    pub message: String,
}

impl LoginError {
    /// An error that the browser found.
    pub fn new(code: Code, message: &str) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<&Problem> for LoginError {
    /// A word that this widget does not know yet is a `server_error`, and its message keeps the word.
    fn from(problem: &Problem) -> Self {
        let code = ErrorCode::parse(&problem.error);
        let mut message = String::new();
        if code.is_none() {
            message.push_str(&problem.error);
            message.push_str(": ");
        }
        message.push_str(&problem.error_description);
        Self { code: Code::Service(code.unwrap_or(ErrorCode::ServerError)), message }
    }
}
