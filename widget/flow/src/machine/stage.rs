//! The stages of a login. Each owns what only it has, and leaving one says what that costs.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use protocol::ids::AuthorizationCode;
use protocol::service::{self, StartedLogin};

use super::attempt::Attempt;
use super::{Machine, NEVER};
use crate::clock::Millis;
use crate::error::Code;
use crate::event::{Effect, Found, Run};
use crate::screen::{Copying, Frame, FrameStatus, Phase};
use crate::text::Text;

/// Where a login stands. The large ones are boxed: a stage is moved at every turn.
pub(super) enum Stage {
    /// Not in the page yet.
    New,
    /// Nobody sees the page: nothing is started, and nobody asked.
    Unseen,
    /// A phone, outside WeChat: nothing is started before a press.
    Phone(Copied),
    /// WeChat's own browser: one tap leads to a page of its own.
    InsideWeixin,
    /// An attempt is on its way.
    Starting {
        /// The person asked for it, so that a lack of what it needs is said to them.
        wished: bool,
        /// WeChat's page, where it is loaded meanwhile.
        ahead: Option<Box<Ahead>>,
    },
    /// The local WeChat is asked, and the QR code waits for a moment.
    Probing(Box<Probing>),
    /// Somebody is logged in to WeChat on this computer.
    Card(Box<Card>),
    /// WeChat asks the person.
    Confirming(Box<Confirming>),
    /// WeChat's page with the QR code, or the way to it.
    Qr(Box<Qr>),
    /// The site's own QR code.
    Scene(Box<Scene>),
    /// The person has agreed, and the service has the last word.
    Finishing(Box<Finishing>),
    /// The site asks for a phone number or an email address.
    Binding(Box<Binding>),
    /// Logged in.
    Done {
        /// When the dialog goes by itself; a panel in the page stays.
        goes_at: Millis,
    },
    /// The attempt is over.
    Expired(Anew),
    /// The person refused.
    Denied,
    /// There is no login.
    Failed(Failed),
    /// The panel is taken away, and this is the last phase that was told.
    Left(Phase),
}

/// How an address was copied.
#[derive(Clone, Copy)]
pub(super) enum Copied {
    NotYet,
    /// The clipboard has it.
    Yes,
    /// The clipboard refused.
    ByHand,
}

/// A frame whose attempt is not there yet.
pub(super) struct Ahead {
    pub(super) frame: Frame,
    pub(super) since: Millis,
    /// What it has said of itself. It is covered whatever that is.
    pub(super) status: FrameStatus,
}

pub(super) struct Probing {
    pub(super) attempt: Rc<Attempt>,
    /// `None` while the browser has not said whether asking is free of cost.
    pub(super) asking: Option<Box<Asking>>,
    /// So long the QR code waits.
    pub(super) until: Millis,
}

pub(super) struct Card {
    pub(super) attempt: Rc<Attempt>,
    pub(super) found: Rc<Found>,
}

pub(super) struct Confirming {
    pub(super) attempt: Rc<Attempt>,
    pub(super) found: Rc<Found>,
    pub(super) run: Run,
    pub(super) question: Question,
}

/// What WeChat was asked last about the person who was found.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Question {
    /// To have them agree.
    Authorize,
    /// Who is logged in, once more: the authorize_uuid had expired.
    CheckLogin,
    /// To have them agree, with the new authorize_uuid. There is no third time.
    AuthorizeAgain,
}

pub(super) struct Qr {
    pub(super) attempt: Rc<Attempt>,
    /// `None` with `no-frame`.
    pub(super) frame: Option<Box<Shown>>,
    /// A phone may have scanned it just before it was replaced.
    pub(super) former: Option<Box<Shown>>,
    pub(super) desktop: Desktop,
    /// A word about what happened before.
    pub(super) note: Option<Text>,
    /// When the next attempt is asked for; `None` where there is nothing to bind it to.
    pub(super) renews_at: Option<Millis>,
}

/// A frame, since it is there.
pub(super) struct Shown {
    pub(super) frame: Frame,
    pub(super) attempt: Rc<Attempt>,
    pub(super) since: Millis,
    pub(super) status: FrameStatus,
}

/// What is known of the WeChat on this computer, beside the QR code.
pub(super) enum Desktop {
    /// Nothing, or that there is none.
    Silent,
    Asking(Box<Asking>),
    Ready(Rc<Found>),
}

/// A question that is under way.
pub(super) struct Asking {
    pub(super) run: Run,
    pub(super) started: Rc<StartedLogin>,
    pub(super) since: Millis,
    /// Local services that have not answered.
    pub(super) waiting: usize,
    /// Whether the answer replaces the QR code: the person asked for it, here or in the browser's question.
    pub(super) wished: bool,
}

pub(super) struct Scene {
    pub(super) attempt: Rc<Attempt>,
    pub(super) scene: service::Scene,
    pub(super) run: Run,
    pub(super) scanned: bool,
    pub(super) copied: Copied,
}

pub(super) struct Finishing {
    pub(super) attempt: Rc<Attempt>,
    pub(super) step: Step,
    /// When the code came that the step spends.
    pub(super) since: Millis,
    /// The person let the dialog go; the login ends all the same.
    pub(super) unseen: bool,
}

/// The service's page, where a login waits for a contact.
pub(super) struct Binding {
    pub(super) attempt: Rc<Attempt>,
    pub(super) frame: Frame,
    /// So long the page may stay silent, and then the login waits.
    pub(super) until: Millis,
    /// The page has said that somebody is asked there.
    pub(super) is_there: bool,
}

/// What is left to do once the person has agreed.
pub(super) enum Step {
    /// A fast login's code goes to the service.
    PostCallback(AuthorizationCode),
    /// A scene is ended.
    FinishScene,
    /// The service's code becomes a session.
    Redeem { code: String, code_verifier: String },
    /// The top page is on its way elsewhere.
    Away,
}

/// How an attempt that is over is followed by another.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Anew {
    /// When the page is seen again, or by a press.
    ByItself,
    /// By a press alone: the page had no challenge to bind one to.
    ByPress,
    /// The hosted attempt is gone: only the page, loaded again, makes a new one.
    Reload,
}

pub(super) struct Failed {
    pub(super) code: Code,
    /// The step that the network was lost in: its code still lives for a while.
    pub(super) kept: Option<Box<Finishing>>,
}

impl Stage {
    /// Ends what is under way here, and drops the rest.
    pub(super) fn leave(self, machine: &mut Machine) {
        match self {
            Self::Probing(probing) => drop(probing.leave(machine)),
            Self::Confirming(confirming) => drop(confirming.leave(machine)),
            Self::Qr(qr) => drop(qr.leave(machine)),
            Self::Scene(scene) => drop(scene.leave(machine)),
            // What the service was asked for is answered whether or not somebody waits for it.
            Self::New
            | Self::Unseen
            | Self::Phone(_)
            | Self::InsideWeixin
            | Self::Starting { .. }
            | Self::Card(_)
            | Self::Finishing(_)
            | Self::Binding(_)
            | Self::Done { .. }
            | Self::Expired(_)
            | Self::Denied
            | Self::Failed(_)
            | Self::Left(_) => {}
        }
    }

    /// When the attempt that is shown dies. Once the person has agreed, the service decides.
    pub(super) fn expires_at(&self) -> Millis {
        match self {
            Self::Probing(probing) => probing.attempt.expires_at,
            Self::Card(card) => card.attempt.expires_at,
            Self::Confirming(confirming) => confirming.attempt.expires_at,
            Self::Qr(qr) => qr.attempt.expires_at,
            Self::Scene(scene) => scene.attempt.expires_at,
            Self::Binding(binding) => binding.until,
            Self::New
            | Self::Unseen
            | Self::Phone(_)
            | Self::InsideWeixin
            | Self::Starting { .. }
            | Self::Finishing(_)
            | Self::Done { .. }
            | Self::Expired(_)
            | Self::Denied
            | Self::Failed(_)
            | Self::Left(_) => NEVER,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self {
            Self::New | Self::Unseen | Self::Starting { .. } => Phase::Loading,
            Self::Probing(_) => Phase::Probing,
            Self::Card(_) => Phase::FastLogin,
            Self::Confirming(_) | Self::Finishing(_) => Phase::Confirming,
            Self::Phone(_) | Self::InsideWeixin | Self::Qr(_) => Phase::Qr,
            Self::Scene(scene) if scene.scanned => Phase::Scanned,
            Self::Scene(_) => Phase::Qr,
            Self::Binding(_) => Phase::Binding,
            Self::Done { .. } => Phase::Success,
            Self::Expired(_) => Phase::Expired,
            Self::Denied => Phase::Denied,
            Self::Failed(_) => Phase::Error,
            Self::Left(phase) => *phase,
        }
    }

    /// For developers. Nothing of a person or of an attempt is in it.
    fn name(&self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Unseen => "Unseen",
            Self::Phone(_) => "Phone",
            Self::InsideWeixin => "InsideWeixin",
            Self::Starting { .. } => "Starting",
            Self::Probing(_) => "Probing",
            Self::Card(_) => "Card",
            Self::Confirming(_) => "Confirming",
            Self::Qr(_) => "Qr",
            Self::Scene(_) => "Scene",
            Self::Finishing(_) => "Finishing",
            Self::Binding(_) => "Binding",
            Self::Done { .. } => "Done",
            Self::Expired(_) => "Expired",
            Self::Denied => "Denied",
            Self::Failed(_) => "Failed",
            Self::Left(_) => "Left",
        }
    }
}

impl core::fmt::Debug for Stage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

impl Probing {
    pub(super) fn leave(self, machine: &mut Machine) -> Rc<Attempt> {
        if self.asking.is_some() {
            machine.ask_for(Effect::HangUp);
        }
        self.attempt
    }
}

impl Confirming {
    /// While WeChat has not answered.
    pub(super) fn leave(self, machine: &mut Machine) -> Card {
        machine.ask_for(Effect::HangUp);
        self.answered()
    }

    /// Nothing is under way any more.
    pub(super) fn answered(self) -> Card {
        Card { attempt: self.attempt, found: self.found }
    }
}

impl Qr {
    /// Its frames go with it.
    pub(super) fn leave(self, machine: &mut Machine) -> Rc<Attempt> {
        self.desktop.leave(machine);
        self.attempt
    }
}

impl Desktop {
    pub(super) fn leave(self, machine: &mut Machine) {
        if let Self::Asking(_) = self {
            machine.ask_for(Effect::HangUp);
        }
    }
}

impl Scene {
    /// The service is listened to until then.
    pub(super) fn leave(self, machine: &mut Machine) -> Rc<Attempt> {
        machine.ask_for(Effect::HangUp);
        self.attempt
    }

    pub(super) fn copied(mut self: Box<Self>, good: bool) -> Box<Self> {
        self.copied = Copied::answered(good);
        self
    }
}

impl Copied {
    pub(super) fn answered(good: bool) -> Self {
        if good { Self::Yes } else { Self::ByHand }
    }

    pub(super) fn screen(self, address: &str) -> Copying<'_> {
        match self {
            Self::NotYet => Copying::NotYet,
            Self::Yes => Copying::Copied,
            Self::ByHand => Copying::ByHand(address),
        }
    }
}
