//! What there is to see: a description, drawn by the widget's view, which decides nothing.

use crate::error::Code;
use crate::text::Text;
use alloc::rc::Rc;
use alloc::string::String;
use protocol::service::StartedLogin;

/// Where the login stands: the `phase` of `weixin-login-phase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The attempt is being started.
    Loading,
    /// The local WeChat is being asked, for a moment.
    Probing,
    /// Somebody is logged in to WeChat on this computer.
    FastLogin,
    /// WeChat asks the person, or the service finishes the login.
    Confirming,
    /// The QR code, or the way to it.
    Qr,
    /// A phone has scanned our own QR code.
    Scanned,
    /// The site asks for a phone number or an email address first.
    Binding,
    /// Logged in.
    Success,
    /// The attempt is over.
    Expired,
    /// The person refused.
    Denied,
    /// There is no login, and why.
    Error,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Loading,
        Self::Probing,
        Self::FastLogin,
        Self::Confirming,
        Self::Qr,
        Self::Scanned,
        Self::Binding,
        Self::Success,
        Self::Expired,
        Self::Denied,
        Self::Error,
    ];

    /// The word in the event.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Probing => "probing",
            Self::FastLogin => "fast-login",
            Self::Confirming => "confirming",
            Self::Qr => "qr",
            Self::Scanned => "scanned",
            Self::Binding => "binding",
            Self::Success => "success",
            Self::Expired => "expired",
            Self::Denied => "denied",
            Self::Error => "error",
        }
    }
}

/// Something to press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    /// Log in as the person whom the local WeChat named.
    Continue,
    /// From the card to the QR code.
    ScanInstead,
    /// From the card to the QR code, with another WeChat account.
    OtherAccount,
    /// Ask the local WeChat, whatever the browser asks in turn.
    UseThisComputer,
    /// Take a fast login back that WeChat is still asking about.
    Cancel,
    /// Start again: the attempt has expired, failed, or was refused.
    StartAgain,
    /// Go on, on a page of its own.
    OpenPage,
    /// Show the QR code on a phone all the same.
    ShowQr,
    /// Copy the page's address, or a scene's, to be opened in WeChat.
    CopyLink,
    /// Load WeChat's page anew, which stayed silent in its frame.
    ReloadFrame,
}

impl Button {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Continue,
        Self::ScanInstead,
        Self::OtherAccount,
        Self::UseThisComputer,
        Self::Cancel,
        Self::StartAgain,
        Self::OpenPage,
        Self::ShowQr,
        Self::CopyLink,
        Self::ReloadFrame,
    ];

    /// The word of `data-press`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::ScanInstead => "scan",
            Self::OtherAccount => "other-account",
            Self::UseThisComputer => "use-this-computer",
            Self::Cancel => "cancel",
            Self::StartAgain => "start-again",
            Self::OpenPage => "open-page",
            Self::ShowQr => "show-qr",
            Self::CopyLink => "copy-link",
            Self::ReloadFrame => "reload-frame",
        }
    }
}

/// How copying an address went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copying<'a> {
    /// Nothing was copied yet.
    NotYet,
    /// The clipboard has it.
    Copied,
    /// The clipboard refused, or is not there: the address is shown, to be copied by hand.
    ByHand(&'a str),
}

/// What is known of the page in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameStatus {
    /// It has not said anything yet: it is covered.
    Loading,
    /// It has said that it is there.
    Ready,
    /// It has said nothing for too long: it stays covered, by a word and a way to load it anew.
    Silent,
}

/// A person, as the local WeChat named them. Hostile text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person<'a> {
    /// As it came.
    pub nickname: &'a str,
    /// An address that may be loaded; `None` for the drawn avatar.
    pub avatar: Option<&'a str>,
}

/// What stands beside the QR code about the WeChat on this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer<'a> {
    /// Nothing to offer.
    None,
    /// Asking may make the browser ask: only after a press.
    UseThisComputer,
    /// Pressed; the browser may be asking.
    Asking,
    /// Somebody is logged in there.
    Continue(Person<'a>),
}

/// The site's own QR code, and the number that joins it with the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SceneCode<'a> {
    /// The code, as the data of an SVG path.
    pub qr_path: &'a str,
    /// Units a side.
    pub qr_size: u32,
    /// Two digits, to be entered on the phone.
    pub number: &'a str,
    /// Until it dies.
    pub seconds_left: u32,
    /// A phone has scanned it.
    pub scanned: bool,
    /// Its address, copied or not.
    pub copying: Copying<'a>,
}

/// The middle of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// Nothing yet; the place is kept.
    Waiting,
    /// Fast login.
    Card(Person<'a>),
    /// WeChat asks in a window of its own.
    Confirming {
        /// The browser may be asking first, once more: Firefox allows one call, not all that follow.
        browser_asks: bool,
    },
    /// The service is working.
    Finishing,
    /// The QR code.
    Qr {
        /// What is known of the page in the frame.
        status: FrameStatus,
        /// Fast login, beside it.
        offer: Offer<'a>,
        /// A word about what happened before.
        note: Option<Text>,
        /// Whether a way to a page of its own is shown.
        page: bool,
    },
    /// The service's page that asks for a phone number or an email address.
    Binding {
        /// It has said that it is there; it is covered until then.
        is_there: bool,
    },
    /// The site's own QR code.
    Scene(SceneCode<'a>),
    /// The login goes on, on a page of its own; `hint` says why.
    Page {
        /// Why.
        hint: Text,
        /// Fast login, beside it.
        offer: Offer<'a>,
        /// A word about what happened before.
        note: Option<Text>,
    },
    /// A phone, outside WeChat.
    Phone {
        /// The page's address, copied or not.
        copying: Copying<'a>,
    },
    /// The attempt is over.
    Expired,
    /// The person refused.
    Denied,
    /// There is no login. `page`: a page of its own may still do it.
    Failed {
        /// Why.
        code: Code,
        /// Whether a way to a page of its own is shown.
        page: bool,
    },
    /// Logged in.
    Done,
}

/// WeChat's page in a frame, or the service's that asks for a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Another number is another frame.
    pub number: u32,
    /// Its `src`.
    pub address: String,
    /// What the page in it finds as its window's name: the token of a login that waits for a contact, which stands in no address.
    /// WeChat's finds nothing.
    pub token: String,
    /// Its attempt: the page posts from below `open_url`, and goes to `redirect_uri` at the end.
    pub started: Rc<StartedLogin>,
    /// May move the top page: only where the callback belongs there.
    pub top_navigation: bool,
    /// May ask the local WeChat.
    pub fast_login: bool,
}

/// All there is to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen<'a> {
    /// Where the login stands.
    pub phase: Phase,
    /// The middle.
    pub body: Body<'a>,
    /// The frame with the QR code, or with what the site asks for.
    pub frame: Option<&'a Frame>,
    /// The frame before it, out of sight: a phone may have scanned it just before it was replaced.
    pub former_frame: Option<&'a Frame>,
    /// The site's name.
    pub client_name: &'a str,
    /// The service points at an emulator.
    pub emulator: bool,
}
