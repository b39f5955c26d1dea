//! The calls to the login service.

use alloc::rc::Rc;
use alloc::string::String;

use flow::error::{Code, LoginError};
use flow::event::{Ended, Profile};
use flow::options::Options;
use protocol::ids::AuthorizationCode;
use protocol::json::Json;
use protocol::service::{
    CallbackAnswer, FinishedLogin, LoginResult, Onward, Problem, RedeemSession, StartLogin, StartedLogin,
};
use wasm_bindgen::JsValue;

use crate::browser::Browser;
use crate::json::BrowserJson;

/// The service is slow after so long: WeChat's own limit is 5 s, and the exchange waits for WeChat twice.
const LIMIT: i32 = 20_000;

/// A request with a JSON body.
pub struct Post<'a> {
    /// Where to.
    pub address: String,
    /// JSON.
    pub body: String,
    /// For [`protocol::service::SECRET_HEADER`].
    pub secret: Option<&'a str>,
    /// Whether cookies travel: fetch's own words.
    pub credentials: &'static str,
    /// Milliseconds.
    pub limit: i32,
}

/// What came back.
pub struct Answer {
    /// 64 kB at most; none where the browser threw. It tells no more than that.
    pub body: Option<String>,
    /// Whether the status is 200 to 299; or what the browser threw.
    pub value: JsValue,
}

/// `POST /login`: a new embedded attempt.
pub fn start(options: &Options, code_challenge: String) -> Post<'static> {
    let body = StartLogin {
        client_id: options.client_id.clone(),
        kind: None,
        result: options.result,
        code_challenge,
        nonce: options.nonce.clone().filter(|_| options.result == LoginResult::Code),
        lang: Some(options.language.tag().into()),
    };
    ask(options, "/login", body.write::<BrowserJson>(), "omit")
}

/// `POST /login/{id}/renew`: a new attempt in a hosted one's place, proven by its cookie.
pub fn renew<'a>(options: &Options, started: &'a StartedLogin) -> Post<'a> {
    ask_about(options, started, "/renew", "{}".into())
}

/// `POST /login/{id}/callback`: a fast login's code, proven by the attempt's secret.
pub fn callback<'a>(options: &Options, started: &'a StartedLogin, code: &AuthorizationCode) -> Post<'a> {
    let answer = CallbackAnswer { code: Some(code.as_str().into()), state: started.state.clone() };
    ask_about(options, started, "/callback", answer.write::<BrowserJson>())
}

/// `POST /login/{id}/finish`: a scene's end, proven by its secret, or by the cookie of the service's own page.
pub fn finish<'a>(options: &Options, started: &'a StartedLogin) -> Post<'a> {
    let answer = CallbackAnswer { code: None, state: started.state.clone() };
    ask_about(options, started, "/finish", answer.write::<BrowserJson>())
}

/// `POST /session`: the service's code becomes the site's cookie.
pub fn redeem(options: &Options, code: String, code_verifier: String) -> Post<'static> {
    ask(options, "/session", RedeemSession { code, code_verifier }.write::<BrowserJson>(), "include")
}

/// `GET /login/{id}/events`: where the service tells how far a scene has come.
pub fn events(options: &Options, started: &StartedLogin) -> String {
    about(options, started, "/events")
}

/// A secret is the proof of an attempt, and where there is none a cookie.
fn ask_about<'a>(options: &Options, started: &'a StartedLogin, what: &str, body: String) -> Post<'a> {
    let secret = started.secret.as_deref();
    let credentials = if secret.is_some() { "omit" } else { "same-origin" };
    Post { address: about(options, started, what), body, secret, credentials, limit: LIMIT }
}

fn about(options: &Options, started: &StartedLogin, what: &str) -> String {
    let mut address = options.service.clone();
    address.push_str("/login/");
    address.push_str(&started.id);
    address.push_str(what);
    address
}

fn ask(options: &Options, path: &str, body: String, credentials: &'static str) -> Post<'static> {
    let mut address = options.service.clone();
    address.push_str(path);
    Post { address, body, secret: None, credentials, limit: LIMIT }
}

/// Reads the answer to [`start`] and [`renew`], and the attempt that the hosted page's element brought.
pub fn started(body: &str) -> Option<Rc<StartedLogin>> {
    StartedLogin::read::<BrowserJson>(body).map(Rc::new)
}

/// Reads the answer to [`callback`] and [`finish`].
pub fn finished(body: &str) -> Option<Ended> {
    let body = BrowserJson::parse(body)?;
    let onward = || Onward::read(&body).map(|onward| Ended::Onward(onward.location));
    FinishedLogin::read(&body).map(Ended::Code).or_else(onward)
}

/// Reads the answer to [`redeem`].
pub fn redeemed(body: &str) -> Option<Profile> {
    // Of a `protocol::service::Person` the page hears these two.
    let person = BrowserJson::parse(body).filter(|person| person.member("sub").is_some())?;
    let nickname = person.text_member("nickname").unwrap_or_default();
    Some(Profile { nickname, picture: person.text_member("picture") })
}

/// What a good answer holds.
///
/// # Errors
/// The service's own word, or that it cannot be reached.
pub fn read<T>(browser: &Browser, answer: &Answer, read: fn(&str) -> Option<T>) -> Result<T, LoginError> {
    let body = answer.body.as_deref().unwrap_or_default();
    let good = answer.value.as_bool().unwrap_or_default();
    let value = if good { read(body) } else { None };
    value.ok_or_else(|| refusal(browser, body, good))
}

fn refusal(browser: &Browser, body: &str, good: bool) -> LoginError {
    // Without a word of the service's something in between has answered: a proxy's page, a wrong address.
    match BrowserJson::parse(body).and_then(|problem| Problem::read(&problem)) {
        Some(problem) if !good => (&problem).into(),
        _ if browser.about("online").is_some() => {
            LoginError::new(Code::ServiceUnreachable, "no usable answer from the login service")
        }
        _ => LoginError::new(Code::Offline, "the browser is offline"),
    }
}
