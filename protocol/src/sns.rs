//! The server calls at `api.weixin.qq.com`: GET, never from a browser.
//!
//! WeChat answers 200 and `text/plain` for failures too: the status proves nothing, the `errcode` in the body does.
//! The AppSecret is not here; the service adds it to the query itself.

use crate::ids::{ErrCode, OpenId, SnsAccessToken, UnionId};
use crate::json::{Json, unwrapped};
use alloc::string::String;

/// Exchanges a code. Query: appid, secret, code, grant_type=authorization_code.
pub const ACCESS_TOKEN_PATH: &str = "/sns/oauth2/access_token";
/// Renews a token. Query: appid, grant_type=refresh_token, refresh_token.
pub const REFRESH_TOKEN_PATH: &str = "/sns/oauth2/refresh_token";
/// Asks whether a token is still good. Query: access_token, openid.
pub const AUTH_PATH: &str = "/sns/auth";
/// Who the person is. Query: access_token, openid, lang=zh_CN, zh_TW or en.
pub const USERINFO_PATH: &str = "/sns/userinfo";

/// Why an answer gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// WeChat's word for it.
    ErrCode(ErrCode),
    /// Not an answer of this call: HTML, a cut body, a value that is missing.
    NotUnderstood,
}

/// The good answer to [`ACCESS_TOKEN_PATH`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessTokenAnswer {
    /// For [`USERINFO_PATH`].
    pub access_token: SnsAccessToken,
    /// Seconds; 7200 in practice.
    pub expires_in: i64,
    /// The person as this app sees them.
    pub openid: OpenId,
    /// Comma-separated.
    pub scope: String,
    /// Absent where the app is bound to no open-platform account, or the person has not agreed.
    pub unionid: Option<UnionId>,
    /// A snapshot: a *virtual* person that WeChat shows to pages that ask too early. Nobody to log in.
    pub is_snapshotuser: bool,
}

impl AccessTokenAnswer {
    /// Reads the answer to [`ACCESS_TOKEN_PATH`].
    ///
    /// # Errors
    /// [`Refused`], by the body alone.
    pub fn read<J: Json>(body: &str) -> Result<Self, Refused> {
        let answer: J = good(body)?;
        Ok(Self {
            access_token: parsed(&answer, "access_token", SnsAccessToken::parse)?,
            expires_in: answer.integer_member("expires_in").unwrap_or(7200),
            openid: parsed(&answer, "openid", OpenId::parse)?,
            scope: answer.text_member("scope").unwrap_or_default(),
            unionid: unionid(&answer)?,
            is_snapshotuser: answer.integer_member("is_snapshotuser") == Some(1),
        })
    }
}

/// The good answer to [`USERINFO_PATH`]. Sex and place are not read: WeChat has emptied them for years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// The person as this app sees them.
    pub openid: OpenId,
    /// As the person wrote it, without control characters: hostile text all the same.
    pub nickname: String,
    /// Where the avatar is; empty when there is none, http in older answers.
    pub headimgurl: String,
    /// Absent where the app is bound to no open-platform account.
    pub unionid: Option<UnionId>,
}

impl UserInfo {
    /// Reads the answer to [`USERINFO_PATH`].
    ///
    /// # Errors
    /// [`Refused`], by the body alone.
    pub fn read<J: Json>(body: &str) -> Result<Self, Refused> {
        let answer: J = good(body)?;
        Ok(Self {
            openid: parsed(&answer, "openid", OpenId::parse)?,
            nickname: answer.name_member("nickname"),
            headimgurl: answer.text_member("headimgurl").unwrap_or_default(),
            unionid: unionid(&answer)?,
        })
    }
}

/// What an errcode of the server calls means, by who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// -1, 45009, 45011: WeChat is busy or the quota is spent; later.
    Busy,
    /// 40029, 40163, 42003: the code is bad, used or expired; the person starts again.
    CodeSpent,
    /// 40001, 40125: the AppSecret is wrong; the operator.
    WrongSecret,
    /// 40013: the appid is wrong; the operator.
    WrongAppid,
    /// 40003, 40014, 40030, 42001, 42002, 42007, 50001, 50002: WeChat no longer lets us ask about this person; they start again.
    PersonGone,
    /// 41001 to 41009: we left out this parameter; ours to mend.
    MissingParameter(&'static str),
    /// 48001: the app has no right to this call; the operator.
    NoRight,
    /// A number that nobody has told us about.
    Unknown,
}

impl ErrCode {
    /// What this errcode means in an answer of the server calls.
    pub fn meaning(self) -> Meaning {
        match self.0 {
            -1 | 45009 | 45011 => Meaning::Busy,
            40029 | 40163 | 42003 => Meaning::CodeSpent,
            40001 | 40125 => Meaning::WrongSecret,
            40013 => Meaning::WrongAppid,
            40003 | 40014 | 40030 | 42001 | 42002 | 42007 | 50001 | 50002 => Meaning::PersonGone,
            41001 => Meaning::MissingParameter("access_token"),
            41002 => Meaning::MissingParameter("appid"),
            41003 => Meaning::MissingParameter("refresh_token"),
            41004 => Meaning::MissingParameter("secret"),
            41008 => Meaning::MissingParameter("code"),
            41009 => Meaning::MissingParameter("openid"),
            48001 => Meaning::NoRight,
            _ => Meaning::Unknown,
        }
    }
}

/// The object of a good answer; an errcode other than 0 is a refusal.
fn good<J: Json>(body: &str) -> Result<J, Refused> {
    let answer: J = unwrapped(body).ok_or(Refused::NotUnderstood)?;
    match answer.integer_member("errcode") {
        None | Some(0) => Ok(answer),
        Some(errcode) => Err(Refused::ErrCode(ErrCode(errcode))),
    }
}

fn parsed<J: Json, T, E>(
    answer: &J,
    name: &str,
    parse: impl Fn(String) -> Result<T, E>,
) -> Result<T, Refused> {
    answer.text_member(name).and_then(|text| parse(text).ok()).ok_or(Refused::NotUnderstood)
}

/// Absent and empty are the same; a malformed one is not: it would give a person a second account.
fn unionid<J: Json>(answer: &J) -> Result<Option<UnionId>, Refused> {
    match answer.text_member("unionid").filter(|unionid| !unionid.is_empty()) {
        Some(unionid) => UnionId::parse(unionid).map(Some).map_err(|_| Refused::NotUnderstood),
        None => Ok(None),
    }
}
