//! The values that travel between WeChat, the service and the widget, each parsed once, at the door.
//!
//! What is secret prints as `[redacted]`. The AppSecret is not here: only the service has it.

use alloc::string::String;
use core::fmt;

/// Why a value was refused at the door. The value itself is not repeated: it may be a secret, or somebody's attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// What was expected, in WeChat's or the RFC's own word: `state`, `code`, `appid`.
    pub what: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        f.write_str(" is malformed")
    }
}

impl core::error::Error for Malformed {}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $limit:literal, $allowed:expr, $debug:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Takes 1 to ", stringify!($limit), " bytes of the characters that a ", $what, " is made of.")]
            pub fn parse(text: impl Into<String>) -> Result<Self, Malformed> {
                let text = text.into();
                if is_made_of(&text, $limit, $allowed) { Ok(Self(text)) } else { Err(Malformed { what: $what }) }
            }

            /// The value as it travels.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        text_type!(@$debug $name);
    };
    (@open $name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0).finish()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
    (@secret $name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

/// Here, and not once for each type.
fn is_made_of(text: &str, limit: usize, allowed: fn(u8) -> bool) -> bool {
    !text.is_empty() && text.len() <= limit && text.bytes().all(allowed)
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

text_type! {
    /// An app of the open platform or a service account: `wx` and 16 characters in practice; the shape is not documented,
    /// so every word is taken.
    AppId, "appid", 64, word, open
}
text_type! {
    /// A person as one app sees them. Differs from app to app.
    OpenId, "openid", 128, visible, open
}
text_type! {
    /// A person as all apps of one open-platform account see them.
    UnionId, "unionid", 128, visible, open
}
text_type! {
    /// WeChat's authorization code: good for one exchange, 10 minutes (website app) or 5 (service account).
    AuthorizationCode, "code", 512, visible, secret
}
text_type! {
    /// OAuth's `state`. WeChat's page strips marks from its own address, and a service account takes 128 bytes:
    /// so letters and digits only, 128 at most.
    State, "state", 128, |byte| byte.is_ascii_alphanumeric(), secret
}
text_type! {
    /// Ties `authorize` to the `check-login` before it.
    AuthorizeUuid, "authorize_uuid", 256, visible, open
}
text_type! {
    /// One QR code of the open platform's page: 16 of `[0-9A-Za-z_-]`.
    QrUuid, "uuid", 64, word, open
}
text_type! {
    /// WeChat's access token for `/sns/userinfo`. Not ours: the service's own is an `AccessToken`.
    SnsAccessToken, "access_token", 1024, visible, secret
}

/// WeChat's `errcode`. 0 is success; the text beside it varies and proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrCode(pub i64);

impl fmt::Display for ErrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The two products of WeChat's that log people in. Each has an appid and a secret of its own, and its own openids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Product {
    /// 网站应用 of the open platform: fast login and WeChat's QR page, on a computer.
    Website,
    /// 服务号: web authorization, inside WeChat alone.
    ServiceAccount,
}

impl Product {
    /// Its word in our configuration and store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Website => "website",
            Self::ServiceAccount => "service_account",
        }
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Website, Self::ServiceAccount].into_iter().find(|product| product.as_str() == text)
    }
}

/// WeChat's `scope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A website app's only scope. A service account that asks for it gets error page 10005.
    SnsapiLogin,
    /// A service account: the openid alone, without asking the person.
    SnsapiBase,
    /// A service account: nickname and avatar, after the person agreed.
    SnsapiUserinfo,
}

impl Scope {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SnsapiLogin => "snsapi_login",
            Self::SnsapiBase => "snsapi_base",
            Self::SnsapiUserinfo => "snsapi_userinfo",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::SnsapiLogin, Self::SnsapiBase, Self::SnsapiUserinfo]
            .into_iter()
            .find(|scope| scope.as_str() == text)
    }
}
