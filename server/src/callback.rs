//! WeChat sends the person back. How a callback is answered is fixed by the attempt's kind, never by headers alone; nothing is taken and
//! nothing exchanged but for the browser that started.

pub mod embedded;
pub mod hosted;

use protocol::ids::AuthorizationCode;
use protocol::service::ErrorCode;

/// What WeChat says in the place of a code where the person has refused: nothing, by its documents; this word, by three sites that
/// read it.
const REFUSED: &str = "authdeny";

/// WeChat's code, where the person has not refused.
///
/// # Errors
/// `access_denied`, or `invalid_request` for what is no code.
pub(crate) fn code_of(code: Option<String>) -> Result<AuthorizationCode, ErrorCode> {
    let code = code.filter(|code| !code.is_empty() && !code.eq_ignore_ascii_case(REFUSED));
    AuthorizationCode::parse(code.ok_or(ErrorCode::AccessDenied)?).map_err(|_| ErrorCode::InvalidRequest)
}
