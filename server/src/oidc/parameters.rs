//! The parameters of one request, from a query or a form: RFC 6749 §3.1 and §3.2. What they mean is not known here.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use url::form_urlencoded;

use crate::oauth_error::OAuthError;

const FORM: &str = "application/x-www-form-urlencoded";

/// Parameters by name. One without a value is as good as absent; one that is not known may stand there as often as it likes.
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads `a=1&b=2`, percent-encoded, `+` for a space.
    pub fn parse(text: &[u8]) -> Parameters {
        let parameters = form_urlencoded::parse(text)
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.into_owned(), value.into_owned()));
        Parameters(parameters.collect())
    }

    /// Reads a form's body, whatever charset it names: percent-encoded UTF-8 is all that there is. A body that does not say what it is
    /// is taken for a form.
    ///
    /// # Errors
    /// `invalid_request` where it says that it is something else: else its client would hear that it did not say who it is.
    pub fn of_form(headers: &HeaderMap, body: &[u8]) -> Result<Parameters, OAuthError> {
        let is_form = headers.get(CONTENT_TYPE).is_none_or(|content_type| {
            let essence = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            essence.trim().eq_ignore_ascii_case(FORM)
        });
        is_form
            .then(|| Self::parse(body))
            .ok_or_else(|| OAuthError::invalid_request(format!("the body must be {FORM}")))
    }

    /// The one value of this name.
    ///
    /// # Errors
    /// [`Repeated`] when there are two, equal or not.
    pub fn get(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Repeated(name)),
            (value, None) => Ok(value),
        }
    }

    /// Written as a query again, for a request that goes on by another method.
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

impl std::fmt::Debug for Parameters {
    // There may be codes and secrets among the values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A parameter stands there more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated(pub &'static str);

impl From<Repeated> for OAuthError {
    fn from(Repeated(name): Repeated) -> OAuthError {
        OAuthError::invalid_request(format!("{name} stands in the request more than once"))
    }
}
