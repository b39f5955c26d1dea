//! Fast login (免扫码): the local service of the WeChat program on the same computer.
//!
//! `POST {desktop_url}/api/check-login` asks whether somebody is logged in there; `POST {desktop_url}/api/authorize`, after
//! the person's click, hangs until the person has answered WeChat's own dialog. Its answers are an attacker's as long as
//! they are not checked: anything may listen on that port. The last word is [`Redirect::check`].

use crate::ids::{AppId, AuthorizationCode, AuthorizeUuid, ErrCode, Malformed, Scope, State};
use crate::json::{Json, ObjectWriter, unwrapped};
use alloc::string::String;
use alloc::string::ToString;

/// Where check-login lives, below the local service's address.
pub const CHECK_LOGIN_PATH: &str = "/api/check-login";
/// Where authorize lives, below the local service's address.
pub const AUTHORIZE_PATH: &str = "/api/authorize";

const CHECK_LOGIN: &str = "qrconnectchecklogin";
const AUTHORIZE: &str = "qrconnectfastauthorize";
const AUTHORIZE_CONFIRM: &str = "qrconnectfastauthorizeconfirm";

/// The person refused in WeChat's own dialog.
pub const REFUSED: ErrCode = ErrCode(10050);
/// The authorize_uuid has expired: check again.
pub const UUID_EXPIRED: ErrCode = ErrCode(10046);
/// This app takes scans only.
pub const SCAN_ONLY: ErrCode = ErrCode(10057);
/// Another service answered on this port.
pub const UNKNOWN_APINAME: ErrCode = ErrCode(-11028);

/// Why fast login gives nothing. None of them is the person's mistake: each means the QR code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// WeChat answered with this errcode.
    ErrCode(ErrCode),
    /// The answer is not one of WeChat's, or a value in it is malformed.
    NotUnderstood,
}

impl From<Malformed> for Unusable {
    fn from(_: Malformed) -> Self {
        Self::NotUnderstood
    }
}

/// Which login is asked for: the same four values in both calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The website app.
    pub appid: AppId,
    /// [`Scope::SnsapiLogin`]; another one is refused by WeChat.
    pub scope: Scope,
    /// Not encoded.
    pub redirect_uri: String,
    /// `""` on the wire when there is none.
    pub state: Option<State>,
}

impl Login {
    fn write_into<'a, J: Json>(&self, object: &'a mut ObjectWriter<J>) -> &'a mut ObjectWriter<J> {
        object
            .text("appid", self.appid.as_str())
            .text("scope", self.scope.as_str())
            .text("redirect_uri", &self.redirect_uri)
            .text("state", self.state.as_ref().map_or("", State::as_str))
    }

    fn read<J: Json>(jsdata: &J) -> Option<Self> {
        let state = jsdata.text_member("state").unwrap_or_default();
        Some(Self {
            appid: AppId::parse(jsdata.text_member("appid")?).ok()?,
            scope: Scope::parse(&jsdata.text_member("scope")?)?,
            redirect_uri: jsdata.text_member("redirect_uri")?,
            state: if state.is_empty() { None } else { Some(State::parse(state).ok()?) },
        })
    }
}

/// The body of check-login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckLogin(pub Login);

impl CheckLogin {
    /// `{"apiname":"qrconnectchecklogin","jsdata":{appid, scope, redirect_uri, state}}`
    pub fn write<J: Json>(&self) -> String {
        envelope::<J>(CHECK_LOGIN, None, &self.0.write_into(&mut ObjectWriter::<J>::new()).end())
    }

    /// Reads what [`CheckLogin::write`] writes.
    pub fn read<J: Json>(body: &str) -> Option<Self> {
        Some(Self(Login::read(&request::<J>(body, CHECK_LOGIN)?)?))
    }
}

/// The good answer to check-login: somebody is logged in to WeChat on this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// As the person wrote it: hostile text.
    pub nickname: String,
    /// Where the avatar is; may be empty, and may be anything.
    pub headimgurl: String,
    /// For the authorize call that follows.
    pub authorize_uuid: AuthorizeUuid,
}

impl Ready {
    /// Reads the answer to check-login.
    ///
    /// # Errors
    /// [`Unusable`]; every one of them means the QR code.
    pub fn read<J: Json>(body: &str) -> Result<Self, Unusable> {
        let jsdata: J = answer(body, CHECK_LOGIN)?;
        let authorize_uuid = jsdata.text_member("authorize_uuid").unwrap_or_default();
        let authorize_uuid = AuthorizeUuid::parse(authorize_uuid)?;
        let mut ready = Self { nickname: String::new(), headimgurl: String::new(), authorize_uuid };
        jsdata.fill("nickname", &mut ready.nickname);
        jsdata.fill("headimgurl", &mut ready.headimgurl);
        Ok(ready)
    }

    /// Writes the answer as WeChat does.
    pub fn write<J: Json>(&self) -> String {
        let jsdata = ObjectWriter::<J>::new()
            .text("nickname", &self.nickname)
            .text("headimgurl", &self.headimgurl)
            .text("authorize_uuid", self.authorize_uuid.as_str())
            .end();
        envelope::<J>(CHECK_LOGIN, Some(ErrCode(0)), &jsdata)
    }
}

/// A length on the screen in half pixels: WeChat's dialog may stand on a half one, and no float is needed to say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfPixels(pub i32);

impl HalfPixels {
    /// `391.5`, `576`, `-0.5`
    fn write(self, text: &mut String) {
        if self.0 < 0 {
            text.push('-');
        }
        digits(self.0.unsigned_abs() / 2, text);
        if self.0 % 2 != 0 {
            text.push_str(".5");
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (whole, half) = match text.split_once('.') {
            Some((whole, "5")) => (whole, 1),
            Some((whole, "0")) => (whole, 0),
            Some(_) => return None,
            None => (text, 0),
        };
        let negative = whole.starts_with('-');
        let pixels = whole.parse::<i32>().ok()?.checked_mul(2)?;
        Some(Self(if negative { pixels.checked_sub(half)? } else { pixels.checked_add(half)? }))
    }
}

/// `to_string` would bring all of `fmt` into the widget.
fn digits(number: u32, into: &mut String) {
    if number >= 10 {
        digits(number / 10, into);
    }
    into.push((b'0' + (number % 10) as u8) as char);
}

/// WeChat's dialog, in screen pixels.
pub const DIALOG_WIDTH: i32 = 360;
/// WeChat's dialog, in screen pixels.
pub const DIALOG_HEIGHT: i32 = 263;

/// The top left corner of WeChat's dialog, in screen pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DialogCorner {
    /// From the left.
    pub x: HalfPixels,
    /// From the top.
    pub y: HalfPixels,
}

impl DialogCorner {
    /// The corner that puts the dialog in the middle of a window, all lengths in screen pixels.
    pub fn centred(window_x: i32, window_y: i32, window_width: i32, window_height: i32) -> Self {
        let corner = |origin: i32, window: i32, dialog: i32| {
            HalfPixels(origin.saturating_mul(2).saturating_add(window.saturating_sub(dialog)))
        };
        Self {
            x: corner(window_x, window_width, DIALOG_WIDTH),
            y: corner(window_y, window_height, DIALOG_HEIGHT),
        }
    }

    /// `{"x":576,"y":391.5}`
    fn write(self) -> String {
        let mut text = String::from("{\"x\":");
        self.x.write(&mut text);
        text.push_str(",\"y\":");
        self.y.write(&mut text);
        text.push('}');
        text
    }

    fn read(text: &str) -> Option<Self> {
        let (x, y) = text.strip_prefix("{\"x\":")?.strip_suffix('}')?.split_once(",\"y\":")?;
        Some(Self { x: HalfPixels::read(x)?, y: HalfPixels::read(y)? })
    }
}

/// The body of authorize: the person has clicked, and WeChat asks them in a dialog of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorize {
    /// Where WeChat should put its dialog.
    pub corner: DialogCorner,
    /// The same four values as in check-login.
    pub login: Login,
    /// From check-login's answer.
    pub authorize_uuid: AuthorizeUuid,
}

impl Authorize {
    /// `{"apiname":"qrconnectfastauthorize","jsdata":{data, appid, scope, redirect_uri, state, authorize_uuid}}`, where
    /// `data` is a string that holds JSON.
    pub fn write<J: Json>(&self) -> String {
        let jsdata = self
            .login
            .write_into(ObjectWriter::<J>::new().text("data", &self.corner.write()))
            .text("authorize_uuid", self.authorize_uuid.as_str())
            .end();
        envelope::<J>(AUTHORIZE, None, &jsdata)
    }

    /// Reads what [`Authorize::write`] writes.
    pub fn read<J: Json>(body: &str) -> Option<Self> {
        let jsdata: J = request(body, AUTHORIZE)?;
        Some(Self {
            corner: DialogCorner::read(&jsdata.text_member("data")?)?,
            login: Login::read(&jsdata)?,
            authorize_uuid: AuthorizeUuid::parse(jsdata.text_member("authorize_uuid")?).ok()?,
        })
    }
}

/// The good answer to authorize: an address that somebody on this computer wants us to go to.
///
/// It is only good after [`Redirect::check`]; until then it leads anywhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Redirect {
    redirect_url: String,
}

/// Why a `redirect_url` is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectRefused {
    /// It leads somewhere else than this login's redirect_uri.
    OtherPlace,
    /// Its state is not this login's.
    OtherState,
    /// It has no code (the person refused), or a malformed one.
    NoCode,
}

impl Redirect {
    /// Reads the answer to authorize.
    ///
    /// # Errors
    /// [`Unusable`]; [`REFUSED`] says that the person refused, every other one means the QR code too.
    pub fn read<J: Json>(body: &str) -> Result<Self, Unusable> {
        let jsdata: J = answer(body, AUTHORIZE_CONFIRM)?;
        Ok(Self { redirect_url: jsdata.text_member("redirect_url").ok_or(Unusable::NotUnderstood)? })
    }

    /// Writes the answer as WeChat does.
    pub fn write<J: Json>(&self) -> String {
        let jsdata = ObjectWriter::<J>::new().text("redirect_url", &self.redirect_url).end();
        envelope::<J>(AUTHORIZE_CONFIRM, Some(ErrCode(0)), &jsdata)
    }

    /// Gives the code when the address is this login's redirect_uri, byte for byte, with this login's state and one code.
    ///
    /// # Errors
    /// [`RedirectRefused`]: then nothing of it may be followed.
    pub fn check(&self, login: &Login) -> Result<AuthorizationCode, RedirectRefused> {
        let added =
            self.redirect_url.strip_prefix(login.redirect_uri.as_str()).ok_or(RedirectRefused::OtherPlace)?;
        let separator = if login.redirect_uri.bytes().any(|byte| byte == b'?') { "&" } else { "?" };
        let query = added.strip_prefix(separator).ok_or(RedirectRefused::OtherPlace)?;
        let (query, _) = crate::cut(query, b'#');

        let state = only(query, "state").ok_or(RedirectRefused::OtherState)?;
        if state != login.state.as_ref().map_or("", State::as_str) {
            return Err(RedirectRefused::OtherState);
        }
        let code = only(query, "code").ok_or(RedirectRefused::NoCode)?;
        AuthorizationCode::parse(code).map_err(|_| RedirectRefused::NoCode)
    }

    /// The address itself. Call [`Redirect::check`] first.
    pub fn as_str(&self) -> &str {
        &self.redirect_url
    }
}

impl core::fmt::Debug for Redirect {
    // It carries a code.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Redirect([redacted])")
    }
}

/// The value of `name` when the query has it exactly once.
fn only(query: &str, name: &str) -> Option<String> {
    let mut value = None;
    let mut rest = query;
    while !rest.is_empty() {
        let (pair, others) = crate::cut(rest, b'&');
        rest = others;
        // A name without a value is another name.
        if let Some(found) = pair.strip_prefix(name).and_then(|found| found.strip_prefix("="))
            && value.replace(found).is_some()
        {
            return None;
        }
    }
    crate::decoded(value?)
}

fn envelope<J: Json>(apiname: &str, errcode: Option<ErrCode>, jsdata: &str) -> String {
    let mut object = ObjectWriter::<J>::new();
    object.text("apiname", apiname);
    if let Some(errcode) = errcode {
        object.raw("errcode", &errcode.0.to_string());
    }
    object.raw("jsdata", jsdata).end()
}

fn request<J: Json>(body: &str, apiname: &str) -> Option<J> {
    let request: J = unwrapped(body)?;
    if request.text_member("apiname")? != apiname {
        return None;
    }
    request.nested_member("jsdata")
}

/// The `jsdata` of a good answer. Its apiname may be missing, but not another's.
fn answer<J: Json>(body: &str, apiname: &str) -> Result<J, Unusable> {
    let answer: J = unwrapped(body).ok_or(Unusable::NotUnderstood)?;
    match answer.integer_member("errcode") {
        Some(0) => {}
        Some(errcode) => return Err(Unusable::ErrCode(ErrCode(errcode))),
        None => return Err(Unusable::NotUnderstood),
    }
    if answer.text_member("apiname").is_some_and(|answered| answered != apiname) {
        return Err(Unusable::NotUnderstood);
    }
    answer.nested_member("jsdata").ok_or(Unusable::NotUnderstood)
}
