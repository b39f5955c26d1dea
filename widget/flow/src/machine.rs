//! `(Machine, Event) -> [Effect]`: decides everything that the widget does, and does nothing.
//!
//! Two more answers come from its state: [`Machine::screen`] says what there is to see, frames included, and
//! [`Machine::wakes_at`] when it wants to be woken. Whatever event comes after that time does as well: a timer that a
//! sleeping laptop rings an hour late finds the right time in the event.
//!
//! - `table`: in which stage an event leads to which one. Read it first.
//! - `stage`: the stages and what each of them owns.
//! - `attempt`, `desktop`, `qr`, `scene`, `binding`, `ending`: how it is done.

mod attempt;
mod binding;
mod desktop;
mod ending;
mod qr;
mod scene;
mod stage;
mod table;

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use protocol::qrconnect::{ColorScheme, page_address};
use protocol::service::{ErrorCode, Kind, StartedLogin};

use crate::clock::Millis;
use crate::error::{Code, LoginError};
use crate::event::{Dismissal, Effect, Event, Permission};
use crate::options::{Device, Display, Options};
use crate::screen::{Body, FrameStatus, Offer, Phase, Screen};
use crate::text::{Language, Text};
use attempt::Coming;
use stage::{Copied, Stage};

/// So long the QR code waits for the local WeChat, and no longer.
pub const QR_WAITS: Millis = 300;
/// A local service that was asked without a press is silent after so long.
pub const QUIET_PROBE_LIMIT: Millis = 10_000;
/// After a press the browser may be asking the person: as long as Firefox keeps its question open.
pub const PRESSED_PROBE_LIMIT: Millis = 300_000;
/// A frame that has said nothing for so long is blocked, as far as anybody can tell.
pub const FRAME_SILENT_AFTER: Millis = 10_000;
/// The same of the service's own page that asks for a contact: nobody may be asked to log in anew for a slow network.
pub const BINDING_SILENT_AFTER: Millis = 30_000;
/// Of either.
const SILENT: &str = "the frame stays silent";
/// A renewal that failed is tried again after so long, while the attempt so far lives on.
pub const RENEWAL_RETRY: Millis = 30_000;
/// So often a QR code that nobody touches is replaced by itself; then the person is asked.
pub const UNATTENDED_RENEWALS: u8 = 5;
/// So long a person may enjoy that it worked, before the dialog goes.
pub const DONE_IS_SEEN_FOR: Millis = 900;
/// A press beside a dialog that has just come was meant for what it covers: the second half of a double click.
pub const BACKDROP_HOLDS: Millis = 500;
/// So long the code of a step lives that the network was lost in.
pub const CODE_LIVES: Millis = 60_000;

/// Later than every time.
const NEVER: Millis = Millis::MAX;

/// Where the login must leave the page, and the page has not said where to.
const NO_PAGE: &str =
    "the login must go on on a page of its own: say where by `page`, or by a link inside the element";

/// One mounted panel, from its appearance to its end.
pub struct Machine {
    options: Rc<Options>,
    language: Language,
    theme: ColorScheme,
    now: Millis,
    /// What is to be done, in this order.
    effects: Vec<Effect>,
    told: Option<Phase>,
    stage: Stage,
    /// What the service, or the page, was asked for the next attempt.
    coming: Coming,
    /// The last attempt that came, for what outlives it: the site's name, and a hosted one's renewal.
    last: Option<Rc<StartedLogin>>,
    /// What the first attempt will be, until it is there.
    draft: Option<Rc<StartedLogin>>,
    /// The attributes' challenge has gone into an attempt.
    challenge_used: bool,
    /// A code was told: what it was bound to is spent.
    code_told: bool,
    /// So many numbers were given to questions and frames.
    numbers: u32,

    appeared_at: Millis,
    visible: bool,
    online: bool,
    /// The browser was asked for its permission.
    queried: bool,
    /// What the frame's allow and the local WeChat depend on.
    permission: Option<Permission>,
    /// It is not the browser's first word.
    permission_changed: bool,
    /// "Use WeChat on this computer" was pressed.
    pressed: bool,
    /// The person refused in WeChat's dialog, and has not pressed the offer since.
    refused: bool,
    /// Attempts that came by themselves since somebody was last seen here.
    renewals: u8,
}

impl Machine {
    /// A panel that has not appeared yet.
    pub fn new(options: Rc<Options>) -> Self {
        Self {
            language: options.language,
            theme: options.theme,
            options,
            now: 0,
            effects: Vec::new(),
            told: None,
            stage: Stage::New,
            coming: Coming::Nothing,
            last: None,
            draft: None,
            challenge_used: false,
            code_told: false,
            numbers: 0,
            appeared_at: 0,
            visible: true,
            online: true,
            queried: false,
            permission: None,
            permission_changed: false,
            pressed: false,
            refused: false,
            renewals: 0,
        }
    }

    /// Takes what happened, at `now`, and says what is to be done, in this order.
    pub fn handle(&mut self, event: Event, now: Millis) -> Vec<Effect> {
        self.now = self.now.max(now);
        if !was_under_way(&event) {
            self.step(&Event::Woke);
        }
        if self.note(&event) {
            self.step(&event);
        }
        self.step(&Event::Woke);

        let phase = self.stage.phase();
        if self.told != Some(phase) && !matches!(self.stage, Stage::New) {
            self.told = Some(phase);
            let mut effects = core::mem::take(&mut self.effects);
            self.ask_for(Effect::TellPhase(phase));
            self.effects.append(&mut effects);
        }
        core::mem::take(&mut self.effects)
    }

    fn step(&mut self, event: &Event) {
        let stage = core::mem::replace(&mut self.stage, Stage::New);
        self.stage = self.next(stage, event);
    }

    // Once, and not at forty places: an effect is large.
    #[inline(never)]
    fn ask_for(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Remembers what is remembered in every stage. Says whether the event counts.
    fn note(&mut self, event: &Event) -> bool {
        match event {
            Event::Permission(permission) => {
                let before = self.permission.replace(*permission);
                self.permission_changed = before.is_some();
                return before != Some(*permission);
            }
            Event::Dismissed(how) => {
                let meant = match how {
                    Dismissal::Backdrop => self.now >= self.appeared_at + BACKDROP_HOLDS,
                    Dismissal::CloseButton | Dismissal::Escape => true,
                };
                return meant && self.options.display == Display::Button;
            }
            Event::Visible(visible) => {
                self.visible = *visible;
                if self.visible {
                    self.renewals = 0;
                }
            }
            Event::Pressed(_) | Event::ShownAgain => self.renewals = 0,
            Event::Online(online) => self.online = *online,
            Event::Dressed(language, theme) => (self.language, self.theme) = (*language, *theme),
            Event::Appeared { .. }
            | Event::Challenged(_)
            | Event::Started(_)
            | Event::Probed { .. }
            | Event::Authorized { .. }
            | Event::Frame { .. }
            | Event::FrameLost { .. }
            | Event::Message(_)
            | Event::Scene { .. }
            | Event::Finished(_)
            | Event::Redeemed(_)
            | Event::Copied(_)
            | Event::Returned
            | Event::Reopened
            | Event::Woke => {}
        }
        true
    }

    fn appear(&mut self, visible: bool, draft: Option<Rc<StartedLogin>>) -> Stage {
        self.visible = visible;
        // Another service's attempts are otherwise, and the service's own page brings the first one along.
        self.draft =
            draft.filter(|draft| draft.iss == self.options.service && self.options.attempt.is_none());
        self.appeared_at = self.now;
        if let Some(wrong) = self.options.wrong {
            return self.fail(LoginError::new(Code::Service(ErrorCode::InvalidRequest), wrong));
        }
        match self.options.device {
            Device::Computer => self.begin(true),
            Device::Phone => Stage::Phone(Copied::NotYet),
            Device::InsideWeixin if self.page().is_none() => {
                self.fail(LoginError::new(Code::Unsupported, NO_PAGE))
            }
            Device::InsideWeixin => Stage::InsideWeixin,
        }
    }

    /// When the machine wants [`Event::Woke`], unless something else happens first.
    pub fn wakes_at(&self) -> Option<Millis> {
        let at = match &self.stage {
            Stage::Probing(probing) => probing.until,
            Stage::Qr(qr) => self.qr_wakes_at(qr),
            Stage::Scene(scene) => self.scene_ticks_at(scene),
            Stage::Done { goes_at } => *goes_at,
            Stage::New
            | Stage::Unseen
            | Stage::Binding(_)
            | Stage::Phone(_)
            | Stage::InsideWeixin
            | Stage::Starting { .. }
            | Stage::Card(_)
            | Stage::Confirming(_)
            | Stage::Finishing(_)
            | Stage::Expired(_)
            | Stage::Denied
            | Stage::Failed(_)
            | Stage::Left(_) => NEVER,
        };
        let at = at.min(self.stage.expires_at());
        (at < NEVER).then_some(at)
    }

    /// The language of what is shown, and of the pages that the next attempt shows.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The colours of what is shown.
    pub fn theme(&self) -> ColorScheme {
        self.theme
    }

    /// What there is to see.
    pub fn screen(&self) -> Screen<'_> {
        let (frame, former) = match &self.stage {
            Stage::Qr(qr) => (qr.frame.as_ref(), qr.former.as_ref()),
            _ => (None, None),
        };
        let ahead =
            if let Stage::Starting { ahead: Some(ahead), .. } = &self.stage { Some(ahead) } else { None };
        let binding = if let Stage::Binding(binding) = &self.stage { Some(&binding.frame) } else { None };
        Screen {
            phase: self.stage.phase(),
            body: self.body(),
            frame: frame.map(|shown| &shown.frame).or(ahead.map(|ahead| &ahead.frame)).or(binding),
            former_frame: former.map(|shown| &shown.frame),
            client_name: self.last.as_ref().map_or("", |started| &started.client_name),
            emulator: self.last.as_ref().is_some_and(|started| started.emulator),
        }
    }

    fn body(&self) -> Body<'_> {
        match &self.stage {
            // Covered, and out of reach: nobody scans what has no attempt yet.
            Stage::Starting { ahead: Some(_), .. } => {
                Body::Qr { status: FrameStatus::Loading, offer: Offer::None, note: None, page: false }
            }
            Stage::New
            | Stage::Unseen
            | Stage::Starting { ahead: None, .. }
            | Stage::Probing(_)
            | Stage::Left(_) => Body::Waiting,
            Stage::Phone(copied) => Body::Phone { copying: copied.screen(&self.options.here) },
            Stage::InsideWeixin => {
                Body::Page { hint: Text::InsideWeixinHint, offer: Offer::None, note: None }
            }
            Stage::Card(card) => Body::Card(desktop::person(&card.found)),
            Stage::Confirming(_) => Body::Confirming { browser_asks: self.browser_asks() },
            Stage::Qr(qr) => self.qr_body(qr),
            Stage::Scene(scene) => Body::Scene(self.scene_code(scene)),
            Stage::Finishing(_) => Body::Finishing,
            Stage::Binding(binding) => Body::Binding { is_there: binding.is_there },
            Stage::Done { .. } => Body::Done,
            Stage::Expired(_) => Body::Expired,
            Stage::Denied => Body::Denied,
            Stage::Failed(failed) => Body::Failed { code: failed.code, page: self.page().is_some() },
        }
    }

    fn open_page(&mut self, stage: Stage) -> Stage {
        if let Some(page) = self.page() {
            self.ask_for(Effect::Navigate(page));
        }
        stage
    }

    fn copy(&mut self, address: String, stage: Stage) -> Stage {
        self.ask_for(Effect::Copy(address));
        stage
    }

    fn reload(&mut self, stage: Stage) -> Stage {
        self.ask_for(Effect::Reload);
        stage
    }

    /// Where the login goes on as a page of its own.
    fn page(&self) -> Option<String> {
        self.options.page.clone().or_else(|| {
            // Only a hosted attempt may end in the top page.
            let started = self.last.as_ref().filter(|started| started.kind == Kind::Hosted)?;
            let login = started.weixin_login().ok()?;
            Some(page_address(&started.open_url, &login.appid, &started.redirect_uri, login.state.as_ref()?))
        })
    }
}

impl core::fmt::Debug for Machine {
    // Its stage, and nothing of the person or of a code.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}", self.stage)
    }
}

/// An answer that was under way counts, however late it is heard; everything else meets the present.
fn was_under_way(event: &Event) -> bool {
    match event {
        Event::Message(_)
        | Event::Scene { .. }
        | Event::Finished(_)
        | Event::Redeemed(_)
        | Event::Authorized { .. } => true,
        Event::Appeared { .. }
        | Event::Challenged(_)
        | Event::Started(_)
        | Event::Permission(_)
        | Event::Probed { .. }
        | Event::Frame { .. }
        | Event::FrameLost { .. }
        | Event::Pressed(_)
        | Event::Copied(_)
        | Event::Dismissed(_)
        | Event::Dressed(..)
        | Event::Visible(_)
        | Event::Online(_)
        | Event::ShownAgain
        | Event::Returned
        | Event::Reopened
        | Event::Woke => false,
    }
}
