//! What WeChat's products around login remember: tokens of apps, QR codes of service accounts, followers, phone numbers' codes.
//! The calls themselves are in the rooms below; each says how sure its answer is.

pub(crate) mod cgi_bin;
pub(crate) mod mini_program;
pub(crate) mod pushes;
pub(crate) mod wxlogin;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::ring::Ring;
use crate::scenario::{PushTarget, Scenario};
use crate::sns::Failure;
use crate::world::random_word;

const KEPT: usize = 20_000;
const PUSHES_KEPT: usize = 1_000;

pub(crate) struct Products {
    tokens: Ring<AppToken>,
    /// The newest token of each app and way, by `appid way`.
    newest: Ring<String>,
    /// QR codes of service accounts, by ticket.
    scenes: Ring<SceneQr>,
    js_tickets: Ring<JsTicket>,
    /// Who follows which service account, and since when: `appid person`.
    followers: Ring<Follower>,
    session_keys: Ring<String>,
    phone_codes: Ring<PhoneCode>,
    targets: BTreeMap<String, PushTarget>,
    /// What was pushed, oldest first, and what the site answered.
    sent: std::collections::VecDeque<Push>,
}

/// An app's own token, `cgi-bin/token`'s or `stable_token`'s.
struct AppToken {
    appid: String,
    expires_at: Duration,
    /// When a stable token was forced, if it was.
    forced_at: Option<Duration>,
}

#[derive(Clone)]
struct SceneQr {
    appid: String,
    scene: Scene,
    url: String,
    expires_at: Option<Duration>,
}

#[derive(Clone)]
enum Scene {
    Number(u64),
    Text(String),
}

struct JsTicket {
    ticket: String,
    expires_at: Duration,
}

#[derive(Clone)]
struct Follower {
    /// Seconds since 1970.
    since: u64,
    scene: Option<Scene>,
}

struct PhoneCode {
    appid: String,
    phone_number: String,
    expires_at: Duration,
    used: bool,
}

/// One event that was sent to a site.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Push {
    /// The service account.
    pub appid: String,
    /// The address with its signature.
    pub url: String,
    /// The XML, in clear even where it was sent encrypted.
    pub xml: String,
    /// Which of the three tries this was.
    pub attempt: u8,
    /// The HTTP status, where there was an answer within five seconds.
    pub status: Option<u16>,
    /// What the site answered, its beginning.
    pub answer: Option<String>,
}

impl Products {
    pub fn new(scenario: &Scenario) -> Products {
        let targets = scenario.pushes.iter().map(|push| (push.appid.clone(), push.clone()));
        Products {
            tokens: Ring::new(KEPT),
            newest: Ring::new(KEPT),
            scenes: Ring::new(KEPT),
            js_tickets: Ring::new(KEPT),
            followers: Ring::new(KEPT),
            session_keys: Ring::new(KEPT),
            phone_codes: Ring::new(KEPT),
            targets: targets.collect(),
            sent: std::collections::VecDeque::new(),
        }
    }

    pub fn knows(&self, access_token: &str) -> bool {
        self.tokens.get(access_token).is_some()
    }

    pub fn put_target(&mut self, target: PushTarget) {
        self.targets.insert(target.appid.clone(), target);
    }

    pub fn target(&self, appid: &str) -> Option<&PushTarget> {
        self.targets.get(appid)
    }

    pub fn targets(&self) -> usize {
        self.targets.len()
    }

    pub fn sent(&self) -> impl Iterator<Item = &Push> {
        self.sent.iter()
    }

    /// The service account whose QR code this is.
    pub fn account_of(&self, ticket: &str) -> Option<String> {
        self.scenes.get(ticket).map(|scene| scene.appid.clone())
    }

    fn note(&mut self, push: Push) {
        if self.sent.len() == PUSHES_KEPT {
            self.sent.pop_front();
        }
        self.sent.push_back(push);
    }

    fn follower(&self, appid: &str, person: &str) -> Option<&Follower> {
        self.followers.get(&format!("{appid} {person}"))
    }

    fn follow(&mut self, appid: &str, person: &str, since: u64, scene: Option<Scene>) {
        self.followers.insert(format!("{appid} {person}"), Follower { since, scene });
    }

    fn unfollow(&mut self, appid: &str, person: &str) -> bool {
        self.followers.remove(&format!("{appid} {person}")).is_some()
    }

    /// The session key of a mini program's person: it stays until `wx.login` is called again after it has expired, here for ever.
    fn session_key(&mut self, appid: &str, person: &str) -> String {
        let whose = format!("{appid} {person}");
        if let Some(key) = self.session_keys.get(&whose) {
            return key.clone();
        }
        let key =
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, rand::random::<[u8; 16]>());
        self.session_keys.insert(whose, key.clone());
        key
    }

    /// A code as `getPhoneNumber` gives it to the mini program, good once and for five minutes.
    pub fn phone_code(&mut self, appid: &str, phone_number: &str, now: Duration) -> String {
        let code = random_word(64);
        self.phone_codes.insert(
            code.clone(),
            PhoneCode {
                appid: appid.to_owned(),
                phone_number: phone_number.to_owned(),
                expires_at: now + Duration::from_secs(300),
                used: false,
            },
        );
        code
    }

    /// The app that a token is good for.
    fn app_of(&self, token: Option<&str>, now: Duration) -> Result<String, Failure> {
        let token = token.ok_or(Failure(41001, "access_token missing"))?;
        let invalid = Failure(40001, "invalid credential, access_token is invalid or not latest");
        let known = self.tokens.get(token).ok_or(invalid)?;
        if now >= known.expires_at {
            return Err(Failure(42001, "access_token expired"));
        }
        Ok(known.appid.clone())
    }
}
