//! Where the store is: what `store` in the configuration says, parsed.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

/// Where the store is.
#[derive(Debug, Clone, PartialEq)]
pub enum Address {
    /// A file: for a service of one node.
    Sqlite(PathBuf),
    /// A database: for any number of nodes.
    Postgres(PostgresAddress),
}

/// A PostgreSQL database, and how it is used. Its password does not print.
#[derive(Clone)]
pub struct PostgresAddress {
    options: Box<PgConnectOptions>,
    has_password: bool,
    /// How many connections one node has at most.
    pub connections: u32,
    /// How long one verb may take, with the wait for a connection.
    pub time_limit: Duration,
}

/// The parameters that an address may have behind its `?`.
const PARAMETERS: [&str; 7] =
    ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "application_name", "options"];

impl PostgresAddress {
    /// Reads `postgres://user:password@host:port/database?sslmode=verify-full`. What is wrong with it is said without repeating it.
    pub fn parse(text: &str, connections: u32, time_limit: Duration) -> Result<Self, String> {
        const FORM: &str = "postgres://user:password@host:5432/database?sslmode=verify-full";
        let url = Url::parse(text).map_err(|error| format!("is not of the form {FORM}: {error}"))?;
        // Behind a sign that was mistyped the password stands elsewhere, and what stands there is printed.
        let behind = [url.path(), url.query().unwrap_or_default(), url.fragment().unwrap_or_default()];
        if behind.iter().any(|part| part.contains('@')) {
            return Err(format!(
                "has an `@` behind the host; in a password `/`, `?`, `#` and `@` are written as %2F, %3F, %23 and %40: {FORM}"
            ));
        }
        if let Some((other, _)) = url.query_pairs().find(|(key, _)| !PARAMETERS.contains(&&**key)) {
            return Err(format!("has the parameter `{other}`; it can be {}", PARAMETERS.join(", ")));
        }
        if url.path().trim_matches('/').is_empty() {
            return Err(format!("names no database: {FORM}"));
        }
        let options = PgConnectOptions::from_str(text).map_err(|error| {
            let said = error.to_string();
            format!("cannot be read: {}", said.trim_start_matches("error with configuration: "))
        })?;
        let has_password = url.password().is_some();
        Ok(Self {
            options: Box::new(options.application_name("weixin-login")),
            has_password,
            connections,
            time_limit,
        })
    }

    /// The password, where it stands in a file of its own.
    #[must_use]
    pub(crate) fn with_password(mut self, password: &str) -> Self {
        *self.options = self.options.clone().password(password);
        self
    }

    /// What connects with it.
    pub(super) fn options(&self) -> PgConnectOptions {
        (*self.options).clone()
    }

    /// Whether the password and people's rows cross a network to whoever answers there.
    pub fn trusts_the_network(&self) -> bool {
        let here = ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&self.options.get_host());
        let is_local = here || self.options.get_socket().is_some();
        !is_local && !matches!(self.options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull)
    }
}

impl PartialEq for PostgresAddress {
    /// Whether both lead the same user to the same database.
    fn eq(&self, other: &Self) -> bool {
        self.options.get_username() == other.options.get_username() && self.to_string() == other.to_string()
    }
}

impl fmt::Display for PostgresAddress {
    /// Without whoever logs in there: where a `:` was mistyped, the user's name has the password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        write!(f, "postgres://")?;
        match options.get_socket() {
            Some(socket) => write!(f, "{}", socket.display())?,
            None => write!(f, "{}:{}", options.get_host(), options.get_port())?,
        }
        write!(f, "/{}", options.get_database().unwrap_or_default())
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresAddress({self})")
    }
}

impl Address {
    /// Whether who reads the address gets in.
    pub(crate) fn has_password(&self) -> bool {
        matches!(self, Self::Postgres(address) if address.has_password)
    }

    /// Whether the first start can make what is not there yet.
    pub(crate) fn can_be_made(&self) -> bool {
        match self {
            Self::Sqlite(file) => file.parent().is_some_and(std::path::Path::is_dir),
            Self::Postgres(_) => true,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "{}", file.display()),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_user_is_another_address_and_none_is_printed() {
        let address =
            |text: &str| PostgresAddress::parse(text, 1, Duration::from_secs(1)).expect("an address");
        let first = address("postgres://one:hunter2@db.internal/weixin");
        assert!(first == address("postgres://one:hunter3@db.internal:5432/weixin"));
        assert!(first != address("postgres://two:hunter2@db.internal/weixin"));
        assert!(first != address("postgres://one:hunter2@db.internal/other"));
        assert_eq!(
            format!("{first} {first:?}"),
            "postgres://db.internal:5432/weixin PostgresAddress(postgres://db.internal:5432/weixin)"
        );
    }
}
