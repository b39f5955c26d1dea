//! How a login ends: what the service says of it, every refusal, and how the dialog goes.

use alloc::boxed::Box;
use alloc::rc::Rc;
use protocol::service::{ErrorCode, FinishedLogin, LoginResult};

use super::attempt::Attempt;
use super::stage::{Anew, Failed, Finishing, Stage, Step};
use super::{CODE_LIVES, DONE_IS_SEEN_FOR, Machine, NEVER};
use crate::error::{Code, LoginError};
use crate::event::{CloseReason, Effect, Ended, Profile, Success};
use crate::options::Display;

impl Machine {
    /// The person has agreed.
    pub(super) fn take_step(&mut self, attempt: Rc<Attempt>, step: Step) -> Stage {
        let finishing = self.finishing(attempt, step);
        self.ask_for_step(&finishing);
        Stage::Finishing(finishing)
    }

    /// The same, where something else is under way already.
    pub(super) fn wait_for(&mut self, attempt: Rc<Attempt>, step: Step) -> Stage {
        Stage::Finishing(self.finishing(attempt, step))
    }

    fn finishing(&self, attempt: Rc<Attempt>, step: Step) -> Box<Finishing> {
        Box::new(Finishing { attempt, step, since: self.now, unseen: false })
    }

    fn ask_for_step(&mut self, finishing: &Finishing) {
        let started = finishing.attempt.started.clone();
        self.ask_for(match &finishing.step {
            Step::PostCallback(code) => Effect::PostCallback { started, code: code.clone() },
            Step::FinishScene => Effect::FinishScene(started),
            Step::Redeem { code, code_verifier } => {
                Effect::Redeem { code: code.clone(), code_verifier: code_verifier.clone() }
            }
            // Nothing more can be asked for.
            Step::Away => return,
        });
    }

    /// The service has ended the attempt.
    pub(super) fn finished(
        &mut self,
        mut finishing: Box<Finishing>,
        outcome: &Result<Ended, LoginError>,
    ) -> Stage {
        match (&finishing.step, outcome) {
            (Step::Redeem { .. } | Step::Away, Ok(_) | Err(_)) => Stage::Finishing(finishing),
            (Step::PostCallback(_) | Step::FinishScene, Err(error)) => {
                self.step_failed(finishing, error.clone())
            }
            (Step::PostCallback(_) | Step::FinishScene, Ok(Ended::Onward(location))) => {
                self.ask_for(Effect::Navigate(location.clone()));
                finishing.step = Step::Away;
                Stage::Finishing(finishing)
            }
            (Step::PostCallback(_) | Step::FinishScene, Ok(Ended::Code(finished)))
                if finishing.attempt.is_of(&finished.state, &finished.iss) =>
            {
                self.finish(finishing.attempt, finished, finishing.unseen)
            }
            (Step::PostCallback(_) | Step::FinishScene, Ok(Ended::Unbound(login)))
                if finishing.attempt.is_of(&login.state, &login.iss) =>
            {
                if finishing.unseen {
                    // There is nobody to be asked.
                    let code = Code::Service(ErrorCode::AccessDenied);
                    return self.step_failed(finishing, LoginError::new(code, "nobody is asked"));
                }
                self.bind(finishing.attempt, login)
            }
            (Step::PostCallback(_) | Step::FinishScene, Ok(Ended::Code(_) | Ended::Unbound(_))) => {
                let code = Code::Service(ErrorCode::ServerError);
                self.step_failed(finishing, LoginError::new(code, "another attempt's answer"))
            }
        }
    }

    /// The service's code has come.
    pub(super) fn finish(&mut self, attempt: Rc<Attempt>, finished: &FinishedLogin, unseen: bool) -> Stage {
        let code = finished.code.clone();
        let challenge = attempt.challenge.as_ref();
        match self.options.result {
            LoginResult::Code => {
                let state = challenge.and_then(|challenge| challenge.state.clone());
                self.succeed(Success::Code { code, state, iss: finished.iss.clone() }, unseen)
            }
            LoginResult::Session => {
                // Only the service's own page has attempts without one, and its logins end there.
                let code_verifier = challenge.and_then(|challenge| challenge.code_verifier.clone());
                let step = Step::Redeem { code, code_verifier: code_verifier.unwrap_or_default() };
                let mut finishing = self.finishing(attempt, step);
                finishing.unseen = unseen;
                self.ask_for_step(&finishing);
                Stage::Finishing(finishing)
            }
        }
    }

    /// The service has made the session.
    pub(super) fn redeemed(
        &mut self,
        finishing: Box<Finishing>,
        outcome: &Result<Profile, LoginError>,
    ) -> Stage {
        match (&finishing.step, outcome) {
            (Step::Redeem { .. }, Ok(profile)) => {
                self.succeed(Success::Session(profile.clone()), finishing.unseen)
            }
            (Step::Redeem { .. }, Err(error)) => self.step_failed(finishing, error.clone()),
            (Step::PostCallback(_) | Step::FinishScene | Step::Away, Ok(_) | Err(_)) => {
                Stage::Finishing(finishing)
            }
        }
    }

    fn succeed(&mut self, success: Success, unseen: bool) -> Stage {
        self.code_told |= matches!(success, Success::Code { .. });
        self.ask_for(Effect::TellSuccess(success));
        let done = Stage::Done { goes_at: NEVER };
        if unseen {
            return self.go(done);
        }
        match self.options.display {
            Display::Button => Stage::Done { goes_at: self.now + DONE_IS_SEEN_FOR },
            Display::Panel => {
                // Shown again, it must not say for ever that somebody is logged in.
                self.ask_for(Effect::WatchForShowing);
                done
            }
        }
    }

    // Failures.

    pub(super) fn fail(&mut self, error: LoginError) -> Stage {
        let code = error.code;
        self.ask_for(Effect::TellError(error));
        match code {
            Code::Service(ErrorCode::AccessDenied) => Stage::Denied,
            Code::Service(ErrorCode::AttemptExpired | ErrorCode::CodeSpent) => Stage::Expired(Anew::ByItself),
            code => Stage::Failed(Failed { code, kept: None }),
        }
    }

    fn step_failed(&mut self, finishing: Box<Finishing>, error: LoginError) -> Stage {
        let unseen = finishing.unseen;
        let stage = match self.fail(error) {
            Stage::Failed(Failed { code, .. }) if is_of_the_network(code) => {
                Stage::Failed(Failed { code, kept: Some(finishing) })
            }
            other => other,
        };
        if unseen { self.go(stage) } else { stage }
    }

    /// The network is back.
    pub(super) fn try_again(&mut self, failed: Failed) -> Stage {
        if is_of_the_network(failed.code) { self.begin_after(failed, false) } else { Stage::Failed(failed) }
    }

    /// Takes the step again that the network was lost in, while its code lives; else begins again.
    pub(super) fn begin_after(&mut self, failed: Failed, wished: bool) -> Stage {
        match failed.kept {
            Some(finishing) if self.now < finishing.since + CODE_LIVES => {
                self.ask_for_step(&finishing);
                Stage::Finishing(finishing)
            }
            Some(_) | None => self.begin(wished),
        }
    }

    // The dialog.

    /// The person has agreed and is not held here: the login ends all the same.
    pub(super) fn let_go(&mut self, mut finishing: Box<Finishing>) -> Stage {
        if !finishing.unseen {
            finishing.unseen = true;
            self.ask_for(Effect::CloseDialog(CloseReason::Finishing));
        }
        Stage::Finishing(finishing)
    }

    /// The person wants to see it all the same.
    pub(super) fn take_back(&mut self, mut finishing: Box<Finishing>) -> Stage {
        if core::mem::take(&mut finishing.unseen) {
            self.ask_for(Effect::OpenDialog);
        }
        Stage::Finishing(finishing)
    }

    /// The person is back, where the page was left for what has not come about.
    pub(super) fn come_back(&mut self, finishing: Box<Finishing>) -> Stage {
        if finishing.unseen { self.go(Stage::Finishing(finishing)) } else { self.begin(true) }
    }

    pub(super) fn close(&mut self, stage: Stage, reason: CloseReason) -> Stage {
        let phase = stage.phase();
        stage.leave(self);
        self.ask_for(Effect::CloseDialog(reason));
        self.go_in(phase)
    }

    fn go(&mut self, stage: Stage) -> Stage {
        self.go_in(stage.phase())
    }

    fn go_in(&mut self, phase: crate::screen::Phase) -> Stage {
        self.ask_for(Effect::Leave);
        Stage::Left(phase)
    }
}

fn is_of_the_network(code: Code) -> bool {
    matches!(code, Code::Offline | Code::ServiceUnreachable)
}
