//! The calls to the login service, and PKCE's pair (RFC 7636), made in the browser that logs in.

use flow::event::Profile;
use flow::options::Options;
use js_sys::Uint8Array;
use protocol::json::Json;
use protocol::service::{
    CallbackAnswer, FinishedLogin, Kind, LoginResult, Person, Problem, RedeemSession, SECRET_HEADER,
    StartLogin, StartedLogin,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestCredentials, Window};

use crate::error::Failure;
use crate::fetch::Post;
use crate::json::BrowserJson;

/// The service is slow after so long: WeChat's own limit is 5 s, and the exchange waits for WeChat twice.
pub const LIMIT: u32 = 20_000;

/// A verifier that stays in this page, and its challenge.
pub struct Pkce {
    /// For `POST /session`.
    pub verifier: String,
    /// S256 of it.
    pub challenge: String,
}

impl Pkce {
    /// 256 bits of the browser's randomness.
    ///
    /// # Errors
    /// `unsupported`, on a page without a secure context.
    pub async fn new(window: &Window) -> Result<Self, Failure> {
        Self::make(window).await.map_err(|cause| {
            Failure::unsupported("a login that ends in a session needs an https page (crypto.subtle)", cause)
        })
    }

    async fn make(window: &Window) -> Result<Self, JsValue> {
        let crypto = window.crypto()?;
        let mut random = [0; 32];
        crypto.get_random_values_with_u8_array(&mut random)?;
        let verifier = base64url(window, &random)?;
        let subtle = crypto.subtle();
        if subtle.is_undefined() {
            return Err(JsValue::UNDEFINED);
        }
        let ascii = Uint8Array::from(verifier.as_bytes());
        let digest = JsFuture::from(subtle.digest_with_str_and_buffer_source("SHA-256", &ascii)?).await?;
        let challenge = base64url(window, &Uint8Array::new(&digest).to_vec())?;
        Ok(Self { verifier, challenge })
    }
}

fn base64url(window: &Window, bytes: &[u8]) -> Result<String, JsValue> {
    let latin1: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let base64 = window.btoa(&latin1)?;
    Ok(base64.trim_end_matches('=').replace('+', "-").replace('/', "_"))
}

/// One conversation with the service.
pub struct Service<'a> {
    /// The page's.
    pub window: &'a Window,
    /// The service's address, and what is asked of it.
    pub options: &'a Options,
    /// Ends it.
    pub signal: AbortSignal,
}

impl Service<'_> {
    /// `POST /login`: a new embedded attempt.
    ///
    /// # Errors
    /// The service's own word, or that it cannot be reached.
    pub async fn start(self, code_challenge: String) -> Result<StartedLogin, Failure> {
        let options = self.options;
        let body = StartLogin {
            client_id: options.client_id.clone(),
            kind: Some(Kind::Embedded),
            result: options.result,
            code_challenge,
            nonce: options.nonce.clone().filter(|_| options.result == LoginResult::Code),
            lang: Some(options.language.tag().into()),
        };
        let body = body.write::<BrowserJson>();
        self.post(&["/login"], body, None, RequestCredentials::Omit, StartedLogin::read::<BrowserJson>).await
    }

    /// `POST /login/{id}/renew`: a new attempt in a hosted one's place, proven by its cookie.
    ///
    /// # Errors
    /// As [`Service::start`].
    pub async fn renew(self, id: &str) -> Result<StartedLogin, Failure> {
        let path = ["/login/", id, "/renew"];
        let body = String::from("{}");
        self.post(&path, body, None, RequestCredentials::SameOrigin, StartedLogin::read::<BrowserJson>).await
    }

    /// `POST /login/{id}/callback`: a fast login's code, proven by the attempt's secret.
    ///
    /// # Errors
    /// As [`Service::start`].
    pub async fn callback(
        self,
        id: &str,
        secret: &str,
        answer: &CallbackAnswer,
    ) -> Result<FinishedLogin, Failure> {
        let path = ["/login/", id, "/callback"];
        let header = Some((SECRET_HEADER, secret));
        let body = answer.write::<BrowserJson>();
        self.post(&path, body, header, RequestCredentials::Omit, |body| {
            FinishedLogin::read(&BrowserJson::parse(body)?)
        })
        .await
    }

    /// `POST /session`: the service's code becomes the site's cookie.
    ///
    /// # Errors
    /// As [`Service::start`].
    pub async fn redeem(self, code: String, code_verifier: String) -> Result<Profile, Failure> {
        let body = RedeemSession { code, code_verifier }.write::<BrowserJson>();
        self.post(&["/session"], body, None, RequestCredentials::Include, |body| {
            let person = Person::read::<BrowserJson>(body)?;
            Some(Profile { nickname: person.nickname, picture: person.picture })
        })
        .await
    }

    async fn post<T>(
        self,
        path: &[&str],
        body: String,
        header: Option<(&str, &str)>,
        credentials: RequestCredentials,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Failure> {
        let mut address = self.options.service.clone();
        path.iter().for_each(|part| address.push_str(part));
        let post = Post { address: &address, body, header, credentials, signal: self.signal };
        let answer = post.send(self.window).await.map_err(|cause| Failure::unreachable(&address, cause))?;
        let problem = || Problem::read(&BrowserJson::parse(&answer.body)?);
        if answer.ok {
            read(&answer.body).ok_or_else(|| Failure::unreachable(&address, JsValue::UNDEFINED))
        } else if let Some(problem) = problem() {
            Err(Failure { error: problem.into(), cause: JsValue::UNDEFINED })
        } else {
            // Something in between answered: a proxy's page, a wrong address.
            Err(Failure::unreachable(&address, JsValue::UNDEFINED))
        }
    }
}

/// The attempt that the hosted page's element brought.
///
/// # Errors
/// `unreachable`, in its sense of "not an answer of the service's".
pub fn given(attempt: &str) -> Result<StartedLogin, Failure> {
    StartedLogin::read::<BrowserJson>(attempt)
        .ok_or_else(|| Failure::unreachable("the attribute attempt", JsValue::UNDEFINED))
}
