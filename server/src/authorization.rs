//! A client's proven request, answered at its redirect_uri: with a code, or with an error. What makes a request proven is not decided
//! here.

use actix_web::HttpResponse;
use actix_web::http::header;
use url::Url;

use crate::config::PublicUrl;
use crate::oauth_error::{OAuthError, OAuthErrorCode};
pub use crate::store::attempts::Authorization;

impl Authorization {
    /// The client's own front page.
    pub fn home(&self) -> String {
        Url::parse(&self.redirect_uri)
            .ok()
            .and_then(|url| url.join("/").ok())
            .map_or_else(|| "/".into(), String::from)
    }

    /// Where the browser goes when the person refused at WeChat.
    pub fn denied(&self, issuer: &PublicUrl) -> String {
        self.refused(issuer, &OAuthError::new(OAuthErrorCode::AccessDenied, "the person refused"))
    }

    /// Where the browser goes when there is no login.
    pub fn refused(&self, issuer: &PublicUrl, error: &OAuthError) -> String {
        refused(issuer, &self.redirect_uri, self.state.as_deref(), error)
    }

    /// Where the browser goes when another person has logged in than the client expects. OpenID Connect Core §3.1.2.1,
    /// id_token_hint: never a positive answer about somebody else.
    pub fn refused_to_another(&self, issuer: &PublicUrl) -> String {
        self.refused(issuer, &OAuthError::new(OAuthErrorCode::LoginRequired, "another person has logged in"))
    }

    /// Where the browser goes with a code that the store has.
    pub fn granted(&self, issuer: &PublicUrl, code: &str) -> String {
        answer(issuer, &self.redirect_uri, self.state.as_deref(), &[("code", code)])
    }
}

/// Where the browser goes with an error.
pub fn refused(issuer: &PublicUrl, redirect_uri: &str, state: Option<&str>, error: &OAuthError) -> String {
    let pairs = [("error", error.code.as_str()), ("error_description", &*error.description)];
    answer(issuer, redirect_uri, state, &pairs)
}

/// An authorization response: with the state as it came, and always with `iss` (RFC 9207).
fn answer(issuer: &PublicUrl, redirect_uri: &str, state: Option<&str>, pairs: &[(&str, &str)]) -> String {
    let mut address =
        Url::parse(redirect_uri).expect("registered addresses were parsed, and ports are numbers");
    address
        .query_pairs_mut()
        .extend_pairs(pairs)
        .extend_pairs(state.map(|state| ("state", state)))
        .append_pair("iss", issuer.as_str());
    address.into()
}

/// 303: whatever was sent here is not sent along (RFC 9700 §4.12).
pub fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, address)).finish()
}
