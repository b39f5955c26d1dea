//! Where the short-lived rows are kept when several nodes share them. An address may hold a password: it is parsed here, and never
//! printed.

use std::fmt;

use redis::{ConnectionInfo, IntoConnectionInfo};
use url::Url;

/// A Redis or a Valkey: `redis://user:password@host:6379/0`, with `rediss` over TLS.
#[derive(Clone)]
pub struct CacheAddress {
    connection: ConnectionInfo,
    has_password: bool,
    shown: String,
}

impl CacheAddress {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it, in words that repeat nothing of it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "must be redis://HOST:6379, or rediss:// for TLS; user:password@ before the host, /1 behind it for a database";
        let url = Url::parse(text.trim()).map_err(|_| FORM)?;
        if !matches!(url.scheme(), "redis" | "rediss") || url.host_str().is_none_or(str::is_empty) {
            return Err(FORM);
        }
        // `#insecure` would leave the server unproven, and what else may stand there would be passed over in silence.
        if url.fragment().is_some() || url.query().is_some() {
            return Err("must end with the database: it takes no ?… and no #…");
        }
        let connection = url.as_str().into_connection_info().map_err(|_| FORM)?;
        let has_password = url.password().is_some();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = url.host_str().unwrap_or_default();
        let database = connection.redis_settings().db();
        let shown = format!("{}://{host}{port}/{database}", url.scheme());
        Ok(Self { connection, has_password, shown })
    }

    /// For the one who connects.
    pub(crate) fn connection(&self) -> &ConnectionInfo {
        &self.connection
    }

    /// Whether who reads the address gets in.
    pub(crate) fn has_password(&self) -> bool {
        self.has_password
    }
}

impl fmt::Display for CacheAddress {
    /// Without its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for CacheAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheAddress({self})")
    }
}
