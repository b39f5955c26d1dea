//! How a login ends: what our frame and the service say of it, and every refusal.

use alloc::rc::Rc;
use protocol::service::{ErrorCode, FinishedLogin, Kind, LoginResult, StartedLogin, WebMessage};

use super::{Machine, Stage};
use crate::error::{Code, LoginError};
use crate::event::{Effect, Ended, Profile, Success};

impl Machine {
    pub(super) fn message(&mut self, message: &WebMessage) {
        let (state, iss) = match message {
            WebMessage::Finished(finished) => (&finished.state, &finished.iss),
            WebMessage::Failed { state, iss, .. } => (state, iss),
        };
        let former = self.former.iter().map(|former| &former.frame.started);
        let Some(started) = self
            .attempt
            .iter()
            .map(|attempt| &attempt.started)
            .chain(former)
            .find(|started| started.kind == Kind::Embedded && started.state == *state && started.iss == *iss)
            .cloned()
        else {
            return;
        };
        if matches!(self.stage, Stage::Finishing | Stage::Done) {
            return;
        }
        match message {
            WebMessage::Finished(finished) => self.finish(started, finished),
            WebMessage::Failed { problem, .. } => self.fail(problem.into()),
        }
    }

    pub(super) fn finished(&mut self, outcome: &Result<Ended, LoginError>) {
        let (Stage::Finishing, Some(attempt)) = (&self.stage, &self.attempt) else { return };
        match outcome {
            Ok(Ended::Onward(location)) => self.ask_for(Effect::Navigate(location.clone())),
            Ok(Ended::Code(finished))
                if finished.state == attempt.started.state && finished.iss == attempt.started.iss =>
            {
                let started = attempt.started.clone();
                self.finish(started, finished);
            }
            Ok(_) => self.fail(LoginError::new(
                Code::Service(ErrorCode::ServerError),
                "the answer is another attempt's",
            )),
            Err(error) => self.fail(error.clone()),
        }
    }

    pub(super) fn finish(&mut self, started: Rc<StartedLogin>, finished: &FinishedLogin) {
        self.leave_qr();
        self.hang_up();
        let code = finished.code.clone();
        match self.options.result {
            LoginResult::Session => {
                self.stage = Stage::Finishing;
                self.ask_for(Effect::Redeem { started, code });
            }
            LoginResult::Code => {
                self.stage = Stage::Done;
                let state = self.options.state.clone();
                self.ask_for(Effect::TellSuccess(Success::Code { code, state, iss: finished.iss.clone() }));
            }
        }
    }

    pub(super) fn redeemed(&mut self, outcome: &Result<Profile, LoginError>) {
        if !matches!(self.stage, Stage::Finishing) {
            return;
        }
        match outcome {
            Ok(profile) => {
                self.stage = Stage::Done;
                self.ask_for(Effect::TellSuccess(Success::Session(profile.clone())));
            }
            Err(error) => self.fail(error.clone()),
        }
    }

    pub(super) fn fail(&mut self, error: LoginError) {
        self.leave_qr();
        self.hang_up();
        self.stage = match error.code {
            Code::Service(ErrorCode::AccessDenied) => Stage::Denied,
            Code::Service(ErrorCode::AttemptExpired | ErrorCode::CodeSpent) => Stage::Expired,
            code => Stage::Failed(code),
        };
        self.ask_for(Effect::TellError(error));
    }
}
