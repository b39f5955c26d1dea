//! What a client asks of `/authorize` (OpenID Connect Core §3.1.2.1), read once the client and its redirect_uri are proven:
//! only then may an error be sent there. Who is logged in, and what happens next, is decided elsewhere.

use super::parameters::Parameters;
use super::scope::Scopes;
use crate::oauth_error::{OAuthError, OAuthErrorCode};
use crate::pkce::CodeChallenge;

/// Bytes of a `state`, which goes into an address again.
const STATE_LIMIT: usize = 2048;
/// Bytes of a `nonce`, which goes into an ID token.
const NONCE_LIMIT: usize = 512;

/// A request that may be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Always with `openid`.
    pub scopes: Scopes,
    /// Given back as it came.
    pub state: Option<String>,
    /// For the ID token.
    pub nonce: Option<String>,
    /// Absent only where the client's registration allows that.
    pub code_challenge: Option<CodeChallenge>,
    /// What the person sees, if anything.
    pub prompt: Prompt,
    /// Seconds since the last login at WeChat that are too long ago.
    pub max_age: Option<i64>,
    /// An ID token of ours that says who is expected; not verified yet.
    pub id_token_hint: Option<String>,
    /// The languages that the person may be spoken to in, the best first.
    pub ui_locales: Option<String>,
}

/// `prompt`, as far as there is something to choose here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// A session of ours will do, else the person logs in.
    WhenNeeded,
    /// Nothing may be shown.
    None,
    /// The person logs in at WeChat in any case: `login`, and also `consent` and `select_account`, since it is WeChat that
    /// asks for consent and knows who may be chosen.
    Login,
}

/// What the client's registration says about a request.
#[derive(Debug, Clone, Copy)]
pub struct Demands {
    /// A request without `code_challenge` is refused.
    pub pkce: bool,
}

impl AuthorizationRequest {
    /// Reads everything but `client_id` and `redirect_uri`.
    ///
    /// # Errors
    /// An [`OAuthError`] for the redirect_uri.
    pub fn read(parameters: &Parameters, demands: Demands) -> Result<AuthorizationRequest, OAuthError> {
        refuse_what_is_not_offered(parameters)?;
        match parameters.get("response_type")? {
            Some("code") => {}
            None => return Err(OAuthError::invalid_request("response_type is missing")),
            Some(_) => {
                return Err(OAuthError::new(
                    OAuthErrorCode::UnsupportedResponseType,
                    "the response_type offered is code",
                ));
            }
        }
        if parameters.get("response_mode")?.is_some_and(|mode| mode != "query") {
            return Err(OAuthError::invalid_request("the response_mode offered is query"));
        }
        let scopes = Scopes::parse(parameters.get("scope")?.unwrap_or_default());
        if !scopes.has(Scopes::OPENID) {
            return Err(OAuthError::new(OAuthErrorCode::InvalidScope, "the scope lacks openid"));
        }
        let max_age = parameters.get("max_age")?.map(|seconds| {
            seconds
                .parse()
                .ok()
                .filter(|seconds: &i64| *seconds >= 0)
                .ok_or_else(|| OAuthError::invalid_request("max_age is not a number of seconds"))
        });
        for ignored in ["display", "login_hint", "acr_values", "claims", "claims_locales"] {
            parameters.get(ignored)?;
        }
        Ok(AuthorizationRequest {
            scopes,
            state: limited(parameters, "state", STATE_LIMIT)?,
            nonce: limited(parameters, "nonce", NONCE_LIMIT)?,
            code_challenge: code_challenge(parameters, demands)?,
            prompt: prompt(parameters)?,
            max_age: max_age.transpose()?,
            id_token_hint: parameters.get("id_token_hint")?.map(str::to_owned),
            ui_locales: parameters.get("ui_locales")?.map(str::to_owned),
        })
    }

    /// Written as a query again, with what was read and nothing else, to begin the same login anew.
    pub fn to_query(&self, client_id: &str, redirect_uri: &str) -> String {
        let scope = self.scopes.to_string();
        let max_age = self.max_age.map(|seconds| seconds.to_string());
        let challenge = self.code_challenge.as_ref().map(CodeChallenge::as_str);
        let prompt = match self.prompt {
            Prompt::WhenNeeded => None,
            Prompt::None => Some("none"),
            Prompt::Login => Some("login"),
        };
        let pairs = [
            ("client_id", Some(client_id)),
            ("redirect_uri", Some(redirect_uri)),
            ("response_type", Some("code")),
            ("scope", Some(&*scope)),
            ("state", self.state.as_deref()),
            ("nonce", self.nonce.as_deref()),
            ("code_challenge", challenge),
            ("code_challenge_method", challenge.map(|_| "S256")),
            ("prompt", prompt),
            ("max_age", max_age.as_deref()),
            ("id_token_hint", self.id_token_hint.as_deref()),
            ("ui_locales", self.ui_locales.as_deref()),
        ];
        let given = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()
    }

    /// The `state` that goes back even when the rest is refused.
    pub fn state_of(parameters: &Parameters) -> Option<String> {
        limited(parameters, "state", STATE_LIMIT).ok().flatten()
    }
}

/// By name, before anything in them could be believed or fetched (OpenID Connect Core §6).
fn refuse_what_is_not_offered(parameters: &Parameters) -> Result<(), OAuthError> {
    for (name, code) in [
        ("request", OAuthErrorCode::RequestNotSupported),
        ("request_uri", OAuthErrorCode::RequestUriNotSupported),
        ("registration", OAuthErrorCode::RegistrationNotSupported),
    ] {
        if parameters.get(name)?.is_some() {
            return Err(OAuthError::new(code, format!("{name} is not supported")));
        }
    }
    Ok(())
}

fn limited(parameters: &Parameters, name: &'static str, limit: usize) -> Result<Option<String>, OAuthError> {
    match parameters.get(name)? {
        Some(value) if value.len() > limit => {
            Err(OAuthError::invalid_request(format!("{name} is longer than {limit} bytes")))
        }
        value => Ok(value.map(str::to_owned)),
    }
}

fn code_challenge(parameters: &Parameters, demands: Demands) -> Result<Option<CodeChallenge>, OAuthError> {
    let method = parameters.get("code_challenge_method")?;
    let Some(challenge) = parameters.get("code_challenge")? else {
        return match method {
            _ if demands.pkce => {
                Err(OAuthError::invalid_request("code_challenge is missing (PKCE, RFC 7636)"))
            }
            Some(_) => {
                Err(OAuthError::invalid_request("code_challenge_method stands without code_challenge"))
            }
            None => Ok(None),
        };
    };
    // RFC 7636 §4.3: without a method it would be plain.
    if method != Some("S256") {
        return Err(OAuthError::invalid_request("the code_challenge_method offered is S256"));
    }
    CodeChallenge::parse(challenge)
        .map(Some)
        .ok_or_else(|| OAuthError::invalid_request("code_challenge is not 43 characters of base64url"))
}

fn prompt(parameters: &Parameters) -> Result<Prompt, OAuthError> {
    let mut prompt = Prompt::WhenNeeded;
    let words = parameters.get("prompt")?.unwrap_or_default();
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        prompt = match (word, prompt) {
            ("none", Prompt::WhenNeeded) => Prompt::None,
            ("login" | "consent" | "select_account", Prompt::WhenNeeded | Prompt::Login) => Prompt::Login,
            ("none", _) | (_, Prompt::None) => {
                return Err(OAuthError::invalid_request("prompt none stands with another one"));
            }
            _ => return Err(OAuthError::invalid_request("prompt is none, login, consent or select_account")),
        };
    }
    Ok(prompt)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn read(query: &str, pkce: bool) -> Result<AuthorizationRequest, (OAuthErrorCode, String)> {
        AuthorizationRequest::read(&Parameters::parse(query.as_bytes()), Demands { pkce })
            .map_err(|error| (error.code, error.description.into_owned()))
    }

    fn refused(query: &str, pkce: bool) -> (&'static str, String) {
        let (code, description) = read(query, pkce).expect_err(query);
        assert!(description.is_ascii() && !description.contains(['"', '\\']), "{description}");
        (code.as_str(), description)
    }

    #[test]
    fn a_plain_request_is_read() {
        let query = format!(
            "client_id=shop&response_type=code&scope=openid+profile+pony&state=a%26b&nonce=n&max_age=60\
             &code_challenge={CHALLENGE}&code_challenge_method=S256&ui_locales=en+zh&prompt=login&extra=1&extra=2&display=popup"
        );
        let expected = AuthorizationRequest {
            scopes: Scopes::parse("openid profile"),
            state: Some("a&b".into()),
            nonce: Some("n".into()),
            code_challenge: CodeChallenge::parse(CHALLENGE),
            prompt: Prompt::Login,
            max_age: Some(60),
            id_token_hint: None,
            ui_locales: Some("en zh".into()),
        };
        assert_eq!(read(&query, true), Ok(expected));
    }

    #[test]
    fn what_was_read_is_written_as_it_was_read() {
        let challenge = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
        for more in [
            String::new(),
            format!("&state=a%26b+%E7%90%A6&nonce=n&max_age=0&{challenge}&ui_locales=fr+zh_TW&prompt=login"),
            format!(
                "&{challenge}&prompt=select_account+consent&id_token_hint=a.b.c&x={}",
                "y".repeat(60_000)
            ),
            "&prompt=none&max_age=60".into(),
        ] {
            let asked =
                read(&format!("response_type=code&scope=openid+profile+pony{more}"), false).expect("good");
            let query = asked.to_query("shop", "https://shop.example/cb?a=b");
            let parameters = Parameters::parse(query.as_bytes());
            assert_eq!(parameters.get("redirect_uri"), Ok(Some("https://shop.example/cb?a=b")));
            assert_eq!(read(&query, false), Ok(asked), "{query}");
            assert!(query.len() < 500, "nothing of what nobody reads is kept");
        }
    }

    #[test]
    fn what_is_not_offered_is_refused_by_name() {
        for (parameter, code) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
            ("registration", "registration_not_supported"),
        ] {
            let query = format!("response_type=code&scope=openid&{parameter}=x");
            assert_eq!(refused(&query, false), (code, format!("{parameter} is not supported")));
        }
        assert_eq!(refused("response_type=token&scope=openid", false).0, "unsupported_response_type");
        assert_eq!(refused("response_type=code+id_token&scope=openid", false).0, "unsupported_response_type");
        assert_eq!(refused("scope=openid", false), ("invalid_request", "response_type is missing".into()));
        assert_eq!(
            refused("response_type=code&scope=openid&response_mode=fragment", false).0,
            "invalid_request"
        );
    }

    #[test]
    fn a_scope_without_openid_is_refused() {
        for query in
            ["response_type=code", "response_type=code&scope=profile", "response_type=code&scope=OPENID"]
        {
            assert_eq!(refused(query, false), ("invalid_scope", "the scope lacks openid".into()));
        }
    }

    #[test]
    fn every_parameter_stands_once() {
        for name in [
            "response_type",
            "response_mode",
            "scope",
            "state",
            "nonce",
            "code_challenge",
            "code_challenge_method",
            "prompt",
            "max_age",
            "id_token_hint",
            "ui_locales",
            "display",
            "login_hint",
            "acr_values",
            "claims",
        ] {
            let value = match name {
                "response_type" => "code",
                "response_mode" => "query",
                "scope" => "openid",
                "max_age" => "1",
                "prompt" => "login",
                "code_challenge" => CHALLENGE,
                "code_challenge_method" => "S256",
                _ => "x",
            };
            let mut query = format!("{name}={value}&{name}={value}");
            for (needed, value) in [
                ("response_type", "code"),
                ("scope", "openid"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ] {
                if name != needed {
                    query.push_str(&format!("&{needed}={value}"));
                }
            }
            assert_eq!(
                refused(&query, true),
                ("invalid_request", format!("{name} stands in the request more than once"))
            );
        }
    }

    #[test]
    fn pkce_is_s256_or_nothing_and_nothing_only_where_allowed() {
        let base = "response_type=code&scope=openid";
        let with = |rest: &str| format!("{base}&{rest}");
        let challenge = format!("code_challenge={CHALLENGE}");
        assert!(read(base, false).expect("allowed").code_challenge.is_none());
        assert_eq!(refused(base, true).1, "code_challenge is missing (PKCE, RFC 7636)");
        for pkce in [true, false] {
            assert!(read(&with(&format!("{challenge}&code_challenge_method=S256")), pkce).is_ok());
            for odd in [
                challenge.clone(),
                format!("{challenge}&code_challenge_method=plain"),
                format!("{challenge}&code_challenge_method=s256"),
            ] {
                assert_eq!(
                    refused(&with(&odd), pkce).1,
                    "the code_challenge_method offered is S256",
                    "{odd}"
                );
            }
            for odd in ["short", &"A".repeat(44), &"+".repeat(43)] {
                let query = with(&format!("code_challenge={odd}&code_challenge_method=S256"));
                assert_eq!(refused(&query, pkce).1, "code_challenge is not 43 characters of base64url");
            }
        }
        assert_eq!(
            refused(&with("code_challenge_method=S256"), false).1,
            "code_challenge_method stands without code_challenge"
        );
    }

    #[test]
    fn prompts_that_contradict_each_other_or_mean_nothing_are_refused() {
        let prompt = |words: &str| read(&format!("response_type=code&scope=openid&prompt={words}"), false);
        assert_eq!(prompt("none").expect("read").prompt, Prompt::None);
        assert_eq!(prompt("consent").expect("read").prompt, Prompt::Login);
        assert_eq!(prompt("login+consent").expect("read").prompt, Prompt::Login);
        for odd in ["none+login", "login+none", "none+none", "create", "login+x"] {
            assert_eq!(prompt(odd).expect_err(odd).0, OAuthErrorCode::InvalidRequest, "{odd}");
        }
    }

    #[test]
    fn numbers_and_lengths_have_limits() {
        let base = "response_type=code&scope=openid";
        for odd in ["-1", "x", "1.5", "99999999999999999999"] {
            assert_eq!(
                refused(&format!("{base}&max_age={odd}"), false).1,
                "max_age is not a number of seconds"
            );
        }
        assert_eq!(
            refused(&format!("{base}&state={}", "s".repeat(2049)), false).1,
            "state is longer than 2048 bytes"
        );
        assert_eq!(
            refused(&format!("{base}&nonce={}", "n".repeat(513)), false).1,
            "nonce is longer than 512 bytes"
        );
    }
}
