//! Proof Key for Code Exchange (RFC 7636), S256 alone: `plain` proves nothing to who reads the address.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::s256;

/// A `code_challenge`: SHA-256 of the verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads 43 characters of base64url.
    pub fn parse(text: &str) -> Option<CodeChallenge> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| CodeChallenge(text.into()))
    }

    /// As it stands in the request.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the verifier's challenge. A verifier is 43 to 128 of `[A-Za-z0-9-._~]` (RFC 7636 §4.1).
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let well_formed = (43..=128).contains(&verifier.len())
            && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        well_formed && s256(verifier) == self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_rfcs_own_example_is_met() {
        assert!(CodeChallenge::parse(CHALLENGE).expect("well-formed").is_met_by(VERIFIER));
    }

    #[test]
    fn a_wrong_a_short_a_long_and_a_plain_verifier_are_refused() {
        let challenge = CodeChallenge::parse(CHALLENGE).expect("well-formed");
        assert!(!challenge.is_met_by(&VERIFIER.replace('d', "e")));
        assert!(!challenge.is_met_by(CHALLENGE));
        assert!(!challenge.is_met_by(""));
        for odd in ["a".repeat(42), "a".repeat(129), "a ".repeat(30)] {
            let its_own = CodeChallenge::parse(&s256(&odd)).expect("well-formed");
            assert!(!its_own.is_met_by(&odd), "{odd:?}");
        }
    }

    #[test]
    fn a_challenge_is_43_characters_of_base64url() {
        for odd in [
            "",
            &CHALLENGE[1..],
            &format!("{CHALLENGE}A"),
            &format!("{CHALLENGE}="),
            &CHALLENGE.replace('-', "+"),
        ] {
            assert_eq!(CodeChallenge::parse(odd), None, "{odd:?}");
        }
    }
}
