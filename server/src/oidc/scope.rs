//! The scopes that are offered. One that is not known is passed over, as OpenID Connect Core §3.1.2.1 asks; what was granted
//! is said in the answer.

use std::fmt;

/// A set of offered scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

const NAMES: [&str; 6] = ["openid", "profile", "offline_access", "weixin", "email", "phone"];

impl Scopes {
    /// Without it a request is not OpenID Connect's.
    pub const OPENID: Scopes = Scopes(1);
    /// `nickname`, `name`, `picture`, `locale`.
    pub const PROFILE: Scopes = Scopes(2);
    /// A refresh token.
    pub const OFFLINE_ACCESS: Scopes = Scopes(4);
    /// `weixin_openid`, `weixin_unionid`.
    pub const WEIXIN: Scopes = Scopes(8);
    /// `email`, `email_verified`.
    pub const EMAIL: Scopes = Scopes(16);
    /// `phone_number`, `phone_number_verified`.
    pub const PHONE: Scopes = Scopes(32);

    /// Every offered scope's name.
    pub fn offered() -> &'static [&'static str] {
        &NAMES
    }

    /// Reads a `scope` parameter.
    pub fn parse(text: &str) -> Scopes {
        let bit = |word| NAMES.iter().position(|name| *name == word).map_or(0, |at| 1 << at);
        Scopes(text.split(' ').fold(0, |scopes, word| scopes | bit(word)))
    }

    /// Whether all of these are in here.
    pub fn has(self, scopes: Scopes) -> bool {
        self.0 & scopes.0 == scopes.0
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = NAMES.iter().enumerate().filter(|(at, _)| self.0 & (1 << at) != 0).map(|(_, name)| *name);
        f.write_str(&names.collect::<Vec<_>>().join(" "))
    }
}
