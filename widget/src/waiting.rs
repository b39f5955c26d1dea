//! What a login waits for, and what comes of it: one future for all of it, which holds the panel weakly and ends with its owner.

use std::rc::{Rc, Weak};

use flow::error::{Code, LoginError};
use flow::event::{Challenge, Event, Run};
use protocol::service::{ErrorCode, StartedLogin};
use wasm_bindgen::JsValue;
use web_sys::Window;

use crate::http::{self, Answer, Call};
use crate::panel::Panel;
use crate::{challenge, fast_login, guarded, permission, pkce, scene, service};

/// What is waited for.
pub enum Waiting {
    /// The answer to a call.
    Answer(Question, Call),
    /// PKCE's pair.
    Pkce(Window),
    /// What the page gave to `respondWith`, where somebody did.
    PagesChallenge(Option<JsValue>),
    /// The browser's word on asking this computer.
    Permission(Window),
    /// Whether the clipboard takes a text.
    Clipboard(Window, String),
    /// How far a scene has come.
    Scene {
        /// Goes back with the news.
        run: Run,
        /// Where to ask.
        address: String,
        /// The scene.
        started: Rc<StartedLogin>,
    },
}

/// What an answer is to.
pub enum Question {
    /// `POST /login`, or its renewal.
    Start,
    /// The end of an attempt.
    Finish,
    /// `POST /session`
    Redeem,
    /// check-login, at this local service.
    Probe(Run, usize),
    /// authorize
    Authorize(Run),
}

/// Waits, and tells the panel, where it is still there.
pub async fn wait(panel: Weak<Panel>, waiting: Waiting) {
    match waiting {
        Waiting::Answer(question, call) => {
            let answer = http::call(call).await;
            if let Some(panel) = panel.upgrade() {
                let (event, cause) = answered(&panel, question, answer);
                panel.send_with(event, &cause);
            }
        }
        Waiting::Pkce(window) => {
            let made = pkce::challenge(window).await;
            let error = "a login that ends in a session needs an https page (crypto.subtle)";
            challenged(&panel, made, Code::Unsupported, error);
        }
        Waiting::PagesChallenge(promise) => {
            let given = match promise {
                Some(promise) => challenge::read(promise).await,
                None => Err(JsValue::UNDEFINED),
            };
            let error =
                "a renewed login needs a fresh code-challenge: answer weixin-login-renew by its respondWith";
            challenged(&panel, given, Code::Service(ErrorCode::InvalidRequest), error);
        }
        Waiting::Permission(window) => {
            let told = panel.clone();
            let asked = permission::query(window, move |permission| {
                if let Some(panel) = told.upgrade() {
                    panel.send(Event::Permission(permission));
                }
            });
            let (permission, watched) = asked.await;
            if let Some(panel) = panel.upgrade() {
                panel.keep_watching(watched);
                panel.send(Event::Permission(permission));
            }
        }
        Waiting::Clipboard(window, text) => {
            let copied = guarded::copy(window.navigator(), text).await.is_ok();
            if let Some(panel) = panel.upgrade() {
                panel.send(Event::Copied(copied));
            }
        }
        Waiting::Scene { run, address, started } => {
            let told = |event| {
                if let Some(panel) = panel.upgrade() {
                    panel.send(Event::Scene { run, event });
                }
            };
            scene::hear(address, &started, &told).await;
        }
    }
}

fn answered(panel: &Panel, question: Question, answer: Result<Answer, JsValue>) -> (Event, JsValue) {
    let online = panel.page.is_online();
    match question {
        Question::Probe(run, desktop) => {
            (Event::Probed { run, desktop, outcome: fast_login::checked(&answer) }, JsValue::UNDEFINED)
        }
        Question::Authorize(run) => {
            (Event::Authorized { run, outcome: fast_login::authorized(&answer) }, JsValue::UNDEFINED)
        }
        Question::Start => {
            let (outcome, cause) = service::read(answer, online, service::started);
            (Event::Started(outcome.map(Rc::new)), cause)
        }
        Question::Finish => {
            let (outcome, cause) = service::read(answer, online, service::finished);
            (Event::Finished(outcome), cause)
        }
        Question::Redeem => {
            let (outcome, cause) = service::read(answer, online, service::redeemed);
            (Event::Redeemed(outcome), cause)
        }
    }
}

fn challenged(panel: &Weak<Panel>, made: Result<Challenge, JsValue>, code: Code, error: &str) {
    let Some(panel) = panel.upgrade() else { return };
    match made {
        Ok(challenge) => panel.send(Event::Challenged(Ok(challenge))),
        Err(cause) => panel.send_with(Event::Challenged(Err(LoginError::new(code, error))), &cause),
    }
}
