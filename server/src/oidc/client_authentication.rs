//! How a client says who it is at `/token` and `/revoke` (RFC 6749 §2.3, §3.2.1): by HTTP Basic, in the body, or, without a
//! secret, by its name alone. Whether that is true is compared with its registration elsewhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::parameters::Parameters;
use crate::oauth_error::OAuthError;

/// What the client presented. Nothing of it is proven yet.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedClient {
    /// Its name.
    pub client_id: String,
    /// Its secret; a public client has none.
    pub secret: Option<String>,
}

impl PresentedClient {
    /// Reads the `Authorization` header's value and the form.
    ///
    /// # Errors
    /// `invalid_client` when there is none, `invalid_request` when there are two.
    pub fn read(authorization: Option<&str>, form: &Parameters) -> Result<PresentedClient, OAuthError> {
        let (client_id, secret) = (form.get("client_id")?, form.get("client_secret")?);
        let Some(authorization) = authorization else {
            let client_id =
                client_id.ok_or_else(|| OAuthError::invalid_client("the client does not say who it is"))?;
            return Ok(PresentedClient { client_id: client_id.into(), secret: secret.map(str::to_owned) });
        };
        let basic = basic(authorization)
            .ok_or_else(|| OAuthError::invalid_client("the Authorization header is not well-formed Basic"))?;
        if secret.is_some() {
            return Err(OAuthError::invalid_request("the client proves itself in two ways at once"));
        }
        if client_id.is_some_and(|client_id| client_id != basic.client_id) {
            return Err(OAuthError::invalid_request("client_id is not the one of the Authorization header"));
        }
        Ok(basic)
    }
}

impl std::fmt::Debug for PresentedClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PresentedClient").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Both halves are form-urlencoded before they are joined (RFC 6749 §2.3.1).
fn basic(authorization: &str) -> Option<PresentedClient> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (client_id, secret) = credentials.split_once(':')?;
    let decoded = |half: &str| {
        let spaced = half.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    };
    Some(PresentedClient {
        client_id: decoded(client_id)?,
        secret: Some(decoded(secret)?).filter(|secret| !secret.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(basic: Option<&str>, form: &str) -> Result<(String, Option<String>), (&'static str, String)> {
        let header = basic.map(|credentials| format!("Basic {}", STANDARD.encode(credentials)));
        PresentedClient::read(header.as_deref(), &Parameters::parse(form.as_bytes()))
            .map(|client| (client.client_id, client.secret))
            .map_err(|error| (error.code.as_str(), error.description.into_owned()))
    }

    fn presented(
        client_id: &str,
        secret: Option<&str>,
    ) -> Result<(String, Option<String>), (&'static str, String)> {
        Ok((client_id.into(), secret.map(str::to_owned)))
    }

    #[test]
    fn three_ways_are_read() {
        assert_eq!(read(Some("shop:s"), ""), presented("shop", Some("s")));
        assert_eq!(read(Some("shop:s"), "client_id=shop"), presented("shop", Some("s")));
        assert_eq!(read(None, "client_id=shop&client_secret=s"), presented("shop", Some("s")));
        assert_eq!(read(None, "client_id=spa"), presented("spa", None));
        assert_eq!(read(Some("spa:"), ""), presented("spa", None));
    }

    #[test]
    fn basic_is_form_urlencoded_within() {
        assert_eq!(read(Some("a%3Ab:p%2Bq+r%25:x"), ""), presented("a:b", Some("p+q r%:x")));
    }

    #[test]
    fn two_ways_at_once_and_two_names_are_refused() {
        let two_ways = ("invalid_request", "the client proves itself in two ways at once".to_owned());
        assert_eq!(read(Some("shop:s"), "client_secret=s"), Err(two_ways));
        let two_names =
            ("invalid_request", "client_id is not the one of the Authorization header".to_owned());
        assert_eq!(read(Some("shop:s"), "client_id=other"), Err(two_names));
        assert_eq!(read(None, "client_id=a&client_id=a").expect_err("twice").0, "invalid_request");
    }

    #[test]
    fn nobody_and_garbage_are_no_client() {
        assert_eq!(read(None, "client_secret=s").expect_err("nobody").0, "invalid_client");
        for header in ["Basic", "Basic !", "Basic YQ==", "Bearer YTpi", "Basic /////w=="] {
            let refused = PresentedClient::read(Some(header), &Parameters::default()).expect_err(header);
            assert_eq!(refused.code.as_str(), "invalid_client", "{header}");
        }
    }
}
