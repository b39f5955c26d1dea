//! All keys that are published: which one signs now, and what a token must look like to be ours. What a token says is not known here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{MasterKeys, SigningKey};
use crate::signing_algorithm::SigningAlgorithm;
use crate::store::keys::SealedKey;

/// What a token's header says it is, so that none is taken for another (RFC 8725 §3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// OpenID Connect Core §2.
    IdToken,
    /// RFC 9068.
    AccessToken,
    /// OpenID Connect Back-Channel Logout §2.4.
    LogoutToken,
}

impl TokenType {
    fn typ(self) -> &'static str {
        match self {
            Self::IdToken => "JWT",
            Self::AccessToken => "at+jwt",
            Self::LogoutToken => "logout+jwt",
        }
    }

    /// RFC 7515 §4.1.9: compared without case, and `application/` may stand before it.
    fn is(self, typ: Option<&str>) -> bool {
        let Some(typ) = typ else { return false };
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/").unwrap_or(&typ) == self.typ().to_ascii_lowercase()
    }
}

/// All keys that are not gone, opened: one reading of the store's rows.
pub struct KeyRing(Vec<RingKey>);

struct RingKey {
    key: SigningKey,
    algorithm: SigningAlgorithm,
    active_from: i64,
    /// It was announced before it signs: the first key of all was not, nor one in the place of a key that was withdrawn.
    announced: bool,
}

impl KeyRing {
    /// Opens the store's rows.
    ///
    /// # Errors
    /// [`KeyError::Sealed`] when the master keys do not open one of them.
    pub fn open(rows: &[SealedKey], masters: &MasterKeys) -> Result<KeyRing, KeyError> {
        let mut keys = rows
            .iter()
            .map(|row| {
                let key = SigningKey::open(row, masters)
                    .ok_or_else(|| KeyError::Sealed { kid: row.kid.clone() })?;
                Ok(RingKey {
                    key,
                    algorithm: row.algorithm,
                    active_from: row.active_from,
                    announced: row.active_from > row.created_at,
                })
            })
            .collect::<Result<Vec<_>, KeyError>>()?;
        // Two keys of one moment are told apart in the same way on every node. RS256 stands first: there are clients that take
        // the first key of the set.
        keys.sort_by(|a, b| {
            (a.algorithm, a.active_from, &a.key.kid).cmp(&(b.algorithm, b.active_from, &b.key.kid))
        });
        Ok(KeyRing(keys))
    }

    /// The public halves of every key: announced, active and retired.
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.0.iter().map(|key| key.key.public.clone()).collect() }
    }

    /// Signs a token with the key that is active now.
    ///
    /// # Errors
    /// [`KeyError::NoActiveKey`].
    pub fn sign(
        &self,
        algorithm: SigningAlgorithm,
        token_type: TokenType,
        claims: &impl Serialize,
        now: i64,
    ) -> Result<String, KeyError> {
        let key = self.active(algorithm, now).ok_or(KeyError::NoActiveKey(algorithm))?;
        let mut header = Header::new(algorithm.into());
        header.typ = Some(token_type.typ().into());
        header.kid = Some(key.kid.clone());
        // `jsonwebtoken::encode` parses and checks the private key for each signature, which is five times the work of the
        // signature itself; so its header type is used and the three parts are joined here (RFC 7515 §3.1).
        let part = |bytes: serde_json::Result<Vec<u8>>| {
            URL_SAFE_NO_PAD.encode(bytes.expect("headers and claims have text keys"))
        };
        let mut token = [part(serde_json::to_vec(&header)), part(serde_json::to_vec(claims))].join(".");
        let signature = key.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// Checks signature, key, algorithm, type and issuer, and gives the claims. Times, audience and everything else are the
    /// caller's: some tokens are good though they have expired.
    ///
    /// # Errors
    /// [`TokenError`]: unknown key before anything else, so that a caller can read the rows again.
    pub fn verify<C: DeserializeOwned>(
        &self,
        token_type: TokenType,
        issuer: &str,
        token: &str,
    ) -> Result<C, TokenError> {
        // The header is read for the key's name and the type alone; a key or an address in it is never looked at.
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        if !token_type.is(header.typ.as_deref()) {
            return Err(TokenError::OtherType);
        }
        if header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let kid = header.kid.as_deref().ok_or(TokenError::UnknownKey)?;
        let key = self.0.iter().find(|key| key.key.kid == kid).ok_or(TokenError::UnknownKey)?;
        // The one algorithm of the key, whatever the header says.
        let mut validation = Validation::new(key.algorithm.into());
        validation.set_required_spec_claims(&["iss", "exp"]);
        validation.set_issuer(&[issuer]);
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode(token, &key.key.verifying, &validation)
            .map(|decoded| decoded.claims)
            .map_err(|_| TokenError::Forged)
    }

    /// Whether these are the names of its keys, and no other ones.
    pub fn is_of(&self, names: &[String]) -> bool {
        names.len() == self.0.len() && self.0.iter().all(|key| names.contains(&key.key.kid))
    }

    /// Whether a key of each algorithm signs now.
    pub fn is_ready(&self, now: i64) -> bool {
        SigningAlgorithm::ALL.into_iter().all(|algorithm| self.active(algorithm, now).is_some())
    }

    fn active(&self, algorithm: SigningAlgorithm, now: i64) -> Option<&SigningKey> {
        let of_algorithm = || self.0.iter().filter(|key| key.algorithm == algorithm);
        // Before them all the first one signs: a clock that was ahead when it was made, and then set right, stops no login.
        let first = || of_algorithm().find(|key| !key.announced);
        let active = of_algorithm().rfind(|key| key.active_from <= now).or_else(first);
        active.map(|key| &key.key)
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.key.kid)).finish()
    }
}

/// Why the signing keys are not usable.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The store was sealed by a master key that is not in the list.
    #[error(
        "none of the master keys opens the signing key {kid} in the store: put the file that sealed it back into master_key_files"
    )]
    Sealed {
        /// Which one.
        kid: String,
    },
    /// No key of this algorithm signs now.
    #[error("the store has no active {} key", .0.as_str())]
    NoActiveKey(SigningAlgorithm),
}

/// Why a token is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a signed JWT, or one that demands what we do not know.
    #[error("the token is malformed")]
    Malformed,
    /// An ID token where an access token belongs, or the like.
    #[error("the token is of another type")]
    OtherType,
    /// Signed by no key of ours, or by one that is gone.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The signature, the algorithm or the issuer is wrong.
    #[error("the token is not from this issuer")]
    Forged,
}
