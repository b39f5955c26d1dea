//! The calls to the login service.

use flow::error::{Code, LoginError};
use flow::event::{Challenge, Ended, Profile};
use flow::options::Options;
use flow::text::Language;
use protocol::ids::AuthorizationCode;
use protocol::json::Json;
use protocol::service::{
    CallbackAnswer, FinishedLogin, LoginResult, Onward, Problem, RedeemSession, StartLogin, StartedLogin,
    WaitingLogin,
};
use web_sys::RequestCredentials;

use crate::http::{Answer, Call};
use crate::json::BrowserJson;

/// The service is slow after so long: WeChat's own limit is 5 s, and the exchange waits for WeChat twice.
const LIMIT: u32 = 20_000;

const JSON: &str = "application/json";
/// With this type the browser asks another site's service nothing before the call itself (CORS, a simple request).
const TEXT: &str = "text/plain";

/// A service that is asked under a name that is not its own (RFC 9110 §15.5.20).
const MISDIRECTED_REQUEST: u16 = 421;

/// `POST /login`: a new embedded attempt.
pub fn start(options: &Options, language: Language, challenge: &Challenge, state: Option<String>) -> Call {
    let body = StartLogin {
        client_id: options.client_id.clone(),
        kind: None,
        result: options.result,
        code_challenge: challenge.code_challenge.clone(),
        nonce: challenge.nonce.clone().filter(|_| options.result == LoginResult::Code),
        lang: Some(language.tag().into()),
        state,
    };
    let body = (body.write::<BrowserJson>(), TEXT);
    call(whole(options, "/login"), body, None, RequestCredentials::SameOrigin)
}

/// `POST /login/{id}/renew`: a new attempt in a hosted one's place, proven by its cookie.
pub fn renew(options: &Options, started: &StartedLogin) -> Call {
    about(options, started, "/renew", "{}".into())
}

/// `POST /login/{id}/callback`: a fast login's code, proven by the attempt's secret.
pub fn callback(options: &Options, started: &StartedLogin, code: &AuthorizationCode) -> Call {
    let answer = CallbackAnswer { code: Some(code.as_str().into()), state: started.state.clone() };
    about(options, started, "/callback", answer.write::<BrowserJson>())
}

/// `POST /login/{id}/finish`: a scene's end, proven by its secret, or by the cookie of the service's own page.
pub fn finish(options: &Options, started: &StartedLogin) -> Call {
    let answer = CallbackAnswer { code: None, state: started.state.clone() };
    about(options, started, "/finish", answer.write::<BrowserJson>())
}

/// `POST /session`: the service's code becomes the site's cookie.
pub fn redeem(options: &Options, code: String, code_verifier: String) -> Call {
    let body = (RedeemSession { code, code_verifier }.write::<BrowserJson>(), JSON);
    call(whole(options, "/session"), body, None, RequestCredentials::Include)
}

/// `GET /login/{id}/events`: where the service tells how far a scene has come.
pub fn events(options: &Options, started: &StartedLogin) -> String {
    place(options, started, "/events")
}

/// A secret is the proof of an attempt, and where there is none a cookie. To another site no cookie goes in either case; to this
/// one `omit` would open a connection of its own, which costs two journeys.
fn about(options: &Options, started: &StartedLogin, what: &str, body: String) -> Call {
    let place = place(options, started, what);
    call(place, (body, JSON), started.secret.clone(), RequestCredentials::SameOrigin)
}

fn place(options: &Options, started: &StartedLogin, what: &str) -> String {
    let mut address = whole(options, "/login/");
    address.push_str(&started.id);
    address.push_str(what);
    address
}

fn whole(options: &Options, path: &str) -> String {
    let mut address = options.service.clone();
    address.push_str(path);
    address
}

fn call(
    address: String,
    body: (String, &'static str),
    secret: Option<String>,
    credentials: RequestCredentials,
) -> Call {
    Call { address, body: Some(body), secret, credentials, limit: LIMIT }
}

/// Reads the answer to [`start`] and [`renew`], and the attempt that the hosted page's element brought.
pub fn started(body: &str) -> Option<StartedLogin> {
    StartedLogin::read::<BrowserJson>(body)
}

/// Reads the answer to [`callback`] and [`finish`].
pub fn finished(body: &str) -> Option<Ended> {
    let body = BrowserJson::parse(body)?;
    let onward = || Onward::read(&body).map(|onward| Ended::Onward(onward.location));
    let unbound = || WaitingLogin::read(&body).map(Ended::Unbound);
    FinishedLogin::read(&body).map(Ended::Code).or_else(onward).or_else(unbound)
}

/// Reads the answer to [`redeem`].
pub fn redeemed(body: &str) -> Option<Profile> {
    // Of a `protocol::service::Person` the page hears these two.
    let person = BrowserJson::parse(body).filter(|person| person.member("sub").is_some())?;
    let nickname = person.text_member("nickname").unwrap_or_default();
    Some(Profile { nickname, picture: person.text_member("picture") })
}

/// Why there is no good answer: the service's own word, or that it cannot be reached. `online` is the browser's word.
pub fn refusal(answer: &Answer, online: bool) -> LoginError {
    if answer.status == MISDIRECTED_REQUEST {
        let message = "public_url is not what it is asked under";
        return LoginError::new(Code::WrongAddress, message);
    }
    // Without a word of the service's something in between has answered: a proxy's page, a wrong address.
    let body = BrowserJson::parse(&answer.body);
    match body.and_then(|body| Problem::read(&body)) {
        Some(problem) if !answer.is_good() => (&problem).into(),
        _ if online => LoginError::new(Code::ServiceUnreachable, "no usable answer"),
        _ => LoginError::new(Code::Offline, "offline"),
    }
}
