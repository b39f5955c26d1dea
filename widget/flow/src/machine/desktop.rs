//! Fast login: when the local WeChat is asked, what comes of its answers, and what the frame may ask in our place.

use alloc::rc::Rc;
use alloc::string::String;
use protocol::fast_login::{REFUSED, Ready, Redirect, UUID_EXPIRED, Unusable};
use protocol::ids::AuthorizationCode;
use protocol::service::{ErrorCode, Kind, StartedLogin};

use super::{Machine, PRESSED_PROBE_LIMIT, QUIET_PROBE_LIMIT, Stage};
use crate::clock::Millis;
use crate::error::{Code, LoginError};
use crate::event::{Effect, Found, Permission, Run};
use crate::options::Device;
use crate::person;
use crate::screen::{Body, Offer, Person};
use crate::text::Text;

/// What is known of the WeChat on this computer.
pub(super) enum Desktop {
    Unasked,
    Asking(Asking),
    Ready(Rc<Found>),
    Unavailable,
}

/// A question that is under way.
pub(super) struct Asking {
    run: Run,
    started: Rc<StartedLogin>,
    since: Millis,
    /// Local services that have not answered.
    waiting: usize,
    /// Whether the answer replaces the QR code: the person asked for it, here or in the browser's question.
    wished: bool,
}

/// WeChat is asking the person who was found.
#[derive(Clone, Copy)]
pub(super) struct Confirming {
    run: Run,
    /// An authorize_uuid that had expired was replaced once already.
    checked_again: bool,
}

/// A press that fails sooner than any person can answer a browser's question was not answered by one.
const NOBODY_WAS_ASKED: Millis = 1_000;

#[derive(PartialEq)]
enum MayAsk {
    AtOnce,
    AfterPress,
    Never,
    /// The browser has not said yet.
    Unknown,
}

impl Machine {
    fn may_ask(&self) -> MayAsk {
        if !self.options.fast_login || self.options.device != Device::Computer {
            return MayAsk::Never;
        }
        // Such a page is in the loopback space itself.
        if self.options.loopback_page {
            return MayAsk::AtOnce;
        }
        if !self.options.secure {
            return MayAsk::Never;
        }
        match self.permission {
            None => MayAsk::Unknown,
            Some(Permission::Granted | Permission::Absent) => MayAsk::AtOnce,
            Some(Permission::Prompt) => MayAsk::AfterPress,
            Some(Permission::Denied) => MayAsk::Never,
        }
    }

    /// Whether a call may make the browser ask the person.
    pub(super) fn browser_asks(&self) -> bool {
        self.may_ask() == MayAsk::AfterPress
    }

    /// A frame with `allow` asks as it loads, so it follows the same rule.
    pub(super) fn frame_may_ask(&self) -> bool {
        match self.may_ask() {
            MayAsk::AtOnce => true,
            MayAsk::AfterPress => self.pressed,
            MayAsk::Never | MayAsk::Unknown => false,
        }
    }

    fn desktop_urls(&self) -> &[String] {
        self.attempt.as_ref().map_or(&[], |attempt| &attempt.started.desktop_urls)
    }

    /// The first thing to do with an attempt: the QR code waits for an answer only where one may come.
    pub(super) fn ask_or_show_qr(&mut self) {
        match self.may_ask() {
            _ if self.desktop_urls().is_empty() => self.show_qr(None),
            MayAsk::AtOnce => self.probe(false),
            MayAsk::Unknown => {}
            MayAsk::AfterPress | MayAsk::Never => self.show_qr(None),
        }
    }

    /// What was found was found for the attempt before: it is asked for again, in silence.
    pub(super) fn ask_for_the_new_attempt(&mut self) {
        if matches!(self.desktop, Desktop::Asking(Asking { wished: true, .. })) {
            return;
        }
        self.hang_up();
        self.desktop = Desktop::Unasked;
        if self.may_ask() == MayAsk::AtOnce {
            self.probe(false);
        }
    }

    pub(super) fn permission_is(&mut self, permission: Permission) {
        let before = self.permission.replace(permission);
        if before == Some(permission) {
            return;
        }
        match (&self.stage, &self.desktop) {
            (Stage::Probing { .. }, Desktop::Unasked) => {
                self.ask_or_show_qr();
            }
            (Stage::Qr, Desktop::Unasked | Desktop::Unavailable) if self.may_ask() == MayAsk::AtOnce => {
                // The browser's first word, come late, is nobody's wish; a change of it is the person's.
                self.ask_or_let_the_frame(before.is_some());
            }
            _ => {}
        }
    }

    pub(super) fn use_this_computer(&mut self) {
        if self.may_ask() != MayAsk::AfterPress
            || matches!(self.desktop, Desktop::Asking(_) | Desktop::Ready(_))
        {
            return;
        }
        self.pressed = true;
        self.note = None;
        self.ask_or_let_the_frame(true);
    }

    fn ask_or_let_the_frame(&mut self, wished: bool) {
        if self.desktop_urls().is_empty() {
            self.let_the_frame_ask();
        } else {
            self.probe(wished);
        }
    }

    /// WeChat's own page may be granted what is refused to ours. Says whether it was loaded anew for that.
    fn let_the_frame_ask(&mut self) -> bool {
        let loads = self.frame.as_ref().is_some_and(|shown| !shown.frame.fast_login) && self.frame_may_ask();
        if loads {
            self.load_frame();
        }
        loads
    }

    fn probe(&mut self, wished: bool) {
        let run = self.next_run();
        let Some(attempt) = &self.attempt else { return };
        let started = attempt.started.clone();
        let waiting = started.desktop_urls.len();
        if waiting == 0 || started.scene.is_some() {
            return;
        }
        let limit = if wished { PRESSED_PROBE_LIMIT } else { QUIET_PROBE_LIMIT };
        let asking = Asking { run, started: started.clone(), since: self.now, waiting, wished };
        self.desktop = Desktop::Asking(asking);
        self.ask_for(Effect::Probe { run, started, desktop: None, limit });
    }

    pub(super) fn probed(&mut self, run: Run, desktop: usize, outcome: &Result<Ready, Unusable>) {
        if let Stage::Confirming(confirming) = &self.stage
            && confirming.run == run
        {
            return self.checked_again(outcome);
        }
        let Desktop::Asking(asking) = &mut self.desktop else { return };
        if asking.run != run {
            return;
        }
        asking.waiting = asking.waiting.saturating_sub(1);
        let (waiting, wished) = (asking.waiting, asking.wished);
        match outcome {
            Ok(ready) => {
                let started = asking.started.clone();
                if waiting > 0 {
                    self.ask_for(Effect::HangUp);
                }
                let found = recognised(started, desktop, ready.clone());
                self.person_found(found, wished);
            }
            Err(_) if waiting == 0 => {
                let nobody_was_asked = self.now < asking.since + NOBODY_WAS_ASKED;
                self.nobody_found(wished, nobody_was_asked);
            }
            Err(_) => {}
        }
    }

    fn person_found(&mut self, found: Rc<Found>, wished: bool) {
        let current =
            self.attempt.as_ref().is_some_and(|attempt| Rc::ptr_eq(&attempt.started, &found.started));
        match self.stage {
            Stage::Qr if !current => self.probe(wished),
            Stage::Probing { .. } => {
                self.desktop = Desktop::Ready(found);
                self.stage = Stage::Card;
            }
            Stage::Qr if wished => {
                self.desktop = Desktop::Ready(found);
                self.leave_qr();
                self.note = None;
                self.stage = Stage::Card;
            }
            Stage::Qr => self.desktop = Desktop::Ready(found),
            _ => self.desktop = Desktop::Unasked,
        }
    }

    fn nobody_found(&mut self, wished: bool, nobody_was_asked: bool) {
        self.desktop = Desktop::Unavailable;
        match self.stage {
            Stage::Probing { .. } => self.show_qr(None),
            Stage::Qr => {
                // Somebody who has just closed the browser's question is not asked again by the frame.
                let may = self.may_ask() == MayAsk::AtOnce || nobody_was_asked;
                let frame_asks = may && self.let_the_frame_ask();
                if wished && !frame_asks {
                    self.note = Some(Text::NoteNoDesktop);
                }
            }
            _ => {}
        }
    }

    pub(super) fn authorize(&mut self) {
        let Desktop::Ready(found) = &self.desktop else { return };
        let found = found.clone();
        self.leave_qr();
        self.note = None;
        self.ask_weixin(found, false);
    }

    fn ask_weixin(&mut self, found: Rc<Found>, checked_again: bool) {
        let run = self.next_run();
        self.ask_for(Effect::Authorize { run, found });
        self.stage = Stage::Confirming(Confirming { run, checked_again });
    }

    pub(super) fn authorized(&mut self, run: Run, outcome: &Result<Redirect, Unusable>) {
        let (Stage::Confirming(confirming), Desktop::Ready(found)) = (self.stage, &self.desktop) else {
            return;
        };
        if confirming.run != run {
            return;
        }
        let (started, desktop) = (found.started.clone(), Some(found.desktop));
        match outcome {
            Ok(redirect) => {
                let login = started.weixin_login().ok();
                match login.and_then(|login| redirect.check(&login).ok()) {
                    Some(code) => self.agreed(redirect, code),
                    None => self.fast_login_failed(),
                }
            }
            // The offer stays: another press is asked about anew.
            Err(Unusable::ErrCode(REFUSED)) => self.show_qr(Some(Text::NoteRefused)),
            Err(Unusable::ErrCode(UUID_EXPIRED)) if !confirming.checked_again => {
                let run = self.next_run();
                self.stage = Stage::Confirming(Confirming { run, checked_again: true });
                let limit = if self.browser_asks() { PRESSED_PROBE_LIMIT } else { QUIET_PROBE_LIMIT };
                self.ask_for(Effect::Probe { run, started, desktop, limit });
            }
            Err(_) => self.fast_login_failed(),
        }
    }

    /// The person's press counts for the person it named. Somebody else, logged in there meanwhile, is asked on the card.
    fn checked_again(&mut self, outcome: &Result<Ready, Unusable>) {
        let Desktop::Ready(found) = &self.desktop else { return };
        let Ok(ready) = outcome else { return self.fast_login_failed() };
        let same = ready.nickname == found.ready.nickname && ready.headimgurl == found.ready.headimgurl;
        let found = recognised(found.started.clone(), found.desktop, ready.clone());
        self.desktop = Desktop::Ready(found.clone());
        if same {
            self.ask_weixin(found, true);
        } else {
            self.stage = Stage::Card;
        }
    }

    fn agreed(&mut self, redirect: &Redirect, code: AuthorizationCode) {
        let Some(attempt) = &self.attempt else { return };
        let started = attempt.started.clone();
        if started.kind == Kind::Hosted {
            self.ask_for(Effect::Navigate(redirect.as_str().into()));
        } else if started.secret.is_some() {
            self.ask_for(Effect::PostCallback { started, code });
        } else {
            let code = Code::Service(ErrorCode::ServerError);
            return self.fail(LoginError::new(code, "the attempt came without a secret"));
        }
        self.stage = Stage::Finishing;
    }

    fn fast_login_failed(&mut self) {
        self.desktop = Desktop::Unavailable;
        self.show_qr(Some(Text::NoteFastLoginFailed));
    }

    /// Drops every question that is not answered, and stops listening to a scene.
    pub(super) fn hang_up(&mut self) {
        let asking = matches!(self.desktop, Desktop::Asking(_));
        if asking {
            self.desktop = Desktop::Unavailable;
        }
        if asking || matches!(self.stage, Stage::Confirming(_) | Stage::Scene { .. }) {
            self.ask_for(Effect::HangUp);
        }
    }

    pub(super) fn next_run(&mut self) -> Run {
        self.numbers += 1;
        Run(self.numbers)
    }

    pub(super) fn card(&self) -> Body<'_> {
        match &self.desktop {
            Desktop::Ready(found) => Body::Card(person(found)),
            _ => Body::Waiting,
        }
    }

    pub(super) fn offer(&self) -> Offer<'_> {
        match &self.desktop {
            Desktop::Ready(found) => Offer::Continue(person(found)),
            Desktop::Asking(Asking { wished: true, .. }) => Offer::Asking,
            Desktop::Asking(_) => Offer::None,
            Desktop::Unasked | Desktop::Unavailable => match self.may_ask() {
                MayAsk::AfterPress => Offer::UseThisComputer,
                _ => Offer::None,
            },
        }
    }
}

fn recognised(started: Rc<StartedLogin>, desktop: usize, ready: Ready) -> Rc<Found> {
    let avatar = person::avatar(&ready.headimgurl, &started.open_url, started.emulator);
    Rc::new(Found { started, desktop, ready, avatar })
}

fn person(found: &Found) -> Person<'_> {
    Person { nickname: &found.ready.nickname, avatar: found.avatar.as_deref() }
}
