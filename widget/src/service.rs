//! The calls to the login service, and PKCE's pair (RFC 7636), made in the browser that logs in.

use alloc::boxed::Box;
use alloc::string::String;

use flow::error::{Code, LoginError};
use flow::event::{Ended, Profile};
use flow::options::Options;
use js_sys::{Promise, Uint8Array};
use protocol::json::Json;
use protocol::service::{
    CallbackAnswer, FinishedLogin, LoginResult, Onward, Person, Problem, RedeemSession, SECRET_HEADER,
    StartLogin, StartedLogin,
};
use wasm_bindgen::JsValue;
use web_sys::{RequestCredentials, Window};

use crate::fetch::{Answer, Outcome, Post};
use crate::json::BrowserJson;
use crate::listen::settled;

/// The service is slow after so long: WeChat's own limit is 5 s, and the exchange waits for WeChat twice.
const LIMIT: u64 = 20_000;

/// A verifier that stays in this page, and its challenge.
pub struct Pkce {
    /// For `POST /session`.
    pub verifier: String,
    /// S256 of it.
    pub challenge: String,
}

impl Pkce {
    /// 256 bits of the browser's randomness, handed over at some later time.
    ///
    /// # Errors
    /// What the browser threw: the page is no secure context.
    pub fn make(window: &Window, then: Box<dyn FnOnce(Result<Self, JsValue>)>) {
        match Self::begin(window) {
            Ok((verifier, digest)) => {
                let window = window.clone();
                settled(
                    &digest,
                    Box::new(move |digest| {
                        let challenge =
                            digest.and_then(|digest| base64url(&window, &Uint8Array::new(&digest).to_vec()));
                        then(challenge.map(|challenge| Self { verifier, challenge }));
                    }),
                );
            }
            Err(cause) => then(Err(cause)),
        }
    }

    fn begin(window: &Window) -> Result<(String, Promise), JsValue> {
        let crypto = window.crypto()?;
        let mut random = [0; 32];
        crypto.get_random_values_with_u8_array(&mut random)?;
        let verifier = base64url(window, &random)?;
        let subtle = crypto.subtle();
        if subtle.is_undefined() {
            return Err(JsValue::UNDEFINED);
        }
        let ascii = Uint8Array::from(verifier.as_bytes());
        let digest = subtle.digest_with_str_and_buffer_source("SHA-256", &ascii)?;
        Ok((verifier, digest))
    }
}

fn base64url(window: &Window, bytes: &[u8]) -> Result<String, JsValue> {
    let latin1: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let base64 = window.btoa(&latin1)?;
    let url = |letter| match letter {
        '+' => Some('-'),
        '/' => Some('_'),
        '=' => None,
        other => Some(other),
    };
    Ok(base64.chars().filter_map(url).collect())
}

/// `POST /login`: a new embedded attempt.
pub fn start(options: &Options, code_challenge: String) -> Post {
    let body = StartLogin {
        client_id: options.client_id.clone(),
        kind: None,
        result: options.result,
        code_challenge,
        nonce: options.nonce.clone().filter(|_| options.result == LoginResult::Code),
        lang: Some(options.language.tag().into()),
    };
    ask(options, &["/login"], body.write::<BrowserJson>(), RequestCredentials::Omit)
}

/// `POST /login/{id}/renew`: a new attempt in a hosted one's place, proven by its cookie.
pub fn renew(options: &Options, id: &str) -> Post {
    ask(options, &["/login/", id, "/renew"], "{}".into(), RequestCredentials::SameOrigin)
}

/// `POST /login/{id}/callback`: a fast login's code, proven by the attempt's secret.
pub fn callback(options: &Options, id: &str, secret: String, answer: &CallbackAnswer) -> Post {
    let body = answer.write::<BrowserJson>();
    let post = ask(options, &["/login/", id, "/callback"], body, RequestCredentials::Omit);
    Post { header: Some((SECRET_HEADER, secret)), ..post }
}

/// `POST /login/{id}/finish`: a scene's end, proven by its secret, or by the cookie of the service's own page.
pub fn finish(options: &Options, id: &str, secret: Option<String>, state: String) -> Post {
    let body = CallbackAnswer { code: None, state }.write::<BrowserJson>();
    let cookies = if secret.is_some() { RequestCredentials::Omit } else { RequestCredentials::SameOrigin };
    let post = ask(options, &["/login/", id, "/finish"], body, cookies);
    Post { header: secret.map(|secret| (SECRET_HEADER, secret)), ..post }
}

/// `POST /session`: the service's code becomes the site's cookie.
pub fn redeem(options: &Options, code: String, code_verifier: String) -> Post {
    let body = RedeemSession { code, code_verifier }.write::<BrowserJson>();
    ask(options, &["/session"], body, RequestCredentials::Include)
}

fn ask(options: &Options, path: &[&str], body: String, credentials: RequestCredentials) -> Post {
    let mut address = options.service.clone();
    path.iter().for_each(|part| address.push_str(part));
    Post { address, body, header: None, credentials, limit: LIMIT }
}

/// Reads the answer to [`start`] and [`renew`], and the attempt that the hosted page's element brought.
pub fn started(body: &str) -> Option<Box<StartedLogin>> {
    StartedLogin::read::<BrowserJson>(body).map(Box::new)
}

/// Reads the answer to [`callback`] and [`finish`].
pub fn finished(body: &str) -> Option<Ended> {
    let body = BrowserJson::parse(body)?;
    let onward = || Onward::read(&body).map(|onward| Ended::Onward(onward.location));
    FinishedLogin::read(&body).map(Ended::Code).or_else(onward)
}

/// Reads the answer to [`redeem`].
pub fn redeemed(body: &str) -> Option<Profile> {
    let person = Person::read::<BrowserJson>(body)?;
    Some(Profile { nickname: person.nickname, picture: person.picture })
}

/// What a good answer holds.
///
/// # Errors
/// The service's own word, or that it cannot be reached.
pub fn read<T>(window: &Window, outcome: Outcome, read: fn(&str) -> Option<T>) -> Result<T, LoginError> {
    let problem = match outcome {
        Ok(Answer { ok: true, body }) => match read(&body) {
            Some(value) => return Ok(value),
            None => None,
        },
        Ok(Answer { body, .. }) => BrowserJson::parse(&body).and_then(|problem| Problem::read(&problem)),
        Err(_) => None,
    };
    // Without a word of the service's something in between has answered: a proxy's page, a wrong address.
    Err(match problem {
        Some(problem) => problem.into(),
        None if window.navigator().on_line() => {
            LoginError::new(Code::ServiceUnreachable, "no usable answer from the login service")
        }
        None => LoginError::new(Code::Offline, "the browser is offline"),
    })
}
