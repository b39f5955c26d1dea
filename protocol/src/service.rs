//! The bodies between our widget and our service: the routes `POST /login`, `POST /login/{id}/callback`,
//! `POST /login/{id}/renew`, `GET /login/{id}/events`, `POST /login/{id}/finish`, `POST /callback`, `POST /session` and `GET /session`, and the message of the callback page.
//!
//! Documented here and nowhere else. The service reads and writes them by serde, the widget by [`Json`]; a test holds the
//! two together. Unknown members are passed over by both, so that either side may be the newer one.

mod binding;

pub use binding::{
    BINDING_HEADER, Binding, BindingStep, ContactKind, EnterCode, ExistingContact, JoinAccounts, NameContact,
    SentCode, UnboundLogin, WaitingLogin,
};

use crate::ids::{AppId, AuthorizationCode, Malformed, State};
use crate::json::{Json, ObjectWriter};
use alloc::string::String;
use alloc::vec::Vec;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
// What utoipa's derive expects to find.
#[cfg(feature = "openapi")]
use std::{format, vec};

/// The header that carries an attempt's secret. Never in an address.
pub const SECRET_HEADER: &str = "Weixin-Login-Secret";

/// The `type` of the message that the callback page posts to the page that embeds the widget.
pub const WEB_MESSAGE_TYPE: &str = "weixin-login";

/// What an attempt is, fixed at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Kind {
    /// The service's own page; bound to the browser by a cookie; the top page lands on `/callback`.
    Hosted,
    /// The site's page, which is never left; the callback runs in the frame.
    Embedded,
    /// Our own QR code, confirmed on a phone inside WeChat with a service account.
    Scene,
}

impl Kind {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hosted => "hosted",
            Self::Embedded => "embedded",
            Self::Scene => "scene",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Hosted, Self::Embedded, Self::Scene].iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// What an embedded login ends in, and so where its code may be redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LoginResult {
    /// A session cookie of the site's own, by `POST /session` with the verifier that the widget made.
    Session,
    /// An authorization code, redeemed at `/token` by the site's backend with the verifier that the backend made.
    Code,
}

impl LoginResult {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Code => "code",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Session, Self::Code].into_iter().find(|result| result.as_str() == text)
    }
}

/// `POST /login`: starts an embedded (or scene) attempt. CORS: registered origins only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartLogin {
    /// The client's id in the service's configuration.
    pub client_id: String,
    /// [`Kind::Embedded`] or [`Kind::Scene`]; without it the service takes what the client is configured for.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub kind: Option<Kind>,
    /// Where the code may be redeemed.
    pub result: LoginResult,
    /// PKCE's S256 challenge (RFC 7636 §4.2): 43 characters of base64url.
    pub code_challenge: String,
    /// OpenID Connect's `nonce`, for the ID token of a [`LoginResult::Code`].
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub nonce: Option<String>,
    /// The language of pages that this attempt shows (`zh-CN`, `zh-TW`, `en`), where the widget knows it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub lang: Option<String>,
    /// A state that the widget has made itself, so that WeChat's page may be loaded meanwhile: letters and digits, 32 to 128 of
    /// them, from a random number generator. Without it, and for a scene, the service makes one. The answer says which one holds.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub state: Option<String>,
}

impl StartLogin {
    /// Writes the body.
    pub fn write<J: Json>(&self) -> String {
        let mut object = ObjectWriter::<J>::new();
        object
            .text("client_id", &self.client_id)
            .optional_text("kind", self.kind.map(Kind::as_str))
            .text("result", self.result.as_str())
            .text("code_challenge", &self.code_challenge)
            .optional_text("nonce", self.nonce.as_deref())
            .optional_text("lang", self.lang.as_deref())
            .optional_text("state", self.state.as_deref())
            .end()
    }
}

/// The answer to `POST /login` (201) and `POST /login/{id}/renew` (200), and the `attempt` attribute of the hosted page's element.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartedLogin {
    /// The attempt's public name, in addresses.
    pub id: String,
    /// How this attempt is answered.
    pub kind: Kind,
    /// For [`SECRET_HEADER`]. On the service's own page there is none: a cookie is the proof.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub secret: Option<String>,
    /// The attempt's `state` at WeChat; of a scene, what its end is compared with.
    pub state: String,
    /// The service's issuer (RFC 9207): what `iss` in the answer must be.
    pub iss: String,
    /// The app at WeChat. A scene has none: its QR code is ours.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub appid: Option<String>,
    /// `{public_url}/callback`.
    pub redirect_uri: String,
    /// Where the QR page lives: `https://open.weixin.qq.com`, or an emulator.
    pub open_url: String,
    /// Local services to ask for fast login, in this order; none: no direct fast login.
    #[cfg_attr(feature = "serde", serde(default))]
    pub desktop_urls: Vec<String>,
    /// Seconds until the attempt dies.
    pub expires_in: i64,
    /// Seconds until the QR code is best replaced by a new attempt's; a scan of the old one still works.
    pub renew_in: i64,
    /// The site's name, for the person.
    #[cfg_attr(feature = "serde", serde(default))]
    pub client_name: String,
    /// The service points at an emulator, and every surface says so.
    #[cfg_attr(feature = "serde", serde(default))]
    pub emulator: bool,
    /// What a [`Kind::Scene`] shows.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub scene: Option<Scene>,
}

impl StartedLogin {
    /// Reads the body.
    pub fn read<J: Json>(body: &str) -> Option<Self> {
        let body = J::parse(body)?;
        let mut kind = String::new();
        let mut started = Self {
            id: String::new(),
            kind: Kind::Scene,
            secret: None,
            state: String::new(),
            iss: String::new(),
            appid: None,
            redirect_uri: String::new(),
            open_url: String::new(),
            desktop_urls: Vec::new(),
            expires_in: 0,
            renew_in: 0,
            client_name: String::new(),
            emulator: false,
            scene: None,
        };
        let whole = body.fill("id", &mut started.id)
            & body.fill("kind", &mut kind)
            & body.fill("state", &mut started.state)
            & body.fill("iss", &mut started.iss)
            & body.fill("redirect_uri", &mut started.redirect_uri)
            & body.fill("open_url", &mut started.open_url);
        // What may be missing.
        body.fill("client_name", &mut started.client_name);
        started.secret = body.text_member("secret");
        started.appid = body.text_member("appid");
        started.emulator = body.member("emulator").and_then(|emulator| emulator.boolean()).unwrap_or(false);
        started.scene = body.member("scene").and_then(|scene| Scene::read(&scene));
        if let Some(urls) = body.member("desktop_urls") {
            let mut index = 0;
            while let Some(url) = urls.item(index) {
                started.desktop_urls.extend(url.text());
                index += 1;
            }
        }
        let times = body.integer_member("expires_in").zip(body.integer_member("renew_in"));
        let kind = Kind::parse(&kind);
        (started.expires_in, started.renew_in) = times.unwrap_or_default();
        started.kind = kind.unwrap_or(Kind::Scene);
        (whole && kind.is_some() && times.is_some()).then_some(started)
    }

    /// What fast login and the QR page are asked for.
    ///
    /// # Errors
    /// [`Malformed`] when the service gave an appid or a state that WeChat would not take.
    pub fn weixin_login(&self) -> Result<crate::fast_login::Login, Malformed> {
        Ok(crate::fast_login::Login {
            appid: AppId::parse(self.appid.clone().unwrap_or_default())?,
            scope: crate::ids::Scope::SnsapiLogin,
            redirect_uri: self.redirect_uri.clone(),
            state: Some(State::parse(self.state.clone())?),
        })
    }
}

impl core::fmt::Debug for StartedLogin {
    // Its state and secret are worth a login.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StartedLogin").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a scene shows on the computer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scene {
    /// What the QR code holds: `{public_url}/scan/{id}`.
    pub scan_url: String,
    /// The two digits that the person enters on the phone.
    pub number: String,
    /// `scan_url` as a QR code, the data of one SVG path: a module is a unit, the white around it is left out. Made by the
    /// service, for an encoder would be a third of the widget.
    pub qr_path: String,
    /// Modules a side.
    pub qr_size: i64,
}

impl Scene {
    fn read<J: Json>(scene: &J) -> Option<Self> {
        let qr_size = scene.integer_member("qr_size")?;
        let mut read =
            Self { scan_url: String::new(), number: String::new(), qr_path: String::new(), qr_size };
        let whole = scene.fill("scan_url", &mut read.scan_url)
            & scene.fill("number", &mut read.number)
            & scene.fill("qr_path", &mut read.qr_path);
        whole.then_some(read)
    }
}

/// How far a scene has come: the `event` of `GET /login/{id}/events`, as server-sent events (with this number as their id) or,
/// for `Accept: application/json`, as [`SceneNews`]. Who scanned is told to nobody before that person has let the computer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SceneEvent {
    /// Nobody has tapped yet.
    Waiting,
    /// Somebody has, inside WeChat.
    Scanned,
    /// The person has entered the number: `POST /login/{id}/finish` ends the login.
    Approved,
    /// The person refused, or the number was wrong three times.
    Denied,
    /// Nobody came in time.
    Expired,
}

impl SceneEvent {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scanned => "scanned",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Scanned, Self::Approved, Self::Denied, Self::Expired]
            .iter()
            .copied()
            .find(|event| event.as_str() == text)
    }

    /// Whether nothing comes after it.
    pub fn is_last(self) -> bool {
        matches!(self, Self::Approved | Self::Denied | Self::Expired)
    }
}

/// The data of a scene's event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SceneNews {
    /// How far it has come.
    pub event: SceneEvent,
}

impl SceneNews {
    /// Reads the body.
    pub fn read<J: Json>(body: &str) -> Option<Self> {
        let event = SceneEvent::parse(&J::parse(body)?.text_member("event")?)?;
        Some(Self { event })
    }
}

/// The answer to `POST /login/{id}/finish` of a scene on the service's own page: its cookies are set, and the page goes there.
/// A scene of the site's own page is answered by [`FinishedLogin`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Onward {
    /// A whole address, or a path of the service's own origin.
    pub location: String,
}

impl Onward {
    /// Reads the body.
    pub fn read<J: Json>(body: &J) -> Option<Self> {
        Some(Self { location: body.text_member("location")? })
    }
}

/// The body of `POST /login/{id}/callback` (with the attempt's secret in [`SECRET_HEADER`]) and of `POST /callback` (the
/// callback page, same origin).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallbackAnswer {
    /// WeChat's code. Absent: the person refused.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub code: Option<String>,
    /// The attempt's state.
    pub state: String,
}

impl CallbackAnswer {
    /// The answer of a person who agreed.
    pub fn agreed(code: &AuthorizationCode, state: &State) -> Self {
        Self { code: Some(code.as_str().into()), state: state.as_str().into() }
    }

    /// Writes the body.
    pub fn write<J: Json>(&self) -> String {
        ObjectWriter::<J>::new().optional_text("code", self.code.as_deref()).text("state", &self.state).end()
    }
}

/// How an embedded attempt ended: the answer to `POST /login/{id}/callback` and `POST /callback`, and, with
/// `"type":"weixin-login"`, the message that the callback page posts to the attempt's own origin.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FinishedLogin {
    /// *Our* code, for `/token` or `/session`; 60 seconds.
    pub code: String,
    /// The attempt's state, which the widget compares with its own.
    pub state: String,
    /// The service's issuer, which the widget compares with its own (RFC 9207).
    pub iss: String,
}

impl core::fmt::Debug for FinishedLogin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("FinishedLogin([redacted])")
    }
}

impl FinishedLogin {
    /// Reads the body.
    pub fn read<J: Json>(body: &J) -> Option<Self> {
        let mut read = Self { code: String::new(), state: String::new(), iss: String::new() };
        let whole = body.fill("code", &mut read.code)
            & body.fill("state", &mut read.state)
            & body.fill("iss", &mut read.iss);
        whole.then_some(read)
    }
}

/// The callback page's message: the login's end, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebMessage {
    /// The person is logged in.
    Finished(FinishedLogin),
    /// The site asks the person for more.
    Unbound(WaitingLogin),
    /// There is no login. `state` tells whose message it is.
    Failed {
        /// The attempt's state.
        state: String,
        /// The service's issuer.
        iss: String,
        /// What went wrong.
        problem: Problem,
    },
}

impl WebMessage {
    /// Reads a message event's data; a message of anybody else is `None`.
    pub fn read<J: Json>(data: &J) -> Option<Self> {
        if data.text_member("type")? != WEB_MESSAGE_TYPE {
            return None;
        }
        FinishedLogin::read(data)
            .map(Self::Finished)
            .or_else(|| WaitingLogin::read(data).map(Self::Unbound))
            .or_else(|| {
                let problem = Problem::read(data)?;
                let (mut state, mut iss) = (String::new(), String::new());
                let whole = data.fill("state", &mut state) & data.fill("iss", &mut iss);
                whole.then_some(Self::Failed { state, iss, problem })
            })
    }
}

/// `POST /session`: an embedded code becomes the site's session cookie. Same site only.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RedeemSession {
    /// From [`FinishedLogin`].
    pub code: String,
    /// PKCE's verifier (RFC 7636 §4.1).
    pub code_verifier: String,
}

impl core::fmt::Debug for RedeemSession {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RedeemSession([redacted])")
    }
}

impl RedeemSession {
    /// Writes the body.
    pub fn write<J: Json>(&self) -> String {
        ObjectWriter::<J>::new().text("code", &self.code).text("code_verifier", &self.code_verifier).end()
    }
}

/// `GET /session` and `POST /session`: who is logged in here. The names are OpenID Connect's claims.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Person {
    /// The service's own random id of this person, for this client; never changes.
    pub sub: String,
    /// As the person wrote it: hostile text.
    pub nickname: String,
    /// An https address of the avatar.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub picture: Option<String>,
    /// For which client.
    pub client_id: String,
    /// When the person logged in: seconds since 1970-01-01T00:00:00Z.
    pub auth_time: i64,
}

impl Person {
    /// Reads the body.
    pub fn read<J: Json>(body: &str) -> Option<Self> {
        let body = J::parse(body)?;
        Some(Self {
            sub: body.text_member("sub")?,
            nickname: body.text_member("nickname").unwrap_or_default(),
            picture: body.text_member("picture"),
            client_id: body.text_member("client_id")?,
            auth_time: body.integer_member("auth_time")?,
        })
    }
}

/// The body of every refusal, in the form of RFC 6749 §5.2.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A stable word: [`ErrorCode::as_str`].
    pub error: String,
    /// A sentence for developers, in ASCII.
    #[cfg_attr(feature = "serde", serde(default))]
    pub error_description: String,
    /// Of `contact_code_wrong`: how often another code may be entered.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub tries_left: Option<i64>,
    /// Seconds, where coming again later helps: as in the header `Retry-After`, which a page of another origin cannot read.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub retry_after: Option<i64>,
}

impl Problem {
    /// Reads the body.
    pub fn read<J: Json>(body: &J) -> Option<Self> {
        Some(Self {
            error: body.text_member("error")?,
            error_description: body.text_member("error_description").unwrap_or_default(),
            tries_left: body.integer_member("tries_left"),
            retry_after: body.integer_member("retry_after"),
        })
    }
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// The stable words of [`Problem::error`]; the widget's `LoginError` has the same.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// Reads the word on the wire.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == word)
            }
        }
    };
}

error_codes! {
    /// A parameter is missing, malformed or repeated.
    InvalidRequest = "invalid_request",
    /// No client of this name in the service's configuration.
    UnknownClient = "unknown_client",
    /// The page's origin is not among the client's `origins`.
    UnregisteredOrigin = "unregistered_origin",
    /// The attempt is unknown, or was started by another browser or page.
    UnknownAttempt = "unknown_attempt",
    /// The attempt has expired; start again.
    AttemptExpired = "attempt_expired",
    /// The attempt has been answered already; start again.
    AttemptUsed = "attempt_used",
    /// The person refused.
    AccessDenied = "access_denied",
    /// Nobody is logged in here (OpenID Connect Core §3.1.2.6).
    LoginRequired = "login_required",
    /// WeChat no longer takes the code; start again.
    CodeSpent = "code_spent",
    /// WeChat showed a virtual person (snapshot page); open the page again and tap to log in.
    VirtualPerson = "virtual_person",
    /// What was entered is no phone number or no email address that a code can be sent to.
    ContactInvalid = "contact_invalid",
    /// The six digits are not those that were sent; `tries_left` says how often others may be entered.
    ContactCodeWrong = "contact_code_wrong",
    /// The six digits are too old, were used, or others were entered too often; have new ones sent.
    ContactCodeExpired = "contact_code_expired",
    /// No message can be sent at the moment; nothing is lost, try again.
    SenderUnavailable = "sender_unavailable",
    /// The code or its verifier is not good here.
    InvalidGrant = "invalid_grant",
    /// WeChat is busy or cannot be reached; try again in a moment.
    TemporarilyUnavailable = "temporarily_unavailable",
    /// Too many requests from this address; wait.
    SlowDown = "slow_down",
    /// The service is set up wrongly; its log says what.
    Misconfigured = "misconfigured",
    /// Something else; its log says what.
    ServerError = "server_error",
}
