//! Attempts: what each is bound to, how it comes from the service, and how another takes its place.

use alloc::boxed::Box;
use alloc::rc::Rc;
use protocol::service::{ErrorCode, LoginResult, StartedLogin, WebMessage};

use super::stage::{Ahead, Anew, Probing, Qr, Stage};
use super::{Machine, NEVER, QR_WAITS, RENEWAL_RETRY, UNATTENDED_RENEWALS};
use crate::clock::Millis;
use crate::error::{Code, LoginError};
use crate::event::{Challenge, Effect};
use crate::options::Device;
use crate::screen::FrameStatus;
use crate::text::Language;

/// An attempt, since it came.
pub(super) struct Attempt {
    pub(super) started: Rc<StartedLogin>,
    /// What it was started with; the service's own page starts its attempts itself.
    pub(super) challenge: Option<Rc<Challenge>>,
    /// The one that the service was told.
    pub(super) language: Language,
    pub(super) since: Millis,
    pub(super) expires_at: Millis,
    pub(super) renews_at: Millis,
}

/// What is on its way. It stays on its way whichever stage comes meanwhile, so that there are never two.
pub(super) enum Coming {
    Nothing,
    /// What to bind an attempt to.
    Challenge,
    /// An attempt, bound to this.
    Attempt(Option<Rc<Challenge>>),
}

impl Attempt {
    fn new(
        started: Rc<StartedLogin>,
        challenge: Option<Rc<Challenge>>,
        language: Language,
        now: Millis,
    ) -> Self {
        let renews = 0 < started.renew_in && started.renew_in < started.expires_in;
        Self {
            since: now,
            expires_at: now + millis(started.expires_in),
            renews_at: if renews { now + millis(started.renew_in) } else { NEVER },
            started,
            challenge,
            language,
        }
    }

    /// Whether an answer is to this one (RFC 9207): another's may be in its place.
    pub(super) fn is_of(&self, state: &str, iss: &str) -> bool {
        self.started.state == state && self.started.iss == iss
    }

    /// Whether a message from a frame is about this one.
    pub(super) fn is_told_of(&self, message: &WebMessage) -> bool {
        match message {
            WebMessage::Finished(finished) => self.is_of(&finished.state, &finished.iss),
            WebMessage::Unbound(login) => self.is_of(&login.state, &login.iss),
            WebMessage::Failed { state, iss, .. } => self.is_of(state, iss),
        }
    }
}

pub(super) fn millis(seconds: i64) -> Millis {
    // A year is forever; a service that says more, or less than nothing, must not overflow anything.
    seconds.clamp(0, 31_536_000) as Millis * 1000
}

impl Machine {
    /// Begins a login, or begins it again. Where nobody sees the page it waits: thirty tabs that a browser restores must not
    /// ask for thirty attempts, nor thirty times who is logged in to WeChat.
    pub(super) fn begin(&mut self, wished: bool) -> Stage {
        if !self.visible {
            return Stage::Unseen;
        }
        if self.options.device == Device::Computer
            && self.options.fast_login
            && !core::mem::replace(&mut self.queried, true)
        {
            self.ask_for(Effect::QueryPermission);
        }
        self.ask_for_an_attempt();
        self.go_ahead(wished, None)
    }

    /// Loads WeChat's page while the service is asked, where it is what will be shown, whatever the local WeChat says.
    pub(super) fn go_ahead(&mut self, wished: bool, ahead: Option<Box<Ahead>>) -> Stage {
        let ahead = ahead.or_else(|| {
            let draft = self.draft.clone().filter(|draft| self.shows_qr_at_once(draft))?;
            let frame = self.new_frame(&draft)?;
            Some(Box::new(Ahead { frame, since: self.now, status: FrameStatus::Loading }))
        });
        Stage::Starting { wished, ahead }
    }

    pub(super) fn frame_spoke_ahead(wished: bool, mut ahead: Option<Box<Ahead>>, number: u32) -> Stage {
        if let Some(ahead) = ahead.as_mut().filter(|ahead| ahead.frame.number == number) {
            ahead.status = FrameStatus::Ready;
        }
        Stage::Starting { wished, ahead }
    }

    pub(super) fn ask_for_an_attempt(&mut self) {
        if !matches!(self.coming, Coming::Nothing) {
            return;
        }
        match (&self.options.attempt, &self.last) {
            // An attempt of the service's own page is renewed there, by its cookie.
            (Some(_), Some(last)) => {
                let effect = Effect::RenewAttempt(last.clone());
                self.coming = Coming::Attempt(None);
                self.ask_for(effect);
            }
            (Some(json), None) => {
                let effect = Effect::ReadAttempt(json.clone());
                self.coming = Coming::Attempt(None);
                self.ask_for(effect);
            }
            (None, _) => self.ask_for_a_challenge(),
        }
    }

    fn ask_for_a_challenge(&mut self) {
        let effect = match self.options.result {
            LoginResult::Session => Effect::MakeChallenge,
            LoginResult::Code if self.challenge_used => Effect::AskForChallenge,
            LoginResult::Code => match self.attributes_challenge() {
                Some(challenge) => return self.start(challenge),
                None => Effect::AskForChallenge,
            },
        };
        self.coming = Coming::Challenge;
        self.ask_for(effect);
    }

    fn attributes_challenge(&self) -> Option<Rc<Challenge>> {
        Some(Rc::new(Challenge {
            code_challenge: self.options.code_challenge.clone()?,
            code_verifier: None,
            nonce: self.options.nonce.clone(),
            state: self.options.state.clone(),
        }))
    }

    fn start(&mut self, challenge: Rc<Challenge>) {
        let state = self.draft.as_ref().map(|draft| draft.state.clone());
        self.ask_for(Effect::StartAttempt { challenge: challenge.clone(), state });
        self.coming = Coming::Attempt(Some(challenge));
    }

    /// It was asked for by a stage that is gone.
    pub(super) fn without_challenge(&mut self, stage: Stage) -> Stage {
        if let Coming::Challenge = self.coming {
            self.coming = Coming::Nothing;
        }
        stage
    }

    /// The same: the attempt is left to expire.
    pub(super) fn without_attempt(&mut self, stage: Stage) -> Stage {
        self.take_attempt();
        stage
    }

    /// What the attempt that has come is bound to; `None` where none was awaited.
    fn take_attempt(&mut self) -> Option<Option<Rc<Challenge>>> {
        match core::mem::replace(&mut self.coming, Coming::Nothing) {
            Coming::Attempt(challenge) => {
                // Its state has been told, and is good once.
                self.draft = None;
                Some(challenge)
            }
            other @ (Coming::Nothing | Coming::Challenge) => {
                self.coming = other;
                None
            }
        }
    }

    pub(super) fn challenged(
        &mut self,
        wished: bool,
        ahead: Option<Box<Ahead>>,
        outcome: &Result<Rc<Challenge>, LoginError>,
    ) -> Stage {
        if !matches!(self.coming, Coming::Challenge) {
            return Stage::Starting { wished, ahead };
        }
        self.coming = Coming::Nothing;
        match (outcome, self.options.result) {
            (Ok(challenge), LoginResult::Session | LoginResult::Code) => {
                self.start(challenge.clone());
                Stage::Starting { wished, ahead }
            }
            // The page is not told of a lack that nobody has met yet.
            (Err(_), LoginResult::Code) if !wished => Stage::Expired(Anew::ByPress),
            // One that no code was bound to may be used by the person who tries again.
            (Err(_), LoginResult::Code) => match self.attributes_challenge().filter(|_| !self.code_told) {
                Some(challenge) => {
                    self.start(challenge);
                    Stage::Starting { wished, ahead }
                }
                None => self.fail(LoginError::new(
                    Code::Service(ErrorCode::InvalidRequest),
                    "answer weixin-login-renew with a fresh code-challenge, nonce and state",
                )),
            },
            (Err(error), LoginResult::Session) => self.fail(error.clone()),
        }
    }

    pub(super) fn started(
        &mut self,
        wished: bool,
        ahead: Option<Box<Ahead>>,
        outcome: &Result<Rc<StartedLogin>, LoginError>,
    ) -> Stage {
        let own_state = self.draft.is_some();
        let Some(challenge) = self.take_attempt() else { return Stage::Starting { wished, ahead } };
        match checked(outcome) {
            Ok(started) => {
                let mut stage = self.arrive(started, challenge);
                if let (Stage::Qr(qr), Some(ahead)) = (&mut stage, ahead) {
                    qr.take_over(*ahead);
                }
                stage
            }
            // A browser that lost its connection may have sent it twice: another state is the service's own.
            Err(error) if own_state && error.code == Code::Service(ErrorCode::AttemptUsed) => {
                self.begin(wished)
            }
            Err(error) if self.last.is_some() && is_gone(error.code) => Stage::Expired(Anew::Reload),
            Err(error) => self.fail(error),
        }
    }

    /// The first thing to do with an attempt.
    fn arrive(&mut self, started: Rc<StartedLogin>, challenge: Option<Rc<Challenge>>) -> Stage {
        let attempt = self.new_attempt(started, challenge);
        if let Some(scene) = attempt.started.scene.clone() {
            return self.show_scene(attempt, scene);
        }
        let until = self.now + QR_WAITS;
        self.ask_or_show_qr(Box::new(Probing { attempt, asking: None, until }))
    }

    fn new_attempt(&mut self, started: Rc<StartedLogin>, challenge: Option<Rc<Challenge>>) -> Rc<Attempt> {
        self.challenge_used = true;
        self.last = Some(started.clone());
        Rc::new(Attempt::new(started, challenge, self.language, self.now))
    }

    // Renewal: another attempt takes the place of the one whose QR code is shown.

    /// When it is asked for, where it is to be.
    pub(super) fn renewal_due(&self, qr: &Qr) -> Millis {
        let wanted = qr.frame.is_some()
            && self.visible
            && self.renewals < UNATTENDED_RENEWALS
            && matches!(self.coming, Coming::Nothing);
        qr.renews_at.filter(|_| wanted).unwrap_or(NEVER)
    }

    pub(super) fn renew(&mut self) {
        self.renewals += 1;
        self.ask_for_an_attempt();
    }

    pub(super) fn challenged_anew(
        &mut self,
        mut qr: Box<Qr>,
        outcome: &Result<Rc<Challenge>, LoginError>,
    ) -> Stage {
        if matches!(self.coming, Coming::Challenge) {
            self.coming = Coming::Nothing;
            match outcome {
                Ok(challenge) => self.start(challenge.clone()),
                // The QR code lives to its end.
                Err(_) => qr.renews_at = None,
            }
        }
        Stage::Qr(qr)
    }

    pub(super) fn renewed(
        &mut self,
        mut qr: Box<Qr>,
        outcome: &Result<Rc<StartedLogin>, LoginError>,
    ) -> Stage {
        let Some(challenge) = self.take_attempt() else { return Stage::Qr(qr) };
        match checked(outcome) {
            Ok(started) if started.scene.is_some() => {
                qr.leave(self);
                self.arrive(started, challenge)
            }
            Ok(started) => {
                qr.attempt = self.new_attempt(started, challenge);
                qr.renews_at = Some(qr.attempt.renews_at);
                qr.former = qr.frame.take();
                qr.frame = self.load_frame(&qr.attempt);
                self.ask_for_the_new_attempt(&mut qr);
                Stage::Qr(qr)
            }
            Err(_) => {
                qr.renews_at = Some(self.now + RENEWAL_RETRY);
                Stage::Qr(qr)
            }
        }
    }

    // Its end.

    /// An attempt that nobody has answered is followed by another while somebody may be looking.
    pub(super) fn renew_or_expire(&mut self, stage: Stage) -> Stage {
        if !self.visible || self.renewals >= UNATTENDED_RENEWALS {
            return self.expire(stage, Anew::ByItself);
        }
        self.renewals += 1;
        self.begin_again(stage, false)
    }

    pub(super) fn begin_again(&mut self, stage: Stage, wished: bool) -> Stage {
        stage.leave(self);
        self.begin(wished)
    }

    pub(super) fn expire(&mut self, stage: Stage, anew: Anew) -> Stage {
        stage.leave(self);
        Stage::Expired(anew)
    }
}

/// The service's appid and state are what WeChat takes; a scene asks WeChat for nothing from here.
fn checked(outcome: &Result<Rc<StartedLogin>, LoginError>) -> Result<Rc<StartedLogin>, LoginError> {
    if let Ok(started) = outcome
        && started.scene.is_none()
        && started.weixin_login().is_err()
    {
        let code = Code::Service(ErrorCode::Misconfigured);
        return Err(LoginError::new(code, "malformed appid or state"));
    }
    outcome.clone()
}

/// Whether a hosted attempt with this answer can never be renewed.
fn is_gone(code: Code) -> bool {
    matches!(
        code,
        Code::Service(ErrorCode::UnknownAttempt | ErrorCode::AttemptExpired | ErrorCode::AttemptUsed)
    )
}
