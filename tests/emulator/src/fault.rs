//! What can be made to go wrong, call by call. Where it strikes is in `gate`; how the desktop client misbehaves by itself is in
//! `desktop`.

use actix_web::{Error, HttpResponse, web};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a request to WeChat is for: the name faults are set under and requests are logged under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `/connect/qrconnect`, the page with the QR code.
    QrPage,
    /// `/connect/qrcode/{uuid}`, its image.
    QrImage,
    /// `/connect/l/qrconnect`, its long poll.
    LongPoll,
    /// `/connect/confirm`, what the phone opens.
    Confirm,
    /// `/connect/oauth2/authorize`, the service account's page.
    ServiceAccount,
    /// `/api/check-login` of the desktop client.
    CheckLogin,
    /// `/api/authorize` of the desktop client.
    Authorize,
    /// `/sns/oauth2/access_token`.
    AccessToken,
    /// `/sns/oauth2/refresh_token`.
    RefreshToken,
    /// `/sns/userinfo`.
    UserInfo,
    /// `/sns/auth`.
    Auth,
    /// `/mmopen/…`, an avatar's image.
    Avatar,
    /// `/sns/jscode2session`, a mini program's login.
    JsCode,
    /// `/cgi-bin/token` and `/cgi-bin/stable_token`.
    AppToken,
    /// `/cgi-bin/qrcode/create`.
    SceneQr,
    /// `/cgi-bin/user/info`.
    Follower,
    /// `/cgi-bin/ticket/getticket`.
    JsTicket,
    /// `/wxa/business/getuserphonenumber`.
    PhoneNumber,
    /// `…/wxLogin.js`.
    WxLogin,
    /// Anything else that was asked for.
    Other,
}

impl Call {
    /// Every call a fault can be set on.
    pub const ALL: [Call; 19] = [
        Call::QrPage,
        Call::QrImage,
        Call::LongPoll,
        Call::Confirm,
        Call::ServiceAccount,
        Call::CheckLogin,
        Call::Authorize,
        Call::AccessToken,
        Call::RefreshToken,
        Call::UserInfo,
        Call::Auth,
        Call::Avatar,
        Call::JsCode,
        Call::AppToken,
        Call::SceneQr,
        Call::Follower,
        Call::JsTicket,
        Call::PhoneNumber,
        Call::WxLogin,
    ];

    pub(crate) fn of(path: &str) -> Call {
        match path {
            "/connect/qrconnect" => Call::QrPage,
            "/connect/l/qrconnect" => Call::LongPoll,
            "/connect/confirm" => Call::Confirm,
            "/connect/oauth2/authorize" => Call::ServiceAccount,
            "/api/check-login" => Call::CheckLogin,
            "/api/authorize" => Call::Authorize,
            "/sns/oauth2/access_token" => Call::AccessToken,
            "/sns/oauth2/refresh_token" => Call::RefreshToken,
            "/sns/userinfo" => Call::UserInfo,
            "/sns/auth" => Call::Auth,
            "/sns/jscode2session" => Call::JsCode,
            "/cgi-bin/token" | "/cgi-bin/stable_token" => Call::AppToken,
            "/cgi-bin/qrcode/create" => Call::SceneQr,
            "/cgi-bin/user/info" => Call::Follower,
            "/cgi-bin/ticket/getticket" => Call::JsTicket,
            "/wxa/business/getuserphonenumber" => Call::PhoneNumber,
            _ if path.ends_with("/wxLogin.js") => Call::WxLogin,
            _ if path.starts_with("/connect/qrcode/") => Call::QrImage,
            _ if path.starts_with("/mmopen/") => Call::Avatar,
            _ => Call::Other,
        }
    }
}

/// One way for a call to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Answered as usual, but only after this long by the emulator's clock.
    Delay {
        /// Milliseconds.
        millis: u64,
    },
    /// Not answered until the faults are cleared; then as usual.
    Hang,
    /// This HTTP status, with a gateway's HTML.
    Status {
        /// Such as 502.
        status: u16,
    },
    /// The connection is closed before anything happens and without a byte of answer.
    Cut,
    /// The call takes effect and then the connection is closed: the answer is lost.
    LoseAnswer,
    /// Status 200 and a page of HTML where data belongs.
    Html,
    /// Status 200 and ten megabytes.
    Huge,
    /// One of WeChat's error pages, such as 10004, a banned account: only for calls of [`Call::QrPage`] and
    /// [`Call::ServiceAccount`].
    ErrorPage {
        /// 10003 to 10016.
        number: u16,
    },
    /// WeChat's own way to fail: status 200 and this errcode.
    Errcode {
        /// Such as -1 or 45011.
        errcode: i64,
    },
}

/// A fault that is set on a call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FaultRule {
    /// The call it strikes.
    pub call: Call,
    /// What happens.
    pub fault: Fault,
    /// How many calls it still strikes; `None`: all, until the faults are cleared.
    pub times: Option<u32>,
}

#[derive(Default)]
pub(crate) struct Faults {
    rules: Vec<FaultRule>,
    /// Counts the times the faults were cleared: a hanging call waits for the next.
    cleared: u64,
}

impl Faults {
    /// Sets what happens to a call next, in place of what was set before.
    pub fn set(&mut self, call: Call, fault: Fault, times: Option<u32>) {
        self.rules.retain(|rule| rule.call != call);
        if times != Some(0) {
            self.rules.push(FaultRule { call, fault, times });
        }
    }

    pub fn clear(&mut self) {
        self.rules.clear();
        self.cleared += 1;
    }

    /// Whoever hangs in the old faults goes on.
    pub fn go_on_from(&mut self, old: &Faults) {
        self.cleared = old.cleared + 1;
    }

    pub fn cleared(&self) -> u64 {
        self.cleared
    }

    pub fn rules(&self) -> &[FaultRule] {
        &self.rules
    }

    pub fn take(&mut self, call: Call) -> Option<Fault> {
        let rule = self.rules.iter_mut().find(|rule| rule.call == call)?;
        let fault = rule.fault;
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        self.rules.retain(|rule| rule.times != Some(0));
        Some(fault)
    }
}

/// Ten megabytes, sent piece by piece so that the emulator itself stays small.
pub(crate) fn huge(content_type: &str) -> HttpResponse {
    let piece = web::Bytes::from(vec![b'x'; 64 * 1024]);
    let pieces = stream::iter((0..160).map(move |_| Ok::<_, Error>(piece.clone())));
    HttpResponse::Ok().content_type(content_type).streaming(pieces)
}
