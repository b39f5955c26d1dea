//! Proof Key for Code Exchange (RFC 7636), S256 alone: `plain` proves nothing to who reads the address. Parsed where a request comes
//! in, at `/authorize`, `/token`, `POST /login` and `POST /session` alike.

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

    /// Whether this is the verifier's challenge.
    pub fn is_met_by(&self, verifier: &CodeVerifier) -> bool {
        s256(&verifier.0) == self.0
    }
}

/// A `code_verifier`: what only who began the login knows.
#[derive(Clone)]
pub struct CodeVerifier(String);

impl CodeVerifier {
    /// Reads 43 to 128 of `[A-Za-z0-9-._~]` (RFC 7636 §4.1).
    pub fn parse(text: &str) -> Option<CodeVerifier> {
        let well_formed = (43..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        well_formed.then(|| CodeVerifier(text.into()))
    }
}

impl std::fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeVerifier([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn verifier(text: &str) -> CodeVerifier {
        CodeVerifier::parse(text).expect("well-formed")
    }

    #[test]
    fn the_rfcs_own_example_is_met() {
        assert!(CodeChallenge::parse(CHALLENGE).expect("well-formed").is_met_by(&verifier(VERIFIER)));
    }

    #[test]
    fn a_wrong_a_short_a_long_and_a_plain_verifier_are_refused() {
        let challenge = CodeChallenge::parse(CHALLENGE).expect("well-formed");
        assert!(!challenge.is_met_by(&verifier(&VERIFIER.replace('d', "e"))));
        assert!(!challenge.is_met_by(&verifier(CHALLENGE)));
        for odd in
            ["", &"a".repeat(42), &"a".repeat(129), &"a ".repeat(30), &"é".repeat(30), &"a+".repeat(30)]
        {
            assert!(CodeVerifier::parse(odd).is_none(), "{odd:?}");
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
            // Bits that stand for nothing: no verifier has this challenge.
            &CHALLENGE.replace("cM", "cN"),
        ] {
            assert_eq!(CodeChallenge::parse(odd), None, "{odd:?}");
        }
    }
}
