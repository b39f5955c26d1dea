//! Logins of browsers, as they are kept.

use serde::{Deserialize, Serialize};

use crate::clock::Seconds;
use crate::secret::SecretHash;

/// A browser's login, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SessionRow {
    /// Its public name.
    pub sid: String,
    /// Of the cookie.
    pub secret_hash: SecretHash,
    /// Who.
    pub account_id: String,
    /// For which client alone; `None`: the SSO session.
    pub client_id: Option<String>,
    /// The browser and the system, in names of our own; empty where they are not known.
    pub device: String,
    /// Where a callback has made it: which browser that was.
    pub browser: Option<Browser>,
    /// When the person logged in.
    pub auth_time: Seconds,
    /// It dies when it is not used until then.
    pub idle_until: Seconds,
    /// It dies then in any case.
    pub expires_at: Seconds,
}

/// A browser that comes with several callbacks at once, as a session of it keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// Of what it proves to be itself with, whichever of its open attempts is answered.
    pub hash: SecretHash,
    /// What the secret of the session's cookie was derived with, beside that proof and a master key: so each of the callbacks gives
    /// the same cookie, and nobody else can.
    pub salt: String,
}
