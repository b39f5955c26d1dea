//! A machine, the time, and a service and a WeChat that answer as they are told.

// Each test program uses its own part of it.
#![allow(dead_code)]

use std::rc::Rc;

use protocol::fast_login::{Ready, Redirect, Unusable};
use protocol::ids::AuthorizeUuid;
use protocol::qrconnect::ColorScheme;
use protocol::service::{
    FinishedLogin, Kind, LoginResult, Scene, SceneEvent, StartedLogin, WaitingLogin, WebMessage,
};
use weixin_login_flow::error::{Code, LoginError};
use weixin_login_flow::event::{Challenge, Effect, Event, Permission, Run};
use weixin_login_flow::machine::Machine;
use weixin_login_flow::options::{Device, Display, Options};
use weixin_login_flow::screen::{Button, Person, Phase};
use weixin_login_flow::text::Language;

pub const DESKTOP: &str = "https://localhost.weixin.qq.com:14013";
pub const OPEN: &str = "https://open.weixin.qq.com";
pub const ISS: &str = "https://shop.example.com/weixin";
pub const REDIRECT_URI: &str = "https://shop.example.com/weixin/callback";
/// The attribute of the service's own page.
pub const ATTEMPT: &str = "{}";
pub const PAGE: &str = "https://shop.example.com/weixin/login?return_to=%2F";

pub struct Driver {
    pub machine: Machine,
    pub options: Options,
    pub desktop_urls: Vec<String>,
    pub now: u64,
    /// The last question to the local service.
    pub run: Option<Run>,
    /// The one that was the last before the last event.
    pub asked_before: Option<Run>,
    /// Every scene that was listened for.
    pub scenes: Vec<Run>,
    /// A challenge was asked for, and has not come.
    pub challenge_awaited: bool,
    kind: Kind,
}

impl Driver {
    pub fn new(kind: Kind) -> Self {
        Self::prepared(kind, |_| {})
    }

    pub fn prepared(kind: Kind, prepare: impl FnOnce(&mut Self)) -> Self {
        let options = Options {
            service: ISS.into(),
            client_id: "shop".into(),
            display: Display::Panel,
            result: LoginResult::Session,
            here: "https://shop.example.com/cart".into(),
            page: Some(PAGE.into()),
            language: Language::ZhCn,
            theme: ColorScheme::Auto,
            fast_login: true,
            frame: true,
            code_challenge: None,
            nonce: None,
            state: None,
            attempt: (kind == Kind::Hosted).then(|| ATTEMPT.into()),
            device: Device::Computer,
            secure: true,
            loopback_page: false,
            wrong: None,
        };
        let mut driver = Self {
            machine: Machine::new(Rc::new(options.clone())),
            options,
            desktop_urls: vec![DESKTOP.into()],
            now: 0,
            run: None,
            asked_before: None,
            scenes: Vec::new(),
            challenge_awaited: false,
            kind,
        };
        prepare(&mut driver);
        driver.machine = Machine::new(Rc::new(driver.options.clone()));
        driver
    }

    /// Waiting for the local service.
    pub fn probing(kind: Kind) -> Self {
        let mut driver = Self::new(kind);
        driver.permitted(Permission::Granted);
        assert_eq!(driver.machine.screen().phase, Phase::Probing);
        driver
    }

    /// Showing the card.
    pub fn card(kind: Kind) -> Self {
        let mut driver = Self::probing(kind);
        driver.ready();
        assert_eq!(driver.machine.screen().phase, Phase::FastLogin);
        driver
    }

    /// Showing the QR code, where fast login is denied.
    pub fn qr(kind: Kind) -> Self {
        let mut driver = Self::new(kind);
        driver.permitted(Permission::Denied);
        assert_eq!(driver.machine.screen().phase, Phase::Qr);
        driver
    }

    /// Appears, with this permission, and has its first attempt.
    pub fn permitted(&mut self, permission: Permission) {
        self.appear();
        self.send(Event::Permission(permission));
        self.started(1);
    }

    /// Appears in a page that is seen.
    pub fn appear(&mut self) -> Vec<Effect> {
        self.send(Event::Appeared { visible: true, draft: None })
    }

    pub fn send(&mut self, event: Event) -> Vec<Effect> {
        if let Event::Challenged(_) = event {
            self.challenge_awaited = false;
        }
        self.asked_before = self.run;
        let effects = self.machine.handle(event, self.now);
        for effect in &effects {
            if let Effect::Probe { run, .. } | Effect::Authorize { run, .. } = effect {
                self.run = Some(*run);
            }
            if let Effect::HearScene { run, .. } = effect {
                self.scenes.push(*run);
            }
            if let Effect::MakeChallenge | Effect::AskForChallenge = effect {
                self.challenge_awaited = true;
            }
        }
        effects
    }

    pub fn at(&mut self, now: u64, event: Event) -> Vec<Effect> {
        self.now = now;
        self.send(event)
    }

    pub fn press(&mut self, button: Button) -> Vec<Effect> {
        self.send(Event::Pressed(button))
    }

    /// The attempt of this number comes, and before it the challenge of the same number, where that was asked for.
    pub fn started(&mut self, number: u32) -> Vec<Effect> {
        self.challenged(number);
        let attempt = self.attempt(number);
        self.send(Event::Started(Ok(Rc::new(attempt))))
    }

    /// No attempt comes, for this reason.
    pub fn not_started(&mut self, error: LoginError) -> Vec<Effect> {
        self.challenged(0);
        self.send(Event::Started(Err(error)))
    }

    fn challenged(&mut self, number: u32) {
        if self.challenge_awaited {
            let effects = self.send(Event::Challenged(Ok(challenge(number))));
            assert!(
                matches!(&effects[..], [Effect::StartAttempt { challenge: bound, .. }] if *bound == challenge(number)),
                "{effects:?}",
            );
        }
    }

    pub fn attempt(&self, number: u32) -> StartedLogin {
        StartedLogin {
            id: format!("attempt{number}"),
            kind: self.kind,
            secret: (self.kind != Kind::Hosted).then(|| format!("secret{number}")),
            state: format!("state{number}"),
            iss: ISS.into(),
            appid: (self.kind != Kind::Scene).then(|| "wx0123456789abcdef".into()),
            redirect_uri: REDIRECT_URI.into(),
            open_url: OPEN.into(),
            desktop_urls: self.desktop_urls.clone(),
            expires_in: if self.kind == Kind::Scene { 300 } else { 600 },
            renew_in: 300,
            client_name: "Shop".into(),
            emulator: false,
            scene: (self.kind == Kind::Scene).then(|| Scene {
                scan_url: format!("{ISS}/scan/attempt{number}"),
                number: "42".into(),
                qr_path: "M0 0h7v1h-7z".into(),
                qr_size: 29,
            }),
        }
    }

    /// What the attempt of this number will be, as far as the script is told.
    pub fn draft(&self, number: u32) -> StartedLogin {
        StartedLogin {
            id: String::new(),
            secret: None,
            expires_in: 0,
            renew_in: 0,
            client_name: String::new(),
            ..self.attempt(number)
        }
    }

    pub fn ready(&mut self) -> Vec<Effect> {
        self.ready_as("陈锴")
    }

    pub fn ready_as(&mut self, nickname: &str) -> Vec<Effect> {
        self.probed(Ok(ready_answer(nickname)))
    }

    pub fn unavailable(&mut self) -> Vec<Effect> {
        self.probed(Err(Unusable::NotUnderstood))
    }

    fn probed(&mut self, outcome: Result<Ready, Unusable>) -> Vec<Effect> {
        let run = self.run.expect("the local service was asked");
        self.send(Event::Probed { run, desktop: 0, outcome })
    }

    pub fn authorized(&mut self, outcome: Result<Redirect, Unusable>) -> Vec<Effect> {
        let run = self.run.expect("the local service was asked");
        self.send(Event::Authorized { run, outcome })
    }

    pub fn message(&mut self, number: u32) -> Vec<Effect> {
        self.send(Event::Message(WebMessage::Finished(finished(number))))
    }

    pub fn scene(&mut self, number: u32, event: SceneEvent) -> Vec<Effect> {
        self.send(Event::Scene { run: self.scene_run(number), event })
    }

    /// The question of the scene of this number, counted from one.
    pub fn scene_run(&self, number: u32) -> Run {
        self.scenes.get(number as usize - 1).copied().unwrap_or(Run(u32::MAX))
    }

    pub fn some_run(&self, stale: bool) -> Run {
        let Run(number) = self.run.unwrap_or(Run(0));
        Run(if stale { number.wrapping_sub(1) } else { number })
    }
}

pub fn is_probe(effect: &Effect) -> bool {
    matches!(effect, Effect::Probe { .. })
}

/// What binds the attempt of this number, made by the widget.
pub fn challenge(number: u32) -> Rc<Challenge> {
    Rc::new(Challenge {
        code_challenge: format!("challenge{number}"),
        code_verifier: Some(format!("verifier{number}")),
        nonce: None,
        state: None,
    })
}

/// `POST /login`, with no state of the page's own.
pub fn start(challenge: Rc<Challenge>) -> Effect {
    Effect::StartAttempt { challenge, state: None }
}

pub fn redeem(number: u32) -> Effect {
    Effect::Redeem { code: format!("code{number}"), code_verifier: format!("verifier{number}") }
}

pub fn ready_answer(nickname: &str) -> Ready {
    Ready {
        nickname: nickname.into(),
        headimgurl: "https://thirdwx.qlogo.cn/mmopen/A/132".into(),
        authorize_uuid: AuthorizeUuid::parse("uuid1").expect("a good uuid"),
    }
}

pub fn person() -> Person<'static> {
    Person { nickname: "陈锴", avatar: Some("https://thirdwx.qlogo.cn/mmopen/A/132") }
}

pub fn redirect_url(number: u32) -> String {
    format!("{REDIRECT_URI}?code=C0de&state=state{number}")
}

pub fn redirect_answer(address: &str) -> Redirect {
    let body = serde_json::json!({
        "apiname": "qrconnectfastauthorizeconfirm", "errcode": 0, "jsdata": { "redirect_url": address }
    });
    Redirect::read::<serde_json::Value>(&body.to_string()).expect("a readable answer")
}

pub fn finished(number: u32) -> FinishedLogin {
    FinishedLogin { code: format!("code{number}"), state: format!("state{number}"), iss: ISS.into() }
}

/// In the place of a login: the site asks for more.
pub fn unbound(number: u32) -> WaitingLogin {
    WaitingLogin {
        token: format!("attempt{number}.secret"),
        expires_in: 600,
        state: format!("state{number}"),
        iss: ISS.into(),
    }
}

pub fn unreachable() -> LoginError {
    LoginError::new(Code::ServiceUnreachable, "")
}
