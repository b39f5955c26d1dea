//! How our tokens may be signed: a word of the configuration, of the store's rows and of the keys.

use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};

/// How a token may be signed, and nothing else is ever accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// RSA 2048, PKCS #1 v1.5, SHA-256: what OpenID Connect demands of every provider.
    #[default]
    RS256,
    /// ECDSA on P-256, SHA-256: a short signature, made quickly.
    ES256,
}

impl SigningAlgorithm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::RS256, Self::ES256];

    /// The name of RFC 7518.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::ES256 => "ES256",
        }
    }

    /// Reads the name of RFC 7518.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

impl From<SigningAlgorithm> for Algorithm {
    fn from(algorithm: SigningAlgorithm) -> Algorithm {
        match algorithm {
            SigningAlgorithm::RS256 => Algorithm::RS256,
            SigningAlgorithm::ES256 => Algorithm::ES256,
        }
    }
}
