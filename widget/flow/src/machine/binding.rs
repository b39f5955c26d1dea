//! What a site asks for at the first login, a phone number or an email address: the service's own page asks for it, in a frame. It
//! says that it is there, and in the end how the login ended.

use alloc::boxed::Box;
use alloc::rc::Rc;
use protocol::cut;
use protocol::service::{WaitingLogin, WebMessage};

use super::attempt::{Attempt, millis};
use super::stage::{Anew, Binding, Stage};
use super::{BINDING_SILENT_AFTER, Machine, SILENT};
use crate::error::{Code, LoginError};
use crate::screen::Frame;

impl Machine {
    /// What a frame says of an attempt's end.
    pub(super) fn told(&mut self, attempt: Rc<Attempt>, message: &WebMessage) -> Stage {
        match message {
            WebMessage::Finished(finished) => self.finish(attempt, finished, false),
            WebMessage::Unbound(login) => self.bind(attempt, login),
            WebMessage::Failed { problem, .. } => self.fail(problem.into()),
        }
    }

    /// WeChat has said who it is, and the site asks for more.
    pub(super) fn bind(&mut self, attempt: Rc<Attempt>, login: &WaitingLogin) -> Stage {
        self.numbers += 1;
        // Not the token: what stands in an address is kept by browsers and proxies. Its first half is the login's name.
        let mut address = attempt.started.iss.clone();
        for part in &["/binding/", cut(&login.token, b'.').0, "/frame?theme=", self.theme.as_str()] {
            address.push_str(part);
        }
        let (token, started) = (login.token.clone(), attempt.started.clone());
        let number = self.numbers;
        let frame = Frame { number, address, token, started, top_navigation: false, fast_login: false };
        let until = self.now + BINDING_SILENT_AFTER;
        Stage::Binding(Box::new(Binding { attempt, frame, until, is_there: false }))
    }

    /// What its page says: that somebody is asked there, or how the login ended.
    pub(super) fn told_of_binding(&mut self, mut binding: Box<Binding>, message: &WebMessage) -> Stage {
        if !binding.attempt.is_told_of(message) {
            return Stage::Binding(binding);
        }
        let WebMessage::Unbound(login) = message else { return self.told(binding.attempt, message) };
        binding.is_there = true;
        binding.until = self.now + millis(login.expires_in);
        Stage::Binding(binding)
    }

    /// Its page has not come, or nobody has answered it.
    pub(super) fn end_binding(&mut self, binding: &Binding) -> Stage {
        if binding.is_there {
            return Stage::Expired(Anew::ByItself);
        }
        self.fail(LoginError::new(Code::Blocked, SILENT))
    }
}
