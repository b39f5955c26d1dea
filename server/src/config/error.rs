//! Why the configuration is not taken: one sentence for the operator, which repeats no value that could be a secret.

use std::path::PathBuf;

use super::tree::{Node, Refusal};

/// Why the service does not start. One sentence that says which key, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there, or may not be read.
    #[error("{0} cannot be read: {1}")]
    File(PathBuf, std::io::Error),
    /// No file was named, and the environment does not say everything.
    #[error(
        "{0}. No configuration was named: --config weixin-login.toml does it; without it every key is a variable, WEIXIN_LOGIN_…"
    )]
    NoFile(Box<ConfigError>),
    /// Not TOML, an unknown key, or a value of the wrong type; the sentence has the line, or the variable.
    #[error("{0}")]
    Toml(String),
    /// A value that cannot be right.
    #[error("{}`{key}` {problem}", place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
    Value {
        /// The line or the variable where it stands, or what is around it.
        place: Option<String>,
        /// The key as it is written in the file.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// `key` says which of several by a number: `clients[1].id`.
pub(super) fn wrong(key: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Value { place: None, key: key.into(), problem: problem.into() }
}

impl ConfigError {
    pub(super) fn at_its_place(self, written: &Node) -> ConfigError {
        let ConfigError::Value { key, problem, .. } = self else { return self };
        let place = written.place_of(&key);
        // Numbers are for us; people count lines.
        let mut words = key.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest));
        ConfigError::Value { place, key: words.by_ref().collect(), problem }
    }
}

impl From<Refusal> for ConfigError {
    fn from(refusal: Refusal) -> ConfigError {
        ConfigError::Toml(refusal.to_string())
    }
}
