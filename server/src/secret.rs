//! Random values that are worth a login: made here, sent once, kept only as their SHA-256.

use aws_lc_rs::{constant_time, digest, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The SHA-256 of a secret: what a store may hold. In JSON it is base64url.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SecretHash([u8; 32]);

impl From<SecretHash> for String {
    fn from(hash: SecretHash) -> Self {
        URL_SAFE_NO_PAD.encode(hash.0)
    }
}

impl TryFrom<String> for SecretHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        bytes.and_then(|bytes| Self::from_row(&bytes)).ok_or("not 32 bytes of base64url")
    }
}

impl SecretHash {
    /// Of a value that somebody presents.
    pub fn of(presented: &str) -> Self {
        Self::of_bytes(presented.as_bytes())
    }

    /// Of any bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(hash)
    }

    /// Of something that has so few values that whoever has its hash could try them all: by a key that is not where the hash is.
    pub fn keyed(key: &str, presented: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&key, presented.as_bytes()).as_ref());
        Self(hash)
    }

    /// As a word, for names of files and their contents.
    pub fn hex(&self) -> String {
        self.0.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// From a store's row; `None` when it is no hash.
    pub fn from_row(row: &[u8]) -> Option<Self> {
        Some(Self(row.try_into().ok()?))
    }

    /// For a store's row.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Compares without telling by its time how much was right.
    pub fn matches(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

/// 256 random bits as 43 characters of base64url: ids, secrets, codes, session cookies.
pub fn random_word() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// 190 random bits as 32 letters and digits: a `state`, whose alphabet WeChat narrows.
pub fn random_state() -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = String::with_capacity(32);
    while state.len() < 32 {
        // Bytes past the last whole multiple of 62 would make some letters likelier.
        for byte in random_bytes::<32>().into_iter().filter(|byte| *byte < 248) {
            if state.len() < 32 {
                state.push(char::from(ALPHABET[usize::from(byte % 62)]));
            }
        }
    }
    state
}

/// A random number of a range of at most 128, each as likely as the others.
pub fn random_number(range: std::ops::RangeInclusive<u8>) -> u8 {
    let count = range.end() - range.start() + 1;
    // Bytes past the last whole multiple of the count would make some numbers likelier.
    let fair = u8::MAX - u8::MAX % count;
    loop {
        let [byte] = random_bytes::<1>();
        if byte < fair {
            return range.start() + byte % count;
        }
    }
}

/// Six random digits, each number as likely as the others.
pub fn random_digits() -> String {
    const COUNT: u32 = 1_000_000;
    loop {
        let number = u32::from_be_bytes(random_bytes());
        // Those past the last whole multiple would make some numbers likelier.
        if number < u32::MAX - u32::MAX % COUNT {
            return format!("{:06}", number % COUNT);
        }
    }
}

/// PKCE's S256 (RFC 7636 §4.2): the challenge that a verifier answers.
pub fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
