//! The open platform's QR page: its address, the strings it posts to its parent, and its long poll.
//!
//! The page never posts a code: the code travels in the redirect alone.

use crate::ids::{AppId, AuthorizationCode, QrUuid, State};
use crate::json::Json;
use alloc::string::String;
use alloc::string::ToString;

/// What WeChat shows in the place of the QR page, which it answers with status 200 all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageRefusal {
    /// No app has this appid.
    AppId,
    /// 10003: the host of `redirect_uri` is not the app's callback domain (授权回调域).
    RedirectUri,
    /// 10005: this app has no `snsapi_login`; a service account's appid has none, and neither has a website app before its review.
    Scope,
}

/// What a page at [`page_address`] is: `Ok` with the QR code in it, `Err(None)` neither that nor a refusal that is known.
///
/// # Errors
/// The refusal, as far as it is one.
pub fn read_page(html: &str) -> Result<(), Option<PageRefusal>> {
    // The sentences are reported; the numbers stand beside them, and could stand anywhere.
    let refusal = [
        ("redirect_uri 参数错误", PageRefusal::RedirectUri),
        ("Scope 参数错误", PageRefusal::Scope),
        ("AppID 参数错误", PageRefusal::AppId),
    ]
    .into_iter()
    .find(|(sentence, _)| html.contains(sentence));
    match refusal {
        Some((_, refusal)) => Err(Some(refusal)),
        None if html.contains(QR_CODE) => Ok(()),
        None => Err(None),
    }
}

/// The image's address begins so.
const QR_CODE: &str = "/connect/qrcode/";

/// What the page itself does with `redirect_uri` once the person has agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfRedirect {
    /// The frame goes to `redirect_uri`: the callback page runs inside the frame.
    Frame,
    /// The top page goes. Browsers block that without a gesture unless the frame's sandbox has `allow-top-navigation`.
    Top,
    /// WeChat decides: the top page for every site outside qq.com.
    Default,
}

impl SelfRedirect {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Frame => "true",
            Self::Top => "false",
            Self::Default => "default",
        }
    }
}

/// The page's own colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorScheme {
    /// As the browser says.
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl ColorScheme {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The QR page in a frame, as Tencent's own script asks for it (`login_type=jssdk`).
#[derive(Debug, Clone)]
pub struct QrFrame<'a> {
    /// `https://open.weixin.qq.com`, or an emulator's address; no trailing slash.
    pub open_url: &'a str,
    /// The website app.
    pub appid: &'a AppId,
    /// Where the code goes, not encoded.
    pub redirect_uri: &'a str,
    /// Letters and digits only.
    pub state: &'a State,
    /// Who follows the redirect.
    pub self_redirect: SelfRedirect,
    /// Whether the page may offer fast login itself; `fast_login=0` is sent where it may not.
    pub fast_login: bool,
    /// The page in English; Chinese otherwise.
    pub english: bool,
    /// The page's colours, where they are chosen.
    pub color_scheme: Option<ColorScheme>,
    /// The new look, at least 220 × 220.
    pub stylelite: bool,
}

impl QrFrame<'_> {
    /// The frame's `src`, parameters in the order that Tencent's script uses.
    ///
    /// ```text
    /// https://open.weixin.qq.com/connect/qrconnect?appid=…&redirect_uri=…&state=…&login_type=jssdk&self_redirect=true&…
    /// ```
    pub fn address(&self) -> String {
        let mut address = String::from(self.open_url);
        let mut add = |before, value| crate::extend(&mut address, before, value);
        add("/connect/qrconnect?appid=", self.appid.as_str());
        add("&scope=snsapi_login&redirect_uri=", self.redirect_uri);
        add("&state=", self.state.as_str());
        add("&login_type=jssdk&self_redirect=", self.self_redirect.as_str());
        add("&styletype=&sizetype=&bgcolor=&rst=", "");
        if self.english {
            add("&lang=en", "");
        }
        if self.stylelite {
            add("&stylelite=1", "");
        }
        if !self.fast_login {
            add("&fast_login=0", "");
        }
        if let Some(color_scheme) = self.color_scheme {
            add("&color_scheme=", color_scheme.as_str());
        }
        address
    }
}

/// The QR page as a page of its own, for a link.
pub fn page_address(open_url: &str, appid: &AppId, redirect_uri: &str, state: &State) -> String {
    let mut address = String::from(open_url);
    crate::extend(&mut address, "/connect/qrconnect?appid=", appid.as_str());
    crate::extend(&mut address, "&redirect_uri=", redirect_uri);
    crate::extend(&mut address, "&response_type=code&scope=snsapi_login&state=", state.as_str());
    address.push_str("#wechat_redirect");
    address
}

/// What the frame posts to its parent, as a JSON *string*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostedStatus {
    /// `{"type":"status","status":"wxReady"}`: the page is there.
    Ready,
    /// `{"type":"status","status":"wxQRcodeReady"}`: the QR code can be scanned.
    QrCodeReady,
}

impl PostedStatus {
    /// Reads a message of the frame; anything else is nobody's message.
    pub fn read<J: Json>(message: &str) -> Option<Self> {
        let message: J = crate::json::unwrapped(message)?;
        if message.text_member("type")? != "status" {
            return None;
        }
        match message.text_member("status")?.as_str() {
            "wxReady" => Some(Self::Ready),
            "wxQRcodeReady" => Some(Self::QrCodeReady),
            _ => None,
        }
    }

    /// Writes the message as the page does.
    pub fn write(self) -> &'static str {
        match self {
            Self::Ready => r#"{"type":"status","status":"wxReady"}"#,
            Self::QrCodeReady => r#"{"type":"status","status":"wxQRcodeReady"}"#,
        }
    }
}

/// What the page's long poll answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanStatus {
    /// 408: nobody yet; ask again after 2 s.
    Waiting,
    /// 404: scanned; ask again at once.
    Scanned,
    /// 403: cancelled on the phone; ask again after 2 s.
    Cancelled,
    /// 402: expired; stop, and offer a new code.
    Expired,
    /// 405: confirmed, and this is the code.
    Confirmed(AuthorizationCode),
    /// 500: load the page again.
    Reload,
}

impl ScanStatus {
    /// Reads `{"wx_errcode":408,"wx_code":""}` or `window.wx_errcode=408;window.wx_code='';`.
    pub fn read<J: Json>(body: &str) -> Option<Self> {
        let (status, code) = match crate::json::unwrapped::<J>(body) {
            Some(answer) => {
                (answer.integer_member("wx_errcode")?, answer.text_member("wx_code").unwrap_or_default())
            }
            None => (
                assigned(body, "window.wx_errcode=")?.parse().ok()?,
                String::from(assigned(body, "window.wx_code=")?.trim_matches(['\'', '"'])),
            ),
        };
        Some(match status {
            408 => Self::Waiting,
            404 => Self::Scanned,
            403 => Self::Cancelled,
            402 => Self::Expired,
            405 => Self::Confirmed(AuthorizationCode::parse(code).ok()?),
            500 => Self::Reload,
            _ => return None,
        })
    }

    /// The number on the wire.
    pub fn number(&self) -> u16 {
        match self {
            Self::Waiting => 408,
            Self::Scanned => 404,
            Self::Cancelled => 403,
            Self::Expired => 402,
            Self::Confirmed(_) => 405,
            Self::Reload => 500,
        }
    }

    /// Writes the answer as `&f=json` has it.
    pub fn write<J: Json>(&self) -> String {
        let code = match self {
            Self::Confirmed(code) => code.as_str(),
            _ => "",
        };
        crate::json::ObjectWriter::<J>::new()
            .raw("wx_errcode", &self.number().to_string())
            .text("wx_code", code)
            .end()
    }
}

/// The text between `name` and the next `;`.
fn assigned<'a>(script: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = script.split_once(name)?;
    Some(rest.split_once(';').map_or(rest, |(value, _)| value).trim())
}

/// What the QR code holds, and the phone opens.
pub fn confirm_address(open_url: &str, uuid: &QrUuid) -> String {
    let mut base = String::from(open_url);
    base.push_str("/connect/confirm");
    crate::address(&base, &[("uuid", uuid.as_str())])
}
