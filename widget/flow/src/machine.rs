//! `(Machine, Event) -> [Effect]`: decides everything that the widget does, and does nothing.
//!
//! Two more answers come from its state: [`Machine::screen`] says what there is to see, frames included, and
//! [`Machine::wakes_at`] when it wants to be woken. Whatever event comes after that time does as well: a timer that a
//! sleeping laptop rings an hour late finds the right time in the event.

mod desktop;
mod ending;
mod qr;
mod scene;

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use protocol::qrconnect::page_address;
use protocol::service::{ErrorCode, Kind, StartedLogin};

use crate::clock::Millis;
use crate::error::{Code, LoginError};
use crate::event::{Effect, Event, Permission, Run};
use crate::options::{Device, Options};
use crate::screen::{Body, Button, Offer, Phase, Screen};
use crate::text::Text;
use desktop::{Confirming, Desktop};
use qr::Shown;

/// So long the QR code waits for the local WeChat, and no longer.
pub const QR_WAITS: Millis = 300;
/// A local service that was asked without a press is silent after so long.
pub const QUIET_PROBE_LIMIT: Millis = 10_000;
/// After a press the browser may be asking the person: as long as Firefox keeps its question open.
pub const PRESSED_PROBE_LIMIT: Millis = 300_000;
/// A frame that has said nothing for so long is blocked, as far as anybody can tell.
pub const FRAME_SILENT_AFTER: Millis = 10_000;
/// A renewal that failed is tried again after so long, while the attempt so far lives on.
pub const RENEWAL_RETRY: Millis = 30_000;
/// So often a QR code that nobody touches is replaced by itself; then the person is asked.
pub const UNATTENDED_RENEWALS: u8 = 5;

/// Later than every time.
const NEVER: Millis = Millis::MAX;

/// One mounted panel, from its appearance to its end.
pub struct Machine {
    options: Rc<Options>,
    now: Millis,
    /// What is to be done, in this order.
    effects: Vec<Effect>,
    told: Option<Phase>,
    visible: bool,
    stage: Stage,
    /// An attempt is on its way from the service.
    starting: bool,
    attempt: Option<Attempt>,
    frame: Option<Shown>,
    former: Option<Shown>,
    /// What the frame's allow and the local WeChat depend on.
    permission: Option<Permission>,
    desktop: Desktop,
    /// "Use WeChat on this computer" was pressed.
    pressed: bool,
    note: Option<Text>,
    renewals: u8,
    renewal_failed_at: Option<Millis>,
    told_blocked: bool,
    /// The hosted attempt cannot be renewed any more: only the page, loaded again, makes a new one.
    must_reload: bool,
    numbers: u32,
}

/// An attempt, and when it came.
struct Attempt {
    started: Rc<StartedLogin>,
    at: Millis,
}

impl Attempt {
    fn expires_at(&self) -> Millis {
        self.at + seconds(self.started.expires_in)
    }

    fn renews_at(&self) -> Millis {
        let renews = 0 < self.started.renew_in && self.started.renew_in < self.started.expires_in;
        if renews { self.at + seconds(self.started.renew_in) } else { NEVER }
    }
}

#[derive(Clone, Copy)]
enum Stage {
    /// A phone, or WeChat's browser: nothing is started before a press.
    Elsewhere {
        copied: bool,
    },
    Starting,
    Probing {
        until: Millis,
    },
    Card,
    Confirming(Confirming),
    Qr,
    /// The site's own QR code.
    Scene {
        run: Run,
        scanned: bool,
        copied: bool,
    },
    /// The service has the last word.
    Finishing,
    Done,
    Expired,
    Denied,
    Failed(Code),
}

fn seconds(seconds: i64) -> Millis {
    // A year is forever; a service that says more, or less than nothing, must not overflow anything.
    seconds.clamp(0, 31_536_000) as Millis * 1000
}

impl Machine {
    /// A panel that has not appeared yet.
    pub fn new(options: Rc<Options>) -> Self {
        Self {
            options,
            now: 0,
            effects: Vec::new(),
            told: None,
            visible: true,
            stage: Stage::Starting,
            starting: false,
            attempt: None,
            frame: None,
            former: None,
            permission: None,
            desktop: Desktop::Unasked,
            pressed: false,
            note: None,
            renewals: 0,
            renewal_failed_at: None,
            told_blocked: false,
            must_reload: false,
            numbers: 0,
        }
    }

    /// Takes what happened, at `now`, and says what is to be done, in this order.
    pub fn handle(&mut self, event: Event, now: Millis) -> Vec<Effect> {
        self.now = self.now.max(now);
        // An answer that was under way counts, however late it is heard; everything else meets the present.
        let answer = matches!(
            event,
            Event::Message(_)
                | Event::Scene { .. }
                | Event::Finished(_)
                | Event::Redeemed(_)
                | Event::Authorized { .. }
        );
        if !answer {
            self.pass_time();
        }
        self.take(&event);
        self.pass_time();

        let phase = self.phase();
        if self.told != Some(phase) {
            self.told = Some(phase);
            let mut effects = core::mem::take(&mut self.effects);
            self.ask_for(Effect::TellPhase(phase));
            self.effects.append(&mut effects);
        }
        core::mem::take(&mut self.effects)
    }

    // Once, and not at forty places: an effect is large.
    #[inline(never)]
    fn ask_for(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// When the machine wants [`Event::Woke`], unless something else happens first.
    pub fn wakes_at(&self) -> Option<Millis> {
        let expires_at = self.attempt.as_ref().map_or(NEVER, Attempt::expires_at);
        let at = match &self.stage {
            Stage::Probing { until } => expires_at.min(*until),
            Stage::Card | Stage::Confirming(_) => expires_at,
            Stage::Scene { .. } => expires_at.min(self.scene_ticks_at()),
            Stage::Qr => {
                let former = self.former.as_ref().map_or(NEVER, |former| former.expires_at);
                expires_at.min(self.renewal_due()).min(self.frame_silent_at()).min(former)
            }
            _ => NEVER,
        };
        (at < NEVER).then_some(at)
    }

    /// What there is to see.
    pub fn screen(&self) -> Screen<'_> {
        let started = self.attempt.as_ref().map(|attempt| &attempt.started);
        Screen {
            phase: self.phase(),
            body: self.body(),
            frame: self.frame.as_ref().map(|shown| &shown.frame),
            former_frame: self.former.as_ref().map(|former| &former.frame),
            client_name: started.map_or("", |started| &started.client_name),
            emulator: started.is_some_and(|started| started.emulator),
        }
    }

    fn phase(&self) -> Phase {
        match self.stage {
            Stage::Starting => Phase::Loading,
            Stage::Probing { .. } => Phase::Probing,
            Stage::Card => Phase::FastLogin,
            Stage::Confirming(_) | Stage::Finishing => Phase::Confirming,
            Stage::Qr | Stage::Elsewhere { .. } | Stage::Scene { scanned: false, .. } => Phase::Qr,
            Stage::Scene { scanned: true, .. } => Phase::Scanned,
            Stage::Done => Phase::Success,
            Stage::Expired => Phase::Expired,
            Stage::Denied => Phase::Denied,
            Stage::Failed(_) => Phase::Error,
        }
    }

    fn body(&self) -> Body<'_> {
        match &self.stage {
            Stage::Elsewhere { .. } if self.options.device == Device::InsideWeixin => {
                Body::Page { hint: Text::InsideWeixinHint, offer: Offer::None, note: None }
            }
            Stage::Elsewhere { copied } => Body::Phone { copied: *copied },
            Stage::Starting | Stage::Probing { .. } => Body::Waiting,
            Stage::Card => self.card(),
            Stage::Confirming(_) => Body::Confirming { browser_asks: self.browser_asks() },
            Stage::Qr => self.qr_body(),
            Stage::Scene { .. } => self.scene_body(),
            Stage::Finishing => Body::Finishing,
            Stage::Done => Body::Done,
            Stage::Expired => Body::Expired,
            Stage::Denied => Body::Denied,
            Stage::Failed(code) => Body::Failed { code: *code, page: self.page().is_some() },
        }
    }

    /// Where the login goes on as a page of its own.
    fn page(&self) -> Option<String> {
        self.options.page.clone().or_else(|| {
            // Only a hosted attempt may end in the top page.
            let started =
                &self.attempt.as_ref().filter(|attempt| attempt.started.kind == Kind::Hosted)?.started;
            let login = started.weixin_login().ok()?;
            Some(page_address(&started.open_url, &login.appid, &started.redirect_uri, login.state.as_ref()?))
        })
    }

    // By reference: a large value that is moved apart is copied, and each of its parts dropped, at every turn.
    fn take(&mut self, event: &Event) {
        match event {
            Event::Appeared => self.appear(),
            Event::Started(outcome) => self.started(outcome),
            Event::Permission(permission) => self.permission_is(*permission),
            Event::Probed { run, desktop, outcome } => self.probed(*run, *desktop, outcome),
            Event::Authorized { run, outcome } => self.authorized(*run, outcome),
            Event::Frame { number, .. } => {
                if let Some(shown) = self.frame.as_mut().filter(|shown| shown.frame.number == *number) {
                    shown.said = true;
                }
            }
            Event::Message(message) => self.message(message),
            Event::Scene { run, event } => self.scene_event(*run, *event),
            Event::Finished(outcome) => self.finished(outcome),
            Event::Redeemed(outcome) => self.redeemed(outcome),
            Event::Pressed(button) => self.press(*button),
            Event::Visible(visible) => {
                self.visible = *visible;
                if self.visible {
                    self.renewals = 0;
                    if matches!(self.stage, Stage::Expired) && !self.must_reload {
                        self.restart();
                    }
                }
            }
            Event::Online => {
                if let Stage::Failed(Code::Offline | Code::ServiceUnreachable) = self.stage {
                    self.restart();
                }
            }
            // What it was left for may have failed.
            Event::Returned => {
                if let Stage::Finishing = self.stage {
                    self.restart();
                }
            }
            Event::Woke => {}
        }
    }

    fn appear(&mut self) {
        if self.told.is_some() {
            return;
        }
        if let Some(wrong) = self.options.wrong {
            let code = Code::Service(ErrorCode::InvalidRequest);
            return self.fail(LoginError::new(code, wrong));
        }
        match self.options.device {
            Device::Computer => {
                if self.options.fast_login {
                    self.ask_for(Effect::QueryPermission);
                }
                self.start();
            }
            Device::InsideWeixin if self.page().is_none() => self.fail(LoginError::new(
                Code::Unsupported,
                "the element needs a link inside it to the login page",
            )),
            Device::Phone | Device::InsideWeixin => {
                self.stage = Stage::Elsewhere { copied: false };
            }
        }
    }

    fn start(&mut self) {
        self.starting = true;
        self.ask_for(match &self.attempt {
            // An attempt of the service's own page is renewed there, by its cookie.
            Some(attempt) if attempt.started.secret.is_none() => {
                Effect::RenewAttempt(attempt.started.clone())
            }
            _ => Effect::StartAttempt,
        });
    }

    fn restart(&mut self) {
        self.leave_qr();
        self.hang_up();
        self.desktop = Desktop::Unasked;
        self.note = None;
        self.stage = Stage::Starting;
        if !self.starting {
            self.start();
        }
    }

    fn started(&mut self, outcome: &Result<Rc<StartedLogin>, LoginError>) {
        if !self.starting {
            return;
        }
        self.starting = false;
        let renewing = match self.stage {
            Stage::Starting => false,
            Stage::Qr => true,
            // Something else has begun meanwhile with the attempt so far; this one is left to expire.
            _ => return,
        };
        let at = self.now;
        let malformed = || {
            let code = Code::Service(ErrorCode::Misconfigured);
            LoginError::new(code, "the service's appid or state is malformed")
        };
        let outcome = match outcome {
            Ok(started) if started.scene.is_none() && started.weixin_login().is_err() => Err(&malformed()),
            Ok(started) => Ok(Attempt { started: started.clone(), at }),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(attempt) if renewing => {
                self.renewal_failed_at = None;
                self.attempt = Some(attempt);
                self.former = self.frame.take();
                self.load_frame();
                self.ask_for_the_new_attempt();
            }
            Ok(attempt) if attempt.started.scene.is_some() => {
                self.attempt = Some(attempt);
                self.show_scene();
            }
            Ok(attempt) => {
                self.attempt = Some(attempt);
                self.stage = Stage::Probing { until: self.now + QR_WAITS };
                self.ask_or_show_qr();
            }
            Err(_) if renewing => self.renewal_failed_at = Some(self.now),
            Err(error) if self.attempt.is_some() && is_gone(error.code) => {
                self.must_reload = true;
                self.stage = Stage::Expired;
            }
            Err(error) => self.fail(error.clone()),
        }
    }

    fn press(&mut self, button: Button) {
        self.renewals = 0;
        match (button, &self.stage) {
            (Button::Continue, Stage::Card | Stage::Qr) => self.authorize(),
            (Button::ScanInstead, Stage::Card) => self.show_qr(None),
            (Button::OtherAccount, Stage::Card) => self.show_qr(Some(Text::NoteOtherAccount)),
            (Button::UseThisComputer, Stage::Qr) => self.use_this_computer(),
            (Button::Cancel, Stage::Confirming(_)) => {
                self.hang_up();
                self.stage = Stage::Card;
            }
            (Button::StartAgain, Stage::Expired | Stage::Denied | Stage::Failed(_)) => {
                if self.must_reload {
                    self.ask_for(Effect::Reload);
                } else {
                    self.restart();
                }
            }
            (Button::ShowQr, Stage::Elsewhere { .. }) => self.restart(),
            (Button::CopyLink, Stage::Elsewhere { .. }) => {
                self.stage = Stage::Elsewhere { copied: true };
                self.ask_for(Effect::Copy(self.options.here.clone()));
            }
            (Button::CopyLink, Stage::Scene { .. }) => self.copy_scan_url(),
            (Button::OpenPage, Stage::Elsewhere { .. } | Stage::Qr | Stage::Failed(_)) => {
                if let Some(page) = self.page() {
                    self.ask_for(Effect::Navigate(page));
                }
            }
            // A press that came too late: what it was for is gone.
            _ => {}
        }
    }

    fn pass_time(&mut self) {
        let now = self.now;
        if self.former.as_ref().is_some_and(|former| now >= former.expires_at) {
            self.former = None;
        }
        let Some(attempt) = &self.attempt else { return };
        match self.stage {
            Stage::Probing { .. } | Stage::Card | Stage::Confirming(_) | Stage::Qr
                if now >= attempt.expires_at() =>
            {
                return self.attempt_is_over();
            }
            Stage::Scene { .. } if now >= attempt.expires_at() => return self.scene_is_over(),
            Stage::Probing { until } if now >= until => self.show_qr(None),
            _ => {}
        }
        if now >= self.renewal_due() {
            self.renewals += 1;
            self.start();
        }
        if now >= self.frame_silent_at() {
            self.told_blocked = true;
            self.ask_for(Effect::TellError(LoginError::new(
                Code::Blocked,
                "WeChat's page stays silent in its frame",
            )));
        }
    }

    fn attempt_is_over(&mut self) {
        let asked_now = matches!(self.stage, Stage::Confirming(_));
        if !asked_now && self.visible && self.renewals < UNATTENDED_RENEWALS {
            self.renewals += 1;
            return self.restart();
        }
        self.leave_qr();
        self.hang_up();
        self.stage = Stage::Expired;
    }
}

/// Whether a hosted attempt with this answer can never be renewed.
fn is_gone(code: Code) -> bool {
    matches!(
        code,
        Code::Service(ErrorCode::UnknownAttempt | ErrorCode::AttemptExpired | ErrorCode::AttemptUsed)
    )
}
