//! Fast login: when the local WeChat is asked, what comes of its answers, and what the frame may ask in our place.

use alloc::boxed::Box;
use alloc::rc::Rc;
use protocol::fast_login::{REFUSED, Ready, Redirect, UUID_EXPIRED, Unusable};
use protocol::ids::AuthorizationCode;
use protocol::service::{ErrorCode, Kind, StartedLogin};

use super::attempt::Attempt;
use super::stage::{Asking, Card, Confirming, Desktop, Probing, Qr, Question, Stage, Step};
use super::{Machine, PRESSED_PROBE_LIMIT, QUIET_PROBE_LIMIT};
use crate::clock::Millis;
use crate::error::{Code, LoginError};
use crate::event::{Effect, Found, Permission, Run};
use crate::options::Device;
use crate::person;
use crate::screen::{Offer, Person};
use crate::text::Text;

/// A press that fails sooner than any person can answer a browser's question was not answered by one.
const NOBODY_WAS_ASKED: Millis = 1_000;

#[derive(PartialEq)]
pub(super) enum MayAsk {
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

    /// A frame with `allow` asks as it loads, so it follows the same rule. Whoever refused in WeChat's dialog is not asked
    /// again by the frame that comes next.
    pub(super) fn frame_may_ask(&self) -> bool {
        let may = match self.may_ask() {
            MayAsk::AtOnce => true,
            MayAsk::AfterPress => self.pressed,
            MayAsk::Never | MayAsk::Unknown => false,
        };
        may && !self.refused
    }

    // Asking.

    /// The QR code waits for an answer only where one may come.
    pub(super) fn ask_or_show_qr(&mut self, mut probing: Box<Probing>) -> Stage {
        if probing.asking.is_some() {
            return Stage::Probing(probing);
        }
        if self.shows_qr_at_once(&probing.attempt.started) {
            return self.waited_enough(*probing);
        }
        if self.may_ask() == MayAsk::AtOnce {
            probing.asking = Some(self.probe(&probing.attempt, false));
        }
        Stage::Probing(probing)
    }

    /// Whether nobody on this computer is to be asked before.
    pub(super) fn shows_qr_at_once(&self, started: &StartedLogin) -> bool {
        started.desktop_urls.is_empty() || matches!(self.may_ask(), MayAsk::AfterPress | MayAsk::Never)
    }

    /// The QR code waits no longer; the question goes on beside it.
    pub(super) fn waited_enough(&mut self, probing: Probing) -> Stage {
        let Probing { attempt, asking, .. } = probing;
        self.show_qr(attempt, asking.map_or(Desktop::Silent, Desktop::Asking), None)
    }

    /// What was found was found for the attempt before: it is asked for again, in silence. The person's own question stays.
    pub(super) fn ask_for_the_new_attempt(&mut self, qr: &mut Qr) {
        if matches!(&qr.desktop, Desktop::Asking(asking) if asking.wished) {
            return;
        }
        core::mem::replace(&mut qr.desktop, Desktop::Silent).leave(self);
        if self.may_ask() == MayAsk::AtOnce && !qr.attempt.started.desktop_urls.is_empty() {
            qr.desktop = Desktop::Asking(self.probe(&qr.attempt, false));
        }
    }

    /// The browser's word has come, or has changed.
    pub(super) fn permitted(&mut self, mut qr: Box<Qr>) -> Stage {
        if matches!(qr.desktop, Desktop::Silent) && self.may_ask() == MayAsk::AtOnce {
            // Its first word, come late, is nobody's wish; a change of it is the person's.
            self.ask_or_let_the_frame(&mut qr, self.permission_changed);
        }
        Stage::Qr(qr)
    }

    pub(super) fn use_this_computer(&mut self, mut qr: Box<Qr>) -> Stage {
        if matches!(qr.desktop, Desktop::Silent) && self.may_ask() == MayAsk::AfterPress {
            self.pressed = true;
            self.refused = false;
            qr.note = None;
            self.ask_or_let_the_frame(&mut qr, true);
        }
        Stage::Qr(qr)
    }

    fn ask_or_let_the_frame(&mut self, qr: &mut Qr, wished: bool) {
        if qr.attempt.started.desktop_urls.is_empty() {
            self.let_the_frame_ask(qr);
        } else {
            qr.desktop = Desktop::Asking(self.probe(&qr.attempt, wished));
        }
    }

    /// WeChat's own page may be granted what is refused to ours. Says whether it was loaded anew for that.
    fn let_the_frame_ask(&mut self, qr: &mut Qr) -> bool {
        let loads = qr.frame.as_ref().is_some_and(|shown| !shown.frame.fast_login) && self.frame_may_ask();
        if loads {
            qr.frame = self.load_frame(&qr.attempt);
        }
        loads
    }

    fn probe(&mut self, attempt: &Attempt, wished: bool) -> Box<Asking> {
        let (run, started) = (self.next_run(), attempt.started.clone());
        let limit = if wished { PRESSED_PROBE_LIMIT } else { QUIET_PROBE_LIMIT };
        self.ask_for(Effect::Probe { run, started: started.clone(), desktop: None, limit });
        Box::new(Asking { run, waiting: started.desktop_urls.len(), started, since: self.now, wished })
    }

    pub(super) fn next_run(&mut self) -> Run {
        self.numbers += 1;
        Run(self.numbers)
    }

    // What comes of it.

    pub(super) fn probed_first(
        &mut self,
        mut probing: Box<Probing>,
        run: Run,
        desktop: usize,
        outcome: &Result<Ready, Unusable>,
    ) -> Stage {
        let Some(asking) = probing.asking.take_if(|asking| asking.run == run) else {
            return Stage::Probing(probing);
        };
        let asking = asking.answered();
        match outcome {
            Ok(ready) => {
                probing.asking = asking;
                let attempt = probing.leave(self);
                let found = recognised(&attempt.started, desktop, ready);
                Stage::Card(Box::new(Card { attempt, found }))
            }
            Err(_) => {
                probing.asking = asking;
                if probing.asking.is_none() { self.waited_enough(*probing) } else { Stage::Probing(probing) }
            }
        }
    }

    pub(super) fn probed_beside_qr(
        &mut self,
        mut qr: Box<Qr>,
        run: Run,
        desktop: usize,
        outcome: &Result<Ready, Unusable>,
    ) -> Stage {
        let asking = match core::mem::replace(&mut qr.desktop, Desktop::Silent) {
            Desktop::Asking(asking) if asking.run == run => asking,
            other @ (Desktop::Silent | Desktop::Ready(_) | Desktop::Asking(_)) => {
                qr.desktop = other;
                return Stage::Qr(qr);
            }
        };
        let (wished, since) = (asking.wished, asking.since);
        let current = Rc::ptr_eq(&asking.started, &qr.attempt.started);
        let others = asking.answered();
        let Ok(ready) = outcome else {
            match others {
                Some(asking) => qr.desktop = Desktop::Asking(asking),
                None => self.nobody_found(&mut qr, wished, since),
            }
            return Stage::Qr(qr);
        };
        if others.is_some() {
            self.ask_for(Effect::HangUp);
        }
        if !current {
            // It is the attempt before that they were found for.
            self.ask_or_let_the_frame(&mut qr, wished);
            return Stage::Qr(qr);
        }
        let found = recognised(&qr.attempt.started, desktop, ready);
        if wished {
            let attempt = qr.leave(self);
            Stage::Card(Box::new(Card { attempt, found }))
        } else {
            qr.desktop = Desktop::Ready(found);
            Stage::Qr(qr)
        }
    }

    fn nobody_found(&mut self, qr: &mut Qr, wished: bool, since: Millis) {
        // Somebody who has just closed the browser's question is not asked again by the frame.
        let nobody_was_asked = self.now < since + NOBODY_WAS_ASKED;
        let may = self.may_ask() == MayAsk::AtOnce || nobody_was_asked;
        let frame_asks = may && self.let_the_frame_ask(qr);
        if wished && !frame_asks {
            qr.note = Some(Text::NoteNoDesktop);
        }
    }

    // WeChat's question to the person who was found.

    pub(super) fn continue_from_qr(&mut self, mut qr: Box<Qr>) -> Stage {
        match core::mem::replace(&mut qr.desktop, Desktop::Silent) {
            Desktop::Ready(found) => {
                let attempt = qr.leave(self);
                self.authorize(Card { attempt, found })
            }
            other @ (Desktop::Silent | Desktop::Asking(_)) => {
                qr.desktop = other;
                Stage::Qr(qr)
            }
        }
    }

    pub(super) fn authorize(&mut self, card: Card) -> Stage {
        self.refused = false;
        self.ask_weixin(card, Question::Authorize)
    }

    fn ask_weixin(&mut self, card: Card, question: Question) -> Stage {
        let run = self.next_run();
        let Card { attempt, found } = card;
        self.ask_for(match question {
            Question::Authorize | Question::AuthorizeAgain => Effect::Authorize { run, found: found.clone() },
            Question::CheckLogin => Effect::Probe {
                run,
                started: attempt.started.clone(),
                desktop: Some(found.desktop),
                limit: if self.browser_asks() { PRESSED_PROBE_LIMIT } else { QUIET_PROBE_LIMIT },
            },
        });
        Stage::Confirming(Box::new(Confirming { attempt, found, run, question }))
    }

    pub(super) fn authorized(
        &mut self,
        confirming: Box<Confirming>,
        run: Run,
        outcome: &Result<Redirect, Unusable>,
    ) -> Stage {
        let question = confirming.question;
        if confirming.run != run || question == Question::CheckLogin {
            return Stage::Confirming(confirming);
        }
        let card = confirming.answered();
        match outcome {
            Ok(redirect) => {
                let login = card.attempt.started.weixin_login().ok();
                match login.and_then(|login| redirect.check(&login).ok()) {
                    Some(code) => self.agreed(card.attempt, redirect, code),
                    None => self.fast_login_failed(card),
                }
            }
            // The offer stays: another press is asked about anew.
            Err(Unusable::ErrCode(REFUSED)) => {
                self.refused = true;
                self.show_qr(card.attempt, Desktop::Ready(card.found), Some(Text::NoteRefused))
            }
            Err(Unusable::ErrCode(UUID_EXPIRED)) if question == Question::Authorize => {
                self.ask_weixin(card, Question::CheckLogin)
            }
            Err(Unusable::ErrCode(_) | Unusable::NotUnderstood) => self.fast_login_failed(card),
        }
    }

    /// The person's press counts for the person it named. Somebody else, logged in there meanwhile, is asked on the card.
    pub(super) fn checked_again(
        &mut self,
        confirming: Box<Confirming>,
        run: Run,
        outcome: &Result<Ready, Unusable>,
    ) -> Stage {
        if confirming.run != run || confirming.question != Question::CheckLogin {
            return Stage::Confirming(confirming);
        }
        let mut card = confirming.answered();
        let Ok(ready) = outcome else { return self.fast_login_failed(card) };
        let before = card.found;
        let same = ready.nickname == before.ready.nickname && ready.headimgurl == before.ready.headimgurl;
        card.found = recognised(&before.started, before.desktop, ready);
        if same { self.ask_weixin(card, Question::AuthorizeAgain) } else { Stage::Card(Box::new(card)) }
    }

    fn agreed(&mut self, attempt: Rc<Attempt>, redirect: &Redirect, code: AuthorizationCode) -> Stage {
        if attempt.started.kind == Kind::Hosted {
            self.ask_for(Effect::Navigate(redirect.as_str().into()));
            return self.wait_for(attempt, Step::Away);
        }
        if attempt.started.secret.is_none() {
            let code = Code::Service(ErrorCode::ServerError);
            return self.fail(LoginError::new(code, "no secret"));
        }
        self.take_step(attempt, Step::PostCallback(code))
    }

    fn fast_login_failed(&mut self, card: Card) -> Stage {
        self.show_qr(card.attempt, Desktop::Silent, Some(Text::NoteFastLoginFailed))
    }

    /// What stands beside the QR code.
    pub(super) fn offer<'a>(&self, desktop: &'a Desktop) -> Offer<'a> {
        match desktop {
            Desktop::Ready(found) => Offer::Continue(person(found)),
            Desktop::Asking(asking) if asking.wished => Offer::Asking,
            Desktop::Asking(_) => Offer::None,
            Desktop::Silent => match self.may_ask() {
                MayAsk::AfterPress => Offer::UseThisComputer,
                MayAsk::AtOnce | MayAsk::Never | MayAsk::Unknown => Offer::None,
            },
        }
    }
}

impl Asking {
    /// One service has answered; what is left, if others have not.
    fn answered(mut self: Box<Self>) -> Option<Box<Self>> {
        self.waiting = self.waiting.saturating_sub(1);
        (self.waiting > 0).then_some(self)
    }
}

fn recognised(started: &Rc<StartedLogin>, desktop: usize, ready: &Ready) -> Rc<Found> {
    let avatar = person::avatar(&ready.headimgurl, &started.open_url, started.emulator);
    Rc::new(Found { started: started.clone(), desktop, ready: ready.clone(), avatar })
}

pub(super) fn person(found: &Found) -> Person<'_> {
    Person { nickname: &found.ready.nickname, avatar: found.avatar.as_deref() }
}
