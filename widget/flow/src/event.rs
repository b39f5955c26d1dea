//! What happens to the machine, and what it asks for.

use alloc::rc::Rc;
use alloc::string::String;
use protocol::fast_login::{Ready, Redirect, Unusable};
use protocol::ids::AuthorizationCode;
use protocol::qrconnect::{ColorScheme, PostedStatus};
use protocol::service::{FinishedLogin, SceneEvent, StartedLogin, WaitingLogin, WebMessage};

use crate::clock::Millis;
use crate::error::LoginError;
use crate::screen::{Button, Phase};
use crate::text::Language;

/// What the browser says about asking the local WeChat (`loopback-network`, or its older name).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Ask.
    Granted,
    /// Asking makes the browser ask the person, and hangs meanwhile.
    Prompt,
    /// Not at all.
    Denied,
    /// This browser has no such permission, or does not say: ask, with the time limit.
    Absent,
}

/// Tells answers to one question from answers to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run(pub u32);

/// Somebody is logged in to WeChat on this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The attempt that was asked for.
    pub started: Rc<StartedLogin>,
    /// Which of its `desktop_urls` answered.
    pub desktop: usize,
    /// What it answered.
    pub ready: Ready,
    /// An address that may be loaded; `None` for the drawn avatar.
    pub avatar: Option<String>,
}

/// What an attempt is bound to: PKCE's pair (RFC 7636), and what the site's backend wants back.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// S256: 43 characters of base64url.
    pub code_challenge: String,
    /// Where the widget made the pair itself. Where the site's backend made it, only that knows the verifier.
    pub code_verifier: Option<String>,
    /// OpenID Connect's.
    pub nonce: Option<String>,
    /// The site's own, given back with the code. Not the attempt's.
    pub state: Option<String>,
}

impl core::fmt::Debug for Challenge {
    // A verifier is half of a login.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Challenge").field("code_challenge", &self.code_challenge).finish_non_exhaustive()
    }
}

/// How the person asked the dialog to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dismissal {
    /// By its close button.
    CloseButton,
    /// By Escape, or the system's Back.
    Escape,
    /// By a press that began and ended beside the panel.
    Backdrop,
}

/// Why the dialog went: the `reason` of `weixin-login-close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The person is logged in.
    Success,
    /// The person closed it, and there is no login.
    Cancelled,
    /// The person closed it after agreeing: the service has the last word, and success or an error is told later.
    Finishing,
    /// The page took the element away.
    Removed,
}

impl CloseReason {
    /// The word in the event.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Cancelled => "cancelled",
            Self::Finishing => "finishing",
            Self::Removed => "removed",
        }
    }
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The panel appeared. Comes first, and once.
    Appeared {
        /// Whether the page is seen: a hidden or prerendered one starts nothing, and asks nobody, before it is.
        visible: bool,
        /// What the first attempt will be, as far as the script was told, with a state that this page has made: what is known of it
        /// is begun while the service is asked.
        draft: Option<Rc<StartedLogin>>,
    },
    /// What the next attempt is bound to; or that there is nothing to bind it to.
    Challenged(Result<Rc<Challenge>, LoginError>),
    /// The service started, or renewed, the attempt.
    Started(Result<Rc<StartedLogin>, LoginError>),
    /// The browser's answer, also when it changes later.
    Permission(Permission),
    /// A local service answered check-login.
    Probed {
        /// Which question.
        run: Run,
        /// Which of the attempt's `desktop_urls`.
        desktop: usize,
        /// Its answer.
        outcome: Result<Ready, Unusable>,
    },
    /// The local service answered authorize.
    Authorized {
        /// Which question.
        run: Run,
        /// Its answer, unchecked.
        outcome: Result<Redirect, Unusable>,
    },
    /// The frame of this number said something about itself. Origin and source are checked already.
    Frame {
        /// Which frame.
        number: u32,
        /// What it said.
        status: PostedStatus,
    },
    /// The frame of this number is on the callback's origin, and says nothing for too long: something else answered in the
    /// callback page's place, such as a service worker of the page's own.
    FrameLost {
        /// Which frame.
        number: u32,
    },
    /// The callback page in a frame said how the attempt ended. Origin and source are checked already; state and iss are
    /// checked by the machine.
    Message(WebMessage),
    /// The service says how far a scene has come.
    Scene {
        /// Which question.
        run: Run,
        /// How far.
        event: SceneEvent,
    },
    /// The service answered a fast login's code, or a scene's end.
    Finished(Result<Ended, LoginError>),
    /// The service made the session, and says who it is.
    Redeemed(Result<Profile, LoginError>),
    /// The person pressed something.
    Pressed(Button),
    /// The clipboard took what was to be copied, or did not.
    Copied(bool),
    /// The person wants the dialog to go.
    Dismissed(Dismissal),
    /// The dialog is asked for while a login goes on: by the button, or by the page.
    Reopened,
    /// The page has another language or another color scheme for the panel; never [`ColorScheme::Auto`].
    Dressed(Language, ColorScheme),
    /// The page is seen, or hidden.
    Visible(bool),
    /// The browser has a network again, or has lost it.
    Online(bool),
    /// The panel was hidden by the page, and is shown again: the answer to [`Effect::WatchForShowing`].
    ShownAgain,
    /// The person came back to this page by the browser's Back, and finds it as it was left.
    Returned,
    /// The time that [`crate::machine::Machine::wakes_at`] named has come, or is long past.
    Woke,
}

/// How the service ended an attempt that this page may end, or what it still waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// With a code, for this page's site.
    Code(FinishedLogin),
    /// With cookies of the service's own page, which goes on there.
    Onward(String),
    /// Not yet: the site asks for more.
    Unbound(WaitingLogin),
}

/// Who is logged in, for the page to greet. Proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Hostile text.
    pub nickname: String,
    /// An https address.
    pub picture: Option<String>,
}

/// What the machine asks for, and all of it: nothing else is done on the way. A [`Effect::Probe`] does not drop the question
/// before it; [`Effect::HangUp`] does.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Make PKCE's pair. Answered by [`Event::Challenged`].
    MakeChallenge,
    /// Ask the page for a fresh challenge, nonce and state, since those of the attributes are used:
    /// `weixin-login-renew`. Answered by [`Event::Challenged`], with an error where the page has none.
    AskForChallenge,
    /// Start an attempt: `POST /login`. Answered by [`Event::Started`].
    StartAttempt {
        /// What it is bound to.
        challenge: Rc<Challenge>,
        /// The state that this page has made for it, where it has.
        state: Option<String>,
    },
    /// Read the attempt that the hosted page brought, as JSON. Answered by [`Event::Started`].
    ReadAttempt(String),
    /// Replace a hosted attempt: `POST /login/{id}/renew`. Answered by [`Event::Started`].
    RenewAttempt(Rc<StartedLogin>),
    /// Ask the browser for the permission's state, and watch it. Answered by [`Event::Permission`].
    QueryPermission,
    /// Ask local services who is logged in. Each answers by [`Event::Probed`].
    Probe {
        /// Goes back with the answers.
        run: Run,
        /// What for.
        started: Rc<StartedLogin>,
        /// Which of its `desktop_urls` to ask; `None` for all at once.
        desktop: Option<usize>,
        /// After so long a silence is a refusal.
        limit: Millis,
    },
    /// Have WeChat ask the person. Answered by [`Event::Authorized`], after seconds or minutes.
    Authorize {
        /// Goes back with the answer.
        run: Run,
        /// Who was found, and where.
        found: Rc<Found>,
    },
    /// Hear how far a scene has come, until it is over or [`Effect::HangUp`]: `GET /login/{id}/events`. Each step is an
    /// [`Event::Scene`].
    HearScene {
        /// Goes back with the news.
        run: Run,
        /// The scene.
        started: Rc<StartedLogin>,
    },
    /// End a scene that was approved: `POST /login/{id}/finish`. Answered by [`Event::Finished`].
    FinishScene(Rc<StartedLogin>),
    /// Drop every question to a local service that is not answered yet, and stop listening to a scene.
    HangUp,
    /// Hand a fast login's code to the service: `POST /login/{id}/callback`. Answered by [`Event::Finished`].
    PostCallback {
        /// The attempt. It has a secret.
        started: Rc<StartedLogin>,
        /// WeChat's code.
        code: AuthorizationCode,
    },
    /// Turn the service's code into a session: `POST /session`. Answered by [`Event::Redeemed`].
    Redeem {
        /// The service's code.
        code: String,
        /// The attempt's.
        code_verifier: String,
    },
    /// The top page goes there.
    Navigate(String),
    /// Copy an address. Answered by [`Event::Copied`].
    Copy(String),
    /// The top page is loaded again: only that makes a new hosted attempt.
    Reload,
    /// Say when the panel, hidden by the page, is shown again: [`Event::ShownAgain`], once.
    WatchForShowing,
    /// The dialog that was let go comes back, with the same login in it.
    OpenDialog,
    /// The dialog goes, and the page is told: `weixin-login-close`. What is under way stays under way.
    CloseDialog(CloseReason),
    /// Nothing comes any more: the panel is taken away, with all that it has under way. Always the last one.
    Leave,
    /// Tell the page: `weixin-login-phase`.
    TellPhase(Phase),
    /// Tell the page: `weixin-login-success`.
    TellSuccess(Success),
    /// Tell the page: `weixin-login-error`.
    TellError(LoginError),
}

/// A login, as the page hears of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Success {
    /// The site's own session cookie is set.
    Session(Profile),
    /// The service's code, for the site's backend.
    Code {
        /// For `/token`.
        code: String,
        /// The site's own, from the element's attribute.
        state: Option<String>,
        /// The service's issuer.
        iss: String,
    },
}

impl core::fmt::Debug for Success {
    // A code is worth a login.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Session(_) => "Session",
            Self::Code { .. } => "Code([redacted])",
        })
    }
}
