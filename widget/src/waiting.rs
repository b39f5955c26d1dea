//! What a login waits for, and what comes of it: one future for all of it, which holds the panel weakly and ends with its owner.

use std::rc::{Rc, Weak};

use flow::error::{Code, LoginError};
use flow::event::{Challenge, Event, Run};
use protocol::service::{ErrorCode, StartedLogin};
use wasm_bindgen::JsValue;
use web_sys::Window;

use crate::http::{self, Answer, Call};
use crate::panel::{Panel, tell};
use crate::{challenge, fast_login, guarded, permission, pkce, scene, service};

/// What is waited for.
pub enum Waiting {
    /// The answer to a call.
    Answer(Question, Call),
    /// PKCE's pair.
    Pkce(Window),
    /// What the page gave to `respondWith`, where somebody did.
    PagesChallenge(Option<JsValue>),
    /// The browser's word on asking this computer: what its script was promised.
    Permission(JsValue),
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
    let (event, cause) = match waiting {
        Waiting::Answer(question, call) => {
            let answer = http::call(&call).await;
            let Some(panel) = panel.upgrade() else { return };
            answered(panel.page.is_online(), question, answer)
        }
        Waiting::Pkce(window) => {
            let made = pkce::challenge(window).await;
            let error = "a session needs https (crypto.subtle)";
            challenged(made, Code::Unsupported, error)
        }
        Waiting::PagesChallenge(promise) => {
            let given = challenge::read(promise).await;
            let error = "answer weixin-login-renew with a fresh code-challenge";
            challenged(given, Code::Service(ErrorCode::InvalidRequest), error)
        }
        Waiting::Permission(promise) => {
            let told = panel.clone();
            let asked = permission::heard(promise, move |now| tell(&told, Event::Permission(now)));
            let (permission, watched) = asked.await;
            let Some(panel) = panel.upgrade() else { return };
            panel.keep_watching(watched);
            (Event::Permission(permission), JsValue::UNDEFINED)
        }
        Waiting::Clipboard(window, text) => {
            let copied = guarded::copy(&window, &text).await.is_ok();
            (Event::Copied(copied), JsValue::UNDEFINED)
        }
        Waiting::Scene { run, address, started } => {
            let told = |event| tell(&panel, Event::Scene { run, event });
            return scene::hear(address, &started, &told).await;
        }
    };
    if let Some(panel) = panel.upgrade() {
        panel.send_with(event, &cause);
    }
}

fn answered(online: bool, question: Question, answer: Result<Answer, JsValue>) -> (Event, JsValue) {
    let (answer, cause) = match answer {
        Ok(answer) => (answer, JsValue::UNDEFINED),
        Err(cause) => (Answer::default(), cause),
    };
    let refusal = || service::refusal(&answer, online);
    let event = match question {
        Question::Probe(run, desktop) => {
            Event::Probed { run, desktop, outcome: fast_login::checked(&answer) }
        }
        Question::Authorize(run) => Event::Authorized { run, outcome: fast_login::authorized(&answer) },
        Question::Start => Event::Started(service::started(answer.good()).map(Rc::new).ok_or_else(refusal)),
        Question::Finish => Event::Finished(service::finished(answer.good()).ok_or_else(refusal)),
        Question::Redeem => Event::Redeemed(service::redeemed(answer.good()).ok_or_else(refusal)),
    };
    (event, cause)
}

fn challenged(made: Result<Challenge, JsValue>, code: Code, error: &str) -> (Event, JsValue) {
    match made {
        Ok(challenge) => (Event::Challenged(Ok(Rc::new(challenge))), JsValue::UNDEFINED),
        Err(cause) => (Event::Challenged(Err(LoginError::new(code, error))), cause),
    }
}
