//! The QR code in WeChat's own page, in a frame or on a page of its own: when it is loaded, replaced, and found silent.

use protocol::qrconnect::{QrFrame, SelfRedirect};
use protocol::service::Kind;

use super::{Attempt, FRAME_SILENT_AFTER, Machine, NEVER, RENEWAL_RETRY, Stage, UNATTENDED_RENEWALS};
use crate::clock::Millis;
use crate::error::{Code, LoginError};
use crate::screen::{Body, Frame};
use crate::text::{Language, Text};

/// A frame, since it is there.
pub(super) struct Shown {
    pub(super) frame: Frame,
    pub(super) since: Millis,
    pub(super) said: bool,
    /// When its attempt dies.
    pub(super) expires_at: Millis,
}

impl Machine {
    /// Goes to the QR code. Every road that is not a login leads here.
    pub(super) fn show_qr(&mut self, note: Option<Text>) {
        if !self.options.frame && self.page().is_none() {
            let message = "the element needs a link inside it to the login page";
            return self.fail(LoginError::new(Code::Unsupported, message));
        }
        self.stage = Stage::Qr;
        self.note = note;
        if self.frame.is_none() {
            self.load_frame();
        }
    }

    /// Loads WeChat's page, also in the place of one that was loaded with other rights.
    pub(super) fn load_frame(&mut self) {
        let Some(attempt) = self.attempt.as_ref().filter(|_| self.options.frame) else { return };
        // A scene asks WeChat for nothing from here.
        let Ok(login) = attempt.started.weixin_login() else { return };
        let Some(state) = &login.state else { return };
        let hosted = attempt.started.kind == Kind::Hosted;
        let fast_login = self.frame_may_ask();
        let address = QrFrame {
            open_url: &attempt.started.open_url,
            appid: &login.appid,
            redirect_uri: &attempt.started.redirect_uri,
            state,
            self_redirect: if hosted { SelfRedirect::Top } else { SelfRedirect::Frame },
            fast_login,
            english: self.options.language == Language::En,
            color_scheme: Some(self.options.theme),
            stylelite: true,
        }
        .address();
        let frame = Frame {
            number: self.numbers + 1,
            address,
            started: attempt.started.clone(),
            top_navigation: hosted,
            fast_login,
        };
        self.numbers += 1;
        let expires_at = attempt.expires_at();
        self.frame = Some(Shown { frame, since: self.now, said: false, expires_at });
    }

    pub(super) fn leave_qr(&mut self) {
        self.frame = None;
        self.former = None;
    }

    pub(super) fn qr_body(&self) -> Body<'_> {
        let offer = self.offer();
        match &self.frame {
            Some(shown) => {
                let silent = !shown.said && self.now >= shown.since + FRAME_SILENT_AFTER;
                let page = self.page().is_some();
                let note = self.note.or(silent.then_some(Text::NoteFrameSilent));
                Body::Qr { ready: shown.said, offer, note, page }
            }
            None => Body::Page { hint: Text::PageHint, offer, note: self.note },
        }
    }

    /// When the QR code is replaced, where it is to be.
    pub(super) fn renewal_due(&self) -> Millis {
        let wanted = matches!(self.stage, Stage::Qr)
            && self.frame.is_some()
            && self.visible
            && !self.starting
            && self.renewals < UNATTENDED_RENEWALS;
        let due = self.attempt.as_ref().filter(|_| wanted).map_or(NEVER, Attempt::renews_at);
        due.max(self.renewal_failed_at.map_or(0, |failed| failed + RENEWAL_RETRY))
    }

    pub(super) fn frame_silent_at(&self) -> Millis {
        let shown = self.frame.as_ref().filter(|shown| !shown.said && !self.told_blocked);
        shown.map_or(NEVER, |shown| shown.since + FRAME_SILENT_AFTER)
    }
}
