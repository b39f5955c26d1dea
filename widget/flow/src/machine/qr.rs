//! The QR code in WeChat's own page, in a frame or on a page of its own: when it is loaded, replaced, and found silent.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use protocol::qrconnect::{QrFrame, SelfRedirect};
use protocol::service::{Kind, LoginResult, StartedLogin, WebMessage};

use super::attempt::Attempt;
use super::stage::{Ahead, Card, Desktop, Qr, Shown, Stage};
use super::{FRAME_SILENT_AFTER, Machine, NEVER, NO_PAGE, SILENT};
use crate::clock::Millis;
use crate::error::{Code, LoginError};
use crate::event::Effect;
use crate::screen::{Body, Frame, FrameStatus};
use crate::text::{Language, Text};

impl Machine {
    /// Goes to the QR code. Every road that is not a login leads here.
    pub(super) fn show_qr(&mut self, attempt: Rc<Attempt>, desktop: Desktop, note: Option<Text>) -> Stage {
        if !self.options.frame && self.page().is_none() {
            desktop.leave(self);
            return self.fail(LoginError::new(Code::Unsupported, NO_PAGE));
        }
        let frame = self.load_frame(&attempt);
        let renews_at = Some(attempt.renews_at);
        Stage::Qr(Box::new(Qr { attempt, frame, former: None, desktop, note, renews_at }))
    }

    /// From the card; the way back is offered beside the QR code.
    pub(super) fn scan_instead(&mut self, card: Card, note: Option<Text>) -> Stage {
        self.show_qr(card.attempt, Desktop::Ready(card.found), note)
    }

    /// Loads WeChat's page, also in the place of one that was loaded otherwise.
    pub(super) fn load_frame(&mut self, attempt: &Rc<Attempt>) -> Option<Box<Shown>> {
        let frame = self.new_frame(&attempt.started)?;
        let (attempt, since, status) = (attempt.clone(), self.now, FrameStatus::Loading);
        Some(Box::new(Shown { frame, attempt, since, status }))
    }

    pub(super) fn new_frame(&mut self, started: &Rc<StartedLogin>) -> Option<Frame> {
        let number = self.numbers + 1;
        let frame = self.frame_of(started, number)?;
        self.numbers = number;
        Some(frame)
    }

    fn frame_of(&self, started: &Rc<StartedLogin>, number: u32) -> Option<Frame> {
        if !self.options.frame {
            return None;
        }
        let login = started.weixin_login().ok()?;
        let hosted = started.kind == Kind::Hosted;
        let fast_login = self.frame_may_ask();
        let address = QrFrame {
            open_url: &started.open_url,
            appid: &login.appid,
            redirect_uri: &started.redirect_uri,
            state: login.state.as_ref()?,
            self_redirect: if hosted { SelfRedirect::Top } else { SelfRedirect::Frame },
            fast_login,
            english: self.language == Language::En,
            color_scheme: Some(self.theme),
            stylelite: true,
        }
        .address();
        let (token, started) = (String::new(), started.clone());
        Some(Frame { number, address, token, started, top_navigation: hosted, fast_login })
    }

    /// The page speaks another language, or is dark now: WeChat's page follows, where it would be another one.
    pub(super) fn dress_frame(&mut self, mut qr: Box<Qr>) -> Stage {
        if let Some(shown) = &qr.frame {
            let number = self.numbers + 1;
            let anew = self.frame_of(&shown.frame.started, number);
            if anew.is_some_and(|frame| frame.address != shown.frame.address) {
                // The service speaks the language that an attempt began in. Another one begins where nobody has to be asked for it,
                // and its frame is the new one.
                let begins = self.options.result == LoginResult::Session && self.options.attempt.is_none();
                if begins && qr.attempt.language != self.language {
                    self.ask_for_an_attempt();
                } else {
                    qr.frame = self.load_frame(&qr.attempt);
                }
            }
        }
        Stage::Qr(qr)
    }

    /// The person asks for it, or the network is back: what stood there did not come.
    pub(super) fn reload_frame(&mut self, mut qr: Box<Qr>, even_if_loading: bool) -> Stage {
        let reloads = match qr.frame.as_ref().map(|shown| shown.status) {
            Some(FrameStatus::Silent) => true,
            Some(FrameStatus::Loading) => even_if_loading,
            Some(FrameStatus::Ready) | None => false,
        };
        if reloads {
            qr.frame = self.load_frame(&qr.attempt);
        }
        Stage::Qr(qr)
    }

    pub(super) fn frame_spoke(mut qr: Box<Qr>, number: u32) -> Stage {
        if let Some(shown) = qr.frame.as_mut().filter(|shown| shown.frame.number == number) {
            shown.status = FrameStatus::Ready;
        }
        Stage::Qr(qr)
    }

    /// Where the callback page should have spoken, another one did not.
    pub(super) fn frame_lost(&mut self, qr: Box<Qr>, number: u32) -> Stage {
        if !qr.frames().any(|shown| shown.frame.number == number) {
            return Stage::Qr(qr);
        }
        qr.leave(self);
        self.fail(LoginError::new(
            Code::CallbackIntercepted,
            "something else answered the callback: a service worker?",
        ))
    }

    /// What the callback page says: state and iss tell whose login it is.
    pub(super) fn message(&mut self, qr: Box<Qr>, message: &WebMessage) -> Stage {
        let is_its =
            |attempt: &&Rc<Attempt>| attempt.started.kind == Kind::Embedded && attempt.is_told_of(message);
        let Some(attempt) = qr.frames().map(|shown| &shown.attempt).find(is_its).cloned() else {
            return Stage::Qr(qr);
        };
        qr.leave(self);
        self.told(attempt, message)
    }

    /// Time passes, while the attempt lives.
    pub(super) fn pass_time(&mut self, mut qr: Box<Qr>) -> Stage {
        qr.former.take_if(|former| self.now >= former.attempt.expires_at);
        if self.now >= self.renewal_due(&qr) {
            self.renew();
        }
        if self.now >= self.frame_silent_at(&qr)
            && let Some(shown) = &mut qr.frame
        {
            shown.status = FrameStatus::Silent;
            self.ask_for(Effect::TellError(LoginError::new(Code::Blocked, SILENT)));
        }
        Stage::Qr(qr)
    }

    /// Without a network it is not the frame that is to blame.
    fn frame_silent_at(&self, qr: &Qr) -> Millis {
        let shown = qr.frame.as_ref().filter(|shown| self.online && shown.status == FrameStatus::Loading);
        shown.map_or(NEVER, |shown| shown.since + FRAME_SILENT_AFTER)
    }

    pub(super) fn qr_wakes_at(&self, qr: &Qr) -> Millis {
        let former = qr.former.as_ref().map_or(NEVER, |former| former.attempt.expires_at);
        self.renewal_due(qr).min(self.frame_silent_at(qr)).min(former)
    }

    pub(super) fn qr_body<'a>(&self, qr: &'a Qr) -> Body<'a> {
        let offer = self.offer(&qr.desktop);
        let note = if self.online { qr.note } else { Some(Text::NoteOffline) };
        match &qr.frame {
            Some(shown) => Body::Qr { status: shown.status, offer, note, page: self.page().is_some() },
            None => Body::Page { hint: Text::PageHint, offer, note },
        }
    }
}

impl Qr {
    fn frames(&self) -> impl Iterator<Item = &Box<Shown>> {
        self.frame.iter().chain(&self.former)
    }

    /// The frame that was loaded ahead is the one that is shown, where the service has agreed to all that its address says.
    pub(super) fn take_over(&mut self, ahead: Ahead) {
        let Some(shown) = &mut self.frame else { return };
        let (wanted, loaded) = (&mut shown.frame, &ahead.frame);
        if wanted.address == loaded.address && wanted.fast_login == loaded.fast_login {
            wanted.number = loaded.number;
            (shown.since, shown.status) = (ahead.since, ahead.status);
        }
    }
}
